"""A room that is used every day: each day's call is corrected and final in its own time."""

from datetime import timedelta

from shared.words.ids import utc_text
from tests.application.joined import Joined
from tests.application.sourced import RULES, hold_to_law_9
from tests.fakes.sources import a_report, an_entry

DAY = timedelta(days=1)
DAYS = 5


async def test_each_day_of_a_daily_room_is_final_before_the_next_one() -> None:
    """The bot comes each day; five calls, five numbers, each as its own report says."""
    app = await Joined(tending=RULES).begin()
    said = list[tuple[str, str]]()
    for day in range(1, DAYS + 1):
        began = app.clock.now()
        if day == 1:
            await app.see("ada")
        else:
            await app.rejoin("ada")
            await app.see("ada")
        await app.pump(until=timedelta(seconds=30))
        await app.see()
        ended = app.clock.now()
        await app.pump(until=timedelta(minutes=2))
        stay = (began + timedelta(seconds=9), ended)
        [online_id] = app.fake_graph.online
        reports = app.fake_graph.reports.setdefault(online_id, [])
        reports.insert(0, a_report(*stay, an_entry("ada", stay)))
        said.append((utc_text(stay[0]), utc_text(stay[1])))

        await app.pump(until=began + DAY - app.clock.now())

        calls = await hold_to_law_9(app)
        assert [(one["startedAt"], one["endedAt"]) for one in calls.values()] == said
        assert [(one["final"], one["confirmed"]) for one in calls.values()] == [(True, True)] * day
        assert list(calls) == list(range(1, day + 1))
