"""A record as lines of a terminal: what stands in it, and what cannot happen to it."""

from collections.abc import Iterable
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from rich.cells import cell_len

from rollcall.reading.meeting_log import log_lines
from rollcall.reading.page import ASCII, Line, Page
from rollcall.reading.timeline import timeline
from tests.rollcall.records import (
    INJECTIONS,
    LEG,
    MEETING,
    at,
    call,
    interval,
    leg,
    log,
    person,
    record,
    user_id,
)

WIDTHS = (40, 80, 200)


def drawn(record: dict[str, Any], *, columns: int = 80, zone: tzinfo = UTC) -> list[str]:
    """Return the lines of a record, all people."""
    return texts(timeline(record, Page(columns=columns, zone=zone, people=None)))


def texts(lines: Iterable[Line]) -> list[str]:
    return [one.text for one in lines]


def line_of(name: str, lines: list[str]) -> str:
    """Return the only line that begins with the name."""
    (found,) = [one for one in lines if one.startswith(f"  {name}")]
    return found


def cells_of(name: str, lines: list[str]) -> str:
    """Return the bar of the row with that name."""
    return line_of(name, lines)[11:].partition("   ")[0]


def test_a_finished_call_as_a_whole() -> None:
    """Each line as it is written, at 80 columns."""
    ada = person("Ada", interval(0, 600), seconds=600, role="organizer")
    bo = person("Bo", interval(60, 120), interval(300, 600), seconds=360, external=True)
    held = call(1, 0, 600, ada, bo, confirmed=True, startBasis="attendanceReport")

    lines = drawn(record(held, legs=(leg(-5, 610),)))

    assert lines == [
        "checkout is down",
        "  meeting   j5rphdao4kpwlhfziojv6eldyb",
        "  request   INC-4711",
        "  tenant    6c5e9a3e-1f0b-4f3a-9d57-2b8f4f6d1a01",
        "  made      2026-11-24 02:13:50.000",
        "  times     UTC",
        "",
        "█ there, ▒ likely, ░ possible, ? no bound, ━ bot in, · unheard, < there before,",
        "> goes on",
        "",
        "Call 1 · 2 people · final · confirmed by Graph",
        "  start     2026-11-24 02:14:00.000 attendanceReport",
        "  end       2026-11-24 02:24:00.000 polled, everyoneLeft",
        "                  02:14     02:16     02:18     02:20     02:22",
        "  call            ██████████████████████████████████████████████████",
        "  bot             ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━",
        "  Ada (organizer) ██████████████████████████████████████████████████      10m00s",
        "  Bo (external)        █████               █████████████████████████    2x 6m00s",
        "",
        "Bot: has left",
        "  leg       abcdefghijklmnop gone, sent 2026-11-24 02:13:54.000, in",
        "            02:13:55.000, out 02:24:10.000",
        "            Graph call c1",
        "            alone",
    ]


def test_bounds_are_seen_around_the_best_estimate() -> None:
    """The start is no later than its time; an end lies on both sides of it."""
    bounds = {"startNotBefore": at(-15), "notBefore": at(60), "notAfter": at(110)}
    held = call(1, 0, 100, person("Ada", interval(0, 100)), final=False, **bounds)

    lines = drawn(record(held))

    shown = cells_of("call", lines)
    assert shown.lstrip("░").rstrip("░").startswith("█")
    assert shown.startswith("░")
    assert "█▒" in shown
    assert shown.endswith("▒░░░░")
    assert "02:14:00.000 observed, not before 02:13:45.000" in line_of("start", lines)
    assert "polled, everyoneLeft, between" in line_of("end", lines)
    assert any("not final: Graph may still correct it" in one for one in lines)


def test_an_end_that_is_certain_from_below_has_no_doubt_before_it() -> None:
    """Its lower bound is its time; how long it may have lasted is not known."""
    here = person("Ada", interval(0, 100, presentBefore=True))
    held = call(1, 0, 100, here, notBefore=at(100), notAfter=None)
    held["participants"][0] |= {"notBefore": None, "notAfter": None}
    lines = drawn(record(held))

    assert cells_of("call", lines) == "█" * 56 + "?"
    assert line_of("Ada", lines).split()[1] == "<" + "▒" * 55 + "?"


