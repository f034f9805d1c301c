"""What every handler is given: the ports, the journal over them, and the settings as values.

Names no adapter; bootstrap.py builds it for production, tests build it from fakes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from shared.inbox.patience import RetryPolicy
from shared.inbox.verdict import ShortWaits
from shared.journal.journal import Journal
from shared.journal.recording import RecordingRules
from shared.meeting.looks import TendingRules
from shared.ports import Bus, Clock, Graph, Ledger, SigningKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The settings that handlers follow, already parsed."""

    tenant_id: str
    organizer_id: str
    bot_app_id: str
    public_url: str
    callback_issuers: frozenset[str]
    recording: RecordingRules
    retry: RetryPolicy
    claim_lease: timedelta
    tending: TendingRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """One process's collaborators. `jitter(most)` is a random number of seconds up to `most`.

    `waits`: the pauses waited for inside an invocation; None: every pause is a scheduled copy.
    """

    ledger: Ledger
    bus: Bus
    graph: Graph
    keys: SigningKeys
    clock: Clock
    journal: Journal
    policy: Policy
    jitter: Callable[[float], float]
    waits: ShortWaits | None = None
