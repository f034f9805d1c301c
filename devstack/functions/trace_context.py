"""The trace context of an invocation, as a host in OpenTelemetry mode gives it. Pure.

Source: https://www.w3.org/TR/trace-context/; for messages, ServiceBusListener of azure-sdk-for-net.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceContext:
    """A span: the number of its trace, its flags and state."""

    traceparent: str
    tracestate: str = ""


def trace_in(values: Mapping[str, object]) -> TraceContext | None:
    """Return what headers or application properties say; None for anything of another form."""
    for name in ("traceparent", "Diagnostic-Id"):
        text = str(values.get(name) or "")
        if _TRACEPARENT.fullmatch(text):
            state = str(values.get("tracestate") or "")
            return TraceContext(traceparent=text, tracestate=state)
    return None


def invoked_by(trace: TraceContext | None) -> TraceContext:
    """Return the context of an invocation: a child of `trace`, or the beginning of a new one."""
    number, flags, state = uuid4().hex, "01", ""
    found = None if trace is None else _TRACEPARENT.fullmatch(trace.traceparent)
    if trace is not None and found is not None:
        number, flags, state = found[1], found[2], trace.tracestate
    return TraceContext(traceparent=f"00-{number}-{uuid4().hex[:16]}-{flags}", tracestate=state)
