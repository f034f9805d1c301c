"""The log of a meeting as lines of JSON: what was heard and what was published. Core.

In the order of commits; within one commit what was heard comes before what was published of it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, assert_never

from meeting_record.attendance import lines_of
from shared.calls.history import Heard, LogEntry, LoggedEvent
from shared.calls.record import Session, SessionPage, seal_of
from shared.events.cloud_events import PREFIX, VERSION
from shared.events.facts import person_data
from shared.meeting.meeting import Meeting
from shared.words.ids import utc_text
from shared.words.observations import (
    GivenUp,
    KeptAlive,
    LegSeen,
    Observation,
    Present,
    ReadFailed,
    RosterPushed,
    RosterRead,
    Unanswered,
    Unparsed,
)
from shared.words.rules import Shown

MOST_ROWS = 200
"""Rows of the table that make a page of the log."""
LAST_VERSION = 10**12 - 1
"""The keys of the log have twelve digits."""

type Names = Mapping[str, str]
"""Session ids by their marks."""


def names_of(meeting: Meeting, pages: Iterable[SessionPage]) -> Names:
    """Return by which marks the log names the sessions of a meeting."""
    sessions: list[Session] = [one for page in pages for one in page.sessions]
    sessions += [one for call in meeting.record.calls for one in call.sessions.values()]
    return {seal_of(one.session_id): one.session_id for one in sessions}


def with_creation(meeting: Meeting, entries: Sequence[LogEntry]) -> Sequence[LogEntry]:
    """Return the beginning of the log with `meeting.created`, where that was the first commit.

    The head has that event: a row of its own would make each creation dearer.
    """
    made = meeting.created
    logged = (event.sequence for entry in entries for event in entry.published)
    if made is None or made.sequence >= min(logged, default=made.sequence + 1):
        return entries
    name = f"{PREFIX}{made.fact.name}{VERSION}"
    event = LoggedEvent(sequence=made.sequence, type=name, time=made.fact.at)
    return (LogEntry(version=1, heard=(), published=(event,)), *entries)


def log_lines(entries: Iterable[LogEntry], names: Names, *, shown: Shown) -> str:
    """Return the entries as lines of JSON."""
    return lines_of(logged(entries, names, shown=shown))


def logged(entries: Iterable[LogEntry], names: Names, *, shown: Shown) -> Iterator[dict[str, Any]]:
    """Yield the members of each line, with the `version` of the meeting after its commit."""
    for entry in entries:
        for line in _lines(entry, names, shown):
            yield {"version": entry.version, **line}


def _lines(entry: LogEntry, names: Names, shown: Shown) -> Iterator[dict[str, Any]]:
    for heard in entry.heard:
        yield {"heard": _heard(heard, names, shown)}
    for event in entry.published:
        yield {
            "published": {
                "sequence": event.sequence,
                "type": event.type,
                "time": utc_text(event.time),
            }
        }


def _heard(heard: Heard, names: Names, shown: Shown) -> dict[str, Any]:
    seen = heard.observation
    line = {"kind": seen.kind, "legKey": seen.leg_key, **_observed(seen, shown)}
    if not isinstance(seen, RosterPushed | RosterRead):
        return line
    line["missing"] = [names.get(mark, mark) for mark in heard.missing]
    if heard.listed is not None:
        del line["missing"]
        line["listed"] = [names.get(mark, mark) for mark in heard.listed]
    return line | ({"uncounted": heard.uncounted} if heard.uncounted else {})


def _observed(seen: Observation, shown: Shown) -> dict[str, Any]:
    match seen:
        case LegSeen():
            code = {} if seen.code is None else {"code": seen.code, "subcode": seen.subcode}
            return {"at": utc_text(seen.at), "phase": seen.phase, **code}
        case RosterPushed():
            return {
                "at": utc_text(seen.at),
                "entries": seen.entries,
                "listsOurselves": seen.lists_ourselves,
                "unread": seen.unread,
                "named": _named(seen.people, shown),
            }
        case RosterRead():
            return {
                "askedAt": utc_text(seen.asked_at),
                "answeredAt": utc_text(seen.answered_at),
                "entries": seen.entries,
                "listsOurselves": seen.lists_ourselves,
                "named": _named(seen.people, shown),
            }
        case ReadFailed() | Unanswered():
            return {"at": utc_text(seen.at), "status": seen.status}
        case KeptAlive() | GivenUp():
            return {"at": utc_text(seen.at)}
        case Unparsed():
            return {
                "at": utc_text(seen.at),
                "resource": seen.resource,
                "changeType": seen.change_type,
                "members": list(seen.members),
                "size": seen.size,
                "count": seen.count,
            }
        case _:
            assert_never(seen)


def _named(people: Iterable[Present], shown: Shown) -> list[dict[str, Any]]:
    return [
        {
            "sessionId": one.session_id,
            "participant": person_data(one.person, show_names=shown.names),
        }
        for one in people
    ]
