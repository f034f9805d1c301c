"""Laws of the pages: what the record and the list say stands there, and no other time or person.

Held to records of whatever the ledger may hold, and to those of made-up histories.
"""

import json
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from docs.contract.record_data import RECORD
from meeting_record.asked import DayAsked
from meeting_record.day_list import day_view
from meeting_record.log_lines import logged
from meeting_record.pages.clock import Clock
from meeting_record.pages.day_page import day_page
from meeting_record.pages.html import page_answer
from meeting_record.pages.links import Links
from meeting_record.pages.meeting_page import meeting_page
from meeting_record.pages.people_rows import length_text
from meeting_record.view import in_progress, record_view
from shared.calls.history import LogEntry
from shared.calls.record import SessionPage
from shared.meeting.days import Brief
from shared.meeting.meeting import Meeting, Trying
from shared.sources.kept import KeptSource
from shared.words.ids import MeetingId
from tests.fixtures.html_page import Element, parsed
from tests.property.kept_values import base32, kept, shows

type Json = dict[str, Any]

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ids = base32(26).map(MeetingId)
zones = st.sampled_from([None, "Europe/Berlin", "America/St_Johns", "Pacific/Apia"])


def is_promised(record: Json) -> bool:
    """Return whether a record is as its model says; what Graph said is kept without a type."""
    try:
        RECORD.validate_json(json.dumps(record))
    except ValidationError:
        return False
    return True


records = st.builds(
    lambda meeting, pages, sources, shown: record_view(
        meeting, pages, sources, shown=shown, settle=timedelta(seconds=1)
    ),
    kept.of(Meeting),
    st.lists(kept.of(SessionPage), max_size=2),
    st.lists(kept.of(KeptSource), max_size=2),
    shows,
).filter(is_promised)


def page(record: Json, zone: str | None, lines: list[Json]) -> Element:
    """Return the page of a record as its reader's program has it."""
    clock = Clock(zone=None if zone is None else ZoneInfo(zone))
    return parsed(page_answer(meeting_page(record, lines, clock, Links(clock=clock))).body)


def moments_in(value: Any) -> Iterator[str]:
    """Yield the moments that stand in JSON, wherever."""
    match value:
        case str():
            if MOMENT.fullmatch(value):
                yield value
        case dict():
            for one in value.values():
                yield from moments_in(one)
        case list():
            for one in value:
                yield from moments_in(one)


def on_the_clock(at: str, zone: str | None) -> str:
    """Return the time of day of a moment in the zone."""
    moment = datetime.fromisoformat(at)
    try:
        local = moment if zone is None else moment.astimezone(ZoneInfo(zone))
    except OverflowError:
        local = moment
    return local.isoformat(timespec="milliseconds")[11:23]


def sections(found: Element) -> list[Element]:
    """Return the calls of a page."""
    return found.all("section", class_="call")


@given(records, zones)
def test_every_call_stands_on_the_page_with_its_times_and_their_basis(
    record: Json, zone: str | None
) -> None:
    """In the order of the record; and no other moment."""
    found = sections(page(record, zone, []))

    assert len(found) == len(record["calls"])
    for section, call in zip(found, record["calls"], strict=True):
        facts = section.facts()
        assert section.one("h3").words.startswith(f"Call {call['callNumber']} ")
        assert facts["Started"].moments == [call["startedAt"]]
        assert facts["Started"].one("span", class_="basis").text == call["startBasis"]
        if call["endedAt"] is None:
            assert "Ended" not in facts
        else:
            assert facts["Ended"].moments == [call["endedAt"]]
            basis = [one.text for one in facts["Ended"].all("span", class_="basis")]
            assert basis == ([] if call["endBasis"] is None else [call["endBasis"]])
        own = {name: call[name] for name in call if name not in {"people", "participants"}}
        shown = section.moments + [
            at for at in moments_in(own) if on_the_clock(at, zone) in section.one("dl").text
        ]
        assert set(moments_in(own)) == set(shown)
        assert set(section.moments) <= set(moments_in(own))
        marks = [one.text for one in section.all("span", class_="mark")]
        assert marks == [
            *(["open"] if call["endedAt"] is None else []),
            *([f"part of call {call['mergedInto']}"] if "mergedInto" in call else []),
            *(["confirmed"] if call["confirmed"] else []),
            *(["final"] if call["final"] else []),
            *([f"revision {call['revision']}"] if "revision" in call else []),
        ]


