"""A world whose bot is in a meeting, for tests of what is recorded there."""

from datetime import timedelta
from typing import Any, Self

from shared.words.ids import CallId, LegKey
from tests.application.world import World, leg_of, roster, state

ASK: dict[str, Any] = {"requestId": "INC-1", "subject": "down", "join": "now"}


class Joined(World):
    """A world whose bot is in the meeting, alone."""

    meeting_id: str
    leg_key: LegKey
    call_id: CallId

    async def begin(self) -> Self:
        """Create the meeting, let the bot join, confirm that nobody is there."""
        await self.drop("create-meeting", ASK)
        await self.pump()
        self.meeting_id = self.events("meeting.created")[0]["data"]["meetingId"]
        self.leg_key, self.call_id = leg_of(await self.meeting(self.meeting_id))
        await self.call(state(self.call_id, "established"))
        await self.call(roster(self.call_id))
        self.people_in(self.call_id)
        await self.pump()
        return self

    async def call(self, body: bytes) -> int:
        """Let Graph call back about the leg."""
        return await self.callback(self.meeting_id, self.leg_key, body)

    async def see(self, *names: str, after: float = 10) -> None:
        """Let time pass, the room hold these people, and Graph push it."""
        self.clock.advance(after)
        self.people_in(self.call_id, *names)
        await self.call(roster(self.call_id, *names))

    async def rejoin(self, *names: str, after: float = 25) -> None:
        """Let the bot come back some time after it was out, into a room with these people."""
        self.clock.advance(after)
        await self.drop("join-meeting", {"meetingId": self.meeting_id})
        self.leg_key, self.call_id = leg_of(await self.meeting(self.meeting_id))
        self.people_in(self.call_id, *names)
        await self.call(state(self.call_id, "established"))
        await self.pump()

    async def show_unreadable_rosters(self) -> None:
        """Let rosters list neither people nor the bot, though Graph says that it is in."""
        await self.see("ada")
        await self.pump()
        self.fake_graph.posted[self.call_id]["state"] = "established"
        self.fake_graph.calls[self.call_id] = []
        await self.call(roster(self.call_id))
        await self.pump(until=timedelta(minutes=30))


async def talked(**members: Any) -> Joined:
    """Return a world whose meeting had two calls: of Ada and Bo, and, going on, of Cy."""
    world = await Joined(**members).begin()
    for names in (("ada",), ("ada", "bo"), ("bo",), ()):
        await world.see(*names)
        await world.pump(until=timedelta(minutes=1))
    await world.see("cy", after=30)
    await world.pump(until=timedelta(minutes=1))
    return world
