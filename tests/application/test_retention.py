"""Records are purged once they were kept long enough; what is asked of them then."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from meeting_record.handler import find_record, read_record
from meeting_record.view import answer_of
from shared.calls.record import SessionPage
from shared.meeting.meeting import Meeting, Purged, Traces
from shared.ports import Lead
from shared.words.ids import MeetingId
from shared.words.problems import rejected
from tend_meeting.purge.act import MOST_MEETINGS
from tests.application.joined import ASK, Joined
from tests.application.kept import RETENTION, held, leave, scheduled, settle, wait, walk
from tests.application.links import CLASSIC, SHORT, THREAD
from tests.application.world import T0, World, leg_of, roster, state
from tests.fakes.ledger import InMemoryLedger

DAY = timedelta(days=1)


async def purged(**members: Any) -> Joined:
    """Return a world whose meeting was held, kept and purged."""
    world = await held(Joined(**members))
    await wait(world, RETENTION + DAY)
    return world


async def head(world: World, meeting_id: str) -> Meeting:
    """Return a meeting as it is stored."""
    return await world.meeting(meeting_id)


async def test_a_record_that_was_kept_long_enough_is_purged() -> None:
    """With an event that says so, under the next number, and without the caller's context."""
    world = await held(Joined())
    before = await head(world, world.meeting_id)
    world.fake_bus.sent.clear()
    world.delivered.clear()

    await wait(world, RETENTION + DAY)

    (event,) = world.events()
    assert event["type"] == "rollcall.meeting.purged.v1"
    assert int(event["sequence"]) == before.sequence + 1
    assert event["correlationid"] == "INC-1"
    assert event["data"]["context"] is None
    assert event["data"]["purgedAt"] == event["time"]
    assert await scheduled(world) == []


async def test_of_a_purged_meeting_only_ids_and_counters_are_kept() -> None:
    """Nothing of the request, of Graph's meeting, of calls and people, of the bot."""
    world = await held(Joined())
    before = await head(world, world.meeting_id)
    await wait(world, RETENTION + DAY)

    stone = await head(world, world.meeting_id)

    assert stone.purged is not None
    assert stone == Meeting(
        meeting_id=before.meeting_id,
        tenant_id=before.tenant_id,
        correlation_id="INC-1",
        sequence=before.sequence + 1,
        version=stone.version,
        lives=1,
        purged=Purged(at=stone.purged.at),
    )
    assert stone.version > before.version


async def test_a_purged_record_answers_410_and_says_when() -> None:
    """By the meeting's id and by its request's; others are not known."""
    world = await purged()

    for found in (
        await read_record(world.meeting_id, world.services),
        await find_record("INC-1", world.services),
    ):
        status, body = answer_of(found)
        assert status == 410
        assert body["message"].startswith("The record of this meeting was purged at 2026-12-1")
    assert answer_of(await find_record("INC-2", world.services))[0] == 404


async def test_nothing_is_purged_a_day_early() -> None:
    """Until the day after the last sign of life is old enough."""
    world = await held(Joined())
    last = world.clock.now()

    await wait(world, RETENTION - timedelta(hours=1))
    assert (await head(world, world.meeting_id)).purged is None
    assert isinstance(await read_record(world.meeting_id, world.services), dict)

    await wait(world, DAY + timedelta(hours=1))
    assert (await head(world, world.meeting_id)).purged is not None
    assert world.clock.now() - last < RETENTION + 2 * DAY


async def test_a_meeting_is_scheduled_when_it_becomes_known_and_never_after() -> None:
    """The hot path writes no entry: the walk moves the one there is."""

    class Counting(InMemoryLedger):
        written = 0

        async def schedule_purge(self, meeting_id: MeetingId, day: date) -> None:
            """See `ports.Ledger.schedule_purge`."""
            self.written += 1
            await super().schedule_purge(meeting_id, day)

    world = await held(Joined(ledger=(ledger := Counting())))

    assert ledger.written == 1
    # An hour's meeting on 14 September, kept for 90 days: on the day after.
    assert await scheduled(world) == [(world.meeting_id, date(2026, 12, 14))]


