"""Purges under load: what is not due, or comes meanwhile, is not lost, however calls interleave."""

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar
from datetime import timedelta
from functools import cache
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from meeting_record.handler import read_record
from shared.meeting.meeting import Meeting
from shared.meeting.retention import traces_of
from shared.words.ids import LegKey, MeetingId
from tend_meeting.handler import mend_meetings
from tests.application.joined import ASK, Joined
from tests.application.kept import RETENTION, copied, held, scheduled, settle, walk
from tests.application.links import CLASSIC, EXPLICIT
from tests.application.world import HANDLERS, World, leg_of, roster, state
from tests.fakes.ledger import InMemoryLedger

REQUESTS = (
    *("make again", "make another", "update", "cancel"),
    *("join by id", "join by thread", "join by link", "join under an id", "leave by link"),
)
HAPPENINGS = (*REQUESTS, "late callback", "callback", "walk", "walk")
happenings = st.lists(
    st.tuples(st.sampled_from(HAPPENINGS), st.integers(0, 60), st.sampled_from([0, 1, 4, 15])),
    min_size=2,
    max_size=8,
)
PACE = ContextVar("PACE", default=0)
"""How many turns of the loop each call to the ledger takes: what is slow is overtaken."""

type Happening = tuple[str, int, int]
"""What happens, after how many turns of the loop, and at what pace."""


class Racing(InMemoryLedger):
    """Lets each call take as long as its caller's pace says, before it does anything."""

    async def _answer(self) -> None:
        for _ in range(PACE.get()):
            await asyncio.sleep(0)
        await super()._answer()


class Estate(Joined):
    """Three meetings: one of ours and a linked one, both kept long enough; and one in use.

    `living` is the one in use; `answers` names each request by the queue of its answer.
    """

    linked: MeetingId
    living: MeetingId
    answers: int = 0

    async def build(self) -> "Estate":
        """Let both be over and become old, and the third begin."""
        await held(self)
        self.linked = await self.bot_in(CLASSIC)
        leg_key, call_id = leg_of(await self.meeting(self.linked))
        self.fake_graph.drop(call_id)
        await self.callback(self.linked, leg_key, state(call_id, "terminated"))
        await settle(self)
        self.clock.advance((RETENTION + timedelta(days=2)).total_seconds())
        self.living = await self.bot_in(CLASSIC.replace("MGQ4", "LIVE"))
        return self

    async def bot_in(self, link: str) -> MeetingId:
        """Let the bot be in the meeting of a link."""
        await self.drop("join-meeting", {"joinWebUrl": link})
        meeting_id = MeetingId(str(self.fake_graph.bodies[-1]["callbackUri"]).split("/")[-2])
        leg_key, call_id = leg_of(await self.meeting(meeting_id))
        await self.callback(meeting_id, leg_key, state(call_id, "established"))
        return meeting_id

    async def happen(self, what: str, delay: int, pace: int, process: World) -> None:
        """Let one thing happen to a process, some turns of the loop later."""
        PACE.set(pace)
        for _ in range(delay):
            await asyncio.sleep(0)
        if what == "walk":
            await mend_meetings(process.services)
        elif what == "late callback":
            await process.callback(self.meeting_id, self.leg_key, roster(self.call_id, "cy"))
        elif what == "callback":
            leg_key, call_id = self.lives_in
            await process.callback(self.living, leg_key, roster(call_id, "ada", "bo"))
        else:
            await self.request(what, process)

    async def request(self, what: str, process: World) -> None:
        """Send a request that asks for an answer."""
        self.answers += 1
        thread = {**EXPLICIT["chatInfo"], "threadId": self.thread}
        queue, body = {
            "make again": ("create-meeting", ASK),
            "make another": ("create-meeting", ASK | {"subject": "another"}),
            "update": (
                "create-meeting",
                {"requestId": "INC-1", "action": "update", "subject": "x"},
            ),
            "cancel": ("create-meeting", {"requestId": "INC-1", "action": "cancel"}),
            "join by id": ("join-meeting", {"meetingId": self.meeting_id}),
            "join by thread": ("join-meeting", {**EXPLICIT, "chatInfo": thread}),
            "join by link": ("join-meeting", {"joinWebUrl": CLASSIC}),
            "join under an id": ("join-meeting", {"joinWebUrl": CLASSIC, "requestId": "J-1"}),
            "leave by link": ("join-meeting", {"joinWebUrl": CLASSIC, "action": "leave"}),
        }[what]
        message = process.message(
            queue, body, message_id=f"m-{self.answers}-{what}", reply_to=f"answer-{self.answers}"
        )
        await HANDLERS[queue](message, process.services)

    @property
    def thread(self) -> str:
        """The chat thread of the meeting that we made."""
        (created, *_) = self.events("meeting.created")
        return str(created["data"]["coordinates"]["chatInfo"]["threadId"])

    @property
    def lives_in(self) -> tuple[LegKey, str]:
        """Key and call of the leg in the meeting that is in use."""
        *_, body = self.fake_graph.bodies[:3]
        call_id = list(self.fake_graph.posted)[2]
        return LegKey(str(body["callbackUri"]).split("/")[-1]), call_id


