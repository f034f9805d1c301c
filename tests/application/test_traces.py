"""One trace from the sender's message to the last correction, and what it never holds."""

import asyncio
import json
from collections.abc import Iterator

import pytest

from shared.words.errors import Unavailable
from shared.words.outgoing import Outgoing
from tests.application.joined import ASK, Joined
from tests.application.world import World, leg_of, roster, state
from tests.fixtures.figures import figures
from tests.fixtures.traces import (
    Exported,
    exported,
    invoked_in,
    linked,
    span_of,
    trace_of,
    traceparent,
)

SENDER = traceparent(0xABC, 7)
HOST = traceparent(0xD0D0)


@pytest.fixture
def found() -> Iterator[Exported]:
    """Export to memory."""
    with exported() as all_of_it:
        yield all_of_it


async def joined(world: Joined, **properties: str) -> Joined:
    """Let a sender's message with these properties make the meeting, and the bot join it."""
    await world.drop("create-meeting", ASK, properties=properties)
    await world.pump()
    world.meeting_id = world.events("meeting.created")[0]["data"]["meetingId"]
    world.leg_key, world.call_id = leg_of(await world.meeting(world.meeting_id))
    await called(world, state(world.call_id, "established"))
    return world


async def called(world: Joined, body: bytes) -> None:
    """Let Graph call back, in an invocation of the host's."""
    with invoked_in(HOST):
        await world.call(body)


async def whole_job(world: Joined, **properties: str) -> Joined:
    """Make a meeting, join, see people come and go, end."""
    await joined(world, **properties)
    for names in (("ada",), ("ada", "bo"), ("bo",), ()):
        world.clock.advance(10)
        world.people_in(world.call_id, *names)
        await called(world, roster(world.call_id, *names))
        await world.pump()
    await called(world, state(world.call_id, "terminated"))
    await world.pump()
    await world.mend()
    return world


async def test_the_whole_job_is_one_trace_of_the_senders(found: Exported) -> None:
    """The message, the callbacks, the looks, and every event to the last."""
    world = await whole_job(Joined(), traceparent=SENDER)

    assert {"call.started", "call.ended", "bot.left"} <= set(world.names())
    assert {event["traceparent"] for event in world.events()} == {SENDER}
    names = {one.name for one in found.spans()}
    messages = {"process create-meeting", "process join-meeting", "process tend-meeting"}
    assert names == messages | {"process callback", "commit", "walk", "mend"}
    others = {one.name for one in found.spans() if trace_of(one) != 0xABC}
    assert others == {"walk"}
    assert all(trace_in(one) == 0xABC for one in world.fake_bus.sent)


def trace_in(message: Outgoing) -> int:
    """Return the trace that the properties of a message name."""
    return int(message.properties["traceparent"].split("-")[1], 16)


async def test_a_callback_is_part_of_the_meetings_trace_with_a_link_to_the_hosts(
    found: Exported,
) -> None:
    """Graph's request has a trace of its own, which says nothing of the meeting."""
    await joined(Joined(), traceparent=SENDER)

    callback = found.span("process callback")
    assert trace_of(callback) == 0xABC
    assert callback.parent is not None
    assert callback.parent.span_id == 7
    assert linked(callback) == {0xD0D0}


async def test_what_a_message_brings_about_names_its_span(found: Exported) -> None:
    """Through the outbox row: its event and the join that it requests."""
    world = await joined(Joined(), traceparent=SENDER)

    made = found.span("process create-meeting")
    (created,) = [
        one for one in world.fake_bus.sent if one.subject == "rollcall.meeting.created.v1"
    ]
    (join,) = world.fake_bus.sent_to("join-meeting")
    assert created.properties["traceparent"] == traceparent(0xABC, span_of(made))
    assert join.properties["traceparent"] == traceparent(0xABC, span_of(made))
    processed = found.span("process join-meeting")
    assert processed.parent is not None
    assert processed.parent.span_id == span_of(made)


async def test_a_trace_without_a_sender_begins_with_the_first_invocation(found: Exported) -> None:
    """The event names the span in which the message was processed."""
    with invoked_in(HOST):
        world = World()
        await world.drop("create-meeting", ASK)

    made = found.span("process create-meeting")
    (event,) = world.events("meeting.created")
    assert event["traceparent"] == traceparent(0xD0D0, span_of(made))


async def test_a_second_request_keeps_its_own_trace_and_links_to_the_meetings(
    found: Exported,
) -> None:
    """The event of the meeting names the first trace all the same."""
    world = await joined(Joined(), traceparent=SENDER)
    other = traceparent(0xFEED)
    ask = {"requestId": "INC-1", "action": "update", "subject": "up"}

    await world.drop("create-meeting", ask, properties={"traceparent": other})

    update = found.spans("process create-meeting")[-1]
    assert trace_of(update) == 0xFEED
    assert linked(update) == {0xABC}
    (event,) = world.events("meeting.updated")
    assert event["traceparent"] == SENDER


