"""The calls of a meeting as they are shown, from its head, its pages and its sources. Core."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from shared.calls.record import GroupCall, Record, Session, SessionPage
from shared.meeting.meeting import Meeting
from shared.sources.kept import KeptSource, Numbers
from shared.sources.view import ShownCall, view


def shown_calls(
    meeting: Meeting,
    pages: Iterable[SessionPage],
    sources: Sequence[KeptSource],
    *,
    settle: timedelta,
) -> tuple[ShownCall, ...]:
    """Return the calls of a meeting as readers see them, by number.

    `pages` and `sources` are all that the ledger keeps of them.
    """
    return view(
        whole_calls(meeting.record, pages),
        [one.source for one in sources],
        numbers_in(meeting, sources),
        settle=settle,
    )


def whole_calls(record: Record, pages: Iterable[SessionPage]) -> tuple[GroupCall, ...]:
    """Return the known calls of a record, as the fold counts them, with all their sessions."""
    sealed: defaultdict[int, list[Session]] = defaultdict(list)
    over = list[GroupCall]()
    for page in pages:
        sealed[page.call_number].extend(page.sessions)
        over += [page.call] if page.call is not None else []
    return tuple(
        replace(
            call,
            sessions={one.session_id: one for one in sealed[call.number]} | dict(call.sessions),
        )
        for call in (*over, *record.known_calls)
    )


def numbers_in(meeting: Meeting, sources: Iterable[KeptSource]) -> Numbers:
    """Return the numbers that were given in a meeting."""
    return Numbers(
        found=tuple(found for one in sources for found in one.found),
        awaited=frozenset(meeting.sources.awaited),
    )
