"""What Graph says of a conference afterwards: attendance reports, call records. Core: values.

shared/graph/ reads them. Times are Graph's own, to the millisecond, in UTC.
https://learn.microsoft.com/graph/api/resources/meetingattendancereport
https://learn.microsoft.com/graph/api/resources/callrecords-callrecord
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.words.observations import Person

type SourceKind = Literal["attendanceReport", "callRecord"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """One stretch of time in which a person was there. `left_at` None: Graph gives no end."""

    joined_at: datetime
    left_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attended:
    """What a source says of one person: who, and when. `role` is Graph's (`Organizer`, `Attendee`).

    Several entries under one id are one; each entry without an id is one. The stays of two devices
    overlap. `is_application`: the source itself says that it is a bot, or it is a leg of ours. Call
    records list other bots as users.
    """

    person: Person
    stays: tuple[Stay, ...]
    role: str | None = None
    is_application: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A report or record as read. `version` grows with each edition of a record; a report has 0.

    `source_id` is Graph's id: of the report, or of the record (a call's chain id).
    `ended_at` None, or nobody in `attended`: it says nothing yet. `alias` is that of the meeting
    (`coordinates.alias_of`) to which the record's link leads; None: it names none that can be read,
    as a report, which is of its meeting anyway. `unread` counts entries, and stays of entries, that
    could not be read.
    """

    kind: SourceKind
    source_id: str
    version: int
    started_at: datetime
    ended_at: datetime | None
    attended: tuple[Attended, ...]
    alias: str | None = None
    unread: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedReport:
    """An attendance report as a list names it. None: the list names no such moment."""

    report_id: str
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedReports:
    """A meeting's reports, in Graph's order: newest first. `unread` counts unreadable ones."""

    reports: tuple[ListedReport, ...] = ()
    unread: int = 0
