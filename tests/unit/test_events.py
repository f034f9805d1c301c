"""What the world is told: CloudEvents of the promised shape, under ids that repeat."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events.cloud_events import (
    CLOUD_EVENT,
    naming_schema,
    publish,
    refusal_data,
    refusal_message,
)
from shared.meeting.meeting import Meeting
from shared.words.errors import GraphTrace, Problem, Rejected
from shared.words.ids import MeetingId
from shared.words.outgoing import Fact, Outgoing, ReplyAddress

HAPPENED = datetime(2026, 3, 2, 9, 0, 1, 500_000, tzinfo=UTC)
NOW = HAPPENED + timedelta(seconds=2)
MEETING = Meeting(
    meeting_id=MeetingId("abcdefghijklmnopqrstuvwxyz"),
    tenant_id="the-tenant",
    correlation_id="INC-4711",
    context={"ticket": 4711},
    sequence=7,
)
STARTED = Fact(
    name="call.started",
    at=HAPPENED,
    key=("1",),
    data={"callNumber": 1, "startBasis": "observed"},
    call_number=1,
)
JOINED = Fact(name="bot.joined", at=HAPPENED, key=("leg", "in"), data={"legKey": "leg"})
REPLY = ReplyAddress(queue="answers", correlation_id="their-own")
REFUSED = Rejected(
    code="organizer_not_allowed",
    message="No policy.",
    next_step="Grant one.",
    problems=(Problem(member="/organizerId", code="invalid", message="has no policy"),),
    graph=GraphTrace(status=403, code="Forbidden", request_id="r", client_request_id="c"),
)


def told(*facts: Fact, meeting: Meeting = MEETING, reply: ReplyAddress | None = None) -> Any:
    """Return the messages that tell the facts."""
    return publish(meeting, facts, now=NOW, reply=reply)[1]


def event(message: Outgoing) -> dict[str, Any]:
    """Return the event that a message carries."""
    read: dict[str, Any] = json.loads(message.body)
    return read


def refusal(**changed: Any) -> Outgoing:
    """Return the message that refuses a request which has no meeting."""
    asked: dict[str, Any] = {
        "tenant_id": "the-tenant",
        "request_id": "INC-4711",
        "delivery_id": "message-1",
        "at": HAPPENED,
        "context": None,
        "traceparent": None,
    }
    return refusal_message("meeting.rejected", REFUSED, **(asked | changed))


def test_a_fact_is_one_cloud_event_on_the_topic() -> None:
    """Every attribute, as the README and the specification promise it."""
    [message] = told(STARTED)

    assert event(message) == {
        "specversion": "1.0",
        "id": message.message_id,
        "source": "/rollcall/the-tenant",
        "type": "rollcall.call.started.v1",
        "subject": "meetings/abcdefghijklmnopqrstuvwxyz/calls/1",
        "time": "2026-03-02T09:00:01.500Z",
        "datacontenttype": "application/json",
        "correlationid": "INC-4711",
        "sequence": "8",
        "sequencetype": "Integer",
        "data": {
            "meetingId": "abcdefghijklmnopqrstuvwxyz",
            "context": {"ticket": 4711},
            "recordedAt": "2026-03-02T09:00:03.500Z",
            "callNumber": 1,
            "startBasis": "observed",
        },
    }


def test_the_message_says_outside_what_the_event_says_inside() -> None:
    """So that subscriptions can filter, and sessions keep the order of a meeting."""
    [message] = told(STARTED)

    assert message.entity == "meeting-events"
    assert message.content_type == "application/cloudevents+json"
    assert message.message_id == event(message)["id"]
    assert message.session_id == MEETING.meeting_id
    assert message.subject == "rollcall.call.started.v1"
    assert message.correlation_id == "INC-4711"
    assert message.properties == {
        "type": "rollcall.call.started.v1",
        "meetingid": MEETING.meeting_id,
        "requestid": "INC-4711",
        "callnumber": "1",
    }
    assert (message.due, message.reply_to) == (None, None)


def test_a_fact_of_no_call_is_about_the_meeting() -> None:
    """Only what belongs to a group call names one."""
    [message] = told(JOINED)

    assert event(message)["subject"] == "meetings/abcdefghijklmnopqrstuvwxyz"


def test_times_are_told_in_utc_whatever_they_were_given_in() -> None:
    """The same moment has one spelling."""
    local = HAPPENED.astimezone(timezone(timedelta(hours=5, minutes=30)))

    assert told(replace(STARTED, at=local)) == told(STARTED)


def test_the_same_fact_has_the_same_id_whenever_it_is_told() -> None:
    """A topic's duplicate detection, and every consumer, can tell a copy."""
    first = told(STARTED)[0]
    later = publish(replace(MEETING, sequence=50), [STARTED], now=NOW + timedelta(hours=1))[1][0]

    assert first.message_id == later.message_id
    assert re.fullmatch("[a-z2-7]{26}", first.message_id)


@pytest.mark.parametrize(
    "other",
    [
        replace(STARTED, key=("2",)),
        replace(STARTED, name="call.ended"),
        replace(STARTED, key=("1", "")),
        replace(STARTED, key=()),
    ],
)
def test_another_fact_has_another_id(other: Fact) -> None:
    """Name and key tell facts apart, and where one part of a key ends counts."""
    assert told(STARTED)[0].message_id != told(other)[0].message_id


def test_the_same_fact_of_another_meeting_has_another_id() -> None:
    """Ids are unique on the topic, not only in a meeting."""
    elsewhere = replace(MEETING, meeting_id=MeetingId("z" * 26))

    assert told(STARTED)[0].message_id != told(STARTED, meeting=elsewhere)[0].message_id


