"""The page of a day: who is in a call now, what was held, what failed."""

from meeting_record.pages.handler import answer_day
from shared.meeting.days import Brief, Tally
from shared.words.ids import MeetingId, meeting_id_for
from tests.application.paged import asking, page_of, talked
from tests.application.world import T0, World
from tests.fakes.ledger import InMemoryLedger

TODAY = T0.date().isoformat()


async def test_a_day_shows_who_is_in_a_call_now_and_what_was_held() -> None:
    """With links to the meetings, and that it may be behind."""
    world = await talked()
    await world.drop("create-meeting", {"requestId": "INC-2", "subject": "up"})

    page = page_of(await answer_day(asking(day=TODAY, tz="Asia/Tokyo"), world.services))

    now = page.one("section", **{"aria-labelledby": "now"}).one("tbody").one("tr")
    assert now.words.startswith("down INC-1 2026-09-14 17:03:30.000 +09:00 2 3")
    assert (
        now.one("a").attributes["href"] == f"meetings/{world.meeting_id}/timeline?tz=Asia%2FTokyo"
    )
    planned = page.one("section", **{"aria-labelledby": "planned"})
    assert planned.one("tbody").words == "up INC-2 0 0"
    assert "minute behind" in page.one("p", class_="lead").text


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