def test_a_bound_that_is_unknown_is_marked() -> None:
    """Null is another thing than absent."""
    bounds = {"startNotBefore": None, "notBefore": at(50), "notAfter": None}
    lines = drawn(record(call(1, 0, 100, person("Ada", interval(0, 100)), **bounds)))

    shown = cells_of("call", lines)
    assert shown.startswith("?█")
    assert shown.rstrip().endswith("▒?")
    assert " and unknown" in "".join(lines)


def test_the_bounds_of_a_person_are_those_of_the_sessions() -> None:
    """Of each of two that are apart; unknown ones are marked."""
    ada, bo = person("Ada", interval(0, 100)), person("Bo", interval(0, 100))
    cy = person("Cy", interval(0, 30), interval(50, 100))
    held = call(1, 0, 100, ada, bo, cy)
    one, two, three = held["participants"]
    one |= {"joinedAt": at(20), "joinedNotBefore": at(0), "notBefore": at(70), "notAfter": at(100)}
    one["leftAt"] = ada["intervals"][0]["leftAt"] = ada["lastLeftAt"] = at(80)
    ada["intervals"][0]["joinedAt"] = at(20)
    two |= {"notBefore": None, "notAfter": None}
    early = {**three, "sessionId": "s0", "leftAt": at(30), "notBefore": at(15), "notAfter": at(40)}
    held["participants"] = [one, two, early, {**three, "joinedAt": at(50)}]

    lines = drawn(record(held))

    bars = {name: line_of(name, lines)[11:68] for name in ("Ada", "Bo", "Cy")}
    assert bars == {
        "Ada": "░" * 11 + "█" * 28 + "▒" * 7 + "░" * 11,
        "Bo": "▒" * 56 + "?",
        "Cy": "█" * 8 + "▒" * 10 + "░" * 5 + " " * 5 + "█" * 29,
    }


def test_a_call_that_goes_on_has_no_end() -> None:
    """Neither have those who are there; who was there before the bot is marked."""
    here = person("Ada", interval(0, None, presentBefore=True))
    gone = person("Bo", interval(10, 30))
    lines = drawn(record(call(1, 0, None, here, gone), legs=(leg(-5, None),)))

    assert cells_of("call", lines).endswith("█>")
    assert line_of("Ada", lines).split()[1].startswith("<█")
    assert line_of("Ada", lines).split()[1].endswith("█>")
    assert not line_of("Bo", lines).split()[1].endswith(">")
    assert "goes on" in "".join(lines)
    assert "Bot: in the meeting" in lines


def test_an_unwatched_call_shows_since_when_nobody_hears_it() -> None:
    """In words, and as what is missing in the row of the bot."""
    open_call = call(1, 0, None, person("Ada", interval(0, None)), unwatchedSince=at(30))
    removed = leg(-5, 30, reason="removed", result={"code": 200, "subcode": 5000, "meaning": "M."})
    lines = drawn(record(open_call, legs=(removed,)))

    assert cells_of("bot", lines).rstrip().strip("━") == "·" * cells_of("bot", lines).count("·")
    assert "since 02:14:30.000: no bot hears the call" in line_of("unheard", lines)
    assert set(cells_of("call", lines)[-20:]) == {"▒", ">"}
    assert "            removed 200/5000: M." in lines


def test_a_gap_of_the_bot_is_seen_between_its_legs() -> None:
    """It came back while people talked."""
    talked = call(1, 0, 100, person("Ada", interval(0, 100)))
    shown = cells_of("bot", drawn(record(talked, legs=(leg(-5, 40), leg(60, 110)))))

    assert [part[0] for part in shown.replace("━·", "━ ·").replace("·━", "· ━").split()] == [
        "━",
        "·",
        "━",
    ]


def test_a_merged_call_leads_to_the_one_that_has_its_people() -> None:
    """It has no rows of its own."""
    calls = (call(1, 0, 100, person("Ada", interval(0, 100))), call(2, 40, 60, mergedInto=1))
    lines = drawn(record(*calls))

    assert "  merged    into call 1, which has its people" in lines
    assert len([one for one in lines if one.startswith("  call  ")]) == 1