@given(records, zones)
def test_every_person_stands_on_the_page_with_every_time_and_no_other(
    record: Json, zone: str | None
) -> None:
    """A row each, in the order of the record, of intervals and sessions."""
    for section, call in zip(sections(page(record, zone, [])), record["calls"], strict=True):
        rows = [row for table in section.all("table") for row in table.one("tbody").all("tr")]
        assert len(rows) == len(call["people"])
        for row, person in zip(rows, call["people"], strict=True):
            participant = person["participant"]
            name, there, length = (one for one in row.children if isinstance(one, Element))
            words = (participant.get(one) for one in ("displayName", "userId", "kind"))
            assert next((one.strip() for one in words if one), "") in name.text
            assert participant["kind"] in name.text
            assert participant.get("userId", "") in name.text
            assert length.words == length_text(person["seconds"])
            times = {on_the_clock(at, zone) for at in moments_in(person["intervals"])}
            assert times <= set(there.clock_times)
            assert there.text.count(" to ") >= len(person["intervals"])
        every = [*moments_in(call["people"]), *moments_in(call["participants"])]
        shown = {at for row in rows for at in row.clock_times}
        assert shown == {on_the_clock(at, zone) for at in every}


@given(records, zones)
def test_every_leg_stands_on_the_page(record: Json, zone: str | None) -> None:
    """With its state, its times, and why it failed."""
    bot = page(record, zone, []).one("section", **{"aria-labelledby": "bot"})

    legs = bot.all("ol", class_="legs")
    items = [one for one in legs[0].children if isinstance(one, Element)] if legs else []
    assert len(items) == len(record["bot"]["legs"])
    assert sorted(bot.moments) == sorted(
        [*moments_in(record["bot"]["legs"]), *moments_in(record["bot"].get("joinAt"))]
    )
    for item, leg in zip(items, record["bot"]["legs"], strict=True):
        assert item.one("span", class_="mark").text == leg["state"]
        for said in (leg.get("failure") or {}).values():
            assert not isinstance(said, str) or said in item.text


@given(kept.of(Trying), records | st.none(), zones, st.text(min_size=1, max_size=8))
def test_every_request_in_progress_stands_on_the_page(
    trying: Trying, record: Json | None, zone: str | None, request_id: str
) -> None:
    """How often it was tried, when next, why not yet, and what to do."""
    found = in_progress(request_id, trying, record)
    request = found["request"]

    note = page(found, zone, []).all("div", class_="note")[0]

    assert sorted(note.moments) == sorted(moments_in(request))
    for member in ("requestId", "why", "nextStep"):
        assert (request.get(member) or "") in note.text
    assert note.facts()["Try"].text == str(request["attempt"])


@given(kept.of(Meeting), st.lists(kept.of(LogEntry), max_size=3), shows, zones)
def test_every_line_of_the_log_stands_on_the_page(
    meeting: Meeting, entries: list[LogEntry], shown: Any, zone: str | None
) -> None:
    """Events of one type in one commit are one line; the newest commit stands first."""
    record = record_view(meeting, (), (), shown=shown, settle=timedelta(seconds=1))
    lines = [*logged(entries, {}, shown=shown)]

    log = page(record, zone, lines).all("table", class_="log")

    assert len(log) == (1 if lines else 0)
    if not lines:
        return
    times = set(log[0].moments)
    heard = [line["heard"] for line in lines if "heard" in line]
    assert {one.get("answeredAt") or one["at"] for one in heard} <= times
    assert times <= set(moments_in(lines))
    versions = [int(one.text) for one in log[0].all("th", scope="row")]
    assert set(versions) == {line["version"] for line in lines}


@given(records, zones)
def test_the_page_is_a_function_of_the_record_as_json(record: Json, zone: str | None) -> None:
    """What went over the wire and back makes the same page."""
    again = json.loads(json.dumps(record))

    assert page(record, zone, []) == page(again, zone, [])


@given(st.lists(st.tuples(ids, kept.of(Brief)), max_size=6, unique_by=lambda one: one[0]), zones)
def test_every_meeting_of_a_day_stands_on_its_page(
    found: list[tuple[MeetingId, Brief]], zone: str | None
) -> None:
    """Where it belongs: in a call now, held, or without a call; and among what failed."""
    asked = DayAsked(day=date(2026, 9, 14))
    listed = day_view(found, asked, "t")
    clock = Clock(zone=None if zone is None else ZoneInfo(zone))
    shown = day_page(listed, asked.day, clock, Links(clock=clock), open_only=False)

    page = parsed(page_answer(shown).body)

    def in_section(name: str) -> list[str]:
        sections = page.all("section", **{"aria-labelledby": name})
        links = [link for one in sections for link in one.all("a")]
        return sorted(one.attributes["href"].split("/")[1] for one in links)

    now = {one for one, brief in found if brief.open_since is not None}
    held = {one for one, brief in found if brief.tally.calls} - now
    failed = {one for one, brief in found if brief.failed is not None}
    assert in_section("now") == sorted(now)
    assert in_section("held") == sorted(held)
    assert in_section("failed") == sorted(failed)
    assert in_section("planned") == sorted({one for one, _ in found} - now - held - failed)
    times = [one["openSince"] for one in listed["meetings"] if "openSince" in one]
    assert set(times) <= set(page.moments)
    assert set(page.moments) <= set(moments_in(listed))
