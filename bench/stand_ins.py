"""What stands in for the outside where the benchmark runs the app in its own process."""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, cast

import jwt
from azure.data.tables.aio import TableClient
from cryptography.hazmat.primitives.asymmetric import rsa

from bench.crowd import T0, Crowd
from bench.pushing import TAKEN, NotTaken
from call_callback.handler import receive_notification
from devstack.graph.identities import BOT_APP_ID, ORGANIZER_ID, TENANT_ID
from shared.bootstrap import build
from shared.graph.roster import read_roster
from shared.graph_port import Graph
from shared.ledger.ledger import TableLedger
from shared.ports import Bus, KnownKeys
from shared.services import Services
from shared.settings import Settings
from shared.words.answers import Roster
from shared.words.entities import TEND_QUEUE
from shared.words.ids import CallId
from shared.words.outgoing import Outgoing
from shared.words.rules import SourceRules

ISSUER = "https://graph.microsoft.com"
AN_HOUR = timedelta(hours=1)
SETTINGS = Settings.from_env(
    {
        "SERVICE_BUS": "Endpoint=sb://unused/;",
        "TABLES": "AccountName=unused;",
        "PUBLIC_URL": "https://rollcall.example",
        "TENANT_ID": TENANT_ID,
        "BOT_APP_ID": BOT_APP_ID,
        "ORGANIZER_ID": ORGANIZER_ID,
        "CALLBACK_ISSUERS": ISSUER,
        "ROSTER_CAP": "5000",
        "SHOW_NAMES": "true",
    }
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
class RoomOf:
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
    """Implements `ports.SigningKeys`: knows the key `bench`, and has just read it."""

    def __init__(self, clock: SetClock) -> None:
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._public = self.private.public_key()
        self._clock = clock

    def known(self) -> KnownKeys:
        """See `ports.SigningKeys.known`."""
        return KnownKeys(by_id={"bench": self._public}, read_at=self._clock.now())

    def fetch(self) -> Awaitable[None]:
        """See `ports.SigningKeys.fetch`."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done


class HasClient(Protocol):
    """A table, counted or real."""

    @property
    def client(self) -> TableClient:
        """The client that the ledger takes."""
        ...


def services_on(
    table: HasClient,
    clock: SetClock,
    bus: Bus,
    keys: Keys,
    *,
    graph: object,
    leave_when_alone: timedelta = SETTINGS.tending.leave_when_alone,
) -> Services:
    """Return services over the real ledger on `table`. Names are kept; no roster counts as cut.

    Looks at sources come an hour later than deployed, apart from all else that is counted.
    `graph`: stands in for Graph, as far as the app asks it.
    """
    tending = SETTINGS.tending
    after = tuple(AN_HOUR + pause for pause in tending.sources.after)
    return build(
        replace(
            SETTINGS,
            tending=replace(
                tending, sources=SourceRules(after=after), leave_when_alone=leave_when_alone
            ),
        ),
        ledger=TableLedger(table.client),
        bus=bus,
        graph=cast("Graph", graph),
        keys=keys,
        clock=clock,
        jitter=lambda _: 0.0,
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


async def called_back(
    meeting_id: str, leg_key: str, body: bytes, authorization: str, services: Services
) -> None:
    """Let Graph call back, until all that it committed was sent; raise `NotTaken` if it is not."""
    answer = await receive_notification(
        meeting_id=meeting_id,
        leg_key=leg_key,
        authorization=authorization,
        body=body,
        services=services,
    )
    await services.journal.settled()
    if answer.status != TAKEN:
        raise NotTaken(f"a callback was answered {answer.status}")
