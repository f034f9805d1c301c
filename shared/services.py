"""What every handler is given: the ports, the journal over them, and the settings as values.

Names no adapter; bootstrap.py builds it for production, tests build it from fakes.
"""

from dataclasses import dataclass

from shared.graph_port import Graph
from shared.health import Checkup
from shared.inbox.verdict import Inbox
from shared.journal.journal import Journal
from shared.ports import Bus, Clock, Ledger, SigningKeys
from shared.words.rules import Deployment, Policy


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
    deployment: Deployment