@pytest.mark.parametrize("options", [{}, {"joinMeetingIdSettings": {"isPasscodeRequired": True}}])
async def test_a_request_may_name_its_own_retention(options: dict[str, Any]) -> None:
    """Whether createOrGet or a POST makes the meeting; a repeat that names another is refused."""
    world = World()
    ask = {**ASK, "join": "never", "options": options, "retentionDays": 3}
    await world.drop("create-meeting", ask)
    (meeting_id, day), *_ = await scheduled(world)
    assert day == date(2026, 9, 18)

    await world.drop("create-meeting", ask | {"retentionDays": 4}, reply_to="other")
    await wait(world, timedelta(days=3))
    assert (await head(world, meeting_id)).purged is None
    await wait(world, DAY)

    (refused,) = world.replies("other")
    assert [one["member"] for one in refused["data"]["problems"]] == ["/retentionDays"]
    assert (await head(world, meeting_id)).purged is not None


@pytest.mark.parametrize("days", [2, 0, -1, 3651, 3.5, "3", True])
async def test_a_retention_that_cannot_be_is_refused(days: Any) -> None:
    """By its name: less than three days, more than ten years, no whole number."""
    world = World()

    await world.drop("create-meeting", {**ASK, "retentionDays": days}, reply_to="replies")

    (refused,) = world.replies()
    assert [one["member"] for one in refused["data"]["problems"]] == ["/retentionDays"]


async def test_a_meeting_that_is_planned_later_is_kept_until_after_its_end() -> None:
    """Moved twice after it was made: each time the walk puts it off."""
    world = World()
    await world.drop("create-meeting", {**ASK, "join": "never", "retentionDays": 3})
    ((meeting_id, _),) = await scheduled(world)
    for start, end in (("2026-10-20", "2026-10-21"), ("2026-11-20", "2026-11-21")):
        change = {"requestId": "INC-1", "action": "update"}
        times = {"startDateTime": f"{start}T09:00:00Z", "endDateTime": f"{end}T10:00:00Z"}
        await world.drop("create-meeting", change | times)
        await settle(world)

        await wait(world, timedelta(days=30))
        assert (await head(world, meeting_id)).purged is None

    assert await scheduled(world) == [(meeting_id, date(2026, 11, 25))]
    await wait(world, timedelta(days=30))
    assert (await head(world, meeting_id)).purged is not None


async def test_a_meeting_that_comes_to_life_again_is_kept() -> None:
    """A call on the 80th day counts; the entry is moved on, and then it is purged."""
    world = await held(Joined())
    world.clock.advance(timedelta(days=80).total_seconds())
    await world.rejoin("cy")
    await world.see()
    await world.pump()
    await leave(world)

    await wait(world, timedelta(days=20))
    record = await world.record_of(world.meeting_id)
    assert [call["callNumber"] for call in record["calls"]] == [1, 2]
    ((_, day),) = await scheduled(world)
    assert day == (T0 + timedelta(days=80) + RETENTION + DAY).date()

    await wait(world, timedelta(days=75))
    assert (await head(world, world.meeting_id)).purged is not None


@pytest.mark.parametrize("what", ["a leg", "a call"])
async def test_what_is_not_over_is_not_purged(what: str) -> None:
    """However old it is: it is looked at again each day."""
    world = await Joined().begin()
    if what == "a call":
        await world.see("ada")
        await world.pump()
        # Removed: the call goes on unwatched.
        world.fake_graph.drop(world.call_id)
        await world.call(state(world.call_id, "terminated"))
    await settle(world)

    world.clock.advance((RETENTION + 3 * DAY).total_seconds())
    await world.mend()

    assert (await head(world, world.meeting_id)).purged is None
    ((_, day),) = await scheduled(world)
    assert day == world.clock.now().date() + DAY


async def test_a_purged_meeting_is_not_known_to_requests_that_name_it() -> None:
    """Joins, leaves, changes and cancellations; nothing is asked of Graph."""
    world = await purged()
    asked = len(world.fake_graph.bodies)
    own = {"meetingId": world.meeting_id}
    change = {"requestId": "INC-1", "action": "update", "subject": "up"}

    await world.drop("join-meeting", own, reply_to="replies")
    await world.drop("join-meeting", {**own, "action": "leave"}, reply_to="replies")
    await world.drop("create-meeting", change, reply_to="replies")
    await world.drop(
        "create-meeting", {"requestId": "INC-1", "action": "cancel"}, reply_to="replies"
    )

    assert [one["data"]["code"] for one in world.replies()] == ["meeting_not_found"] * 4
    assert len(world.fake_graph.bodies) == asked
    assert (await head(world, world.meeting_id)).purged is not None