@cache
def built() -> Estate:
    """Return the estate as it is before each history."""
    return asyncio.run(Estate(ledger=Racing()).build())


async def play(world: Estate, history: Sequence[Happening]) -> None:
    """Let everything happen at once, in two processes, and then come to its end."""
    other = world.beside(numbers=10_000)
    _, call_id = world.lives_in
    world.people_in(call_id, "ada", "bo")  # type: ignore[arg-type]  # any text
    await asyncio.gather(
        *(
            world.happen(*happening, (world, other)[number % 2])
            for number, happening in enumerate(history)
        )
    )
    await world.services.journal.settled()
    await other.services.journal.settled()
    await world.pump()
    await walk(world, 4)


async def hold(world: Estate, history: Sequence[Happening]) -> None:
    """Check all that must be true, whatever came first."""
    ledger: Any = world.ledger
    meetings: list[Meeting] = ledger.meetings()
    days = {meeting_id for meeting_id, _ in await scheduled(world)}
    for meeting in meetings:
        await hold_meeting(world, meeting)
        assert (meeting.meeting_id in days) == (meeting.purged is None)
    hold_answers(world)
    if any(what == "callback" for what, *_ in history):
        (call,) = (await world.record_of(world.living))["calls"]
        assert call["participantCount"] == 2
    assert (await world.meeting(world.living)).purged is None


async def hold_meeting(world: Estate, meeting: Meeting) -> None:
    """Check that a meeting is whole, or that nothing of it is left."""
    meeting_id = meeting.meeting_id
    told = [one for one in world.events() if one["data"].get("meetingId") == meeting_id]
    numbers = [int(event["sequence"]) for event in told]
    assert numbers == list(range(1, meeting.sequence + 1))
    log = await world.ledger.log(meeting_id)
    living = [
        body
        for call_id, body in world.fake_graph.posted.items()
        if call_id in world.fake_graph.calls
    ]
    assert sum(meeting_id in str(body["callbackUri"]) for body in living) <= 1
    if meeting.purged is not None:
        assert meeting.purged.left is None
        assert (log, await world.ledger.pages(meeting_id)) == ([], [])
        assert await world.ledger.older_legs(meeting_id) == []
        return
    assert len(await world.ledger.older_legs(meeting_id)) == meeting.leg_pages
    if meeting.known:
        assert isinstance(await read_record(meeting_id, world.services), dict)
        for alias in traces_of(meeting).aliases:
            # A leaver without an id of its own has none, nor has a leave of one.
            if not alias.startswith("join request") or alias.endswith("J-1"):
                assert await world.ledger.resolve_alias(alias) is not None
        for day, brief in meeting.days.listed.items():
            listed = [one async for one in world.ledger.day(day)]
            assert (meeting_id, brief) in listed


def hold_answers(world: Estate) -> None:
    """Check that each request was answered with one thing, and none was given up."""
    for number in range(1, world.answers + 1):
        replies = world.replies(f"answer-{number}")
        # What was answered hears of the leg after that; a creation of its joining, too.
        told = {reply["id"]: reply["type"].split(".")[1:3] for reply in replies}.values()
        made = [name for kind, name in told if kind == "meeting"]
        bot = [name for kind, name in told if kind == "bot"]
        later = ("joined", "failed", "left") if "joining" in bot else ()
        answers = made or [name for name in bot if name not in later]
        assert len(answers) == 1, number
        assert all(reply["data"].get("code") != "gave_up" for reply in replies)


@given(happenings)
def test_purges_lose_nothing_that_is_not_due(history: list[Happening]) -> None:
    """Two processes walk, while requests and callbacks come for what they purge."""
    world = copied(built())

    async def played() -> None:
        await play(world, history)
        await hold(world, history)

    asyncio.run(played())
