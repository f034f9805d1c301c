"""What every handler is given: the ports, the journal over them, and the settings as values.

Names no adapter; bootstrap.py builds it for production, tests build it from fakes.
"""

from dataclasses import dataclass
from datetime import timedelta

from shared.health import Checkup
from shared.inbox.verdict import Inbox
from shared.journal.journal import Journal
from shared.journal.settle import RecordingRules
from shared.ports import Bus, Clock, Graph, Ledger, SigningKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The settings that handlers follow, already parsed.

    `teams_hosts`: where links to meetings of the cloud that is served lead.
    """

    tenant_id: str
    organizer_id: str
    bot_app_id: str
    public_url: str
    teams_hosts: frozenset[str]
    callback_issuers: frozenset[str]
    recording: RecordingRules
    claim_lease: timedelta
    retention_days: int
    namespace: str  # the host name of our Service Bus


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """One process's collaborators."""

    ledger: Ledger
    bus: Bus
    graph: Graph
    keys: SigningKeys
    clock: Clock
    journal: Journal
    inbox: Inbox
    checkup: Checkup
    policy: Policy
