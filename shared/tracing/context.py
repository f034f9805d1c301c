"""W3C's trace context as text in the properties of messages, and as OpenTelemetry's API has it.

A `traceparent`, with a `tracestate` where there is one. What has another form counts as absent.
Source: https://www.w3.org/TR/trace-context/
"""

from collections.abc import Mapping
from dataclasses import replace

from opentelemetry.context import Context
from opentelemetry.trace import (
    INVALID_SPAN_CONTEXT,
    NonRecordingSpan,
    Span,
    SpanContext,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.words.outgoing import Outgoing

TRACEPARENT, TRACESTATE = "traceparent", "tracestate"
DIAGNOSTIC_ID = "Diagnostic-Id"
"""Where older Service Bus SDKs put a traceparent."""
LONGEST_TRACEPARENT = 256
"""Characters. Today's have 55; later versions may be longer, and the API warns of too long ones."""

type Cause = tuple[str | None, ...]
"""What the properties of a message say of the context in which it was made."""

_propagator = TraceContextTextMapPropagator()


def parsed(traceparent: str, tracestate: str | None = None) -> SpanContext:
    """Return what a traceparent says; an invalid context for anything of another form."""
    if len(traceparent) > LONGEST_TRACEPARENT:
        return INVALID_SPAN_CONTEXT
    carrier = {TRACEPARENT: traceparent}
    if tracestate:
        carrier[TRACESTATE] = tracestate
    return get_current_span(_propagator.extract(carrier, Context())).get_span_context()


def cause_in(properties: Mapping[str, str]) -> Cause:
    """Return what properties say, unread: to compare it takes less time than to read it."""
    return tuple(map(properties.get, (TRACEPARENT, DIAGNOSTIC_ID, TRACESTATE)))


def sent_by(cause: Cause) -> SpanContext:
    """Return the context in which a message was made; an invalid one if it does not say."""
    traceparent, diagnostic_id, tracestate = cause
    return parsed(traceparent or diagnostic_id or "", tracestate)


def held(context: SpanContext) -> Span:
    """Return a span that stands for one of another process."""
    return NonRecordingSpan(context)


def of(span: Span) -> Context:
    """Return the context of what is part of a span, and of nothing else."""
    return set_span_in_context(span, Context())


def carrier_of(span: Span) -> dict[str, str]:
    """Return the properties of a message that a span caused; none where there is no trace."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier, of(span))
    return carrier


def stamped(message: Outgoing, carrier: Mapping[str, str]) -> Outgoing:
    """Return a message of ours with its cause, if it has none."""
    return message if TRACEPARENT in message.properties else put(message, carrier)


def put(message: Outgoing, carrier: Mapping[str, str]) -> Outgoing:
    """Return a message with that cause."""
    if not carrier:
        return message
    return replace(message, properties={**message.properties, **carrier})
