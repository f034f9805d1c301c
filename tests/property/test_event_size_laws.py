"""An event is no larger than a message holds, says what it lacks, and keeps what names it."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.events.cloud_events import as_published, event_message, refusal_message
from shared.events.sizes import LARGEST_EVENT, fitted, size_of
from shared.meeting.meeting import Meeting
from shared.words.errors import Problem
from shared.words.ids import MeetingId
from shared.words.outgoing import Fact
from shared.words.problems import rejected

NOW = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
SIZES = st.sampled_from([0, 1, 100, 5_000, 60_000, 250_000])
CHARACTERS = st.sampled_from(["a", '"', "é", "😀"])


@st.composite
def texts(draw: st.DrawFn) -> str:
    return draw(CHARACTERS) * draw(SIZES)


@st.composite
def lists(draw: st.DrawFn) -> list[Any]:
    """Return few large entries, or many small ones."""
    entry = draw(st.sampled_from([{"upn": "ada@contoso.com", "role": None, "id": "1"}, "x"]))
    return [entry] * draw(st.sampled_from([0, 1, 1_000, 8_000]))


@st.composite
def datas(draw: st.DrawFn) -> dict[str, Any]:
    """Return the data of an event, of any members that can grow."""
    quoted = {"code": "option_changed", "member": "/x", "message": "m"}
    return {
        "requestId": "INC-1",
        "attendees": draw(lists()),
        "subject": draw(texts()),
        "coordinates": {"joinWebUrl": "https://x", "dialIn": {"tollNumber": draw(texts())}},
        "changed": draw(lists()),
        "warnings": [
            quoted | {"requested": draw(texts()), "returned": draw(lists())}
            for _ in range(draw(st.integers(0, 3)))
        ],
        "invitation": {"text": draw(texts()), "ics": draw(texts())},
    }


def test_an_event_of_many_attendees_lacks_some_of_them() -> None:
    """A list of small entries, beside a large text."""
    invitation = {"text": "t", "ics": "i" * 70_000}
    hold_to_size({"attendees": [{"upn": "a"}] * 9_000, "invitation": invitation}, None)


@given(data=datas(), context=st.none() | st.just({"noise": "n" * 4_000}))
def test_every_event_of_a_meeting_fits_and_says_what_it_lacks(
    data: dict[str, Any], context: dict[str, Any] | None
) -> None:
    """Members that are not named are whole; the same event is shortened in the same way."""
    hold_to_size(data, context)


def hold_to_size(data: dict[str, Any], context: dict[str, Any] | None) -> None:
    """Hold the event with that data to what is said of every event."""
    meeting = Meeting(
        meeting_id=MeetingId("a" * 26), tenant_id="t", correlation_id="c" * 128, context=context
    )
    fact = Fact(name="meeting.created", at=NOW, key=("INC-1",), data=data)
    published = as_published(meeting, fact, sequence=7, now=NOW)

    message = event_message(meeting, published)

    assert isinstance(message.body, str)
    assert len(message.body.encode()) <= LARGEST_EVENT
    assert event_message(meeting, published) == message
    event = json.loads(message.body)
    said = event["data"]
    lacks = set(said.pop("shortened", ()))
    assert (event["sequence"], said["meetingId"]) == ("7", "a" * 26)
    assert said["context"] == context
    assert {name: said[name] for name in data.keys() - lacks} == {
        name: data[name] for name in data.keys() - lacks
    }
    for name in lacks & said.keys():
        assert size_of(said[name]) < size_of(data[name])


@given(data=datas())
def test_no_more_is_left_out_than_has_to_be(data: dict[str, Any]) -> None:
    """An event that fits is whole; lists keep their beginnings."""
    assert fitted(data, room=size_of(data) * 4 + 16) == data
    found = fitted(data, room=LARGEST_EVENT)

    for name in ("attendees", "changed"):
        assert data[name][: len(found[name])] == found[name]


@given(message=texts(), count=st.sampled_from([0, 1, 100, 5_000]))
def test_every_refusal_fits(message: str, count: int) -> None:
    """However many problems it names, and whatever Graph said."""
    problems = [Problem(member=f"/{n}", code="invalid", message="m" * 90) for n in range(count)]
    refused = rejected("graph_refused", what=message, problems=problems)

    event = refusal_message(
        "meeting.rejected",
        refused,
        tenant_id="t",
        request_id="r" * 128,
        delivery_id="d",
        at=NOW,
        context={"noise": "n" * 4_000},
        traceparent=None,
    )

    assert len(event.body.encode() if isinstance(event.body, str) else event.body) <= LARGEST_EVENT