async def test_what_is_late_for_a_purged_meeting_changes_nothing() -> None:
    """A callback of its leg, a tend message, the end of a leg that was hung up."""
    world = await purged()
    before = await head(world, world.meeting_id)

    statuses = [
        await world.call(roster(world.call_id, "ada")),
        await world.call(state(world.call_id, "established")),
    ]
    own = {"meetingId": world.meeting_id}
    await world.drop("tend-meeting", {**own, "generation": 1})
    await world.drop("tend-meeting", {**own, "answer": world.leg_key})
    at = "2026-12-24T00:00:00Z"
    await world.drop("tend-meeting", {**own, "hungUp": world.call_id, "at": at})

    assert statuses == [202, 202]
    assert await head(world, world.meeting_id) == before


async def test_the_request_that_made_a_purged_meeting_makes_it_anew() -> None:
    """Its events have ids of their own, and go on counting; so do the keys of its legs."""
    world = await purged()
    await world.drop("create-meeting", {**ASK, "context": {"a": 1}})
    await world.pump()
    leg_key, call_id = leg_of(await head(world, world.meeting_id))
    await world.callback(world.meeting_id, leg_key, state(call_id, "established"))

    sequences = [int(event["sequence"]) for event in world.events()]
    assert sequences == list(range(1, len(sequences) + 1))
    assert world.names()[-4:] == ["meeting.purged", "meeting.created", "bot.joining", "bot.joined"]
    assert leg_key != world.leg_key
    record = await world.record("INC-1")
    assert (record["meeting"]["context"], record["calls"]) == ({"a": 1}, [])
    assert await scheduled(world) == [(world.meeting_id, world.clock.now().date() + 91 * DAY)]


async def test_a_meeting_may_be_purged_twice() -> None:
    """Each life ends with an event of its own."""
    world = await purged()
    await world.drop("create-meeting", {**ASK, "join": "never"})

    await wait(world, RETENTION + 2 * DAY)

    assert (await head(world, world.meeting_id)).lives == 2
    assert len({event["id"] for event in world.events("meeting.purged")}) == 2


async def test_a_link_to_a_purged_meeting_leads_the_bot_to_it_anew() -> None:
    """Under the id that the link has of its own: the meeting that was made is forgotten."""
    world = World()
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC, "requestId": "J-1"})
    meeting_id = world.events("bot.joining")[0]["data"]["meetingId"]
    leg_key, call_id = leg_of(await head(world, meeting_id))
    world.fake_graph.drop(call_id)
    await world.callback(meeting_id, leg_key, state(call_id, "terminated"))
    await settle(world)
    await wait(world, RETENTION + DAY)
    assert (await head(world, meeting_id)).purged is not None
    assert await find_record("J-1", world.services) is None

    await world.drop("join-meeting", {"joinWebUrl": CLASSIC, "requestId": "J-1"}, reply_to="again")

    (again,) = world.replies("again")
    assert again["type"] == "rollcall.bot.joining.v1"
    assert again["data"]["meetingId"] == meeting_id
    assert again["data"]["legKey"] != leg_key
    assert (await world.record("J-1"))["bot"]["state"] == "joining"


async def test_the_id_of_a_request_stands_for_no_purged_meeting_any_more() -> None:
    """Though its alias was left behind: it may join another meeting."""
    world = await purged()
    await world.ledger.claim_alias("join request J-1", MeetingId(world.meeting_id))

    await world.drop(
        "join-meeting", {"joinWebUrl": CLASSIC, "requestId": "J-1"}, reply_to="replies"
    )

    (joining,) = world.replies()
    assert joining["type"] == "rollcall.bot.joining.v1"
    found = (await world.record("J-1"))["meeting"]["meetingId"]
    assert found == joining["data"]["meetingId"] != world.meeting_id


async def test_a_leave_by_link_leaves_a_purged_meeting_purged() -> None:
    """There is nothing to leave; what is remembered of it stands in the tombstone."""
    world = World()
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC})
    meeting_id = world.events("bot.joining")[0]["data"]["meetingId"]
    leg_key, call_id = leg_of(await head(world, meeting_id))
    await world.callback(meeting_id, leg_key, state(call_id, "terminated"))
    await settle(world)
    await wait(world, RETENTION + DAY)
    early = world.message("join-meeting", {"joinWebUrl": CLASSIC}, reply_to="joiner")
    world.clock.advance(1)

    leave_it = {"joinWebUrl": CLASSIC, "action": "leave"}
    await world.drop("join-meeting", leave_it, reply_to="leaver")
    await world.deliver(early)

    assert [one["type"] for one in world.replies("leaver")] == ["rollcall.bot.absent.v1"]
    assert [one["data"]["code"] for one in world.replies("joiner")] == ["leave_asked"]
    assert answer_of(await read_record(meeting_id, world.services))[0] == 410


