"""One meeting of the soak: people hold calls in it; the bot comes, is thrown out, comes again.

AMQP and HTTP only.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Self

from tests.soak.moves import Pace, Step, a_call
from tests.system.client import JOIN, Client
from tests.system.lab import Json
from tests.system.mailbox import Delivered
from tests.system.watched import REMOVED

REST = 2.0
"""Seconds between two calls, at least: gaps of up to SETTLE_SECONDS are none to a report."""
AGAIN = 10.0
"""Seconds after which the bot is requested again: the end of its leg may have been lost."""
FAULT = {"code": 500, "subcode": 0}
THROWN_OUT = 0.1
"""In which part of the calls the bot is thrown out."""
CALLS_A_DAY = 3
"""A daily room is left by all, the bot too, after so many calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is done in a meeting. `daily`: everybody leaves from time to time, the bot too.

    `unseen_end`: when the bot has left for good, people hold one more call.
    """

    bot: bool = True
    daily: bool = False
    unseen_end: bool = False


@dataclass(slots=True, kw_only=True)
class Gathering:
    """A meeting, and who is there now. `absences`: from when to when no bot heard it."""

    client: Client
    name: str
    kind: Kind
    meeting_id: str
    url: str
    luck: Random
    there: list[str] = field(default_factory=list)
    absences: list[tuple[datetime, datetime]] = field(default_factory=list)

    @classmethod
    async def begin(
        cls, client: Client, name: str, *, kind: Kind, ends: datetime, luck: Random
    ) -> Self:
        """Request the meeting, planned until `ends`; return when its bot, if any, is in."""
        request = {
            "requestId": name,
            "subject": name,
            "join": "now" if kind.bot else "never",
            "watch": kind.bot,
            "startDateTime": datetime.now(UTC).isoformat(),
            "endDateTime": ends.isoformat(),
        }
        await client.drop(request, reply_to=None)
        created = await client.created(name)
        meeting_id = created.data["meetingId"]
        if kind.bot:
            await client.told(meeting_id, "bot.joined")
        return cls(
            client=client,
            name=name,
            kind=kind,
            meeting_id=meeting_id,
            url=created.data["coordinates"]["joinWebUrl"],
            luck=luck,
        )

    async def go_on(self, pace: Pace) -> None:
        """Hold one call after another until the time is over; all people are gone then."""
        held = 0
        while not pace.over:
            await self._hold(pace)
            held += 1
            if self.kind.daily and held % CALLS_A_DAY == 0 and not pace.over:
                await self.dismiss_bot()
                await self._call_bot(self._joined())
            await asyncio.sleep(self.luck.uniform(REST, 2 * REST))

    async def end(self, pace: Pace) -> None:
        """Let the bot leave for good and, in meetings of that kind, people hold one more call."""
        if self.kind.bot:
            await self.dismiss_bot()
        if self.kind.unseen_end:
            await asyncio.sleep(REST)
            await self._hold(pace, whole=True, heard=False)

    async def dismiss_bot(self) -> None:
        """Let the bot leave, and return when it has."""
        gone = {one.data["legKey"] for one in self._told("bot.left")}
        await self.client.drop(
            {"meetingId": self.meeting_id, "action": "leave"}, queue=JOIN, reply_to=None
        )
        await self.client.events.first(
            lambda one: one.kind == "bot.left" and one.data["legKey"] not in gone,
            session=self.meeting_id,
        )

    def events(self) -> list[Json]:
        """Return what was published so far, by sequence."""
        return [one.event for one in self.client.story(self.meeting_id)]

    async def _hold(self, pace: Pace, *, whole: bool = False, heard: bool = True) -> None:
        """Hold one call. Not `whole`: people leave when the time is over."""
        thrown_out: tuple[datetime, set[str]] | None = None
        throws = heard and self.kind.bot and self.luck.random() < THROWN_OUT
        for number, step in enumerate(a_call(self.luck)):
            if pace.over and not whole:
                break
            await pace.turn()
            await self._do(step)
            if throws and number == 4:
                thrown_out = datetime.now(UTC), self._joined()
                await self._throw_bot_out()
        while self.there:
            await pace.turn()
            await self._do(Step(move="go"))
        if thrown_out is not None:
            since, known = thrown_out
            await self._call_bot(known)
            self.absences.append((since, datetime.now(UTC)))

    async def _do(self, step: Step) -> None:
        lab = self.client.lab
        match step.move:
            case "come":
                self.there.append(await lab.join(self.url, step.user_id))
            case "mute" if self.kind.bot:
                await lab.mute(self.there[step.place], muted=self.luck.random() < 0.5)
            case "mute":
                pass  # nobody is told of it
            case "go":
                await lab.leave(self.there.pop(step.place))

    async def _throw_bot_out(self) -> None:
        codes = self.luck.choice((REMOVED, FAULT))
        await self.client.lab.end_leg(self._told("bot.joined")[-1].data["callId"], **codes)

    async def _call_bot(self, known: set[str]) -> None:
        """Return when the bot is in by another leg than those; request it as often as needed."""
        came = asyncio.ensure_future(
            self.client.events.first(
                lambda one: one.kind == "bot.joined" and one.data["legKey"] not in known,
                session=self.meeting_id,
            )
        )
        while not came.done():
            await self.client.drop({"meetingId": self.meeting_id}, queue=JOIN, reply_to=None)
            await asyncio.wait({came}, timeout=AGAIN)
        came.result()

    def _joined(self) -> set[str]:
        return {one.data["legKey"] for one in self._told("bot.joined")}

    def _told(self, kind: str) -> list[Delivered]:
        return self.client.events.where(lambda one: one.kind == kind, session=self.meeting_id)
