"""The lists of days: a meeting stands where it is planned, and where its calls began."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from shared.meeting.days import Brief, Tally
from shared.words.ids import MeetingId
from shared.words.rules import SourceRules
from tests.application.joined import ASK, Joined
from tests.application.world import T0, World
from tests.fakes.ledger import InMemoryLedger
from tests.fakes.sources import a_report, an_entry
from tests.fixtures.tending import HINTED

TODAY, TOMORROW = date(2026, 9, 14), date(2026, 9, 15)
PLANNED: dict[str, Any] = {
    "requestId": "INC-1",
    "subject": "down",
    "startDateTime": "2026-09-16T23:30:00-02:00",
    "endDateTime": "2026-09-17T02:00:00Z",
}


async def listed(world: World, day: date) -> dict[MeetingId, Brief]:
    """Return what a day's list says."""
    return {meeting_id: brief async for meeting_id, brief in world.ledger.day(day)}


async def test_a_meeting_is_listed_on_the_day_in_utc_for_which_it_is_planned() -> None:
    """As soon as it is made, whether or not anybody ever joins."""
    world = World()

    await world.drop("create-meeting", PLANNED)

    (brief,) = (await listed(world, date(2026, 9, 17))).values()
    assert brief == Brief(request_id="INC-1", subject="down")
    assert await listed(world, date(2026, 9, 16)) == {}


async def test_a_meeting_that_is_moved_leaves_the_day_for_which_it_was_planned() -> None:
    """And one that gets another subject says so where it stands."""
    world = World()
    await world.drop("create-meeting", PLANNED)
    change = {
        "requestId": "INC-1",
        "action": "update",
        "subject": "up",
        "startDateTime": "2026-09-15T10:00:00Z",
        "endDateTime": "2026-09-15T11:00:00Z",
    }

    await world.drop("create-meeting", change)

    assert await listed(world, date(2026, 9, 17)) == {}
    (brief,) = (await listed(world, TOMORROW)).values()
    assert brief.subject == "up"


async def test_calls_are_listed_on_the_day_they_began_and_stay_there() -> None:
    """Also where it is over at midnight, and long after it left the head."""
    world = await Joined().begin()
    world.clock.moment = datetime(2026, 9, 14, 23, 50, tzinfo=UTC)
    for names in (("ada",), ("ada", "bo"), ()):
        await world.see(*names, after=8 * 60)
        await world.pump(until=timedelta(minutes=5))
    await world.see("cy", after=3 * 3600)
    await world.pump(until=timedelta(minutes=5))

    (today,) = (await listed(world, TODAY)).values()
    (tomorrow,) = (await listed(world, TOMORROW)).values()
    record = (await world.meeting(world.meeting_id)).record
    assert (record.before, [call.number for call in record.calls]) == (1, [2])
    begun = datetime(2026, 9, 14, 23, 58, tzinfo=UTC)
    assert (today.tally, today.open_since) == (Tally(calls=1, people=2, first_at=begun), None)
    again = record.calls[0].started_at
    assert (tomorrow.tally, tomorrow.open_since) == (
        Tally(calls=1, people=1, first_at=again),
        again,
    )


async def test_a_call_that_is_part_of_another_counts_no_more() -> None:
    """A report shows that two were one: whether they are in the head, or left it long ago."""
    for sealed in (False, True):
        rules = SourceRules(after=(timedelta(hours=3 if sealed else 1), timedelta(days=2)))
        world = await Joined(tending=replace(HINTED, sources=rules)).begin()
        for names in (("ada",), (), ("bo",), ()):
            await world.see(*names, after=60)
            await world.pump(until=timedelta(seconds=30))
        for names in (("dan",), ()) if sealed else ():
            await world.see(*names, after=3600)
            await world.pump(until=timedelta(seconds=30))
        (before,) = (await listed(world, TODAY)).values()
        begin, end = T0 + timedelta(seconds=30), T0 + timedelta(minutes=10)
        [online_id] = world.fake_graph.online
        people = [an_entry(name, (begin, end)) for name in ("ada", "bo", "cy")]
        world.fake_graph.reports[online_id] = [a_report(T0, end, *people)]

        await world.pump(until=timedelta(hours=4))

        (after,) = (await listed(world, TODAY)).values()
        record = (await world.meeting(world.meeting_id)).record
        assert record.before == (2 if sealed else 0)
        assert before.tally.calls - after.tally.calls == 1
        calls = (await world.record("INC-1"))["calls"]
        assert [one.get("mergedInto") for one in calls][:2] == [None, 1]


