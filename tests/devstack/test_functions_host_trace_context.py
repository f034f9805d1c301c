"""The trace context of an invocation, as a host in OpenTelemetry mode gives it."""

import pytest

from devstack.functions.trace_context import TraceContext, invoked_by, trace_in

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{SPAN}-01"


@pytest.mark.parametrize("name", ["traceparent", "Diagnostic-Id"])
def test_an_invocation_is_a_child_of_what_the_message_names(name: str) -> None:
    """In the same trace, with the same state, and a span of its own."""
    invoked = invoked_by(trace_in({name: TRACEPARENT, "tracestate": "a=1"}))

    _, trace, span, flags = invoked.traceparent.split("-")
    assert (trace, flags, invoked.tracestate) == (TRACE, "01", "a=1")
    assert span != SPAN


@pytest.mark.parametrize(
    "text", ["", "00-x", f"01-{TRACE}-{SPAN}-01", f"00-{'0' * 32}-{SPAN}-01", TRACEPARENT + "-x"]
)
def test_without_one_a_trace_begins(text: str) -> None:
    """Another one each time."""
    assert trace_in({"traceparent": text}) is None

    first, second = invoked_by(None), invoked_by(None)
    assert trace_in({"traceparent": first.traceparent}) == TraceContext(
        traceparent=first.traceparent
    )
    assert first != second
