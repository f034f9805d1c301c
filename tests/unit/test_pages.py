"""The pages as values: clocks, axes, lengths, and how large a page becomes."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from docs.contract.event_data import MeetingWarning
from meeting_record.pages.axis import axis_of
from meeting_record.pages.clock import Clock
from meeting_record.pages.html import page_answer
from meeting_record.pages.links import Links
from meeting_record.pages.meeting_page import meeting_page
from meeting_record.pages.people_rows import WITH_BARS, length_text
from meeting_record.pages.phrases import WARNINGS
from tests.fixtures.html_page import Element, parsed

type Json = dict[str, Any]

BERLIN = Clock(zone=ZoneInfo("Europe/Berlin"))
AUTUMN = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
"""Half an hour before the clocks of Berlin go back from 03:00 to 02:00."""


def text(moment: datetime) -> str:
    """Return a moment as the record has it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def person(name: str, joined: str, left: str | None, seconds: float = 1.0) -> Json:
    """Return a person of a record, with a name and an id as long as they come."""
    interval = {"joinedAt": joined, "leftAt": left}
    return {
        "participant": {"kind": "user", "userId": name, "displayName": f"Name of {name}"},
        "external": False,
        "firstJoinedAt": joined,
        "lastLeftAt": left,
        "seconds": seconds,
        "intervals": [interval],
    }


def session(one: Json) -> Json:
    """Return the only session of such a person, with bounds."""
    (interval,) = one["intervals"]
    return {
        "sessionId": f"session of {one['participant']['userId']}",
        "participant": one["participant"],
        "presentBefore": False,
        "joinedNotBefore": interval["joinedAt"],
        "notBefore": interval["joinedAt"],
        "notAfter": interval["leftAt"],
        **interval,
    }


def call(number: int, start: datetime, end: datetime, people: int) -> Json:
    """Return a call of a record, of so many people who come one after the other."""
    step = (end - start) / (2 * people + 1)
    who = [
        person(
            f"{number:08}-aaaa-bbbb-cccc-{one:012}",
            text(start + one * step),
            text(end - one * step),
        )
        for one in range(people)
    ]
    return {
        "callNumber": number,
        "startedAt": text(start),
        "startBasis": "observed",
        "endedAt": text(end),
        "endBasis": "polled",
        "notBefore": text(end - step),
        "notAfter": text(end),
        "reason": "everyoneLeft",
        "participantCount": people,
        "participantsComplete": True,
        "final": True,
        "confirmed": False,
        "lastEvidenceAt": text(end),
        "participants": [session(one) for one in who],
        "people": who,
    }


def record(*calls: Json) -> Json:
    """Return a record with these calls, and no bot."""
    meeting = {
        "meetingId": "a" * 26,
        "tenantId": "t",
        "context": None,
        "createdAt": None,
        "sequence": 1,
    }
    bot = {"state": "never", "legs": []}
    return {"meeting": meeting, "calls": list(calls), "bot": bot}


def html_of(found: Json, clock: Clock = BERLIN) -> str:
    """Return the page of a record."""
    return page_answer(meeting_page(found, [], clock, Links(clock=clock))).body


def section(page: Element, number: int) -> Element:
    """Return the section of a call."""
    return page.one("section", **{"aria-labelledby": f"call-{number}"})


def test_an_hour_that_a_night_has_twice_is_told_apart() -> None:
    """Times of another offset than the call's start say theirs."""
    found = html_of(record(call(1, AUTUMN, AUTUMN + timedelta(hours=2), 1)))

    one = section(parsed(found), 1)
    facts = one.facts()
    assert one.one("span", class_="day").text == "2026-10-25, +02:00"
    assert facts["Started"].one("time").text == "02:30:00.000"
    assert facts["Ended"].one("time").text == "03:30:00.000 +01:00"
    ticks = [tick.text for tick in one.one("svg", class_="ticks").all("text") if tick.text]
    assert ticks == ["02:00", "03:00"]
    row = one.one("table").one("tbody").one("tr").words
    assert "02:30:00.000 to 03:30:00.000 +01:00" in row


def test_a_day_that_begins_within_a_call_is_named() -> None:
    """On the clocks of the zone that is asked for."""
    start = datetime(2026, 9, 14, 21, 50, tzinfo=UTC)
    found = html_of(record(call(1, start, start + timedelta(minutes=30), 1)))

    facts = section(parsed(found), 1).facts()

    assert facts["Started"].one("time").text == "23:50:00.000"
    assert facts["Ended"].one("time").text == "2026-09-15 00:20:00.000"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.001, "0.001 s"),
        (59.9996, "1 min"),
        (70.5, "1 min 10.5 s"),
        (3_600, "1 h"),
        (90_061.25, "25 h 1 min 1.25 s"),
    ],
)
def test_a_length_is_written_to_the_millisecond(seconds: float, words: str) -> None:
    """Without parts that are nothing."""
    assert length_text(seconds) == words