def test_a_request_that_waits_says_what_for() -> None:
    """With Graph's ids and the next step; there is no meeting yet."""
    request = {
        "requestId": "INC-4711",
        "state": "waiting",
        "attempt": 3,
        "triedAt": at(0),
        "nextTryAt": at(90),
        "why": "organizer_not_allowed: No policy.",
        "code": "organizer_not_allowed",
        "message": "No policy.",
        "nextStep": "Grant it.",
        "graph": {
            "status": 403,
            "code": "Forbidden",
            "requestId": "r-1",
            "clientRequestId": None,
            "date": None,
        },
    }
    whole = record(request=request) | {"meeting": None}
    lines = drawn(whole)

    assert lines[0] == "No meeting yet for INC-4711"
    for expected in (
        "Request INC-4711: waiting",
        "  tried     attempt 3 at 2026-11-24 02:14:00.000",
        "  next try  2026-11-24 02:15:30.000",
        "  why       organizer_not_allowed: No policy.",
        "  next step Grant it.",
        "  graph     403 Forbidden",
        "            request-id r-1",
        "Bot: never sent",
    ):
        assert expected in lines
    assert not any("client-request-id" in one for one in lines)


def test_a_bot_that_never_came_in_says_what_to_do() -> None:
    """The failure as `bot.failed` has it."""
    failure = {"code": "leg_ended", "message": "Ended.", "nextStep": "Send again.", "graph": None}
    failed = leg(0, 5, state="failed", joinedAt=None, failure=failure)
    lines = drawn(record(legs=(failed,)))

    assert "Bot: never came in" in lines
    assert "            leg_ended: Ended." in lines
    assert "  next step Send again." in lines
    assert "No group call is known." in lines


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    """Each time has its offset where the clocks change."""
    summer = call(1, 0, 7200, person("Ada", interval(0, 7200)))
    summer |= {"startedAt": "2026-10-25T00:15:00.000Z", "endedAt": "2026-10-25T01:45:00.000Z"}
    summer["people"][0]["intervals"] = [
        {"joinedAt": "2026-10-25T00:15:00.000Z", "leftAt": "2026-10-25T01:45:00.000Z"}
    ]
    lines = drawn(record(summer), columns=120, zone=ZoneInfo("Europe/Berlin"))

    assert "02:15:00.000+02:00" in line_of("start", lines)
    assert "02:45:00.000+01:00" in line_of("end", lines)
    (ruler,) = [one for one in lines if "02:30+02:00" in one]
    assert ruler.index("02:30+02:00") < ruler.index("02:30+01:00")
    assert line_of("times", lines).endswith("Europe/Berlin")


def test_many_people_are_counted_and_drawn_on_request() -> None:
    """1,000 of them, in a call that all have left."""
    crowd = [person(f"P{one}", interval(one, 2000)) for one in range(1000)]
    whole = record(call(1, 0, 2000, *crowd))

    few = texts(timeline(whole, Page()))
    everybody = drawn(whole)

    assert "  and 980 more; --all draws them" in few
    assert len(everybody) - len(few) == 979
    assert "Call 1 · 1000 people · final" in few


