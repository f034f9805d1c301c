"""Spans of what is done on the way: commits, requests to Graph, sends."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from opentelemetry.trace import Link, Span, SpanKind

from shared.telemetry import measure
from shared.tracing.context import carrier_of, cause_in, held, of, parsed, put, sent_by, stamped
from shared.tracing.recorder import fail, made, messaging
from shared.tracing.work import Work, current, within
from shared.words.outgoing import Outgoing

NO_ANSWER = 0


class Commit:
    """A commit under way."""

    def __init__(self, span: Span | None) -> None:
        self._span = span

    def stamp(self, messages: Iterable[Outgoing]) -> tuple[Outgoing, ...]:
        """Return messages that say they follow from this commit, if they say no other cause."""
        carrier = {} if self._span is None else carrier_of(self._span)
        return tuple(stamped(one, carrier) for one in messages)


@contextmanager
def committing(works: Sequence[Work], traceparent: str | None) -> Iterator[Commit]:
    """Commit what `works` decided together: part of the first, with links to the others.

    Of no work it is only said that it is part of the meeting's trace, `traceparent`.
    """
    if not works:
        yield Commit(None if traceparent is None else held(parsed(traceparent)))
        return
    first, *others = dict.fromkeys(works)
    contexts = (work.span.get_span_context() for work in others)
    links = [Link(context) for context in contexts if context.is_valid]
    with made("commit", SpanKind.INTERNAL, {}, of(first.span), links) as span:
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
        with made(f"{method} {route}", SpanKind.CLIENT, attributes, within()) as span:
            yield asked
            span.set_attribute("http.response.status_code", asked.status)
            if asked.status >= 400:
                fail(span, str(asked.status))
    finally:
        status = str(asked.status) if asked.status else "none"
        took = time.monotonic() - began
        if (work := current()) is not None:
            work.graph_time += timedelta(seconds=took)
        measure("rollcall.graph.duration", took, route=f"{method} {route}", status=status)


@contextmanager
def sending(entity: str, messages: Sequence[Outgoing]) -> Iterator[Sequence[Outgoing]]:
    """Send messages to one queue or topic; yields them with a cause, where they had none.

    The span is part of the trace of what caused the messages. If they have several causes, it has
    links to them.
    """
    causes = [cause_in(one.properties) for one in messages]
    read = {cause: sent_by(cause) for cause in dict.fromkeys(causes)}
    known = [context for context in read.values() if context.is_valid]
    attributes = messaging("send", entity)
    if len(messages) > 1:
        attributes["messaging.batch.message_count"] = len(messages)
    elif messages:
        attributes["messaging.message.id"] = messages[0].message_id
    if len(known) == 1:
        parent, links = of(held(known[0])), []
    else:
        parent, links = within(), [Link(context) for context in known]
    kind = SpanKind.CLIENT if known else SpanKind.PRODUCER
    with made(f"send {entity}", kind, attributes, parent, links) as span:
        carrier = carrier_of(span)
        yield [
            one if read[cause].is_valid else put(one, carrier)
            for one, cause in zip(messages, causes, strict=True)
        ]
