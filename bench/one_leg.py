"""One meeting with the bot's leg in it, all in this process: the app's own handlers and ledger, on
a counted table, a bus in memory and a clock that is set by hand.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from bench.counted_table import CountedTable, Traffic
from bench.crowd import T0, Crowd
from bench.pushing import NotTaken
from call_callback.handler import receive_notification
from devstack.graph.identities import BOT_APP_ID, ORGANIZER_ID, TENANT_ID
from shared.coordinates import ByJoinId
from shared.domain import CallId, leg_key_for, linked_meeting_id_for, same_id
from shared.journal import Journal
from shared.ledger import TableLedger
from shared.legs import TEND_QUEUE
from shared.meeting import Change, LegClaim, Meeting, Outgoing
from shared.patience import RetryPolicy
from shared.ports import Graph
from shared.queue_message import QueueMessage
from shared.recording import RecordingRules
from shared.services import Policy, Services
from tend_meeting.handler import tend_meeting

ISSUER = "https://graph.microsoft.com"
ROSTER_CAP = 5_000
MEETING_ID = linked_meeting_id_for(tenant_id=TENANT_ID, alias="the benchmark's")
LEG_KEY = leg_key_for(meeting_id=MEETING_ID, attempt=1)
CONFIRMED_AFTER = 3.0
"""Seconds after which the reads that a push asked for are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one callback took: milliseconds of CPU, and what it asked of the table."""

    cpu_ms: float
    traffic: Traffic


@dataclass(slots=True)
class _Clock:
    moment: datetime = T0

    def now(self) -> datetime:
        return self.moment


class _Bus:
    """Takes everything, and keeps what the app sends to itself."""

    def __init__(self) -> None:
        self.tending: list[Outgoing] = []

    async def send(self, messages: Sequence[Outgoing]) -> None:
        self.tending += [one for one in messages if one.entity == TEND_QUEUE]

    def expect(self, entities: Iterable[str]) -> None:
        pass

    async def check(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class _Room:
    """Graph, as far as looking after a meeting asks it: who is there."""

    crowd: Crowd

    async def read_participants(self, _: CallId) -> list[dict[str, Any]]:
        return self.crowd.read()


class _Keys:
    """Knows one key."""

    def __init__(self) -> None:
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._public = self.private.public_key()

    async def key(self, _: str) -> Any:
        return self._public


class OneLeg:
    """A meeting whose bot is in, with `crowd` around it. Make one with `begin`."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.table = CountedTable()
        self._clock, self._bus, keys = _Clock(), _Bus(), _Keys()
        self._services = _services(crowd, self.table, self._clock, self._bus, keys)
        self._authorization = f"Bearer {_token(keys.private)}"

    @classmethod
    async def begin(cls, crowd: Crowd) -> "OneLeg":
        """Return the meeting after the leg got in, and its first roster was confirmed by a read."""
        one = cls(crowd)
        claim = LegClaim(
            leg_key=LEG_KEY,
            attempt=1,
            request_id="INC-4711",
            claimed_at=T0,
            lease_until=T0 + timedelta(minutes=1),
            state="joined",
            call_id=CallId(same_id(crowd.leg.call_id)),
            told=True,
            participant_id=crowd.leg.participant_id,
        )
        meeting = Meeting(
            meeting_id=MEETING_ID,
            tenant_id=TENANT_ID,
            correlation_id="INC-4711",
            target=ByJoinId(join_meeting_id="23456789012345", tenant_id=TENANT_ID),
            claims=(claim,),
        )
        await one._services.ledger.commit(None, Change(meeting=meeting), now=T0)
        await one.push(crowd.established())
        await one.push(crowd.roster())
        await one.passes(CONFIRMED_AFTER)
        return one

    async def push(self, body: bytes) -> Cost:
        """Let Graph call back; return what it took until all that it committed was sent."""
        self.table.taken()
        began = time.process_time()
        status = await receive_notification(
            meeting_id=MEETING_ID,
            leg_key=LEG_KEY,
            authorization=self._authorization,
            body=body,
            services=self._services,
        )
        await self._services.journal.settled()
        used = time.process_time() - began
        if status != 202:
            raise NotTaken(f"a callback was answered {status}")
        return Cost(cpu_ms=1000 * used, traffic=self.table.taken())

    async def passes(self, seconds: float) -> None:
        """Let time pass, and the meeting be looked after whenever that is due."""
        end = self._clock.moment + timedelta(seconds=seconds)
        while due := [one for one in self._bus.tending if (one.due or T0) <= end]:
            for message in due:
                self._bus.tending.remove(message)
                self._clock.moment = max(self._clock.moment, message.due or T0)
                await tend_meeting(self._received(message), self._services)
                await self._services.journal.settled()
        self._clock.moment = end

    def _received(self, message: Outgoing) -> QueueMessage:
        return QueueMessage(
            queue=TEND_QUEUE,
            body=str(message.body).encode(),
            message_id=message.message_id,
            correlation_id=message.correlation_id,
            reply_to=None,
            sequence_number=1,
            delivery_count=1,
            enqueued_at=self._clock.moment,
        )


def recording_rules() -> RecordingRules:
    """Return how everything in this process is recorded: with names, no roster counts as cut."""
    return RecordingRules(settle=timedelta(seconds=1), roster_cap=ROSTER_CAP, show_names=True)


def _services(crowd: Crowd, table: CountedTable, clock: _Clock, bus: _Bus, keys: _Keys) -> Services:
    ledger = TableLedger(table.client)
    return Services(
        ledger=ledger,
        bus=bus,
        graph=cast("Graph", _Room(crowd)),
        keys=keys,
        clock=clock,
        journal=Journal(
            ledger=ledger,
            bus=bus,
            clock=clock,
            grace=timedelta(seconds=5),
            jitter=lambda _: 0.0,
        ),
        policy=Policy(
            tenant_id=TENANT_ID,
            organizer_id=ORGANIZER_ID,
            bot_app_id=BOT_APP_ID,
            public_url="https://rollcall.example",
            callback_issuers=frozenset({ISSUER}),
            recording=recording_rules(),
            retry=RetryPolicy(
                attempts=5,
                total=timedelta(minutes=30),
                base=timedelta(seconds=2),
                ceiling=timedelta(seconds=60),
            ),
            claim_lease=timedelta(seconds=60),
            backstop_after=timedelta(seconds=120),
        ),
        jitter=lambda _: 0.0,
    )


def _token(key: rsa.RSAPrivateKey) -> str:
    """Return a token that holds for a day of the clock's."""
    moment = int(T0.timestamp())
    claims = {
        "aud": BOT_APP_ID,
        "iss": ISSUER,
        "tid": TENANT_ID,
        "iat": moment,
        "nbf": moment,
        "exp": moment + 86_400,
    }
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": "bench"})
