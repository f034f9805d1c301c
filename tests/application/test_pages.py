"""The pages, through the doors of the app: what the page of a meeting shows, and to whom."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from meeting_record.answers import Answer, unless_known
from meeting_record.pages.handler import answer_day, answer_timeline
from shared.words.errors import Unavailable
from shared.words.ids import meeting_id_for
from shared.words.problems import rejected
from tests.application.joined import ASK, Joined, talked
from tests.application.kept import RETENTION, held, wait
from tests.application.paged import asking, call_of, hold_to_headers, page_of, rows
from tests.application.sourced import LONG, RULES, at, one_call, report_of
from tests.application.world import BOT, T0, TENANT, World, leg_of, state
from tests.fakes.ledger import InMemoryLedger
from tests.fakes.sources import an_entry
from tests.fixtures.html_page import Element

TODAY = T0.date().isoformat()
UNKNOWN = "a" * 26
FAULT: dict[str, Any] = {"resultInfo": {"code": 500, "subcode": 1999}}


async def of_meeting(world: Joined, **parameters: str) -> Element:
    """Return the page of the world's meeting."""
    return page_of(await answer_timeline(world.meeting_id, asking(**parameters), world.services))


async def test_a_running_meeting_shows_its_calls_and_is_live() -> None:
    """Each call with start, end, basis, bounds and people, on the clocks of UTC."""
    world = await talked()
    record = await world.record_of(world.meeting_id)

    page = await of_meeting(world)

    main = page.one("main")
    assert (page.one("h1").text, main.attributes["data-every"]) == ("down", "2")
    said = "Call 2 is open; 1 person is there. The bot is in."
    assert (main.attributes["data-said"], page.one("p", class_="lead").text) == (said, said)
    first, second = record["calls"]
    facts = call_of(page, 1).facts()
    assert facts["Started"].moments == [first["startedAt"]]
    assert facts["Started"].one("span", class_="basis").text == first["startBasis"]
    assert facts["Ended"].moments == [first["endedAt"]]
    assert facts["Ended"].one("span").text == first["endBasis"]
    assert facts["Why it ended"].words == "everyoneLeft"
    assert "Ended" not in call_of(page, 2).facts()
    assert call_of(page, 2).one("h3").words == "Call 2 2026-09-14, UTC open"
    assert [row[0] for row in rows(page, 1)] == ["ada user, ada", "bo user, bo"]
    (cy,) = rows(page, 2)
    assert cy[1].startswith(f"{second['startedAt'][11:23]} to now")
    assert "leg 1" in call_of(page, 1).one("div", class_="watch").words


async def test_what_was_heard_and_published_stands_below() -> None:
    """The newest commit first; people by name; the link leads to the whole log."""
    world = await talked()

    page = await of_meeting(world)

    log = page.one("table", class_="log")
    versions = [int(one.text) for one in log.all("th", scope="row")]
    assert versions == sorted(versions, reverse=True)
    assert "roster: 2 entries, with the bot; new: cy" in log.words
    assert "of those there it lists nobody" in log.words
    assert "missing: ada" in log.words
    assert "call.ended, event" in log.words
    (link,) = [one for one in page.all("a") if one.text == "Log"]
    assert link.attributes["href"] == f"../{world.meeting_id}/log"


async def test_an_empty_meeting_has_a_page_that_stays() -> None:
    """No call, no bot; nothing is read again."""
    world = World()
    await world.drop("create-meeting", ASK | {"join": "never", "context": {"team": "ops"}})
    meeting_id = world.events("meeting.created")[0]["data"]["meetingId"]

    page = page_of(await answer_timeline(meeting_id, asking(), world.services))

    assert page.one("p", class_="lead").text == "No call was held. No bot was sent."
    assert "data-every" not in page.one("main").attributes
    assert '"team": "ops"' in page.one("pre").text
    facts = page.one("section", **{"aria-labelledby": "meeting"}).facts()
    assert facts["Request"].words == "INC-1"
    assert facts["Meeting"].words == meeting_id


async def test_a_planned_join_says_when() -> None:
    """The bot is scheduled, and no leg was sent."""
    world = World()
    request = {**ASK, "join": "atStart", "startDateTime": "2026-09-14T09:00:00Z"}
    await world.drop("create-meeting", request)
    meeting_id = world.events("meeting.created")[0]["data"]["meetingId"]

    page = page_of(await answer_timeline(meeting_id, asking(), world.services))

    bot = page.one("section", **{"aria-labelledby": "bot"})
    assert bot.facts()["Joins at"].moments == ["2026-09-14T09:00:00.000Z"]
    assert "data-every" not in page.one("main").attributes


