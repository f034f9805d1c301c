"""What a look at sources reads at Graph, and what of it is new. Core."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.meeting.meeting import Meeting
from shared.meeting.retention import traces_of
from shared.sources.kept import key_for, key_of, speaks_until
from shared.sources.spans import speaks
from shared.words.errors import Rejected, Transient
from shared.words.sources import ListedReports, Source

MOST_REPORTS = 10
"""How many reports one look reads; what is left is read at once by the next."""
NOT_READABLE = "attendance_not_readable"
AHEAD = timedelta(hours=1)
"""By how much Graph's clock may be ahead. A source that speaks of later than that is not over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What Graph said. `more`: reports are left unread.

    `reports`: how many it lists, also such that say nothing; None where it did not answer that.
    `refused`: why something was not readable. `unanswered`: Graph did not answer all; the look is
    to be repeated.
    """

    sources: tuple[Source, ...] = ()
    more: bool = False
    reports: int | None = None
    refused: Rejected | None = None
    unanswered: bool = False

    @property
    def is_over(self) -> bool:
        """Whether Graph would answer no further request of the kind."""
        return self.unanswered or self.lacks_permission

    def having_met(self, failure: Rejected | Transient | None) -> "Read":
        """Return what was said with a request that failed; None: Graph has it not."""
        if isinstance(failure, Rejected):
            return self.beside(Read(refused=failure))
        return self if failure is None else replace(self, unanswered=True)

    def beside(self, other: "Read") -> "Read":
        """Return both; of refusals that which an administrator heals, else the first."""
        theirs = other.lacks_permission and not self.lacks_permission
        return Read(
            sources=(*self.sources, *other.sources),
            more=self.more or other.more,
            reports=other.reports if self.reports is None else self.reports,
            refused=other.refused if theirs else self.refused or other.refused,
            unanswered=self.unanswered or other.unanswered,
        )

    @property
    def lacks_permission(self) -> bool:
        """Whether an administrator has to let the bot read."""
        return self.refused is not None and self.refused.code == NOT_READABLE


def unread_reports(meeting: Meeting, listed: ListedReports) -> list[str]:
    """Return which reports were not read yet and have an end, the oldest first."""
    over = [one for one in reversed(listed.reports) if one.ended_at is not None]
    seen = meeting.sources.seen
    return [one.report_id for one in over if key_for("attendanceReport", one.report_id) not in seen]


def is_of(meeting: Meeting, source: Source, *, now: datetime) -> bool:
    """Return whether a source says something new, of this meeting, and of what is over.

    The id of a call record may be that of another call after a transfer.
    Source: https://learn.microsoft.com/graph/api/resources/callrecords-callrecord
    """
    seen = meeting.sources.seen.get(key_of(source), -1)
    ours = source.alias is None or source.alias in traces_of(meeting).aliases
    until = speaks_until(None, [source])
    over = until is not None and until <= now + AHEAD
    return ours and over and speaks(source) and source.version > seen