async def test_what_only_leads_to_another_meeting_is_kept_as_long_as_that_one() -> None:
    """A short link whose thread is that of a meeting that is used on."""
    world = World()
    world.fake_graph.threads["23456789012345"] = THREAD
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC})
    other = world.events("bot.joining")[0]["data"]["meetingId"]
    await world.drop("join-meeting", {"joinWebUrl": SHORT})
    await world.pump()
    (moved,) = {one for one, _ in await scheduled(world)} - {other}
    for number in range(6):
        leg_key, call_id = leg_of(await head(world, other))
        world.fake_graph.drop(call_id)
        await world.callback(other, leg_key, state(call_id, "terminated"))
        await settle(world)
        await wait(world, timedelta(days=20))
        await world.drop("join-meeting", {"joinWebUrl": SHORT}, reply_to=f"reply-{number}")
        await world.pump()

    assert (await head(world, moved)).purged is None
    assert {world.replies(f"reply-{n}")[0]["data"]["meetingId"] for n in range(6)} == {other}

    leg_key, call_id = leg_of(await head(world, other))
    world.fake_graph.drop(call_id)
    await world.callback(other, leg_key, state(call_id, "terminated"))
    await settle(world)
    await wait(world, RETENTION + DAY)
    for meeting_id in (moved, other):
        assert (await head(world, meeting_id)).purged is not None


async def test_a_claim_that_came_to_nothing_is_purged_without_a_word() -> None:
    """Nothing was ever published of it, and no reader ever found it."""
    world = World()
    by_post = {"subject": "s", "options": {"meetingTemplateId": "t"}, "context": {"team": "shop"}}
    world.fake_graph.fail_next(rejected("tenant_mismatch"))
    await world.drop("create-meeting", by_post)
    ((meeting_id, _),) = await scheduled(world)

    await wait(world, RETENTION + DAY)

    stone = await head(world, meeting_id)
    assert (stone.purged is not None, stone.context) == (True, None)
    assert world.events("meeting.purged") == []
    assert await read_record(meeting_id, world.services) is None


async def test_a_walk_purges_so_many_and_no_more() -> None:
    """The others are the next ones'; the oldest come first."""
    world = World()
    for number in range(MOST_MEETINGS + 3):
        world.clock.advance(3600)
        ask = {"requestId": f"INC-{number}", "subject": "s"}
        await world.drop("create-meeting", ask)
    order = [meeting_id for meeting_id, _ in await scheduled(world)]
    world.clock.advance((RETENTION + 2 * DAY).total_seconds())

    await world.mend()
    stones = [one.meeting_id for one in world.ledger.meetings() if one.purged]  # type: ignore[attr-defined]  # the ledger in memory
    assert set(stones) == set(order[:MOST_MEETINGS])

    await world.mend()
    assert all(one.purged for one in world.ledger.meetings())  # type: ignore[attr-defined]  # as above


async def test_a_walk_that_took_long_enough_leaves_the_rest_to_the_next() -> None:
    """A store that is slow must not keep a timer beyond its time."""

    class Slow(InMemoryLedger):
        async def delete_rows(self, meeting_id: MeetingId, *, up_to: int) -> None:
            """See `ports.Ledger.delete_rows`."""
            world.clock.advance(31)
            await super().delete_rows(meeting_id, up_to=up_to)

    world = World(ledger=(ledger := Slow()))
    for number in range(4):
        await world.drop("create-meeting", {"requestId": f"INC-{number}", "subject": "s"})
    world.clock.advance((RETENTION + 2 * DAY).total_seconds())

    await world.mend()
    assert sum(one.purged is not None for one in ledger.meetings()) == 2
    await world.mend()
    assert sum(one.purged is not None for one in ledger.meetings()) == 4


