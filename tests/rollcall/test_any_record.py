"""Whatever the ledger may hold of a meeting, its record can be drawn, and no line is too wide."""

import json
from datetime import UTC, timedelta, tzinfo
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from meeting_record.log_lines import log_lines as lines_of_log
from meeting_record.view import in_progress, record_view
from rollcall.reading.meeting_log import log_lines
from rollcall.reading.page import Page
from rollcall.reading.timeline import timeline
from shared.calls.history import LogEntry, LoggedEvent
from shared.calls.record import GroupCall, SessionPage
from shared.legs.leg import Leg
from shared.meeting.meeting import Meeting, Trying
from shared.sources.kept import Found, KeptSource
from shared.words.outgoing import Outgoing
from shared.words.rules import Shown
from tests.property.stored import Strategies, words

numbers = st.integers(min_value=1, max_value=10**6)
ids = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=26, max_size=26)
kept = Strategies(
    {
        (Outgoing, "body"): words,
        (Meeting, "meeting_id"): ids,
        (Leg, "key"): ids,
        (GroupCall, "number"): numbers,
        (Found, "number"): numbers,
        (LoggedEvent, "sequence"): numbers,
        (LogEntry, "version"): numbers,
    }
)
ZONES: tuple[tzinfo, ...] = (
    UTC,
    ZoneInfo("Europe/Berlin"),
    ZoneInfo("Asia/Kolkata"),
    ZoneInfo("Africa/Monrovia"),  # its offset had seconds until 1972
    ZoneInfo("Pacific/Kiritimati"),
)
pages = st.builds(
    Page,
    columns=st.integers(min_value=40, max_value=200),
    zone=st.sampled_from(ZONES),
    people=st.none() | st.integers(min_value=0, max_value=3),
)
SHOWN = Shown(names=True, within=timedelta(0))


@given(
    kept.of(Meeting),
    st.lists(kept.of(SessionPage), max_size=2),
    st.lists(kept.of(KeptSource), max_size=2),
    kept.of(Trying),
    st.lists(kept.of(LogEntry), max_size=4),
    pages,
)
def test_any_record_is_drawn_within_its_columns(  # noqa: PLR0917 - what a record is made of
    meeting: Meeting,
    sealed: list[SessionPage],
    sources: list[KeptSource],
    trying: Trying,
    entries: list[LogEntry],
    page: Page,
) -> None:
    """With its request and its log; every line has only characters that stand in their place."""
    view = record_view(meeting, sealed, sources, shown=SHOWN, settle=timedelta(seconds=1))
    record = json.loads(json.dumps(in_progress("INC-1", trying, view)))
    log = [json.loads(one) for one in lines_of_log(entries, {}, shown=SHOWN).splitlines()]

    lines = [*timeline(record, page), *log_lines(log, record, page)]

    assert [one.text for one in lines if cell_len(one.text) > page.width] == []
    assert all(one.text.isprintable() for one in lines)
    assert len([one for one in lines if one.style == "bold" and one.text]) >= len(record["calls"])
