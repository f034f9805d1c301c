"""What attendance reports say: which there are of a meeting, and who was there. Core.

A report is made for each conference of a meeting. It is listed while the conference runs, without
an end and records. E-mail addresses are not read.
Source: https://learn.microsoft.com/graph/api/resources/meetingattendancereport
"""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from shared.graph.documents import essential, moment_of, text_of
from shared.graph.stays import Entry, attendance_in, person_in, stay_in
from shared.words.observations import Person
from shared.words.outside import CALL_ID, LONGEST_KIND, MOST_ENTRIES, held_kind
from shared.words.sources import ListedReport, ListedReports, Source, Stay

START, END = "meetingStartDateTime", "meetingEndDateTime"
NO_ROLE = "None"
"""How Graph writes that an entry has no role."""
MOST_REPORTS = 50
"""How many reports of a list are read, the first: Graph lists the 50 newest, the newest first. The
others count as unread. With more, the head could not know which were read."""


def reports_in(listed: Sequence[Any]) -> ListedReports:
    """Return the reports that a list names, each under an id that can be part of an address."""
    found = [_listed(one) for one in islice(listed, MOST_REPORTS)]
    reports = tuple(one for one in found if one is not None)
    return ListedReports(reports=reports, unread=len(listed) - len(reports))


def report_in(
    report: Mapping[str, Any],
    records: Sequence[Any],
    *,
    report_id: str,
    ours: frozenset[str],
    show_names: bool,
) -> Source:
    """Return what a report and its records say.

    `ours` as in `attendance_in`. Raises `Rejected` (`graph_answer_unusable`) for a report that
    names no moment at all.
    """
    entries = [_entry(one, show_names=show_names) for one in islice(records, MOST_ENTRIES)]
    unread = sum(count for _, count in entries) + max(len(records) - MOST_ENTRIES, 0)
    attendance = attendance_in(
        [entry for entry, _ in entries if entry is not None], ours=ours, unread=unread
    )
    started = essential(moment_of(report.get(START)) or attendance.first, START)
    ended = moment_of(report.get(END))
    return Source(
        kind="attendanceReport",
        source_id=report_id,
        version=0,
        started_at=started,
        ended_at=None if ended is None or ended < started else ended,
        attended=attendance.attended,
        unread=attendance.unread,
    )


def _listed(report: Any) -> ListedReport | None:
    report_id = report.get("id") if isinstance(report, dict) else None
    if not isinstance(report_id, str) or not CALL_ID.fullmatch(report_id):
        return None
    return ListedReport(
        report_id=report_id,
        started_at=moment_of(report.get(START)),
        ended_at=moment_of(report.get(END)),
    )


def _entry(record: Any, *, show_names: bool) -> tuple[Entry | None, int]:
    """Return what a record says, if it says anything, and how much of it could not be read."""
    if not isinstance(record, dict):
        return None, 1
    identity = record.get("identity")
    # An entry without an identity is of a person who has none to show.
    person = (
        Person(kind="guest") if identity is None else person_in(identity, show_names=show_names)
    )
    intervals = record.get("attendanceIntervals")
    if person is None or not isinstance(intervals, list):
        return None, 1
    found = [stay_in(one, "joinDateTime", "leaveDateTime") for one in intervals]
    stays: tuple[Stay, ...] = tuple(one for one in found if one is not None)
    role = text_of(record.get("role"))
    entry = Entry(
        person=person,
        stays=stays,
        role=None if role in (None, NO_ROLE) else held_kind(role[:LONGEST_KIND]),
    )
    return entry, len(found) - len(stays)
