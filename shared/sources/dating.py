"""By which source a call starts and ends, and what holds where no source can say. Core.

A source that does not list a person cannot start a call after that person was there, nor end it
before: people may opt out of being listed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from shared.calls.record import GroupCall, Session
from shared.sources.people import unlisted
from shared.sources.spans import Layer, SourceCall, Span


def evidence_of(session: Session) -> Span | None:
    """Return from when to when a person was there for certain; None where nothing is certain.

    A person who was named late was there before that, at a time that no roster showed.
    """
    first = session.last_seen if session.blurred else session.first_seen
    if first is None:
        return None
    return Span(started_at=first, ended_at=max(first, session.last_seen or first))


def dating(
    call: SourceCall, room: Span, sessions: Sequence[Session]
) -> tuple[Layer | None, Layer | None]:
    """Return by which source a call starts and ends, the best that can; None: as was observed."""
    start: Layer | None = None
    end: Layer | None = None
    for layer in call.layers:
        if start is not None and end is not None:
            break
        first, last = seen_in(room, unlisted(layer, sessions))
        if start is None and (first is None or layer.span.started_at <= first):
            start = layer
        if end is None and (last is None or last <= layer.span.ended_at):
            end = layer
    return start, end


def seen_in(room: Span, sessions: Iterable[Session]) -> tuple[datetime | None, datetime | None]:
    """Return the first and the last that is known of sessions within the room of a call.

    The last is when somebody left, as observed: nobody is shown to leave a call that is over.
    """
    seen = [
        moment
        for session in sessions
        if (span := evidence_of(session)) is not None
        for moment in (span.started_at, span.ended_at, session.left_at)
        if moment is not None and room.started_at < moment < room.ended_at
    ]
    return min(seen, default=None), max(seen, default=None)


def started(call: GroupCall, layer: Layer) -> GroupCall:
    """Return `call` with its start as a source says."""
    at = layer.span.started_at
    return replace(call, started_at=at, start_basis=layer.kind, start_not_before=at)


def ended(call: GroupCall, layer: Layer) -> GroupCall:
    """Return `call` with its end as a source says."""
    at = layer.span.ended_at
    return replace(
        call,
        ended_at=at,
        end_basis=layer.kind,
        end_not_before=at,
        end_not_after=at,
        reason="everyoneLeft" if call.end_basis == "assumed" else call.reason,
    )


def start_as_observed(call: GroupCall, room: Span, seen: datetime) -> GroupCall:
    """Return `call` with its own start; `seen` is the first evidence that no source lists.

    Where it lies before the room of the call, two calls were taken for one.
    """
    if call.started_at <= room.started_at:
        return replace(call, started_at=seen, start_not_before=room.started_at)
    return replace(call, started_at=min(call.started_at, seen))


def end_as_observed(call: GroupCall, said: Span, room: Span, seen: datetime) -> GroupCall:
    """Return `call` with its own end; `seen` is the last that is known of whom no source lists.

    Until the end of what sources have `said` people were there for certain.
    """
    at = call.ended_at or seen
    lower = min(said.ended_at, seen)
    if at >= room.ended_at:
        return replace(call, ended_at=seen, end_not_before=lower, end_not_after=room.ended_at)
    ended_at, not_after = max(at, seen), call.end_not_after
    return replace(
        call,
        ended_at=ended_at,
        end_not_before=max(lower, call.end_not_before or lower),
        end_not_after=None if not_after is None else max(ended_at, not_after),
    )
