"""Histories made up as truth, rendered by the simulator's rules, parsed and folded by ours.

Each notification and its copies arrive within SETTLE in any order, some come again much later,
people move at least four SETTLE apart, and reads work. Then the calls and their people are the
true ones, and times differ by at most SETTLE and one read.
"""

import heapq
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from call_callback.notification import parse_envelope, read_envelope
from devstack.graph.calls import Leg
from devstack.graph.identities import BOT_APP_ID, same_guid, seeded
from devstack.graph.notifications import render_roster, render_state
from devstack.graph.participants import render_participants
from devstack.graph.room import Room
from shared.calls.fold import fold, next_read
from shared.calls.record import Commit, Record
from shared.graph.roster import read_roster
from shared.words.ids import LegKey
from shared.words.observations import Observation, RosterRead
from tests.fixtures.legs import claimed

T0 = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
SETTLE = timedelta(seconds=1)
READ = timedelta(milliseconds=200)
KEY = LegKey("leg")
LEG = Leg(
    call_id="2f1a1100-b174-40a0-aba7-0b405e01ed92",
    participant_id="05491616-385f-44a8-9974-18cc5f9933c1",
    callback_uri="http://127.0.0.1/",
)

moves = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(40, 110)),
    max_size=12,
)
"""Who toggles (in when out, out when in), and how many tenths of a second after the last move."""


@dataclass
class Meeting:
    """A true room, what Rollcall is told of it, and Rollcall's record; time is simulated."""

    random: Random
    room: Room
    queue: list[tuple[datetime, int, Observation]] = field(default_factory=list)
    record: Record = field(default_factory=lambda: claimed(KEY))
    sent: int = 0
    version: int = 0

    def push(self, envelope: object, at: datetime) -> None:
        """Send a notification once or twice within SETTLE, and perhaps again any time later."""
        delays = [self.random.random() * 0.99 for _ in range(self.random.choice((1, 1, 2)))]
        if self.random.random() < 0.3:
            delays.append(1 + self.random.random() * 60)
        for delay in delays:
            arrives = at + SETTLE * delay
            found = parse_envelope(
                read_envelope(json.dumps(envelope).encode()),
                leg_key=KEY,
                bot_app_id=BOT_APP_ID,
                received_at=arrives,
                my_participant_ids=frozenset(),
                show_names=False,
            )
            for _, observation in found.observations:
                self.sent += 1
                heapq.heappush(self.queue, (arrives, self.sent, observation))

    def run_until(self, moment: datetime) -> None:
        """Deliver what arrives and read what is to be read, in the order of time, until then."""
        while True:
            due = next_read(self.record, settle=SETTLE)
            arrives = self.queue[0][0] if self.queue else None
            if due is not None and due <= moment and (arrives is None or due <= arrives):
                self._observe(self._read(due))
            elif arrives is not None and arrives <= moment:
                self._observe(heapq.heappop(self.queue)[2])
            else:
                return

    def _read(self, asked_at: datetime) -> RosterRead:
        listed = render_participants(self.room)["value"]
        assert isinstance(listed, list)
        roster = read_roster(listed, bot_app_id=BOT_APP_ID, my_participant_ids=frozenset())
        return RosterRead(
            asked_at=asked_at,
            answered_at=asked_at + READ * self.random.random(),
            leg_key=KEY,
            people=roster.people,
            lists_ourselves=roster.lists_ourselves,
            entries=roster.entries,
            version=self.version,
        )

    def _observe(self, observation: Observation) -> None:
        self.version += 1
        by = Commit(version=self.version, settle=SETTLE, roster_cap=100)
        self.record = fold(self.record, [observation], by)


def play(history: list[tuple[str, int]], random: Random) -> Meeting:
    meeting = Meeting(random=random, room=Room(random))
    meeting.room.enter(LEG)
    meeting.push(render_state(LEG, "establishing", random), T0)
    meeting.push(render_state(LEG, "established", random), T0)
    meeting.push(render_roster(meeting.room, LEG, random), T0)
    at, inside = T0, dict[str, str]()
    for person, tenths in history:
        at += timedelta(seconds=tenths / 10)
        meeting.run_until(at)
        if person in inside:
            meeting.room.leave(inside.pop(person), at=at)
        else:
            inside[person] = meeting.room.join(user_id=person, display_name=person, at=at)
        meeting.push(render_roster(meeting.room, LEG, random), at)
    meeting.run_until(at + timedelta(seconds=120))
    return meeting


@given(moves, st.integers())
def test_calls_and_people_equal_the_truth(history: list[tuple[str, int]], seed: int) -> None:
    """Also when the very first person comes while the bot's own notifications are on their way."""
    meeting = play(history, seeded(seed))
    truth, calls = meeting.room.calls, meeting.record.calls
    close = SETTLE + READ

    assert [_members(call.participant_ids) for call in truth] == [
        _members(call.sessions) for call in calls
    ]
    for true, call in zip(truth, calls, strict=True):
        assert timedelta() <= call.started_at - true.started_at <= close
        assert (true.ended_at is None) == (call.ended_at is None)
        if true.ended_at is not None and call.ended_at is not None:
            assert abs(call.ended_at - true.ended_at) <= close
    sessions = {key: one for call in calls for key, one in call.sessions.items()}
    for session in meeting.room.sessions:
        recorded = next(
            one
            for key, one in sessions.items()
            if same_guid(key) == same_guid(session.participant_id)
        )
        assert recorded.joined_at is None or recorded.joined_at - session.joined_at <= close
        assert (session.left_at is None) == (recorded.left_at is None)
        if session.left_at is not None and recorded.left_at is not None:
            assert abs(recorded.left_at - session.left_at) <= close
    assert next_read(meeting.record, settle=SETTLE) is None


def _members(ids: object) -> list[str]:
    assert isinstance(ids, tuple | dict)
    return sorted(same_guid(str(one)) for one in ids)
