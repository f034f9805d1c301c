"""What a call record says: who was in a conference and when, and of which meeting it was. Core.

Read from the sessions: one for each stay, at least, with its times. `participants_v2` has no times
and is reported to be incomplete. Of a session the `caller` was there; the `callee` is the meeting.
Source: https://learn.microsoft.com/graph/api/resources/callrecords-callrecord
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any
from urllib.parse import unquote

from shared.graph.documents import essential, moment_of, object_of, text_of
from shared.graph.stays import Entry, attendance_in, person_in, stay_in
from shared.words.coordinates import thread_alias
from shared.words.outside import LONGEST_ID, MOST_ENTRIES
from shared.words.sources import Source

START, END = "startDateTime", "endDateTime"
NEVER_IN = "callSetup"
"""The stage at which a session failed before its caller was in."""
LARGEST_VERSION = 2**63 - 1
LONGEST_LINK = 4_000
TIMES_ENCODED = 3
"""How often the parts of a link may be percent-encoded."""
CLASSIC = re.compile(r"/l/meetup-join/(19:[^/\s?#]{1,200})/([0-9]{1,20})(?:[/?#]|$)")
SHORT = re.compile(r"/meet/([0-9]{1,20})(?:[/?#]|$)")


def record_in(
    record: Mapping[str, Any],
    sessions: Sequence[Any],
    *,
    chain_id: str,
    ours: frozenset[str],
    show_names: bool,
) -> Source:
    """Return what a record and its sessions say. `ours` as in `attendance_in`.

    A session that Graph returns several times, under one id, counts once. Raises `Rejected`
    (`graph_answer_unusable`) for a record that names no moment at all.
    """
    entries = [_entry(one, show_names=show_names) for one in _each_once(sessions)]
    unread = entries.count(None) + max(len(sessions) - MOST_ENTRIES, 0)
    attendance = attendance_in(
        [one for one in entries if one is not None], ours=ours, unread=unread
    )
    started = essential(moment_of(record.get(START)) or attendance.first, START)
    ended = moment_of(record.get(END))
    return Source(
        kind="callRecord",
        source_id=chain_id,
        version=_version(record.get("version")),
        started_at=started,
        ended_at=None if ended is None or ended < started else ended,
        attended=attendance.attended,
        alias=link_alias(text_of(record.get("joinWebUrl"))),
        unread=attendance.unread,
    )


def link_alias(link: str | None) -> str | None:
    """Return the alias (`coordinates.alias_of`) of the meeting to which a link of Graph's leads.

    Links are percent-encoded once, twice or not at all, with hex digits in either case. None for a
    link that names neither thread nor join id.
    """
    if link is None or len(link) > LONGEST_LINK:
        return None
    for _ in range(TIMES_ENCODED):
        link = unquote(link)
    if classic := CLASSIC.search(link):
        return thread_alias(classic[1], classic[2])
    short = SHORT.search(link)
    return None if short is None else short[1]


def _each_once(sessions: Sequence[Any]) -> Iterator[Any]:
    """Yield the sessions that tell of somebody: no copies, no tests, none that never came about."""
    seen: set[str] = set()
    for session in islice(sessions, MOST_ENTRIES):
        members = object_of(session)
        session_id = text_of(members.get("id"))
        copied = session_id is not None and session_id[:LONGEST_ID] in seen
        failed = object_of(members.get("failureInfo")).get("stage") == NEVER_IN
        if copied or failed or members.get("isTest") is True:
            continue
        if session_id is not None:
            seen.add(session_id[:LONGEST_ID])
        yield session


def _entry(session: Any, *, show_names: bool) -> Entry | None:
    caller = object_of(object_of(session).get("caller"))
    person = person_in(caller.get("associatedIdentity"), show_names=show_names)
    stay = stay_in(session, START, END)
    if person is None or stay is None:
        return None
    return Entry(person=person, stays=(stay,))


def _version(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    usable = isinstance(value, int) and not isinstance(value, bool)
    return value if usable and 0 <= value <= LARGEST_VERSION else 0