async def test_a_call_that_left_the_head_counts_as_its_source_says() -> None:
    """Also where no look finds anything new after it left."""
    rules = SourceRules(after=tuple(timedelta(hours=hours) for hours in (0.25, 3, 48)))
    world = await Joined(tending=replace(HINTED, sources=rules)).begin()
    reports = world.fake_graph.reports.setdefault(next(iter(world.fake_graph.online)), [])
    for others in (("bo", "cy"), ()):
        begin = world.clock.now()
        for names in (("ada",), ()):
            await world.see(*names, after=60)
            await world.pump(until=timedelta(seconds=30))
        stay = begin, world.clock.now()
        people = [an_entry(name, stay) for name in ("ada", *others)]
        reports.insert(0, a_report(*stay, *people))
        await world.pump(until=timedelta(minutes=20))
    await world.see("dan", after=3600)

    await world.pump(until=timedelta(hours=4))

    meeting = await world.meeting(world.meeting_id)
    (brief,) = (await listed(world, TODAY)).values()
    assert meeting.record.before == 2
    assert (brief.tally.calls, brief.tally.people) == (3, 5)


async def test_the_planned_day_keeps_its_calls_however_many_days_follow() -> None:
    """The head counts those of three days; nobody overwrites what was listed of the others."""
    world = await Joined().begin()
    for _ in range(5):
        await world.see("ada", "bo", after=60)
        await world.pump(until=timedelta(minutes=3))
        await world.see(after=60)
        await world.pump(until=timedelta(minutes=3))
        world.clock.advance(timedelta(hours=23).total_seconds())
    await world.see("cy")
    await world.pump(until=timedelta(minutes=5))

    for number in range(5):
        (brief,) = (await listed(world, TODAY + timedelta(days=number))).values()
        assert (brief.tally.calls, brief.tally.people, brief.open_since) == (1, 2, None)
        assert brief.tally.first_at is not None
        assert brief.tally.first_at.date() == TODAY + timedelta(days=number)


async def test_a_meeting_that_somebody_else_made_is_listed_on_the_day_we_were_asked() -> None:
    """Without a request of ours, and without a subject."""
    link = (
        "https://teams.microsoft.com/l/meetup-join/19%3Ameeting_MGQ4MDQyNTEt%40thread.v2/0"
        "?context=%7B%22Tid%22%3A%226c5e9a3e-1f0b-4f3a-9d57-2b8f4f6d1a01%22%2C"
        "%22Oid%22%3A%222f6b0c1d-94d4-4b8a-8f0e-7a1d5c3e0b02%22%7D"
    )
    world = World()

    await world.drop("join-meeting", {"joinWebUrl": link})
    await world.pump()

    assert list((await listed(world, TODAY)).values()) == [Brief()]


async def test_a_busy_call_is_listed_once_a_minute() -> None:
    """Sixty people come within two minutes; each would be another row written."""

    class Counting(InMemoryLedger):
        written = 0

        async def list_day(self, meeting_id: MeetingId, day: date, brief: Brief | None) -> None:
            """See `ports.Ledger.list_day`."""
            self.written += 1
            await super().list_day(meeting_id, day, brief)

    world = await Joined(ledger=(ledger := Counting())).begin()
    ledger.written = 0
    for number in range(1, 61):
        await world.see(*(f"p{one}" for one in range(number)), after=2)
        await world.pump(until=timedelta(seconds=1))
    await world.pump(until=timedelta(minutes=5))

    (brief,) = (await listed(world, TODAY)).values()
    assert ledger.written <= 4
    assert (brief.tally.calls, brief.tally.people) == (1, 60)


async def test_what_was_asked_before_the_bot_was_is_listed_without_a_tend_message() -> None:
    """A request alone costs one row more; its only look is at sources, after the planned end."""
    world = World()

    await world.drop("create-meeting", {**ASK, "join": "never"})

    [look] = world.fake_bus.sent_to("tend-meeting")
    assert look.due is not None
    assert look.due > world.clock.now() + timedelta(days=365)
