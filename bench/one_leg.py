"""One meeting with the bot's leg in it, all in this process: the app's own handlers and ledger, on
a counted table, a bus in memory and a clock that is set by hand.
"""

import time
from dataclasses import dataclass
from datetime import timedelta

from bench.counted_table import CountedTable, Traffic
from bench.crowd import T0, Crowd
from bench.stand_ins import HeldBus, Keys, RoomOf, SetClock, authorization, called_back, services_on
from call_callback.notification import ParsedNotifications, parse_envelope, read_envelope
from devstack.graph.identities import BOT_APP_ID, TENANT_ID
from shared.calls.record import Record
from shared.events.facts import bot_joining
from shared.inbox.message import QueueMessage
from shared.legs.claim import Claim
from shared.legs.leg import Leg
from shared.meeting.meeting import Change, Meeting
from shared.words.coordinates import ByJoinId
from shared.words.entities import TEND_QUEUE
from shared.words.ids import CallId, leg_key_for, linked_meeting_id_for, same_id
from shared.words.outgoing import Outgoing, Published
from tend_meeting.handler import tend_meeting

MEETING_ID = linked_meeting_id_for(tenant_id=TENANT_ID, alias="the benchmark's")
LEG_KEY = leg_key_for(meeting_id=MEETING_ID, attempt=1)
CONFIRMED_AFTER = 3.0
"""Seconds after which the reads that a push asked for are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a callback or a rest took: milliseconds of CPU, and what was asked of the table."""

    cpu_ms: float
    traffic: Traffic


class OneLeg:
    """A meeting whose bot is in and stays, with `crowd` around it. Make one with `begin`."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.table = CountedTable()
        self._clock, self._bus = SetClock(), HeldBus()
        keys = Keys(self._clock)
        self._services = services_on(
            self.table,
            self._clock,
            self._bus,
            keys,
            graph=RoomOf(crowd),
            leave_when_alone=timedelta(days=1),
        )
        self._authorization = authorization(keys.private)

    @classmethod
    async def begin(cls, crowd: Crowd) -> "OneLeg":
        """Return the meeting after the leg got in, and its first roster was confirmed by a read."""
        one = cls(crowd)
        joining = bot_joining(LEG_KEY, CallId(same_id(crowd.leg.call_id)), at=T0, state="joining")
        leg = Leg(
            key=LEG_KEY,
            claim=Claim(attempt=1, claimed_at=T0, lease_until=T0 + timedelta(minutes=1)),
            state="bound",
            call_id=CallId(same_id(crowd.leg.call_id)),
            joining=Published(fact=joining, sequence=1, recorded_at=T0),
            participant_id=crowd.leg.participant_id,
        )
        meeting = Meeting(
            meeting_id=MEETING_ID,
            tenant_id=TENANT_ID,
            correlation_id="INC-4711",
            target=ByJoinId(join_meeting_id="23456789012345", tenant_id=TENANT_ID),
            record=Record(legs={LEG_KEY: leg}),
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
        await called_back(MEETING_ID, LEG_KEY, body, self._authorization, self._services)
        used = time.process_time() - began
        return Cost(cpu_ms=1000 * used, traffic=self.table.taken())

    async def rests(self, seconds: float) -> Cost:
        """Let time pass while nothing happens; return what it took to look after the meeting."""
        self.table.taken()
        began = time.process_time()
        await self.passes(seconds)
        used = time.process_time() - began
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


def parsed(body: bytes) -> ParsedNotifications:
    """Return what a callback about the leg says."""
    return parse_envelope(
        read_envelope(body),
        leg_key=LEG_KEY,
        bot_app_id=BOT_APP_ID,
        received_at=T0,
        my_participant_ids=frozenset(),
        show_names=True,
    )