async def test_a_commit_that_joins_several_callers_links_to_each(found: Exported) -> None:
    """It is part of one of them."""
    world = await joined(Joined(), traceparent=SENDER)
    before = len(found.spans("commit"))

    await asyncio.gather(
        *(world.call(roster(world.call_id, *names)) for names in (["ada"], ["ada", "bo"]))
    )

    (together,) = found.spans("commit")[before:]
    first, second = found.spans("process callback")[1:]
    assert together.parent is not None
    spans = {together.parent.span_id, *(link.context.span_id for link in together.links)}
    assert spans == {span_of(first), span_of(second)}


async def test_the_identity_of_an_event_has_no_part_of_the_trace(found: Exported) -> None:
    """The same facts under another trace, or under none that a sender named, have the same ids."""
    one = await joined(Joined(), traceparent=SENDER)
    two = await joined(Joined(), traceparent=traceparent(0xFEED))
    none = await joined(Joined())

    ids = [[event["id"] for event in world.events()] for world in (one, two, none)]
    assert ids[0] == ids[1] == ids[2]


async def test_an_answer_that_is_sent_again_names_the_same_trace(found: Exported) -> None:
    """To another request, which has a trace of its own."""
    world = await joined(Joined(), traceparent=SENDER)

    await world.drop(
        "create-meeting", ASK, reply_to="replies", properties={"traceparent": traceparent(0xFEED)}
    )

    (again,) = world.replies()
    assert again == world.events("meeting.created")[0]


async def test_a_refusal_names_the_trace_of_its_request_each_time(found: Exported) -> None:
    """A redelivery of the message is refused by the same event."""
    world = World()
    message = await world.drop("create-meeting", {"x": 1}, properties={"traceparent": SENDER})
    await world.redeliver(message)

    first, second = world.fake_bus.sent_to("meeting-events")
    assert json.loads(first.body)["traceparent"] == SENDER
    assert first.body == second.body


async def test_a_retried_message_stays_in_its_trace(found: Exported) -> None:
    """The copy carries what its sender named."""
    world = World()
    world.fake_graph.fail_next(Unavailable("down"))
    await world.drop("create-meeting", ASK, properties={"traceparent": SENDER})
    await world.pump()

    tries = found.spans("process create-meeting")
    assert [trace_of(one) for one in tries] == [0xABC, 0xABC]


async def test_nothing_private_is_exported(found: Exported) -> None:
    """No link, passcode, token, name, subject or context in any span, line or figure."""
    world = Joined()
    context = {"canary": "canary-context"}
    ask = {
        **ASK,
        "subject": "canary-subject",
        "context": context,
        "attendees": ["c@canary.example"],
    }
    await world.drop("create-meeting", ask, reply_to="replies")
    await world.pump()
    world.meeting_id = world.events("meeting.created")[0]["data"]["meetingId"]
    world.leg_key, world.call_id = leg_of(await world.meeting(world.meeting_id))
    await called(world, state(world.call_id, "established"))
    for names in (("canary-person",), ()):
        world.people_in(world.call_id, *names)
        await called(world, roster(world.call_id, *names))
        world.clock.advance(10)
        await world.pump()
    await world.drop("join-meeting", {"joinWebUrl": "https://canary-link.example/x"})
    await world.drop("create-meeting", {"subject": "canary-subject", "nonsense": "canary-value"})
    await world.callback(
        world.meeting_id, world.leg_key, b"{}", authorization="Bearer canary-token"
    )
    await world.mend()

    made = world.events("meeting.created")[0]["data"]["coordinates"]
    text = "\n".join([found.text(), *map(str, figures())])
    assert "message.rejected" in text
    assert "callback.refused" in text
    private = [made["joinWebUrl"], made["chatInfo"]["threadId"], world.token(), "canary"]
    assert [one for one in private if one in text] == []


@pytest.mark.parametrize(
    "given",
    [
        "garbage",
        "00-" + "0" * 32 + "-" + "1" * 16 + "-01",
        "00-" + "1" * 32 + "-" + "0" * 16 + "-01",
        "ff-" + "1" * 32 + "-" + "1" * 16 + "-01",
        "00-" + "1" * 32 + "-" + "1" * 16 + "-01-https://teams.example/l/secret",
        "x" * 600,
        "",
    ],
)
async def test_what_is_no_traceparent_counts_as_absent(given: str) -> None:
    """Nothing of it is passed on by what the message brings about."""
    world = World()
    ask = {"traceparent": given, "Diagnostic-Id": given}
    await world.drop("create-meeting", {"bad": 1}, properties=ask)
    await world.drop("create-meeting", ASK, properties=ask)
    await world.pump()

    assert world.names() == ["meeting.rejected", "meeting.created", "bot.joining"]
    assert all("traceparent" not in event for event in world.events())
    passed_on = [one for one in world.fake_bus.sent if one.entity != "rejected-requests"]
    assert all("traceparent" not in one.properties for one in passed_on)


async def test_without_a_trace_nothing_is_added() -> None:
    """No provider, no invocation with a context, no property."""
    world = await Joined().begin()
    await world.see("ada")
    await world.pump()

    assert (await world.meeting(world.meeting_id)).traceparent is None
    assert all("traceparent" not in event for event in world.events())
    assert all("traceparent" not in one.properties for one in world.fake_bus.sent)
