"""A bot that joined by link and is asked to leave, as tests of leaving begin."""

import asyncio
from typing import Any

from shared.words.answers import Call
from shared.words.errors import Rejected
from shared.words.ids import CallId, LegKey
from shared.words.problems import rejected
from tests.application.links import CLASSIC
from tests.application.world import BOT, TENANT, World, leg_of, state
from tests.fakes.graph import FakeGraph

LEAVE = {"action": "leave"}
BYE = {"resultInfo": {"code": 200, "subcode": 7000}}


class HeldGraph(FakeGraph):
    """Keeps a join waiting until `go` is set; `asked` when one waits."""

    def __init__(self) -> None:
        super().__init__(tenant_id=TENANT)
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def create_call(self, body: dict[str, Any]) -> Call:
        """See `graph_port.Graph.create_call`."""
        self.asked.set()
        await self.go.wait()
        return await super().create_call(body)


async def joined(world: World) -> tuple[str, LegKey, CallId]:
    """Let the bot join by link; return meeting, leg and call."""
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC})
    meeting_id = str(world.events("bot.joining")[-1]["data"]["meetingId"])
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    await world.pump()
    return meeting_id, leg_key, call_id


def refused_token() -> Rejected:
    """Return Graph's 401, which no further try of the same message heals."""
    return rejected("graph_token_refused", app=BOT)