@pytest.mark.parametrize("columns", WIDTHS)
def test_forty_calls_lie_on_one_axis(columns: int) -> None:
    """Each with its row in the overview, and a part of its own."""
    calls = [
        call(one, one * 600, one * 600 + 300, person("Ada", interval(one * 600, one * 600 + 300)))
        for one in range(1, 41)
    ]
    lines = drawn(record(*calls, legs=(leg(0, 30000),)), columns=columns)

    overview = [one for one in lines if one.startswith("  call ") and one.endswith(" 1 person")]
    assert len(overview) == 40
    starts = [one.index("█") for one in overview]
    assert starts == sorted(starts)
    assert starts[0] < starts[-1]
    assert len([one for one in lines if one.startswith("Call ")]) == 40
    assert max(map(cell_len, lines)) <= columns


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("text", INJECTIONS.values(), ids=list(INJECTIONS))
def test_no_text_from_outside_does_more_than_stand_in_its_place(text: str, columns: int) -> None:
    """As many lines as with a plain name, none too wide, no character that moves or turns."""

    def page_of(name: str) -> list[str]:
        named = person(name, interval(0, 60), role=name)
        named["participant"]["tenantId"] = name
        whole = record(
            call(1, 0, 60, named),
            legs=(leg(-5, 70, reason=name, callId=name),),
            subject=name,
            requestId=name,
        )
        heard = {
            "kind": "roster",
            "legKey": LEG,
            "at": at(0),
            "entries": 2,
            "listsOurselves": True,
            "unread": 0,
            "named": [{"sessionId": "s1", "participant": named["participant"]}],
            "missing": ["s1"],
        }
        page = Page(columns=columns)
        lines = [*timeline(whole, page), *log_lines([{"version": 1, "heard": heard}], whole, page)]
        return texts(lines)

    lines = page_of(text)

    assert max(map(cell_len, lines)) <= columns
    assert all(one.isprintable() for one in lines)
    heads = [one for one in lines if one and not one.startswith(" ")]
    assert [one for one in heads if one.startswith(("Call ", "Bot:", "What was"))] == [
        "Call 1 · 1 person · final",
        "Bot: has left",
        "What was heard, and what was published",
    ]
    assert not any(one.lstrip().startswith("published") for one in lines)
    # Where a plain name of as many cells would break, too.
    assert len(lines) <= len(page_of("x" * 700))


def test_the_log_names_people_and_events() -> None:
    """What was heard in words, the day once, sessions by the names that the record has."""
    ada = person("Ada", interval(0, 60))
    whole = record(call(1, 0, 60, ada))
    roster = {"kind": "roster", "legKey": LEG, "entries": 2, "listsOurselves": True, "unread": 0}
    named = [{"sessionId": "s1", "participant": ada["participant"]}]
    lines = texts(
        log_lines(
            log(
                {
                    "published": {
                        "sequence": 1,
                        "type": "rollcall.meeting.created.v1",
                        "time": at(0),
                    }
                },
                {"heard": {"kind": "leg", "legKey": LEG, "at": at(1), "phase": "in"}},
                {"heard": {**roster, "at": at(2), "named": named, "missing": []}},
                {
                    "heard": {
                        "kind": "read",
                        "legKey": LEG,
                        "askedAt": at(60),
                        "answeredAt": at(61),
                        "entries": 1,
                        "listsOurselves": True,
                        "named": [],
                        "missing": ["s1", "0a1b2c3d"],
                    }
                },
                {"heard": {"kind": "readFailed", "legKey": LEG, "at": at(62), "status": 503}},
                {"heard": {"kind": "keptAlive", "legKey": LEG, "at": at(86400)}},
            ),
            whole,
            Page(columns=100),
        )
    )

    assert lines == [
        "",
        "What was heard, and what was published",
        "  2026-11-24",
        "  02:14:00.000  published 1 meeting.created",
        "  02:14:01.000  leg abcdefghijklmnop is in",
        "  02:14:02.000  push of 2 entries; new: Ada",
        "  02:15:00.000  read of 1 entry; without: Ada, 0a1b2c3d",
        "  02:15:02.000  leg abcdefghijklmnop: the read of the roster failed (503)",
        "  2026-11-25",
        "  02:14:00.000  leg abcdefghijklmnop: keepAlive was taken",
    ]


def test_who_has_no_name_is_called_by_the_id() -> None:
    """Or by the kind, where a phone has neither."""
    unnamed = person("", interval(0, 60))
    del unnamed["participant"]["displayName"]
    phone = person("", interval(0, 60), participant={"kind": "phone"})
    lines = drawn(record(call(1, 0, 60, unnamed, phone)), columns=160)

    assert line_of(user_id(1), lines)
    assert line_of("phone", lines)


def test_an_output_without_blocks_has_plain_characters() -> None:
    """All of ASCII, so that any terminal has them."""
    bounds = {"startNotBefore": at(-5), "notBefore": at(60), "notAfter": None}
    whole = record(call(1, 0, 100, person("Ada", interval(0, 90)), **bounds), legs=(leg(10, 90),))

    lines = texts(timeline(whole, Page(marks=ASCII)))

    assert all(one.isascii() for one in lines)
    assert MEETING in lines[1]
