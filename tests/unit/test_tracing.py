"""Spans of sends, of requests to Graph and of errors, as exporters get them."""

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from shared.tracing.spans import asking_graph, sending
from shared.tracing.work import current, of_callback, of_message
from shared.words.outgoing import Outgoing
from tests.fixtures.figures import figures
from tests.fixtures.traces import Exported, exported, linked, span_of, trace_of, traceparent


@pytest.fixture
def found() -> Iterator[Exported]:
    """Export to memory."""
    with exported() as all_of_it:
        yield all_of_it


def message(**properties: str) -> Outgoing:
    """Return a message on its way out."""
    return Outgoing(entity="replies", message_id="m-1", body="{}", properties=properties)


def test_a_send_is_part_of_the_trace_that_caused_the_message(found: Exported) -> None:
    """Whichever process sends it, with the names of the conventions."""
    stored = message(traceparent=traceparent(0xABC, 7), tracestate="a=1")
    with of_message("join-meeting", "m-0", {}), sending("replies", [stored]) as sent:
        assert sent == [stored]

    send = found.span("send replies")
    assert send.parent is not None
    assert (trace_of(send), send.parent.span_id, send.kind) == (0xABC, 7, SpanKind.CLIENT)
    assert dict(send.attributes or {}) == {
        "messaging.system": "servicebus",
        "messaging.operation.type": "send",
        "messaging.operation.name": "send",
        "messaging.destination.name": "replies",
        "messaging.message.id": "m-1",
    }


def test_messages_of_several_causes_are_sent_with_links(found: Exported) -> None:
    """A batch is one span."""
    causes = [message(traceparent=traceparent(trace)) for trace in (0xA, 0xB, 0xA)]
    with sending("replies", causes):
        pass

    send = found.span("send replies")
    assert linked(send) == {0xA, 0xB}
    assert (send.attributes or {})["messaging.batch.message_count"] == 3


@pytest.mark.parametrize("properties", [{}, {"traceparent": "nonsense"}])
def test_a_message_without_a_cause_names_its_send(
    found: Exported, properties: dict[str, str]
) -> None:
    """What stood there in another form is replaced."""
    with of_message("join-meeting", None, {}), sending("replies", [message(**properties)]) as sent:
        pass

    send, process = found.span("send replies"), found.span("process join-meeting")
    named = sent[0].properties["traceparent"].split("-")
    assert named[1:3] == [f"{trace_of(send):032x}", f"{span_of(send):016x}"]
    assert trace_of(send) == trace_of(process)
    assert send.kind is SpanKind.PRODUCER


def test_without_a_trace_a_message_is_sent_as_it_is() -> None:
    """No span, no property."""
    plain = message()
    with of_message("join-meeting", None, {}), sending("replies", [plain]) as sent:
        assert sent[0] is plain


def test_a_request_to_graph_has_a_route_and_no_value(found: Exported) -> None:
    """With the status of the answer, and how long it took by both."""
    before = figures()
    with of_callback(), asking_graph("GET", "/communications/calls/{call-id}") as asked:
        asked.status = 404

    span = found.span("GET /communications/calls/{call-id}")
    assert span.kind is SpanKind.CLIENT
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "url.template": "/communications/calls/{call-id}",
        "url.full": "/communications/calls/{call-id}",
        "http.response.status_code": 404,
        "error.type": "404",
    }
    names = {name for name, _ in figures()} - {name for name, _ in before}
    assert names <= {"rollcall.graph.duration"}


@pytest.mark.parametrize("doing", [of_callback, lambda: asking_graph("GET", "/x")])
def test_of_an_error_only_its_class_is_exported(found: Exported, doing: Any) -> None:
    """Its text may quote what a caller sent."""
    with pytest.raises(ValueError, match="canary"), doing():
        raise ValueError("canary")

    (span,) = found.spans()
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "ValueError"
    assert span.events == ()
    assert "canary" not in found.text()


def test_work_that_is_over_is_no_longer_current(found: Exported) -> None:
    """Nor was there any before."""
    with of_callback():
        assert current() is not None

    assert current() is None