async def test_a_record_that_cannot_be_read_holds_up_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is tried again on the next day, and the line says which one it is."""
    world = World(ledger=(ledger := InMemoryLedger()))
    for number in range(2):
        await world.drop("create-meeting", {"requestId": f"INC-{number}", "subject": "s"})
    (spoilt, _), (other, _) = await scheduled(world)
    ledger.spoil(MeetingId(spoilt))
    world.clock.advance((RETENTION + 2 * DAY).total_seconds())

    await world.mend()

    assert (await head(world, other)).purged is not None
    assert await scheduled(world) == [(spoilt, world.clock.now().date() + DAY)]
    assert [line for line in caplog.messages if line.startswith("purge.failed")] == [
        f"purge.failed: meetingId={spoilt} the stored record of meeting {spoilt} cannot be read"
    ]


async def test_a_mistake_in_purging_one_meeting_holds_up_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its line has the stack; it is put off until the next day."""

    class Mistaken(InMemoryLedger):
        async def leads(self, meeting_id: MeetingId, traces: Traces) -> Sequence[Lead]:
            """See `ports.Ledger.leads`."""
            if meeting_id == first:
                raise RuntimeError("a mistake")
            return await super().leads(meeting_id, traces)

    world = World(ledger=Mistaken())
    for number in range(2):
        await world.drop("create-meeting", {"requestId": f"INC-{number}", "subject": "s"})
    (first, _), (other, _) = await scheduled(world)
    world.clock.advance((RETENTION + 2 * DAY).total_seconds())

    await world.mend()

    assert await scheduled(world) == [(first, world.clock.now().date() + DAY)]
    stone = (await head(world, other)).purged
    assert stone is not None
    assert stone.left is None
    (line,) = (one for one in caplog.messages if one.startswith("purge.failed"))
    assert "error=RuntimeError" in line
    assert "leads" in line
    assert "a mistake" not in caplog.text


async def test_pages_that_cannot_be_read_are_deleted_all_the_same(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What leads to the meeting from there is not known, and leads to nothing."""

    class Unreadable(InMemoryLedger):
        async def pages(self, meeting_id: MeetingId) -> Sequence[SessionPage]:
            """See `ports.Ledger.pages`."""
            raise ValueError("what is stored cannot be read (ValidationError)")

    world = await held(Joined(ledger=Unreadable()))

    await wait(world, RETENTION + DAY)

    assert await world.ledger.log(MeetingId(world.meeting_id)) == []
    assert await scheduled(world) == []
    assert "purge.page_unreadable" in caplog.text


async def test_a_store_that_is_down_is_asked_again_by_the_next_walk() -> None:
    """On the same day: requests may be waiting for what was begun."""

    class Failing(InMemoryLedger):
        fails = True

        async def delete_rows(self, meeting_id: MeetingId, *, up_to: int) -> None:
            """See `ports.Ledger.delete_rows`."""
            self.fail_next(int(self.fails))
            await super().delete_rows(meeting_id, up_to=up_to)

    world = World(ledger=(ledger := Failing()))
    await world.drop("create-meeting", {"requestId": "INC-1", "subject": "s"})
    ((meeting_id, day),) = await scheduled(world)
    world.clock.advance((RETENTION + 2 * DAY).total_seconds())

    await world.mend()
    assert await scheduled(world) == [(meeting_id, day)]
    stone = (await head(world, meeting_id)).purged
    assert stone is not None
    assert stone.left is not None

    ledger.fails = False
    await world.mend()
    assert await scheduled(world) == []


async def test_an_event_that_cannot_be_sent_is_sent_by_a_later_walk() -> None:
    """Its entry stays until then."""
    world = World()
    await world.drop("create-meeting", {**ASK, "join": "never"})
    world.fake_bus.fail_next(99)
    world.clock.advance((RETENTION + 2 * DAY).total_seconds())
    await world.mend()
    assert (len(await scheduled(world)), world.events("meeting.purged")) == (1, [])
    world.fake_bus.fail_next(0)

    await walk(world)

    assert len(world.events("meeting.purged")) == 1
    assert await scheduled(world) == []
    assert [one async for one in world.ledger.overdue(now=world.clock.now() + DAY)] == []


async def test_an_entry_without_a_meeting_is_forgotten() -> None:
    """The process died between the entry and the first commit."""
    world = World()
    await world.ledger.schedule_purge(MeetingId("a" * 26), T0.date())

    await world.mend()

    assert await scheduled(world) == []
