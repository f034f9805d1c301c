"""Rollcall on fakes: handlers enter through the same doors as in production, time is simulated.

`World` delivers what the app sends to its own queues, in the order of their due times.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from call_callback.handler import receive_notification
from create_meeting.handler import create_meeting
from docs.contract.record_data import RECORD
from join_meeting.handler import join_meeting
from meeting_record.handler import find_record, read_record
from meeting_record.view import Found
from shared.bootstrap import build
from shared.graph_port import Graph
from shared.inbox.message import QueueMessage
from shared.inbox.verdict import ShortWaits
from shared.meeting.meeting import Meeting
from shared.meeting.older_legs import KEPT, Kept
from shared.ports import Bus, Ledger
from shared.settings import Settings
from shared.telemetry import correlated
from shared.words.ids import CallId, LegKey, MeetingId, same_id
from shared.words.outgoing import Outgoing
from shared.words.rules import ROOM, RecordingRules, TendingRules
from tend_meeting.handler import mend_meetings, tend_meeting
from tests.fakes.bus import InMemoryBus
from tests.fakes.graph import FakeGraph, participant
from tests.fakes.keys import FakeSigningKeys
from tests.fakes.ledger import InMemoryLedger
from tests.fixtures.tending import HINTED, SETTLE

TENANT = "6c5e9a3e-1f0b-4f3a-9d57-2b8f4f6d1a01"
ORGANIZER = "2f6b0c1d-94d4-4b8a-8f0e-7a1d5c3e0b02"
BOT = "9d2e4b7a-5f8c-4d1e-a3b6-8c7f0e1d2a05"
T0 = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
LEASE = timedelta(seconds=60)
HANDLERS = {
    "create-meeting": create_meeting,
    "join-meeting": join_meeting,
    "tend-meeting": tend_meeting,
}
ISSUER = "https://graph.microsoft.com"
SETTINGS = Settings.from_env(
    {
        "SERVICE_BUS": "Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=n;SharedAccessKey=k",
        "TABLES": "AccountName=unused;AccountKey=k;TableEndpoint=https://unused.example",
        "PUBLIC_URL": "https://rollcall.example",
        "TENANT_ID": TENANT,
        "BOT_APP_ID": BOT,
        "ORGANIZER_ID": ORGANIZER,
        "CALLBACK_ISSUERS": ISSUER,
        "RETRY_CEILING_SECONDS": "60",
    }
)
NO_SEATS = ShortWaits(lambda _: asyncio.sleep(0), seats=0)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class SettableClock:
    """The time as the test sets it."""

    moment: datetime = T0

    def now(self) -> datetime:
        """See `ports.Clock.now`."""
        return self.moment

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.moment += timedelta(seconds=seconds)


@dataclass
class World:
    """One app on fakes. `bus.sent` grows; `delivered` has the numbers of what was delivered of it.

    `bus_ahead`: how far the clock of the bus is ahead, so that messages come early.
    """

    clock: SettableClock = field(default_factory=SettableClock)
    ledger: Ledger = field(default_factory=InMemoryLedger)
    fake_bus: InMemoryBus = field(default_factory=InMemoryBus)
    fake_graph: FakeGraph = field(default_factory=lambda: FakeGraph(tenant_id=TENANT))
    bus: Bus | None = None
    graph: Graph | None = None
    delivered: set[int] = field(default_factory=set)
    numbers: int = 0
    show_names: bool = True
    kept: Kept = KEPT
    room: int = ROOM
    tending: TendingRules = HINTED
    bus_ahead: timedelta = timedelta()
    pause: Callable[[float], Awaitable[None]] | None = None

    def __post_init__(self) -> None:
        self.fake_graph.now = self.clock.now
        self.fake_graph.bot_app_id = BOT
        self.keys = FakeSigningKeys(self.clock, {"test": KEY.public_key()})
        self.restart()

    def beside(self, *, numbers: int = 0) -> "World":
        """Return another process over the same table, bus and Graph; it numbers after `numbers`."""
        return World(
            clock=self.clock,
            ledger=self.ledger,
            fake_bus=self.fake_bus,
            fake_graph=self.fake_graph,
            numbers=numbers,
        )

    def restart(self) -> None:
        """Start a new process over the same table, bus and Graph."""
        self.seat(NO_SEATS)

    def seat(self, waits: ShortWaits, *, attempts: int = 5) -> None:
        """Start a process in which pauses may be waited for, and each message is so often tried."""
        recording = RecordingRules(settle=SETTLE, show_names=self.show_names, room=self.room)
        self.services = build(
            replace(
                SETTINGS,
                policy=replace(SETTINGS.policy, recording=recording),
                tending=self.tending,
                retry=replace(SETTINGS.retry, attempts=attempts),
            ),
            ledger=self.ledger,
            bus=self.bus or self.fake_bus,
            graph=self.graph or self.fake_graph,
            keys=self.keys,
            clock=self.clock,
            jitter=lambda most: 0.0,
            waits=waits,
            kept=self.kept,
            pause=self.pause,
        )

    def message(self, queue: str, body: Any, **properties: Any) -> QueueMessage:
        """Return a message as the trigger hands it over."""
        self.numbers += 1
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        defaults: dict[str, Any] = {
            "message_id": f"m-{self.numbers}",
            "correlation_id": None,
            "reply_to": None,
            "delivery_count": 1,
        }
        return QueueMessage(
            queue=queue,
            body=text,
            sequence_number=self.numbers,
            enqueued_at=self.clock.now(),
            **(defaults | properties),
        )

    async def drop(self, queue: str, body: Any, **properties: Any) -> QueueMessage:
        """Deliver one message to its handler; return it, for a redelivery."""
        message = self.message(queue, body, **properties)
        await self.deliver(message)
        return message

    async def deliver(self, message: QueueMessage) -> None:
        """Hand a message to its handler and wait until what it committed was sent and cleared."""
        with correlated():  # as shared/edge.py does for each invocation
            await HANDLERS[message.queue](message, self.services)
        await self.services.journal.settled()

    async def redeliver(self, message: QueueMessage, count: int = 2) -> None:
        """Deliver a message once more, as after a lock that ran out."""
        await self.deliver(replace(message, delivery_count=count))

    async def pump(self, *, until: timedelta = timedelta(hours=1)) -> None:
        """Deliver everything the app sent to its own queues, moving the clock to what is due."""
        end = self.clock.now() + until
        while (found := self._next(end)) is not None:
            number, sent = found
            self.delivered.add(number)
            if sent.due is not None:
                self.clock.moment = max(self.clock.now(), sent.due - self.bus_ahead)
            await self.deliver(self._received(sent))

    def next_due(self, end: datetime) -> datetime | None:
        """Return when the next message to the app's own queues is due; None: none by `end`."""
        found = self._next(end)
        return None if found is None else self._comes_at(found[1])

    def _next(self, end: datetime) -> tuple[int, Outgoing] | None:
        waiting = [
            (self._comes_at(sent), number, sent)
            for number, sent in enumerate(self.fake_bus.sent)
            if number not in self.delivered
            and sent.entity in HANDLERS
            and self._comes_at(sent) <= end
        ]
        if not waiting:
            return None
        _, number, sent = min(waiting, key=lambda one: one[:2])
        return number, sent

    def _comes_at(self, sent: Outgoing) -> datetime:
        return self.clock.now() if sent.due is None else sent.due - self.bus_ahead

    def _received(self, sent: Outgoing) -> QueueMessage:
        body = sent.body if isinstance(sent.body, bytes) else sent.body.encode()
        return self.message(
            sent.entity,
            body,
            message_id=sent.message_id,
            correlation_id=sent.correlation_id,
            reply_to=sent.reply_to,
            properties=dict(sent.properties),
        )

    def token(self, *, kid: str = "test", key: rsa.RSAPrivateKey = KEY, **claims: Any) -> str:
        """Return the Authorization header of a genuine callback, but for `claims`."""
        now = int(self.clock.now().timestamp())
        genuine = {"aud": BOT, "iss": ISSUER, "tid": TENANT, "iat": now, "exp": now + 3900}
        return f"Bearer {_signed(kid, key, **genuine | claims)}"

    async def callback(
        self, meeting_id: str, leg_key: str, body: bytes, *, authorization: str | None = None
    ) -> int:
        """Let Graph call back; return the status it is answered with."""
        with correlated():
            answer = await receive_notification(
                meeting_id=meeting_id,
                leg_key=leg_key,
                authorization=authorization or self.token(),
                body=body,
                services=self.services,
            )
        await self.services.journal.settled()
        return answer.status

    async def mend(self) -> None:
        """Let the backstop walk once."""
        with correlated():
            await mend_meetings(self.services)
        await self.services.journal.settled()

    def events(self, *names: str) -> list[dict[str, Any]]:
        """Return the distinct events told on the topic, by id, in the order of their sequence."""
        told = {
            event["id"]: event
            for sent in self.fake_bus.sent_to("meeting-events")
            for event in [json.loads(sent.body)]
        }
        kept = [event for event in told.values() if not names or _name(event) in names]
        return sorted(kept, key=lambda event: int(event.get("sequence", 0)))

    def names(self) -> list[str]:
        """Return the names of the events told, in the order of their sequence."""
        return [_name(event) for event in self.events()]

    def replies(self, queue: str = "replies") -> list[dict[str, Any]]:
        """Return what was sent to a caller's queue."""
        return [json.loads(sent.body) for sent in self.fake_bus.sent_to(queue)]

    async def meeting(self, meeting_id: str) -> Meeting:
        """Return a meeting as stored."""
        stored = await self.ledger.load(MeetingId(meeting_id))
        assert stored is not None
        return stored.meeting

    async def record(self, request_id: str) -> dict[str, Any]:
        """Return a record as its readers get it."""
        return _as_promised(await find_record(request_id, self.services))

    async def record_of(self, meeting_id: str) -> dict[str, Any]:
        """Return the record under a meeting's id as its readers get it."""
        return _as_promised(await read_record(meeting_id, self.services))

    def people_in(self, call_id: CallId, *names: str) -> None:
        """Let a leg's room hold ourselves and these people."""
        ourselves = participant("bot", kind="application", identity_id=BOT)
        self.fake_graph.fill_room(
            call_id, [ourselves, *(participant(f"p-{name}", identity_id=name) for name in names)]
        )


