"""Where spans go, and how each of them is made.

They go to a provider of our own, never to the process's: libraries under us make spans too, and the
Graph SDK writes whole URLs into them. Ours hold names and words from lists in the code, ids of
messages, and the class of an error, never its text.
Source: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/ (1.45, development)
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from opentelemetry.context import Context
from opentelemetry.trace import (
    Link,
    NoOpTracer,
    Span,
    SpanKind,
    StatusCode,
    Tracer,
    TracerProvider,
)
from opentelemetry.util.types import AttributeValue


@dataclass(slots=True)
class _Recorder:
    tracer: Tracer = field(default_factory=NoOpTracer)


_recorder = _Recorder()


def record_in(provider: TracerProvider | None) -> None:
    """Let spans go to `provider` from now on; None: nowhere, which they do at first."""
    _recorder.tracer = NoOpTracer() if provider is None else provider.get_tracer("rollcall")


def tracer() -> Tracer:
    """Return what makes spans now."""
    return _recorder.tracer


@contextmanager
def made(
    name: str,
    kind: SpanKind,
    attributes: Mapping[str, AttributeValue],
    parent: Context,
    links: Sequence[Link] = (),
) -> Iterator[Span]:
    """Make a span of what happens within. `parent`: the context that it is part of."""
    span = _recorder.tracer.start_span(
        name, context=parent, kind=kind, attributes=attributes, links=links
    )
    try:
        yield span
    except BaseException as error:
        fail(span, type(error).__name__)
        raise
    finally:
        span.end()


def fail(span: Span, error_type: str) -> None:
    """Say that what a span stands for failed."""
    # The text of an error may quote what a caller sent; its class never does.
    span.set_attribute("error.type", error_type)
    span.set_status(StatusCode.ERROR)


def messaging(operation: str, entity: str) -> dict[str, AttributeValue]:
    """Return what every span about messages says."""
    # The names stand here because importing those of the conventions, still in development, would
    # tie us to a module that may move.
    return {
        "messaging.system": "servicebus",
        "messaging.operation.type": operation,
        "messaging.operation.name": operation,
        "messaging.destination.name": entity,
    }
