"""Looks in every situation: never a message a second, and never none while there is work left."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.meeting.looks import looks
from shared.meeting.meeting import Meeting
from shared.words.entities import TEND_QUEUE
from shared.words.errors import GraphTrace, RollcallError, Unavailable
from shared.words.problems import rejected
from tests.fixtures.afternoon import Afternoon
from tests.fixtures.simulated_graph import AboutALeg
from tests.fixtures.tending import NEVER, TENDING

MOST = 100
"""Messages of looks in an hour: one a minute while reads fail, few others, some of them early."""
HANG_UPS = 100
"""More messages for each leg that Graph does not let go: each hang-up is one, and is retried."""
OF_A_HANG_UP: frozenset[AboutALeg] = frozenset({"call", "end"})
"""The requests of a hang-up: whose call it is, and its end."""
REQUESTS: tuple[AboutALeg, ...] = ("create", "call", "participants", "keepAlive", "end")


def failure(status: int) -> RollcallError | None:
    """Return how an answer of that status reaches the app; None: as 404. 0: there was none."""
    trace = GraphTrace(status=status, code="")
    if status == 404:
        return None
    if status == 403:
        return rejected("graph_refused", graph=trace, what="no")
    return Unavailable("busy", graph=trace)


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What the app is in, and how Graph answers from then on."""

    leg: str = "in"
    room: str = "people"
    failing: tuple[tuple[AboutALeg, int], ...] = ()
    callbacks_lost: bool = False
    bus_ahead: float = 0
    watch: bool = False


async def begun(situation: Situation) -> Afternoon:
    """Return the afternoon in that situation."""
    day = Afternoon(bus_ahead=timedelta(seconds=situation.bus_ahead))
    day.lost = lambda _: situation.leg in ("bound", "two")
    if situation.leg == "two":
        day.graph.before_answering = _no_answer
    asked: dict[str, Any] = {"watch": situation.watch}
    if situation.leg == "lobby":
        await day.begin(**asked, join="never")
        guest = {"meetingId": day.meeting_id, "guestName": "Scribe"}
        await day.app.drop("join-meeting", guest)
    else:
        await day.begin(**asked)
    if situation.room != "empty":
        day.come("ada")
    await day.run(seconds=90 if situation.leg == "two" else 20)
    if situation.room == "left":
        day.go("ada")
        await day.run(seconds=5)
    day.graph.failing = {request: failure(status) for request, status in situation.failing}
    day.lost = lambda _: situation.callbacks_lost
    match situation.leg:
        case "leaving":
            await day.app.drop("join-meeting", {"meetingId": day.meeting_id, "action": "leave"})
        case "fallen":
            day.fall()
        case "removed":
            day.fall(200, 5000)
        case "two":
            day.graph.world.push_rosters(day.venue)
        case _:
            pass
    return day


async def _no_answer() -> None:
    raise Unavailable("the answer was lost")


def messages(day: Afternoon) -> int:
    return len(day.app.fake_bus.sent_to(TEND_QUEUE))


async def hold_to_its_looks(day: Afternoon) -> None:
    """Check that whatever is left to do is planned, and in the index."""
    meeting, now = await _meeting(day), day.clock.now()
    due = looks(meeting, TENDING)
    lives = any(leg.alive and leg.call_id is not None for leg in meeting.legs)
    if lives or meeting.record.open_call is not None:
        assert due != []
    if due:
        planned = [one.due for one in (meeting.tend.soon, meeting.tend.later) if one is not None]
        assert min(planned) <= max(min(at for at, _ in due), now)
        assert meeting.tend.indexed is not None
        assert meeting.tend.indexed <= min(planned) + TENDING.backstop
        assert await _entry(day) <= meeting.tend.indexed


async def _meeting(day: Afternoon) -> Meeting:
    return await day.app.meeting(day.meeting_id)


async def _entry(day: Afternoon) -> datetime:
    later = day.clock.now() + 2 * NEVER
    [due_at] = [one.due_at async for one in day.ledger.overdue(now=later)]
    return due_at


situations = st.builds(
    Situation,
    leg=st.sampled_from(["in", "bound", "lobby", "leaving", "fallen", "removed", "two"]),
    room=st.sampled_from(["empty", "people", "left"]),
    failing=st.lists(
        st.tuples(st.sampled_from(REQUESTS), st.sampled_from([403, 404, 429, 503, 0])),
        unique_by=lambda one: one[0],
        max_size=5,
    ).map(tuple),
    callbacks_lost=st.booleans(),
    bus_ahead=st.sampled_from([0, 0, 0.5, 20]),
    watch=st.booleans(),
)


@settings(max_examples=settings().max_examples // 4)
@given(situations)
def test_no_look_comes_round_and_round_and_none_is_forgotten(situation: Situation) -> None:
    """Counted hour by hour. That messages end at all in one moment, `Survivor` checks."""

    async def play() -> None:
        day = await begun(situation)
        stay = any(request in OF_A_HANG_UP for request, _ in situation.failing)
        most = MOST + (HANG_UPS * len(day.venue.legs) if stay else 0)
        for _ in range(2):
            before = messages(day)
            for _ in range(4):
                await day.run(minutes=15)
                await hold_to_its_looks(day)
            assert messages(day) - before <= most

    asyncio.run(play())
