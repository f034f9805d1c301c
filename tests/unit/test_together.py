"""Several decisions about one meeting for one transaction: what each of them writes is written."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.journal.together import decide_together
from shared.meeting.meeting import Change, Meeting
from shared.sources.kept import KeptSource
from shared.words.ids import MeetingId
from shared.words.sources import Source

NOW = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
MEETING = Meeting(meeting_id=MeetingId("m"), tenant_id="t", correlation_id="INC-1")


def source(name: str, *, version: int = 0) -> KeptSource:
    """Return a report, or an edition of a call record."""
    kept = Source(
        kind="callRecord",
        source_id=name,
        version=version,
        started_at=NOW - timedelta(hours=1),
        ended_at=NOW,
        attended=(),
    )
    return KeptSource(source=kept)


def written(*changes: Change) -> Change:
    """Return what one transaction writes for all of these."""
    decided = decide_together([lambda *_, one=one: one for one in changes], MEETING, now=NOW)
    assert decided.change is not None
    return decided.change


def test_whatever_a_change_writes_is_written_beside_what_another_one_writes() -> None:
    """Each member, whichever there will be: a source that was dropped was never read again."""
    for field in fields(Change):
        if field.name == "meeting":
            continue
        values: Any = (source("one"),) if field.name == "sources" else ("one",)
        others: Any = (source("two"),) if field.name == "sources" else ("two",)
        first = replace(Change(meeting=MEETING), **{field.name: values})
        second = replace(Change(meeting=MEETING), **{field.name: others})

        assert getattr(written(first, second), field.name) == (*values, *others), field.name
        assert getattr(written(first, Change(meeting=MEETING)), field.name) == values, field.name


def test_a_source_that_two_changes_write_is_written_once_as_the_later_one_has_it() -> None:
    """A transaction takes no row twice."""
    first = Change(meeting=MEETING, sources=(source("one"),))
    second = Change(meeting=MEETING, sources=(source("one", version=2),))

    assert written(first, second).sources == (source("one", version=2),)