@given(batches=st.lists(st.integers(0, 5), max_size=6), begun=st.integers(0, 10**6))
def test_the_sequence_of_a_meeting_has_no_gap(batches: list[int], begun: int) -> None:
    """However the facts are spread over transactions, they are counted through."""
    meeting = replace(MEETING, sequence=begun)
    counted: list[int] = []

    for size in batches:
        meeting, messages = publish(meeting, [JOINED] * size, now=NOW, reply=REPLY)
        counted += [int(event(one)["sequence"]) for one in messages if one.entity != REPLY.queue]

    assert counted == list(range(begun + 1, begun + 1 + sum(batches)))
    assert meeting.sequence == begun + sum(batches)


def test_an_answer_also_goes_to_who_asked() -> None:
    """The same body under the same id, with the correlation id that the caller waits for."""
    on_topic, reply = told(STARTED, reply=REPLY)

    assert (reply.entity, reply.correlation_id) == ("answers", "their-own")
    assert (reply.body, reply.message_id) == (on_topic.body, on_topic.message_id)
    assert event(reply)["correlationid"] == "INC-4711"


@pytest.mark.parametrize("one", [0, 1], ids=["on the topic", "to the caller"])
def test_an_event_that_leaves_names_the_schema_of_its_data(one: int) -> None:
    """Beside what it says already; its id stays."""
    message = told(STARTED, reply=REPLY)[one]

    sent = naming_schema(message, "https://rollcall.example/api/schemas")

    schema = "https://rollcall.example/api/schemas/call.started.data.json"
    assert event(sent) == event(message) | {"dataschema": schema}
    assert replace(sent, body=message.body) == message


@pytest.mark.parametrize(
    "other",
    [
        Outgoing(entity="tend-meeting", message_id="1", body='{"meetingId": "m"}'),
        Outgoing(entity="rejected-requests", message_id="1", body=b"{}", content_type=CLOUD_EVENT),
    ],
)
def test_what_is_no_event_of_ours_leaves_as_it_is(other: Outgoing) -> None:
    """Messages to ourselves, and copies of what callers sent."""
    assert naming_schema(other, "https://rollcall.example/api/schemas") == other


def test_every_fact_is_followed_by_its_reply() -> None:
    """A reply is never sent ahead of what it answers."""
    entities = [one.entity for one in told(STARTED, JOINED, reply=REPLY)]

    assert entities == ["meeting-events", "answers"] * 2


def test_nothing_is_said_where_nothing_happened() -> None:
    """No fact, no event, no number taken."""
    assert publish(MEETING, [], now=NOW, reply=REPLY) == (MEETING, ())


def test_text_of_any_script_survives() -> None:
    """Bodies are UTF-8, written as they are."""
    [message] = told(replace(JOINED, data={"subject": "Grüße, 世界 🎉"}))

    assert event(message)["data"]["subject"] == "Grüße, 世界 🎉"
    assert "世界" in str(message.body)


def test_a_refused_request_without_a_meeting_is_told_under_its_own_id() -> None:
    """No session and no sequence: there is no meeting that it could count for."""
    message = refusal(context={"ticket": 1})

    assert event(message) == {
        "specversion": "1.0",
        "id": message.message_id,
        "source": "/rollcall/the-tenant",
        "type": "rollcall.meeting.rejected.v1",
        "subject": "requests/INC-4711",
        "time": "2026-03-02T09:00:01.500Z",
        "datacontenttype": "application/json",
        "correlationid": "INC-4711",
        "data": {
            "requestId": "INC-4711",
            "context": {"ticket": 1},
            "recordedAt": "2026-03-02T09:00:01.500Z",
            "code": "organizer_not_allowed",
            "problems": [
                {
                    "member": "/organizerId",
                    "code": "invalid",
                    "message": "has no policy",
                    "params": {},
                }
            ],
            "message": "No policy.",
            "nextStep": "Grant one.",
            "graph": {
                "status": 403,
                "code": "Forbidden",
                "requestId": "r",
                "clientRequestId": "c",
                "date": None,
            },
        },
    }
    assert message.session_id is None
    assert message.correlation_id == "INC-4711"
    assert message.properties == {"type": "rollcall.meeting.rejected.v1", "requestid": "INC-4711"}


def test_a_refusal_keeps_its_id_over_redeliveries_of_one_message() -> None:
    """The moment does not count; another message, request or code is another refusal."""
    assert refusal().message_id == refusal(at=NOW).message_id
    others = [refusal(delivery_id="message-2"), refusal(request_id="INC-1"), refusal(tenant_id="t")]
    assert refusal().message_id not in {one.message_id for one in others}


def test_a_refusal_that_graph_had_no_part_in_names_no_graph() -> None:
    """`graph` is there exactly where Graph answered."""
    assert "graph" not in refusal_data(replace_graph(None))
    assert refusal_data(REFUSED)["graph"]["status"] == 403


def replace_graph(graph: GraphTrace | None) -> Rejected:
    """Return the refusal with another trace."""
    return Rejected(
        code=REFUSED.code, message=REFUSED.message, next_step=REFUSED.next_step, graph=graph
    )


def test_a_trace_is_in_the_event_and_no_part_of_its_identity() -> None:
    """The extension of CloudEvents for distributed tracing."""
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    fact = Fact(name="meeting.purged", at=HAPPENED, key=(), data={})

    (without,) = told(fact)
    (traced,) = told(fact, meeting=replace(MEETING, traceparent=trace))

    assert event(traced) == event(without) | {"traceparent": trace}
    assert traced.message_id == without.message_id
    assert event(refusal(traceparent=trace)) == event(refusal()) | {"traceparent": trace}