@pytest.mark.parametrize("seconds", [0, 1, 59, 3_600, 86_400, 90 * 86_400, 2_900_000 * 86_400])
def test_an_axis_names_few_moments_within_it(seconds: int) -> None:
    """Whether a call took a second or, by a wrong report, eight thousand years."""
    start = datetime(1970, 1, 1, tzinfo=UTC)
    axis = axis_of([text(start), text(start + timedelta(seconds=seconds))])

    ticks = axis.ticks(BERLIN)

    assert len(ticks) <= 5
    assert all(0 <= float(one.x) <= 100 for one in ticks)
    bar = axis.bar(text(start), text(start + timedelta(seconds=seconds)))
    assert bar is not None
    assert float(bar.width) >= 0.3
    assert float(bar.x) + float(bar.width) <= 100.01


def test_what_lies_beyond_an_axis_has_no_bar() -> None:
    """And what lies across its edge is cut."""
    axis = axis_of([text(AUTUMN), text(AUTUMN + timedelta(hours=1))])
    before, after = (text(AUTUMN + timedelta(hours=one)) for one in (-9, 9))

    assert axis.bar(before, text(AUTUMN - timedelta(hours=8))) is None
    assert axis.bar(after, None) is None
    whole = axis.bar(before, after)
    assert whole is not None
    assert (whole.x, whole.width) == ("0.00", "100.00")


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ({"joinedNotBefore": None}, "earliest join unknown"),
        ({"notBefore": None, "notAfter": None}, "bounds of leaving unknown"),
        (
            {"notBefore": text(AUTUMN), "notAfter": None},
            "left not before 00:30:00.000, latest unknown",
        ),
        (
            {"notBefore": None, "notAfter": text(AUTUMN)},
            "left not after 00:30:00.000, earliest unknown",
        ),
        ({}, ""),
    ],
)
def test_a_bound_that_is_not_known_says_so(bounds: Json, said: str) -> None:
    """Where it is close to the time, the record leaves it out, and so does the page."""
    one = call(1, AUTUMN, AUTUMN + timedelta(hours=1), 1)
    kept = {"sessionId", "participant", "presentBefore", "joinedAt", "leftAt"}
    (whole,) = one["participants"]
    one["participants"] = [{name: whole[name] for name in kept} | bounds]

    row = section(parsed(html_of(record(one), Clock())), 1).one("tbody").one("tr")

    notes = [note.text for note in row.all("td")[0].all("p")]
    assert notes == ([said] if said else [])


def test_every_warning_of_a_record_has_its_sentences() -> None:
    """Of the others one answers a request, and one comes where no record can be read."""
    codes = get_args(MeetingWarning.model_fields["code"].annotation)

    assert WARNINGS.keys() == {*codes} - {"passcode_differs", "record_unreadable"}


def test_a_page_of_a_thousand_people_is_small() -> None:
    """All are there; the first have bars; each has name, id, times and three bounds."""
    found = html_of(record(call(1, AUTUMN, AUTUMN + timedelta(hours=2), 1_000)), Clock())

    page = parsed(found)
    assert len(found.encode()) <= 300_000
    assert len(page.all("th", scope="row")) == 1_000
    assert len(page.one("details", class_="more").all("th", scope="row")) == 1_000 - WITH_BARS
    assert len(page.all("svg", class_="bar")) == WITH_BARS + 2


def test_the_longest_page_of_a_thousand_people_is_small_too() -> None:
    """Long names, a role each, every bound, and each moment but one with an offset of its own."""
    later = AUTUMN + timedelta(minutes=30)
    one = call(1, later, later + timedelta(hours=2), 1_000)
    one["startedAt"] = text(AUTUMN)
    for number, (who, stay) in enumerate(zip(one["people"], one["participants"], strict=True)):
        who["participant"] |= {
            "userId": f"{number:08d}-0000-4000-8000-00000000000a",
            "displayName": f"Wolfeschlegelsteinhausen-Bergerdorff {number}",
        }
        stay["participant"] = who["participant"]
        who["role"] = "presenter"

    found = html_of(record(one), BERLIN)

    assert found.count("+01:00") > 4_000
    assert len(found.encode()) <= 300_000


def test_a_page_of_forty_calls_leads_to_each() -> None:
    """By number, from the top."""
    calls = [
        call(
            number,
            AUTUMN + timedelta(hours=number),
            AUTUMN + timedelta(hours=number, minutes=40),
            5,
        )
        for number in range(1, 41)
    ]

    found = html_of(record(*calls))

    page = parsed(found)
    links = [one.attributes["href"] for one in page.one("nav", **{"aria-label": "Calls"}).all("a")]
    assert links == [f"#call-{number}" for number in range(1, 41)]
    assert [len(section(page, number).all("th", scope="row")) for number in range(1, 41)] == [
        5
    ] * 40
