"""What stands in for the outside where the benchmark runs the app in its own process."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from bench.counted_table import CountedTable
from bench.crowd import T0, Crowd
from devstack.graph.identities import BOT_APP_ID, ORGANIZER_ID, TENANT_ID
from shared.graph.roster import read_roster
from shared.health import Checkup
from shared.inbox.patience import RetryPolicy
from shared.inbox.verdict import Inbox
from shared.journal.journal import Journal
from shared.journal.settle import RecordingRules
from shared.ledger.ledger import TableLedger
from shared.meeting.looks import TendingRules
from shared.ports import Graph
from shared.services import Policy, Services
from shared.words.answers import Roster
from shared.words.entities import TEND_QUEUE
from shared.words.ids import CallId
from shared.words.outgoing import Outgoing

ISSUER = "https://graph.microsoft.com"
ROSTER_CAP = 5_000
RECORDING = RecordingRules(settle=timedelta(seconds=1), roster_cap=ROSTER_CAP, show_names=True)
TENDING = TendingRules(
    settle=timedelta(seconds=1), grace=timedelta(seconds=5), backstop=timedelta(seconds=120)
)


@dataclass(slots=True)
class SetClock:
    """Implements `ports.Clock`: the time as it is set."""

    moment: datetime = T0

    def now(self) -> datetime:
        """See `ports.Clock.now`."""
        return self.moment


class HeldBus:
    """Implements `ports.Bus`: takes everything, keeps what the app sends to look after meetings."""

    def __init__(self) -> None:
        self.tending: list[Outgoing] = []

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """See `ports.Bus.send`."""
        self.tending += [one for one in messages if one.entity == TEND_QUEUE]

    def expect(self, entities: Iterable[str]) -> None:
        """See `ports.Bus.expect`."""

    async def check(self) -> None:
        """See `ports.Bus.check`."""


@dataclass(frozen=True, slots=True)
class _Room:
    """Graph, as far as looking after a meeting asks it: who is there, and that the leg is kept."""

    crowd: Crowd

    async def keep_alive(self, _: CallId) -> bool:
        return True

    async def read_participants(
        self, _: CallId, *, own_ids: frozenset[str], show_names: bool
    ) -> Roster:
        return read_roster(
            self.crowd.read(),
            bot_app_id=BOT_APP_ID,
            my_participant_ids=own_ids,
            show_names=show_names,
        )


class Keys:
    """Implements `ports.SigningKeys`: knows one key, whatever its id."""

    def __init__(self) -> None:
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._public = self.private.public_key()

    async def key(self, _: str) -> Any:
        """See `ports.SigningKeys.key`."""
        return self._public


def services_on(
    table: CountedTable, clock: SetClock, bus: HeldBus, keys: Keys, *, crowd: Crowd
) -> Services:
    """Return services over the real ledger on `table`. Names are kept; no roster counts as cut."""
    ledger = TableLedger(table.client)
    graph = cast("Graph", _Room(crowd))
    return Services(
        ledger=ledger,
        bus=bus,
        graph=graph,
        keys=keys,
        clock=clock,
        journal=Journal(
            ledger=ledger,
            bus=bus,
            clock=clock,
            recording=RECORDING,
            tending=TENDING,
            jitter=lambda _: 0.0,
        ),
        policy=Policy(
            tenant_id=TENANT_ID,
            organizer_id=ORGANIZER_ID,
            bot_app_id=BOT_APP_ID,
            public_url="https://rollcall.example",
            callback_issuers=frozenset({ISSUER}),
            recording=RECORDING,
            claim_lease=timedelta(seconds=60),
        ),
        inbox=Inbox(
            bus=bus,
            clock=clock,
            policy=RetryPolicy(
                attempts=5,
                total=timedelta(minutes=30),
                base=timedelta(seconds=2),
                ceiling=timedelta(seconds=60),
            ),
            jitter=lambda _: 0.0,
        ),
        checkup=Checkup(ledger=ledger, bus=bus, graph=graph, clock=clock),
    )


def authorization(key: rsa.RSAPrivateKey) -> str:
    """Return the header of a callback, with a token that holds for a day of the clock's."""
    moment = int(T0.timestamp())
    claims = {
        "aud": BOT_APP_ID,
        "iss": ISSUER,
        "tid": TENANT_ID,
        "iat": moment,
        "nbf": moment,
        "exp": moment + 86_400,
    }
    token = jwt.encode(claims, key, algorithm="RS256", headers={"kid": "bench"})
    return f"Bearer {token}"