async def test_a_call_that_no_bot_hears_says_since_when() -> None:
    """The gap is drawn, and said in words; the page stays live."""
    world = await Joined().begin()
    await world.see("ada", "bo")
    await world.pump(until=timedelta(minutes=1))
    world.fake_graph.drop(world.call_id)
    await world.call(state(world.call_id, "terminated", **FAULT))

    page = await of_meeting(world)

    (call,) = (await world.record_of(world.meeting_id))["calls"]
    assert call_of(page, 1).facts()["Not heard since"].moments == [call["unwatchedSince"]]
    assert "It has not been heard since" in page.one("p", class_="lead").text
    assert call_of(page, 1).one("div", class_="whole").all("rect", class_="g")
    assert page.one("main").attributes["data-every"] == "2"


async def test_a_corrected_call_says_by_what_and_how_often() -> None:
    """The basis is that of the report; the call is final, with its revision."""
    world = await one_call(Joined(tending=RULES))
    report_of(
        world, an_entry("ada", (at(9), at(29.25))), an_entry("bob", (at(19), at(28))), ended=30
    )
    await world.pump(until=LONG)

    page = await of_meeting(world)

    call = call_of(page, 1)
    (shown,) = (await world.record_of(world.meeting_id))["calls"]
    revision = world.events("call.corrected")[-1]["data"]["revision"]
    assert call.one("h3").words == f"Call 1 2026-09-14, UTC confirmed final revision {revision}"
    assert call.facts()["Ended"].one("span", class_="r").text == "attendanceReport"
    assert shown["revision"] == revision
    assert call.one("div", class_="chart").fits("div", {"class_": "r"})


async def test_a_call_that_is_part_of_another_has_no_people() -> None:
    """It says of which."""
    world = await Joined(tending=RULES).begin()
    for names in (("ada",), (), ("bo",), ()):
        await world.see(*names, after=60)
        await world.pump(until=timedelta(seconds=30))
    people = [an_entry(name, (at(30), at(600))) for name in ("ada", "bo")]
    report_of(world, *people, ended=600)
    await world.pump(until=LONG)

    page = await of_meeting(world)

    assert "part of call 1" in call_of(page, 2).one("h3").words
    assert call_of(page, 2).all("table") == []
    assert "one was held" in page.one("p", class_="lead").text


async def test_a_bot_that_failed_says_why_and_what_to_do() -> None:
    """As the record does."""
    world = World()
    await world.drop("create-meeting", ASK)
    await world.pump()
    meeting_id = world.events("meeting.created")[0]["data"]["meetingId"]
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    ended = state(call_id, "terminated", resultInfo={"code": 403, "subcode": 5221})
    await world.callback(meeting_id, leg_key, ended)

    page = page_of(await answer_timeline(meeting_id, asking(), world.services))

    failure = (await world.record_of(meeting_id))["bot"]["failure"]
    bot = page.one("section", **{"aria-labelledby": "bot"})
    assert bot.one("div", class_="note").one("strong").text == f"It failed: {failure['code']}"
    assert failure["nextStep"] in bot.text
    assert bot.facts()["Graph's result"].words.startswith("403, 5221: ")
    assert "data-every" not in page.one("main").attributes


async def test_a_warning_says_what_to_do() -> None:
    """Its code, what it means, and the next step."""
    world = await Joined().begin()
    await world.show_unreadable_rosters()

    page = await of_meeting(world)

    assert "Warning: roster_unreadable" in page.one("main").words
    assert (await world.record_of(world.meeting_id))["meeting"]["warnings"] == ["roster_unreadable"]


async def test_a_request_in_progress_has_a_page_under_the_id_of_its_meeting() -> None:
    """With the next try, what stands in the way and what to do; it is live while it waits."""
    world = World()
    world.fake_graph.fail_next(rejected("consent_missing", app=BOT), times=99)
    await world.drop("create-meeting", ASK | {"retryForSeconds": 600})
    meeting_id = meeting_id_for(tenant_id=TENANT, request_id="INC-1")

    page = page_of(await answer_timeline(meeting_id, asking(), world.services))

    request = (await world.record("INC-1"))["request"]
    note = page.one("div", class_="note")
    assert (page.one("h1").text, note.one("strong").text) == ("Request INC-1", "Request: waiting")
    assert request["nextStep"] in note.text
    assert note.facts()["Next try"].moments == [request["nextTryAt"]]
    assert page.one("main").attributes["data-every"] == "2"


