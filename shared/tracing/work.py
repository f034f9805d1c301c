"""What is being processed: a message, a callback, a look, a walk; each with its span.

A trace leads from a message to all that it brings about. Without a trace, nothing is added to
anything.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Literal

from opentelemetry.context import Context, attach, detach, get_current
from opentelemetry.trace import (
    INVALID_SPAN_CONTEXT,
    Link,
    Span,
    SpanContext,
    SpanKind,
    get_current_span,
)
from opentelemetry.util.types import AttributeValue

from shared.telemetry import count
from shared.tracing.context import (
    TRACEPARENT,
    carrier_of,
    cause_in,
    held,
    of,
    parsed,
    sent_by,
    stamped,
)
from shared.tracing.recorder import fail, messaging, tracer
from shared.words.entities import TEND_QUEUE
from shared.words.outgoing import Outgoing

type Outcome = Literal["done", "deferred", "rejected", "failed"]
"""What became of a message: carried out, retried later, refused, or left to the host."""


class Work:
    """One message, callback or look that is being processed, with its span.

    The span of a `late` one starts when its meeting is known, as if it had started here: a span
    cannot change its trace, and such work belongs to the trace of its meeting.
    """

    __slots__ = (
        *(
            "_attributes",
            "_began",
            "_carrier",
            "_host",
            "_kind",
            "_name",
            "_sent",
            "_span",
            "_traces",
        ),
        "graph_time",
        "outcome",
    )

    def __init__(
        self,
        name: str,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Mapping[str, AttributeValue] | None = None,
        sent: SpanContext = INVALID_SPAN_CONTEXT,
        late: bool,
    ) -> None:
        """`sent`: the context that the message carries."""
        self._name, self._kind, self._attributes = name, kind, attributes
        self._began = time.time_ns()
        self._host = get_current_span().get_span_context()
        self._sent = sent
        self._span: Span | None = None
        self._traces: set[int] = set()
        self._carrier: Mapping[str, str] | None = None
        self.outcome: tuple[Outcome, str] = ("done", "")
        self.graph_time = timedelta()
        """What its requests to Graph took, added up."""
        if not late:
            self._start(INVALID_SPAN_CONTEXT)

    def part_of(self, traceparent: str | None) -> None:
        """Be a part of the trace of a meeting; if already part of another trace, link to it."""
        if traceparent is None:
            return
        first = parsed(traceparent)
        if self._span is None:
            self._start(first)
        elif first.is_valid and first.trace_id not in self._traces:
            self._traces.add(first.trace_id)
            self._span.add_link(first)

    @property
    def span(self) -> Span:
        """The span; it starts now at the latest."""
        return self._span if self._span is not None else self._start(INVALID_SPAN_CONTEXT)

    @property
    def begun(self) -> Context:
        """The context of what is part of this work; the host's while the span did not start."""
        return get_current() if self._span is None else of(self._span)

    @property
    def started_by(self) -> str | None:
        """The traceparent that started all this: the sender's, else the one of this work."""
        span = held(self._sent) if self._sent.is_valid else self.span
        return carrier_of(span).get(TRACEPARENT)

    def stamp(self, message: Outgoing) -> Outgoing:
        """Return a message that says it was caused by this work, if it says no other cause."""
        if self._carrier is None:
            self._carrier = carrier_of(self.span)
        return stamped(message, self._carrier)

    def end(self, error: BaseException | None) -> None:
        """End the span."""
        if error is not None:
            fail(self.span, type(error).__name__)
        self.span.end()

    def _start(self, first: SpanContext) -> Span:
        # The host's span is the nearer cause, where it is part of the trace to be in.
        near = self._host if self._host.is_valid else self._sent
        parent = first if first.is_valid and first.trace_id != near.trace_id else near
        self._traces.add(parent.trace_id)
        links: list[Link] = []
        for other in (self._host, self._sent):
            if other.is_valid and other.trace_id not in self._traces:
                self._traces.add(other.trace_id)
                links.append(Link(other))
        self._span = tracer().start_span(
            self._name,
            context=of(held(parent)),
            kind=self._kind,
            attributes=self._attributes,
            links=links,
            start_time=self._began,
        )
        return self._span


_work: ContextVar[Work | None] = ContextVar("work", default=None)


@contextmanager
def of_message(
    queue: str, message_id: str | None, properties: Mapping[str, str]
) -> Iterator[str | None]:
    """Process one message of one of our queues; count what becomes of it.

    Yields the traceparent that started it all: the sender's, else the one of this work; None of a
    message of ours about a meeting, which has one.
    """
    attributes = messaging("process", queue)
    if message_id is not None:
        attributes["messaging.message.id"] = message_id
    work = Work(
        f"process {queue}",
        kind=SpanKind.CONSUMER,
        attributes=attributes,
        sent=sent_by(cause_in(properties)),
        late=queue == TEND_QUEUE,
    )
    try:
        with _doing(work):
            yield None if queue == TEND_QUEUE else work.started_by
    except BaseException:
        work.outcome = ("failed", "")
        raise
    finally:
        outcome, code = work.outcome
        count("rollcall.requests", queue=queue, outcome=outcome, code=code)


def concluded(outcome: Outcome, code: str = "") -> None:
    """Note what became of the message that is being processed; `code` is that of a refusal."""
    work = _work.get()
    if work is not None:
        work.outcome = (outcome, code)


@contextmanager
def of_callback() -> Iterator[None]:
    """Process one callback of Graph's."""
    with _doing(Work("process callback", late=True)):
        yield


@contextmanager
def of_walk() -> Iterator[None]:
    """Walk the meetings that the backstop is to look at."""
    with _doing(Work("walk", late=False)):
        yield


@contextmanager
def of_mending() -> Iterator[None]:
    """Process what the walk finds of one meeting."""
    with _doing(Work("mend", late=True)):
        yield


def current() -> Work | None:
    """Return what is being processed; None outside of all that."""
    return _work.get()


def here() -> Context:
    """Return the context that a log line is part of here. It starts no span."""
    work = _work.get()
    return get_current() if work is None else work.begun


@contextmanager
def apart() -> Iterator[None]:
    """Let a task that is created within be part of nothing that is being processed."""
    work, context = _work.set(None), attach(Context())
    try:
        yield
    finally:
        detach(context)
        _work.reset(work)


def within() -> Context:
    """Return the context that a span is part of here."""
    work = _work.get()
    return get_current() if work is None else of(work.span)


@contextmanager
def _doing(work: Work) -> Iterator[None]:
    token = _work.set(work)
    try:
        yield
    except BaseException as error:
        work.end(error)
        raise
    else:
        work.end(None)
    finally:
        _work.reset(token)