def state(call_id: str, state: str, **members: Any) -> bytes:
    """Return a call-state notification."""
    deleted = state == "terminated"
    return envelope(
        call_id, "", {"state": state, **members}, change="deleted" if deleted else "updated"
    )


def roster(call_id: str, *names: str) -> bytes:
    """Return a full roster: ourselves and these people."""
    listed = [
        participant("bot", kind="application", identity_id=BOT),
        *(participant(f"p-{name}", identity_id=name, display_name=name) for name in names),
    ]
    return envelope(call_id, "/participants", listed)


def envelope(call_id: str, tail: str, data: Any, *, change: str = "updated") -> bytes:
    """Return a notification of one item."""
    item = {
        "changeType": change,
        "resourceUrl": f"/communications/calls/{call_id}{tail}",
        "resourceData": data,
    }
    return json.dumps({"value": [item]}).encode()


def leg_of(meeting: Meeting) -> tuple[LegKey, CallId]:
    """Return key and call of the meeting's newest leg that Graph knows."""
    bound = [leg for leg in meeting.legs if leg.call_id is not None]
    assert bound[-1].call_id is not None
    return bound[-1].key, CallId(same_id(bound[-1].call_id))


def _as_promised(found: Found) -> dict[str, Any]:
    """Return the record that was found, held to its model."""
    assert isinstance(found, dict)
    RECORD.validate_json(json.dumps(found))
    return found


def _name(event: dict[str, Any]) -> str:
    return str(event["type"]).removeprefix("rollcall.").removesuffix(".v1")


@cache
def _signed(kid: str, key: rsa.RSAPrivateKey, **claims: Any) -> str:
    """Return a token with those claims. Signing takes longer than the app takes for a callback."""
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid})
