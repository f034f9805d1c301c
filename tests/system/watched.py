"""A meeting with the bot in it, as most stories of recording begin. AMQP and HTTP only."""

from dataclasses import dataclass
from typing import Any, Self

from tests.system.client import JOIN, Client
from tests.system.lab import Json, Lab, eventually
from tests.system.mailbox import Delivered

ADA, BO = "a0000000-0000-4000-8000-00000000000a", "b0000000-0000-4000-8000-00000000000b"
REMOVED = {"code": 200, "subcode": 5000}
"""How Graph ends the leg of a bot that a participant removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One such meeting. `call_id` is the bot's first leg, whether or not it still lives."""

    client: Client
    subject: str
    meeting_id: str
    url: str
    call_id: str

    @classmethod
    async def begin(cls, client: Client, subject: str) -> Self:
        """Request a meeting with the bot; return when the bot is in and has looked around."""
        await client.drop({"requestId": subject, "subject": subject, "join": "now"})
        created = await client.created(subject)
        meeting_id = created.data["meetingId"]
        joined = await client.told(meeting_id, "bot.joined")
        await empty_room_read(client.lab, joined.data["callId"])
        return cls(
            client=client,
            subject=subject,
            meeting_id=meeting_id,
            url=created.data["coordinates"]["joinWebUrl"],
            call_id=joined.data["callId"],
        )

    async def come(self, user_id: str) -> str:
        """Let a person in; return the participant id."""
        return await self.client.lab.join(self.url, user_id)

    async def told(self, kind: str, **members: Any) -> Delivered:
        """Wait for an event of this meeting."""
        return await self.client.told(self.meeting_id, kind, **members)

    async def joined(self, count: int) -> None:
        """Wait until that many arrivals were published."""
        await self.client.events.some(
            count,
            lambda one: one.kind == "participant.joined" and one.session_id == self.meeting_id,
        )

    async def throw_bot_out(self) -> Delivered:
        """Remove the bot, and return `call.unwatched` when it has come."""
        await self.client.lab.end_leg(self.call_id, **REMOVED)
        return await self.told("call.unwatched", reason="removed")

    async def send_bot_again(self) -> None:
        """Send the bot into the meeting once more; does not wait."""
        await self.client.drop({"meetingId": self.meeting_id}, queue=JOIN)

    async def record(self) -> Json:
        """Read the record, which exists."""
        record = await self.client.record(self.meeting_id)
        assert record is not None
        return record

    async def truth(self) -> Json:
        """Return the simulator's own log of the meeting."""
        [true] = await self.client.lab.meetings(self.subject)
        return true

    async def kinds(self) -> list[str]:
        """Return the kinds of all events of recording so far, in order."""
        story = await self.client.whole_story(self.meeting_id)
        return [one.kind for one in story if one.kind.startswith(("call.", "participant."))]


async def empty_room_read(lab: Lab, call_id: str) -> None:
    """Wait until the first read through a leg is answered, so that it cannot show who comes next.

    Of people whom the first roster of a leg shows nobody knows when they came.
    """

    async def answered() -> bool | None:
        reads = await lab.requests("GET", f"/calls/{call_id}/participants$")
        return True if any(one["status"] == 200 for one in reads) else None

    await eventually(answered, "the roster was read")
