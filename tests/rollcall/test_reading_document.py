"""What docs/cli.md shows of the reading commands is what they write."""

from collections.abc import Iterable

from rollcall.reading.catalogue import catalogue, entry_lines, found
from rollcall.reading.day_table import day_lines
from rollcall.reading.meeting_log import log_lines
from rollcall.reading.page import Line, Page
from rollcall.reading.timeline import timeline
from tests.rollcall.records import LEG, MEETING, at, call, interval, leg, log, person, record
from tests.stack.process import ROOT

DOCUMENT = (ROOT / "docs" / "cli.md").read_text()


def block(lines: Iterable[Line]) -> str:
    """Return lines as the document has them."""
    return "".join(f"{one.text}\n" for one in lines)


def test_the_record_that_is_shown() -> None:
    """Two calls: one that Graph confirmed, one with bounds; and the beginning of the log."""
    ada = person("Ada", interval(0, 1800), seconds=1800, role="organizer")
    bo = person("Bo", interval(60, 700), interval(1200, 1800), seconds=1240)
    cy = person("Cy", interval(300, 1500), seconds=1200, external=True)
    back = person("Ada", interval(2400, 3000, presentBefore=True), seconds=600)
    reported = {"startBasis": "attendanceReport", "endBasis": "attendanceReport"}
    bounds = {"startNotBefore": at(2340), "notBefore": at(2880), "notAfter": at(3050)}
    fault = {"code": 500, "subcode": 1999, "meaning": "A fault in Graph ended the leg."}
    whole = record(
        call(1, 0, 1800, ada, bo, cy, confirmed=True, **reported),
        call(2, 2400, 3000, back, final=False, **bounds),
        legs=(leg(-5, 1000, reason="serviceFault", result=fault), leg(1120, 3300)),
    )
    created = {"sequence": 1, "type": "rollcall.meeting.created.v1", "time": at(-10)}
    roster = {"kind": "roster", "legKey": LEG, "at": at(0), "entries": 2, "listsOurselves": True}
    named = [{"sessionId": "s1", "participant": ada["participant"]}]
    begun = log(
        {"published": created},
        {"heard": {"kind": "leg", "legKey": LEG, "at": at(-5), "phase": "in"}},
        {"heard": {**roster, "unread": 0, "named": named, "missing": []}},
    )

    assert block([*timeline(whole, Page()), *log_lines(begun, whole, Page())]) in DOCUMENT


def test_the_list_that_is_shown() -> None:
    """One meeting."""
    row = {"meetingId": MEETING, "requestId": "INC-4711", "subject": "checkout is down"}

    listed = [{**row, "calls": 2, "people": 5, "openSince": at(2400)}]

    assert block(day_lines(listed, Page())) in DOCUMENT


def test_the_word_that_is_explained() -> None:
    """As the app's table has it."""
    (entry,) = found("403/7504", catalogue())

    assert block(entry_lines(entry, Page())) in DOCUMENT
