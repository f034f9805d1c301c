"""Laws of the ledger's rows: what goes into them comes out equal, and their keys sort like time."""

from datetime import date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.calls.history import LogEntry
from shared.calls.record import SessionPage
from shared.ledger.outbox_rows import (
    outbox_of,
    outbox_rows,
    read_outbox,
    read_outboxes,
    riding_properties,
)
from shared.ledger.rows import (
    day_row,
    head_row,
    leg_rows,
    log_rows,
    moment_text,
    page_rows,
    read_day,
    read_head,
    read_legs,
    read_log,
    read_pages,
)
from shared.ledger.source_rows import read_sources, source_rows
from shared.meeting.days import Brief
from shared.meeting.meeting import LegPage, Meeting
from shared.sources.kept import KeptSource
from shared.words.ids import MeetingId
from shared.words.outgoing import Outgoing
from tests.property.stored import moments, stored

MEETING_ID = MeetingId("a" * 26)

meetings = stored.of(Meeting)
messages = stored.of(Outgoing)
log_entries = st.lists(stored.of(LogEntry), max_size=4, unique_by=lambda entry: entry.version).map(
    lambda entries: sorted(entries, key=lambda entry: entry.version)
)


@given(meetings)
def test_a_meeting_comes_out_of_its_row_as_it_went_in(meeting: Meeting) -> None:
    """Every member, with every time to the microsecond."""
    assert read_head(head_row(meeting, ["commit"])) == meeting


@given(log_entries)
def test_the_log_comes_out_of_its_rows_as_it_went_in(entries: list[LogEntry]) -> None:
    """Every kind of observation and every event, in the order of commits."""
    rows = [row for entry in entries for row in log_rows(MEETING_ID, entry)]

    assert read_log(sorted(rows, key=lambda row: row["RowKey"])) == [
        entry for entry in entries if entry.heard or entry.published
    ]


@given(st.lists(messages, min_size=1, max_size=5), moments)
def test_messages_come_out_of_the_outbox_as_they_went_in(
    outgoing: list[Outgoing], written_at: datetime
) -> None:
    """All of them, in order, with the time they were written."""
    rows = outbox_rows(MEETING_ID, version=3, written_at=written_at, messages=outgoing)

    read = [read_outbox(row) for row in rows]

    assert [message for row in read for message in row.messages] == outgoing
    assert {row.written_at for row in read} == {written_at}


@given(st.lists(messages, min_size=1, max_size=5), moments)
def test_messages_that_ride_come_out_of_the_head_as_they_went_in(
    outgoing: list[Outgoing], written_at: datetime
) -> None:
    """Riding or not, what a commit added is what a load finds."""
    outbox = outbox_of(MEETING_ID, None, version=3, written_at=written_at, messages=outgoing)

    found = read_outboxes(riding_properties(outbox.riding), outbox.rows)

    assert found == (outbox.riding, outbox.added)
    assert [message for row in outbox.added for message in row.messages] == outgoing


@given(stored.of(SessionPage))
def test_sessions_come_out_of_their_page_as_they_went_in(page: SessionPage) -> None:
    """All of them, in order, with the call where it left with them."""
    assert read_pages(page_rows(MEETING_ID, version=1, pages=[page])) == [page]


@given(st.lists(stored.of(LegPage), max_size=2))
def test_legs_come_out_of_their_pages_as_they_went_in(pages: list[LegPage]) -> None:
    """All of them, in order, with the requests about them."""
    assert read_legs(leg_rows(MEETING_ID, version=1, pages=pages)) == pages


@given(stored.of(KeptSource))
def test_a_source_comes_out_of_its_row_as_it_went_in(source: KeptSource) -> None:
    """People, stays, and the calls that it was the first to know."""
    assert read_sources(source_rows(MEETING_ID, [source])) == [source]


@given(st.dates(), stored.of(Brief))
def test_a_meeting_comes_out_of_a_days_list_as_it_went_in(day: date, brief: Brief) -> None:
    """What is not known is not there."""
    assert read_day(day_row(MEETING_ID, day, brief)) == (MEETING_ID, brief)


@settings(max_examples=3 * settings().max_examples)
@given(moments, moments)
def test_moments_sort_as_text_as_they_do_as_moments(one: datetime, other: datetime) -> None:
    """Bounds on renewals rest on it."""
    assert (moment_text(one) < moment_text(other)) == (one < other)
    assert datetime.fromisoformat(moment_text(one)) == one
