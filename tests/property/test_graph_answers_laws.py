"""Whatever kinds of JSON Graph answers with: the caller is answered, and the record can be read."""

import asyncio
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.ledger.rows import head_row, read_head
from shared.words.ids import meeting_id_for
from tests.application.world import TENANT, World, leg_of, state

DEEP: Any = "x"
for _ in range(300):
    DEEP = {"more": [DEEP]}
KINDS: tuple[Any, ...] = (
    None,
    True,
    5,
    -1.5,
    "",
    {},
    [],
    {"id": {"a": [1]}},
    [None, 1, "x", {}, []],
    DEEP,
)
MEETING = {
    "joinInformation": {"content": "data:text/html,Join", "contentType": "html"},
    "audioConferencing": {"tollNumber": "+1", "tollFreeNumbers": ["+2"], "conferenceId": "3"},
}
CALL = {
    "callRoutes": [{"routingType": "forwarded", "final": {"user": {"id": "u"}}}],
    "resultInfo": {"code": 200, "subcode": 5000, "message": "m"},
    "meetingInfo": {"organizer": {"user": {"id": "u"}}},
}
UNUSABLE = "graph_answer_unusable"
REQUESTS: tuple[dict[str, Any], ...] = (
    {},
    {"options": {"recordAutomatically": True, "lobbyBypassSettings": {"scope": "everyone"}}},
    {"options": {"joinMeetingIdSettings": {"isPasscodeRequired": True}, "allowRecording": False}},
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each container in `value`, however deep, with each key or index of it."""
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for name, member in list(members):
        yield value, name
        if isinstance(member, dict | list):
            yield from places(member)


def spoilt(data: st.DataObject, answer: dict[str, Any]) -> dict[str, Any]:
    """Return Graph's answer, some of its members replaced by other kinds of JSON."""
    more = {} if "value" in answer else CALL if "callbackUri" in answer else MEETING
    found = deepcopy(answer | {name: one for name, one in more.items() if not answer.get(name)})
    for _ in range(data.draw(st.integers(0, 3))):
        inside, name = data.draw(st.sampled_from(list(places(found))))
        inside[name] = deepcopy(data.draw(st.sampled_from(KINDS)))
    return found


async def readable(world: World) -> None:
    """Hold the stored head to what is read of it again, and let readers have the record."""
    meeting_id = meeting_id_for(tenant_id=TENANT, request_id="INC-1")
    stored = await world.ledger.load(meeting_id)
    if stored is not None:
        assert read_head(head_row(stored.meeting, [])) == stored.meeting
        if stored.meeting.known:
            assert await world.record("INC-1")


async def live(data: st.DataObject, members: dict[str, Any]) -> None:
    """Create, change, join, tend and leave, each answered by a Graph that may say anything."""
    world = World()
    world.fake_graph.worded = lambda answer: spoilt(data, answer)
    ask = {"requestId": "INC-1", "subject": "down", "attendees": ["ada@example.com"], **members}
    await world.drop("create-meeting", ask, reply_to="created")
    await world.pump()
    await readable(world)
    (answer,) = world.replies("created")
    if answer["type"] != "rollcall.meeting.created.v1":
        assert answer["data"]["code"] == UNUSABLE
        return
    meeting_id, where = answer["data"]["meetingId"], answer["data"]["coordinates"]
    for text in (where["onlineMeetingId"], where["joinWebUrl"], where["chatInfo"]["threadId"]):
        assert isinstance(text, str)
        assert text

    change = {"requestId": "INC-1", "action": "update", "subject": "up"}
    await world.drop("create-meeting", change, reply_to="changed")
    assert [one["type"] for one in world.replies("changed")] == ["rollcall.meeting.updated.v1"]
    await world.drop("join-meeting", {"meetingId": meeting_id}, reply_to="joined")
    await readable(world)
    (joined,) = world.replies("joined")
    if joined["type"] != "rollcall.bot.joining.v1":
        assert joined["data"]["code"] == UNUSABLE
        return
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    if call_id in world.fake_graph.calls:
        world.people_in(call_id, "ada")
    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    await world.pump()
    await readable(world)
    await world.drop("join-meeting", {"meetingId": meeting_id, "action": "leave"})
    await world.pump()
    await readable(world)


@pytest.mark.parametrize("members", REQUESTS, ids=["plain", "options", "by post"])
@given(data=st.data())
def test_any_answer_is_used_or_refused(members: dict[str, Any], data: st.DataObject) -> None:
    """Nothing that cannot be read again is ever stored, and nothing but our errors is raised."""
    asyncio.run(live(data, members))
