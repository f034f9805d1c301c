"""Spans, and the trace context that leads from a message to all that it brings about.

A trace context is W3C's `traceparent`, with a `tracestate` where there is one. In properties of
messages and in a meeting it is text; what has another form counts as absent. Without a trace,
nothing is added to anything.

Spans go to a provider of our own, never to the process's: libraries under us make spans too, and
the Graph SDK writes whole URLs into them. Ours hold names and words from lists in the code, ids of
messages, and the class of an error, never its text.
Sources: https://www.w3.org/TR/trace-context/,
https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/ (1.45, development)
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Literal

from opentelemetry.context import Context, attach, detach, get_current
from opentelemetry.trace import (
    INVALID_SPAN_CONTEXT,
    Link,
    NonRecordingSpan,
    NoOpTracer,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    Tracer,
    TracerProvider,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation import tracecontext
from opentelemetry.util.types import AttributeValue

from shared.telemetry import count, measure
from shared.words.entities import TEND_QUEUE
from shared.words.outgoing import Outgoing

TRACEPARENT, TRACESTATE = "traceparent", "tracestate"
DIAGNOSTIC_ID = "Diagnostic-Id"
"""Where older Service Bus SDKs put a traceparent."""
CAUSES = (TRACEPARENT, DIAGNOSTIC_ID, TRACESTATE)
"""Properties of a message that say in which context it was made."""
LONGEST_TRACEPARENT = 256
"""Characters. Today's have 55; later versions may be longer, and the API warns of too long ones."""
NO_ANSWER = 0

type Outcome = Literal["done", "deferred", "rejected", "failed"]
"""What became of a message: carried out, retried later, refused, or left to the host."""


@dataclass(slots=True)
class _Recorder:
    tracer: Tracer = field(default_factory=NoOpTracer)


_recorder = _Recorder()
_propagator = tracecontext.TraceContextTextMapPropagator()


def record_in(provider: TracerProvider | None) -> None:
    """Let spans go to `provider` from now on; None: nowhere, which they do at first."""
    _recorder.tracer = NoOpTracer() if provider is None else provider.get_tracer("rollcall")