async def test_a_refused_request_has_a_page_that_stays() -> None:
    """The code, the reason, and the next step."""
    world = World()
    world.fake_graph.fail_next(rejected("consent_missing", app=BOT), times=99)
    await world.drop("create-meeting", ASK)
    meeting_id = meeting_id_for(tenant_id=TENANT, request_id="INC-1")

    page = page_of(await answer_timeline(meeting_id, asking(), world.services))

    request = (await world.record("INC-1"))["request"]
    assert request["why"] in page.one("div", class_="note").text
    assert request["nextStep"] in page.one("div", class_="note").text
    assert page.one("header").one("a").attributes["href"] == f"../../timeline?day={TODAY}"
    assert "data-every" not in page.one("main").attributes


async def test_unknown_meetings_are_404_and_purged_ones_410() -> None:
    """As pages, with a way on."""
    world = await held(Joined())
    await wait(world, RETENTION + timedelta(days=1))

    gone = page_of(await answer_timeline(world.meeting_id, asking(), world.services), 410)

    assert "purged" in gone.one("h1").text
    for unknown in (UNKNOWN, "x", "../head"):
        page = page_of(await answer_timeline(unknown, asking(), world.services), 404)
        assert page.all("a")[1].attributes["href"] == "../../timeline"


async def test_a_table_that_does_not_answer_is_503() -> None:
    """Also as a page, of both kinds."""

    class Silent(InMemoryLedger):
        async def load(self, *_: Any, **__: Any) -> Any:
            raise Unavailable("the tables do not answer")

        async def day(self, *_: Any, **__: Any) -> AsyncIterator[Any]:
            raise Unavailable("the tables do not answer")
            yield

    services = World(ledger=Silent()).services
    answers = [
        await answer_timeline(UNKNOWN, asking(), services),
        await answer_day(asking(), services),
    ]

    for answer in answers:
        assert "the tables do not answer" in page_of(answer, 503).one("main").text


@pytest.mark.parametrize(
    ("parameters", "wrong"),
    [
        ({"tz": "Mars/Base", "format": "csv"}, ["format", "tz"]),
        ({"requestId": "INC-1"}, ["requestId"]),
        ({"tz": "../etc/passwd"}, ["tz"]),
    ],
)
async def test_every_wrong_parameter_of_a_page_is_named(
    parameters: dict[str, str], wrong: list[str]
) -> None:
    """In one page, before anything is read; a function key is none of them."""
    answer = await answer_timeline(UNKNOWN, asking(code="k", **parameters), World().services)

    assert sorted(page_of(answer, 400).facts()) == wrong


async def test_every_wrong_parameter_of_a_day_is_named() -> None:
    """With what may have been meant."""
    parameters = {"day": "tomorrow", "open": "maybe", "tz": "Europe/Berln", "contination": "x"}

    page = page_of(await answer_day(asking(**parameters), World().services), 400)

    facts = page.facts()
    assert sorted(facts) == ["contination", "day", "open", "tz"]
    assert "Europe/Berlin" in facts["tz"].text
    assert "continuation" in facts["contination"].text


async def test_a_page_that_is_known_is_not_sent_again() -> None:
    """304 with the headers of a page, until something is news."""
    world = await talked()

    async def read(known: str) -> Answer:
        answer = await answer_timeline(world.meeting_id, asking(), world.services)
        return unless_known(answer, known)

    first = await read("")
    again = await read(first.headers["ETag"])
    await world.see("cy", "di")

    assert (again.status, again.body) == (304, "")
    hold_to_headers(again)
    assert (await read(first.headers["ETag"])).status == 200


async def test_links_hold_the_key_only_where_the_address_had_it() -> None:
    """Else a page that is passed on would open every record."""
    world = await talked()
    for answer in (
        answer_day(asking(), world.services),
        answer_timeline(world.meeting_id, asking(), world.services),
    ):
        assert "code=" not in (await answer).body
    key = 'a"b&c<d>/=='

    for page in (
        await of_meeting(world, code=key, tz="Europe/Berlin"),
        page_of(await answer_day(asking(code=key, day=TODAY), world.services)),
        page_of(await answer_timeline(UNKNOWN, asking(code=key), world.services), 404),
    ):
        links = [one.attributes["href"] for one in page.all("a")]
        outside = [one for one in links if not one.startswith("#")]
        assert outside
        assert all("code=a%22b%26c%3Cd%3E%2F%3D%3D" in one for one in outside)
        assert key not in page.text


async def test_no_link_to_join_and_no_passcode_stands_on_a_page() -> None:
    """Nor the thread."""
    world = await talked()
    created = world.events("meeting.created")[0]["data"]["coordinates"]

    for answer in (
        await answer_timeline(world.meeting_id, asking(), world.services),
        await answer_day(asking(day=TODAY), world.services),
    ):
        for secret in (created["joinWebUrl"], created["chatInfo"]["threadId"], "teams.microsoft"):
            assert secret not in answer.body
