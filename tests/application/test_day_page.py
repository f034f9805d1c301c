"""The page of a day: who is in a call now, what was held, what failed."""

from datetime import timedelta

from meeting_record.pages.handler import answer_day, answer_timeline
from shared.meeting.days import Brief, Tally
from shared.words.ids import MeetingId, meeting_id_for
from shared.words.problems import rejected
from tests.application.joined import ASK, talked
from tests.application.kept import RETENTION, wait
from tests.application.paged import asking, page_of
from tests.application.world import BOT, T0, World, leg_of, state
from tests.fakes.ledger import InMemoryLedger

TODAY = T0.date().isoformat()


async def test_a_day_shows_who_is_in_a_call_now_and_what_was_held() -> None:
    """With links to the meetings, and that it may be behind."""
    world = await talked()
    await world.drop("create-meeting", {"requestId": "INC-2", "subject": "up"})

    page = page_of(await answer_day(asking(day=TODAY, tz="Asia/Tokyo"), world.services))

    now = page.one("section", **{"aria-labelledby": "now"}).one("tbody").one("tr")
    assert now.words.startswith("down INC-1 17:03:30.000 2 3")
    assert (
        now.one("a").attributes["href"] == f"meetings/{world.meeting_id}/timeline?tz=Asia%2FTokyo"
    )
    planned = page.one("section", **{"aria-labelledby": "planned"})
    assert planned.one("tbody").words == "up INC-2"
    assert "minute behind" in page.one("p", class_="lead").text


async def test_a_day_shows_what_was_held_by_its_first_call() -> None:
    """Whatever the ids of the meetings are."""
    world = World(ledger=(ledger := InMemoryLedger()))
    for number in range(8):
        first_at = T0 + timedelta(minutes=number)
        brief = Brief(subject=f"s-{number}", tally=Tally(calls=2, people=3, first_at=first_at))
        meeting_id = meeting_id_for(tenant_id="t", request_id=str(number))
        await ledger.list_day(meeting_id, T0.date(), brief)

    page = page_of(await answer_day(asking(day=TODAY), world.services))

    held = page.one("section", **{"aria-labelledby": "held"}).one("tbody").all("tr")
    assert [row.words for row in held] == [
        f"s-{number} 08:0{number}:00.000 2 3" for number in range(8)
    ]


async def test_a_day_shows_what_failed_until_it_is_made_good() -> None:
    """A request that was refused, and a bot that did not get in; each leads to its page."""
    world = World()
    world.fake_graph.fail_next(rejected("consent_missing", app=BOT))
    await world.drop("create-meeting", {"requestId": "INC-0", "subject": "no"})
    await world.drop("create-meeting", ASK)
    await world.pump(until=timedelta(minutes=5))
    meeting_id = world.events("meeting.created")[0]["data"]["meetingId"]
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    ended = state(call_id, "terminated", resultInfo={"code": 403, "subcode": 5221})
    await world.callback(meeting_id, leg_key, ended)
    await world.pump(until=timedelta(minutes=5))

    failed = page_of(await answer_day(asking(day=TODAY), world.services))

    rows = failed.one("section", **{"aria-labelledby": "failed"}).one("tbody").all("tr")
    assert sorted(row.words for row in rows) == ["INC-0 consent_missing", "down INC-1 leg_ended"]
    for row in rows:
        leads_to = row.one("a").attributes["href"].split("/")[1]
        page_of(await answer_timeline(leads_to, asking(), world.services))
    await world.drop("create-meeting", {"requestId": "INC-0", "subject": "no"})
    await world.drop("join-meeting", {"meetingId": meeting_id})
    await world.pump(until=timedelta(minutes=5))
    good = page_of(await answer_day(asking(day=TODAY), world.services))
    assert good.all("section", **{"aria-labelledby": "failed"}) == []


async def test_a_refused_request_leaves_its_day_when_it_is_purged() -> None:
    """With all else that is kept of it."""
    world = World()
    world.fake_graph.fail_next(rejected("consent_missing", app=BOT))
    await world.drop("create-meeting", {"requestId": "INC-0", "subject": "no"})
    before = page_of(await answer_day(asking(day=TODAY), world.services))

    await wait(world, RETENTION + timedelta(days=2))

    after = page_of(await answer_day(asking(day=TODAY), world.services))
    assert before.all("section", **{"aria-labelledby": "failed"})
    assert "No meeting is listed." in after.one("main").words


async def test_a_day_is_today_where_none_is_named() -> None:
    """Of UTC; and its neighbours are linked."""
    world = await talked()

    page = page_of(await answer_day(asking(), world.services))

    assert page.one("h1").text == f"Meetings of {TODAY}"
    links = {one.text: one.attributes["href"] for one in page.one("header").all("a")}
    assert links["The day before"] == "timeline?day=2026-09-13"
    assert links["The day after"] == "timeline?day=2026-09-15"


async def test_a_day_without_meetings_says_so() -> None:
    """The first and the last day that there are, too, which have one neighbour."""
    services = World().services
    for day, links in (("0001-01-01", 2), ("9999-12-31", 2), ("2026-01-01", 3)):
        page = page_of(await answer_day(asking(day=day), services))

        assert "No meeting is listed." in page.one("main").words
        assert len(page.one("header").all("a")) == links
    page = page_of(await answer_day(asking(day="2026-01-01", open="true"), services))
    assert "No call is open." in page.one("main").words


async def test_a_large_day_is_paged_as_its_list_is() -> None:
    """Each meeting once; each page bounded."""
    world = World(ledger=(ledger := InMemoryLedger()))
    ids = [meeting_id_for(tenant_id="t", request_id=str(number)) for number in range(1_200)]
    for number, meeting_id in enumerate(ids):
        brief = Brief(request_id=f"r-{number}", subject="s" * 60, tally=Tally(calls=1, people=3))
        await ledger.list_day(MeetingId(meeting_id), T0.date(), brief)
    found: list[str] = []
    more: dict[str, str] = {}
    for _ in range(3):
        answer = await answer_day(asking(day=TODAY, **more), world.services)
        page = page_of(answer)
        assert len(answer.body) < 300_000
        found += [one.attributes["href"].split("/")[1] for one in page.one("tbody").all("a")]
        next_one = page.all("a", rel="next")
        more = (
            {"continuation": next_one[0].attributes["href"].partition("continuation=")[2]}
            if next_one
            else {}
        )

    assert more == {}
    assert sorted(found) == sorted(ids)