class Work:
    """One message, callback or look that is being processed, with its span.

    The span of a `late` one starts when its meeting is known, as if it had started here: a span
    cannot change its trace, and such work belongs to the trace of its meeting.
    """

    __slots__ = (
        *("_attributes", "_began", "_carrier", "_host", "_kind", "_name", "_sent", "_span"),
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
        self._carrier: Mapping[str, str] | None = None
        self.outcome: tuple[Outcome, str] = ("done", "")
        if not late:
            self._start(INVALID_SPAN_CONTEXT)

    def part_of(self, traceparent: str | None) -> None:
        """Be a part of the trace of a meeting; if already part of another trace, link to it."""
        if traceparent is None:
            return
        first = _read(traceparent)
        if self._span is None:
            self._start(first)
        elif first.is_valid and first.trace_id != self._span.get_span_context().trace_id:
            self._span.add_link(first)

    @property
    def span(self) -> Span:
        """The span; it starts now at the latest."""
        return self._span if self._span is not None else self._start(INVALID_SPAN_CONTEXT)

    @property
    def started_by(self) -> str | None:
        """The traceparent that started all this: the sender's, else the one of this work."""
        span = _held(self._sent) if self._sent.is_valid else self.span
        return _carrier(_of(span)).get(TRACEPARENT)

    def stamp(self, message: Outgoing) -> Outgoing:
        """Return a message that says it was caused by this work, if it says no other cause."""
        if self._carrier is None:
            self._carrier = _carrier(_of(self.span))
        return _stamped(message, self._carrier)

    def end(self, error: BaseException | None) -> None:
        """End the span."""
        if error is not None:
            _fail(self.span, type(error).__name__)
        self.span.end()

    def _start(self, first: SpanContext) -> Span:
        # The host's span is the nearer cause, where it is part of the trace to be in.
        near = self._host if self._host.is_valid else self._sent
        parent = first if first.is_valid and first.trace_id != near.trace_id else near
        traces = {parent.trace_id}
        links: list[Link] = []
        for other in (self._host, self._sent):
            if other.is_valid and other.trace_id not in traces:
                traces.add(other.trace_id)
                links.append(Link(other))
        self._span = _recorder.tracer.start_span(
            self._name,
            context=_of(_held(parent)),
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
    attributes = _messaging("process", queue)
    if message_id is not None:
        attributes["messaging.message.id"] = message_id
    work = Work(
        f"process {queue}",
        kind=SpanKind.CONSUMER,
        attributes=attributes,
        sent=_sent_by(properties),
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
    """Return the context that a span or a log line is part of here."""
    work = _work.get()
    return get_current() if work is None else _of(work.span)


@contextmanager
def apart() -> Iterator[None]:
    """Let a task that is created within be part of nothing that is being processed."""
    work, context = _work.set(None), attach(Context())
    try:
        yield
    finally:
        detach(context)
        _work.reset(work)


class Commit:
    """A commit under way."""

    def __init__(self, span: Span | None) -> None:
        self._span = span

    def stamp(self, messages: Iterable[Outgoing]) -> tuple[Outgoing, ...]:
        """Return messages that say they follow from this commit, if they say no other cause."""
        carrier = {} if self._span is None else _carrier(_of(self._span))
        return tuple(_stamped(one, carrier) for one in messages)


@contextmanager
def committing(works: Sequence[Work], traceparent: str | None) -> Iterator[Commit]:
    """Commit what `works` decided together: part of the first, with links to the others.

    Of no work it is only said that it is part of the meeting's trace, `traceparent`.
    """
    if not works:
        yield Commit(None if traceparent is None else _held(_read(traceparent)))
        return
    first, *others = dict.fromkeys(works)
    contexts = (work.span.get_span_context() for work in others)
    links = [Link(context) for context in contexts if context.is_valid]
    with _span("commit", SpanKind.INTERNAL, {}, _of(first.span), links) as span:
        yield Commit(span)


@dataclass(slots=True)
class Asked:
    """A request to Graph under way; `status` is that of the answer."""

    status: int = NO_ANSWER


@contextmanager
def asking_graph(method: str, route: str) -> Iterator[Asked]:
    """Send Graph one request; `route` is a template without any value. Set the answer's status."""
    asked, began = Asked(), time.monotonic()
    # The address with its values scrubbed: Application Insights knows a request by it alone.
    attributes = {"http.request.method": method, "url.template": route, "url.full": route}
    try:
        with _span(f"{method} {route}", SpanKind.CLIENT, attributes, here()) as span:
            yield asked
            span.set_attribute("http.response.status_code", asked.status)
            if asked.status >= 400:
                _fail(span, str(asked.status))
    finally:
        status = str(asked.status) if asked.status else "none"
        took = time.monotonic() - began
        measure("rollcall.graph.duration", took, route=f"{method} {route}", status=status)


@contextmanager
def sending(entity: str, messages: Sequence[Outgoing]) -> Iterator[Sequence[Outgoing]]:
    """Send messages to one queue or topic; yields them with a cause, where they had none.

    The span is part of the trace of what caused the messages. If they have several causes, it has
    links to them.
    """
    # Most messages of a batch have one cause, and to read it takes longer than to compare it.
    causes = {tuple(map(one.properties.get, CAUSES)): one for one in messages}
    read = {cause: _sent_by(one.properties) for cause, one in causes.items()}
    known = [cause for cause in read.values() if cause.is_valid]
    attributes = _messaging("send", entity)
    if len(messages) > 1:
        attributes["messaging.batch.message_count"] = len(messages)
    elif messages:
        attributes["messaging.message.id"] = messages[0].message_id
    if len(known) == 1:
        parent, links = _of(_held(known[0])), []
    else:
        parent, links = here(), [Link(cause) for cause in known]
    kind = SpanKind.CLIENT if known else SpanKind.PRODUCER
    with _span(f"send {entity}", kind, attributes, parent, links) as span:
        carrier = _carrier(_of(span))
        yield [
            one if read[tuple(map(one.properties.get, CAUSES))].is_valid else _put(carrier, one)
            for one in messages
        ]


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


@contextmanager
def _span(
    name: str,
    kind: SpanKind,
    attributes: Mapping[str, AttributeValue],
    parent: Context,
    links: Sequence[Link] = (),
) -> Iterator[Span]:
    span = _recorder.tracer.start_span(
        name, context=parent, kind=kind, attributes=attributes, links=links
    )
    try:
        yield span
    except BaseException as error:
        _fail(span, type(error).__name__)
        raise
    finally:
        span.end()


def _fail(span: Span, error_type: str) -> None:
    # The text of an error may quote what a caller sent; its class never does.
    span.set_attribute("error.type", error_type)
    span.set_status(StatusCode.ERROR)


def _messaging(operation: str, entity: str) -> dict[str, AttributeValue]:
    # The names stand here because importing those of the conventions, still in development, would
    # tie us to a module that may move.
    return {
        "messaging.system": "servicebus",
        "messaging.operation.type": operation,
        "messaging.operation.name": operation,
        "messaging.destination.name": entity,
    }


def _held(context: SpanContext) -> Span:
    return NonRecordingSpan(context)


def _of(span: Span) -> Context:
    return set_span_in_context(span, Context())


def _read(traceparent: str, tracestate: str | None = None) -> SpanContext:
    """Return what a traceparent says; an invalid context for anything of another form."""
    carrier = {TRACEPARENT: traceparent}
    if tracestate:
        carrier[TRACESTATE] = tracestate
    return get_current_span(_propagator.extract(carrier, Context())).get_span_context()


def _sent_by(properties: Mapping[str, str]) -> SpanContext:
    """Return the context in the properties of a message: that in which it was made."""
    traceparent = properties.get(TRACEPARENT) or properties.get(DIAGNOSTIC_ID)
    if not traceparent or len(traceparent) > LONGEST_TRACEPARENT:
        return INVALID_SPAN_CONTEXT
    return _read(traceparent, properties.get(TRACESTATE))


def _carrier(context: Context) -> dict[str, str]:
    carrier: dict[str, str] = {}
    _propagator.inject(carrier, context)
    return carrier


def _stamped(message: Outgoing, carrier: Mapping[str, str]) -> Outgoing:
    return message if TRACEPARENT in message.properties else _put(carrier, message)


def _put(carrier: Mapping[str, str], message: Outgoing) -> Outgoing:
    if not carrier:
        return message
    return replace(message, properties={**message.properties, **carrier})
