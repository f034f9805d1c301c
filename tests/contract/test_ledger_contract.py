"""Every ledger keeps the contract in `ports.Ledger`: the fake, and the real one on local tables."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from shared.calls.fold import fold
from shared.calls.history import Heard, LogEntry, LoggedEvent, as_change, replayed
from shared.calls.record import SessionPage, seal
from shared.ledger.ledger import open_ledger
from shared.meeting.days import Brief, Tally
from shared.meeting.meeting import (
    Change,
    LegPage,
    Meeting,
    OutboxRow,
    Purged,
    Stored,
    Traces,
)
from shared.ports import Ledger, PurgeEntry
from shared.words.errors import LostRace, Unavailable
from shared.words.ids import MeetingId, meeting_id_for
from shared.words.observations import LegSeen, Observation, ReadFailed
from shared.words.outgoing import Fact, Outgoing, Published
from tests.fakes.ledger import InMemoryLedger
from tests.fixtures.figures import figures
from tests.fixtures.ledger_values import (
    LEG,
    NOW,
    a_leg_page,
    a_meeting,
    a_page,
    a_read,
    a_roster,
    a_source,
    a_table,
    an_event,
    by_commit,
    committed,
    heard,
    overdue,
    seen,
)
from tests.fixtures.legs import claimed

# aiohttp warns of every body over 1 MiB; only tests of the limits come near that.
LARGE_BODY = pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")


@pytest.fixture(params=["fake", "azurite"])
async def ledger(request: pytest.FixtureRequest) -> AsyncIterator[Ledger]:
    """Return an empty ledger, one implementation after the other."""
    if request.param == "fake":
        yield InMemoryLedger()
        return
    tables = open_ledger(request.getfixturevalue("azurite_connection"), a_table())
    yield tables
    await tables.aclose()


def a_text(noise: random.Random, size: int) -> str:
    """Return a text of JSON that hardly gets smaller than so many bytes."""
    return json.dumps({"noise": noise.randbytes(size).hex()})


def over_at(*, seconds: float) -> LegSeen:
    """Return the end of our leg with a code that says that the conversation is over."""
    at = NOW + timedelta(seconds=seconds)
    return LegSeen(at=at, leg_key=LEG, phase="gone", code=200, subcode=5001)


async def outbox_of(ledger: Ledger, meeting_id: MeetingId) -> tuple[OutboxRow, ...]:
    """Return what a load finds uncleared."""
    loaded = await ledger.load(meeting_id)
    assert loaded is not None
    return loaded.outbox


async def test_an_unknown_meeting_is_none(ledger: Ledger) -> None:
    """Nothing was ever written, not even the table: still a plain answer."""
    nobody = meeting_id_for(tenant_id="tenant", request_id="nobody")

    assert await ledger.load(nobody) is None
    assert await ledger.load(nobody, likely_new=True) is None
    assert await ledger.log(nobody) == []
    assert await ledger.pages(nobody) == []
    assert await ledger.older_legs(nobody) == []
    assert await ledger.sources(nobody) == []
    await ledger.clear(nobody, ["b-outbox-000000000001-000"])


async def test_a_meeting_is_inserted_and_loaded_as_it_was(ledger: Ledger) -> None:
    """What was written comes back equal, with its version and the ETag of the commit."""
    meeting = a_meeting()

    stored = await committed(ledger, Change(meeting=meeting))

    assert stored.meeting == replace(meeting, version=1)
    assert await ledger.load(meeting.meeting_id) == stored
    assert await ledger.load(meeting.meeting_id, likely_new=True) == stored


async def test_an_update_builds_on_what_was_loaded_or_just_committed(ledger: Ledger) -> None:
    """A commit's own answer is as good as a load for the next one."""
    first = await committed(ledger, Change(meeting=a_meeting()))
    second = await committed(ledger, Change(meeting=replace(first.meeting, sequence=4)), first)
    loaded = await ledger.load(first.meeting.meeting_id)
    third = await committed(ledger, Change(meeting=replace(second.meeting, sequence=5)), loaded)

    assert (second.meeting.version, second.meeting.sequence) == (2, 4)
    assert (third.meeting.version, third.meeting.sequence) == (3, 5)
    assert await ledger.load(first.meeting.meeting_id) == third


async def test_a_second_insert_loses(ledger: Ledger) -> None:
    """Who comes second learns it, and what the first wrote stays."""
    stored = await committed(ledger, Change(meeting=a_meeting()))

    with pytest.raises(LostRace):
        await committed(ledger, Change(meeting=replace(a_meeting(), sequence=9)))

    assert await ledger.load(stored.meeting.meeting_id) == stored


async def test_a_stale_commit_writes_nothing_at_all(ledger: Ledger) -> None:
    """The observation and the messages of a lost race are not there either."""
    first = await committed(ledger, Change(meeting=a_meeting()))
    second = await committed(ledger, Change(meeting=first.meeting), first)

    with pytest.raises(LostRace):
        await committed(
            ledger,
            Change(
                meeting=first.meeting,
                heard=heard(seen(1)),
                outgoing=(an_event(),),
                pages=(a_page(1),),
                leg_pages=(a_leg_page(1),),
                sources=(a_source("R-1", 0, "ada"),),
            ),
            first,
        )

    meeting_id = first.meeting.meeting_id
    assert await ledger.load(meeting_id) == second
    assert await ledger.log(meeting_id) == []
    assert await ledger.pages(meeting_id) == []
    assert await ledger.older_legs(meeting_id) == []
    assert await ledger.sources(meeting_id) == []


async def test_of_concurrent_commits_exactly_one_wins(ledger: Ledger) -> None:
    """Ten tasks build on the same state: one gets through, nine know that they lost."""
    before = await committed(ledger, Change(meeting=a_meeting()))

    answers = await asyncio.gather(
        *(
            committed(
                ledger,
                Change(meeting=replace(before.meeting, sequence=n), outgoing=(an_event(n),)),
                before,
            )
            for n in range(10)
        ),
        return_exceptions=True,
    )

    winners = [answer for answer in answers if isinstance(answer, Stored)]
    assert len(winners) == 1
    assert sum(isinstance(answer, LostRace) for answer in answers) == 9
    assert await ledger.load(before.meeting.meeting_id) == winners[0]


async def test_of_concurrent_inserts_exactly_one_wins(ledger: Ledger) -> None:
    """The same for a meeting that nobody knew."""
    answers = await asyncio.gather(
        *(committed(ledger, Change(meeting=replace(a_meeting(), sequence=n))) for n in range(5)),
        return_exceptions=True,
    )

    winners = [answer for answer in answers if isinstance(answer, Stored)]
    assert len(winners) == 1
    assert sum(isinstance(answer, LostRace) for answer in answers) == 4
    assert await ledger.load(a_meeting().meeting_id) == winners[0]


async def test_the_outbox_comes_oldest_first_and_is_cleared(ledger: Ledger) -> None:
    """A commit returns its own rows, a load all that are left; cleared rows are gone."""
    first = await committed(ledger, Change(meeting=a_meeting(), outgoing=(an_event(1),)))
    message = Outgoing(
        entity="tend-meeting",
        message_id="tend-1",
        body='{"text": "ünïcödé \\u0000"}',
        subject="s",
        correlation_id="c",
        session_id="m",
        reply_to="replies",
        properties={"type": "x"},
        due=NOW + timedelta(microseconds=1),
    )
    second = await ledger.commit(
        first,
        Change(meeting=first.meeting, outgoing=(an_event(2), message)),
        now=NOW + timedelta(seconds=1),
    )
    meeting_id = first.meeting.meeting_id

    loaded = await ledger.load(meeting_id)
    assert loaded is not None
    assert loaded.outbox == first.outbox + second.outbox
    assert [row.messages for row in loaded.outbox] == [(an_event(1),), (an_event(2), message)]
    assert [row.written_at for row in loaded.outbox] == [NOW, NOW + timedelta(seconds=1)]

    keys = [row.key for row in loaded.outbox]
    await ledger.clear(meeting_id, keys[:1])
    left = await ledger.load(meeting_id)
    assert left is not None
    assert left.outbox == second.outbox
    await ledger.clear(meeting_id, [*keys, "b-outbox-000000000099-000"])
    await ledger.clear(meeting_id, [])
    emptied = await ledger.load(meeting_id)
    assert emptied is not None
    assert emptied.outbox == ()


async def test_clearing_does_not_disturb_who_has_loaded(ledger: Ledger) -> None:
    """A flush runs beside the next commit; it must not cost it the race."""
    stored = await committed(ledger, Change(meeting=a_meeting(), outgoing=(an_event(),)))

    await ledger.clear(stored.meeting.meeting_id, [row.key for row in stored.outbox])

    assert (await committed(ledger, Change(meeting=stored.meeting), stored)).meeting.version == 2


async def test_no_message_is_lost_or_comes_back_over_many_commits(ledger: Ledger) -> None:
    """Whatever was cleared when, and whether commits build on a load or on a commit's answer."""
    first = await committed(ledger, Change(meeting=a_meeting(), outgoing=(an_event(1),)))
    meeting_id = first.meeting.meeting_id
    second = await committed(ledger, Change(meeting=first.meeting), first)
    third = await committed(ledger, Change(meeting=second.meeting, outgoing=(an_event(3),)), second)
    assert await outbox_of(ledger, meeting_id) == first.outbox + third.outbox

    await ledger.clear(meeting_id, [row.key for row in first.outbox])
    fourth = await committed(ledger, Change(meeting=third.meeting, outgoing=(an_event(4),)), third)
    assert await outbox_of(ledger, meeting_id) == third.outbox + fourth.outbox

    await ledger.clear(meeting_id, [row.key for row in fourth.outbox])
    loaded = await ledger.load(meeting_id)
    fifth = await committed(ledger, Change(meeting=fourth.meeting, outgoing=(an_event(5),)), loaded)
    await ledger.clear(meeting_id, [row.key for row in first.outbox])
    assert await outbox_of(ledger, meeting_id) == third.outbox + fifth.outbox


async def test_the_log_is_kept_in_the_order_of_commits(ledger: Ledger) -> None:
    """Whatever the moments in it say; a commit that heard and published nothing has no entry."""
    first = await committed(
        ledger, Change(meeting=a_meeting(), heard=heard(seen(2), seen(2), seen(0.000001)))
    )
    second = await committed(ledger, Change(meeting=first.meeting, outgoing=(an_event(),)), first)
    await committed(
        ledger, Change(meeting=second.meeting, heard=heard(seen(2), seen(1, "gone"))), second
    )

    assert await ledger.log(first.meeting.meeting_id) == [
        LogEntry(version=1, heard=heard(seen(2), seen(2), seen(0.000001))),
        LogEntry(version=3, heard=heard(seen(2), seen(1, "gone"))),
    ]


async def test_the_log_says_what_was_published_with_what_was_heard(ledger: Ledger) -> None:
    """The events of the meeting on the topic, by number, type and time."""
    event = {"sequence": "7", "type": "rollcall.bot.joined.v1", "time": "2026-03-04T09:30:00.123Z"}
    outgoing = (an_event(body=json.dumps(event)), an_event(2))

    stored = await committed(
        ledger, Change(meeting=a_meeting(), heard=heard(seen(0)), outgoing=outgoing)
    )

    (entry,) = await ledger.log(stored.meeting.meeting_id)
    at = NOW.replace(microsecond=123000)
    assert entry.published == (LoggedEvent(sequence=7, type="rollcall.bot.joined.v1", time=at),)


async def test_the_log_says_what_was_published_alone(ledger: Ledger) -> None:
    """But for `meeting.created` of the first commit, which the head has, and once it is purged."""
    event = {"sequence": "1", "type": "rollcall.meeting.created.v1", "time": "2026-03-04T09:30:00Z"}
    fact = Fact(name="meeting.created", at=NOW, key=(), data={})
    made = replace(a_meeting(), created=Published(fact=fact, sequence=1, recorded_at=NOW))

    async def publish(number: int, meeting: Meeting, before: Stored | None) -> Stored:
        outgoing = (an_event(number, body=json.dumps(event | {"sequence": str(number)})),)
        return await committed(ledger, Change(meeting=meeting, outgoing=outgoing), before)

    first = await publish(1, made, None)
    second = await publish(2, first.meeting, first)
    await publish(3, replace(second.meeting, purged=Purged(at=NOW)), second)

    log = await ledger.log(made.meeting_id)
    assert [(one.version, [event.sequence for event in one.published]) for one in log] == [(2, [2])]


async def test_the_log_comes_in_pages_of_whole_commits(ledger: Ledger) -> None:
    """Of so many rows, or little more; none where there is nothing behind the version."""
    stored = None
    for number in range(7):
        change = Change(
            meeting=stored.meeting if stored else a_meeting(), heard=heard(seen(number))
        )
        stored = await committed(ledger, change, stored)

    async def versions(after: int, most: int | None = None) -> list[int]:
        log = await ledger.log(a_meeting().meeting_id, after=after, most=most)
        return [entry.version for entry in log]

    assert await versions(2) == [3, 4, 5, 6, 7]
    assert await versions(2, 2) == [3, 4]
    assert await versions(6, 2) == [7]
    assert await versions(7, 2) == []


@LARGE_BODY
async def test_a_page_of_the_log_ends_where_it_grows_large(ledger: Ledger) -> None:
    """However few rows that are; what one commit heard stays together."""
    large = heard(*(a_roster(1300, seed=n) for n in range(20)))
    first = await committed(ledger, Change(meeting=a_meeting(), heard=large))
    await committed(ledger, Change(meeting=first.meeting, heard=heard(seen(1))), first)

    (entry,) = await ledger.log(a_meeting().meeting_id, most=100)

    assert entry == LogEntry(version=1, heard=large)


@LARGE_BODY
async def test_more_of_a_log_than_one_row_holds_is_one_entry(ledger: Ledger) -> None:
    """Rosters of 1,300 people each, none of whom was there before."""
    rosters = heard(*(a_roster(1300, seed=n) for n in range(20)))

    stored = await committed(ledger, Change(meeting=a_meeting(), heard=rosters))

    assert await ledger.log(stored.meeting.meeting_id) == [LogEntry(version=1, heard=rosters)]


async def test_a_first_roster_of_300_people_is_one_commit(ledger: Ledger) -> None:
    """The observation, the folded state and 300 events go in together and come back whole."""
    observations = (seen(0), a_roster(300))
    record = fold(claimed(LEG), observations, by_commit(1))
    events = tuple(an_event(n, body='{"participant": "' + "x" * 1000 + '"}') for n in range(300))

    stored = await committed(
        ledger,
        Change(
            meeting=replace(a_meeting(), record=record),
            heard=heard(*observations),
            outgoing=events,
        ),
    )

    loaded = await ledger.load(stored.meeting.meeting_id)
    assert loaded == stored
    assert tuple(message for row in stored.outbox for message in row.messages) == events
    (entry,) = await ledger.log(stored.meeting.meeting_id)
    assert entry.heard == heard(*observations)
    assert loaded.meeting.record.open_call is not None
    assert loaded.meeting.record.open_call.participant_count == 300


@pytest.mark.parametrize("kilobytes", [60, 300])
async def test_a_big_meeting_comes_back_whole(ledger: Ledger, kilobytes: int) -> None:
    """State that compression does not get under one property's, or five properties', limit."""
    noise = random.Random(kilobytes).randbytes(kilobytes * 600).hex()  # noqa: S311 - test data
    meeting = replace(a_meeting(), context={"noise": noise})

    stored = await committed(ledger, Change(meeting=meeting))
    smaller = await committed(ledger, Change(meeting=replace(meeting, context=None)), stored)

    assert stored.meeting.context == {"noise": noise}
    assert await ledger.load(meeting.meeting_id) == smaller
    assert smaller.meeting.context is None


@LARGE_BODY
async def test_more_messages_than_one_row_holds_are_spread(ledger: Ledger) -> None:
    """Each row can be read, sent and cleared by itself; the order goes on from row to row."""
    noise = random.Random(5)  # noqa: S311 - test data
    events = tuple(an_event(n, body=a_text(noise, 90_000)) for n in range(20))

    stored = await committed(ledger, Change(meeting=a_meeting(), outgoing=events))

    assert len(stored.outbox) > 1
    assert tuple(message for row in stored.outbox for message in row.messages) == events
    assert await ledger.load(stored.meeting.meeting_id) == stored


@pytest.mark.parametrize("what", ["meeting", "message", "transaction"])
async def test_what_no_transaction_can_hold_is_refused(ledger: Ledger, what: str) -> None:
    """A ValueError, before anything is asked of the store; nothing is written."""
    noise = random.Random(6)  # noqa: S311 - test data
    huge = a_text(noise, 900_000)
    meeting = a_meeting()
    changes = {
        "meeting": Change(meeting=replace(meeting, context={"noise": huge})),
        "message": Change(meeting=meeting, outgoing=(an_event(body=huge),)),
        "transaction": Change(
            meeting=meeting,
            outgoing=tuple(an_event(n, body=a_text(noise, 700_000)) for n in range(5)),
        ),
    }

    with pytest.raises(ValueError, match=r"fits no row|more than one transaction holds"):
        await committed(ledger, changes[what])

    assert await ledger.load(meeting.meeting_id) is None


async def test_sealed_sessions_are_read_back_by_call(ledger: Ledger) -> None:
    """Pages of several commits come in the order of their calls."""
    first = await committed(ledger, Change(meeting=a_meeting(), pages=(a_page(2), a_page(3))))
    await committed(ledger, Change(meeting=first.meeting, pages=(a_page(1),)), first)

    assert await ledger.pages(first.meeting.meeting_id) == [a_page(1), a_page(2), a_page(3)]


@LARGE_BODY
async def test_a_page_that_no_row_holds_becomes_several(ledger: Ledger) -> None:
    """A call with very many sessions loses none of them."""
    page = a_page(1, 20_000)

    await committed(ledger, Change(meeting=a_meeting(), pages=(page,)))

    pages = await ledger.pages(a_meeting().meeting_id)
    assert len(pages) > 1
    assert {part.call_number for part in pages} == {1}
    assert tuple(session for part in pages for session in part.sessions) == page.sessions


async def test_legs_that_left_the_head_are_read_back_in_order(ledger: Ledger) -> None:
    """Whole legs and parts of one, of several commits; no load of the meeting reads them."""
    earlier = (a_leg_page(1), LegPage(leg_key=LEG, asked={"J-1": {"meetingId": "d"}}))
    later = (replace(a_leg_page(2), leg=None), a_leg_page(3))
    first = await committed(ledger, Change(meeting=a_meeting(), leg_pages=earlier))
    second = await committed(ledger, Change(meeting=first.meeting, leg_pages=later), first)
    meeting_id = first.meeting.meeting_id

    assert tuple(await ledger.older_legs(meeting_id)) == earlier + later
    assert await ledger.pages(meeting_id) == []
    assert await ledger.load(meeting_id) == second


@LARGE_BODY
async def test_a_source_is_replaced_by_its_newer_version(ledger: Ledger) -> None:
    """One a source, whatever its size was before; no load of the meeting reads it."""
    noise = random.Random(8)  # noqa: S311 - test data
    large = a_source("R-1", 0, *(noise.randbytes(40).hex() for _ in range(9_000)))
    first = await committed(
        ledger, Change(meeting=a_meeting(), sources=(large, a_source("R-2", 3, "bob")))
    )
    meeting_id = first.meeting.meeting_id
    assert {one.source.source_id: one for one in await ledger.sources(meeting_id)} == {
        "R-1": large,
        "R-2": a_source("R-2", 3, "bob"),
    }

    newer = a_source("R-1", 1, "ada")
    second = await committed(ledger, Change(meeting=first.meeting, sources=(newer,)), first)

    assert sorted(await ledger.sources(meeting_id), key=lambda one: one.source.source_id) == [
        newer,
        a_source("R-2", 3, "bob"),
    ]
    assert await ledger.pages(meeting_id) == []
    assert await ledger.load(meeting_id) == second


@LARGE_BODY
async def test_more_legs_than_one_row_holds_are_spread(ledger: Ledger) -> None:
    """Each row can be read by itself; the order goes on from row to row."""
    noise = random.Random(8)  # noqa: S311 - test data
    pages = tuple(
        replace(a_leg_page(number), asked={"J": {"context": noise.randbytes(90_000).hex()}})
        for number in range(1, 20)
    )

    stored = await committed(ledger, Change(meeting=a_meeting(), leg_pages=pages))

    assert tuple(await ledger.older_legs(stored.meeting.meeting_id)) == pages


async def test_the_record_can_be_made_again_from_what_is_kept(ledger: Ledger) -> None:
    """Observations, record and sealed pages go through the store without a change of meaning."""
    commits: list[list[Observation]] = [
        [seen(0), a_roster(3, seconds=1)],
        [a_read(3, seconds=3, version=1)],
        [ReadFailed(at=NOW + timedelta(seconds=9), leg_key=LEG, status=500)],
        [a_roster(0, seconds=20), over_at(seconds=21)],
    ]
    stored, record = None, claimed(LEG)
    pages: tuple[SessionPage, ...] = ()
    for version, observations in enumerate(commits, start=1):
        changes: list[Heard] = []
        for observation in observations:
            before, record = record, fold(record, [observation], by_commit(version))
            changes.append(as_change(before, observation, record))
        record, pages = seal(record)
        meeting = replace(stored.meeting if stored else a_meeting(), record=record)
        change = Change(meeting=meeting, heard=tuple(changes), pages=pages)
        stored = await committed(ledger, change, stored)

    again = claimed(LEG)
    for entry in await ledger.log(a_meeting().meeting_id):
        for one in entry.heard:
            again = fold(again, [replayed(again, one)], by_commit(entry.version))

    loaded = await ledger.load(a_meeting().meeting_id)
    assert loaded is not None
    assert seal(again) == (loaded.meeting.record, pages)
    assert len(pages) == 1
    assert tuple(await ledger.pages(a_meeting().meeting_id)) == pages


async def test_the_first_claim_of_an_alias_wins(ledger: Ledger) -> None:
    """A later request is led to the first one's meeting; any text can be an alias."""
    alias = "19:meeting_Ab/C+d=@thread.v2?x#y\\z"
    one, other = MeetingId("a" * 26), MeetingId("b" * 26)

    assert await ledger.resolve_alias(alias) is None
    assert await ledger.claim_alias(alias, one) == one
    assert await ledger.claim_alias(alias, other) == one
    assert await ledger.claim_alias(alias, one) == one
    assert await ledger.resolve_alias(alias) == one
    assert await ledger.resolve_alias(alias.lower()) is None


async def test_concurrent_claims_of_an_alias_agree(ledger: Ledger) -> None:
    """Everybody is given the same meeting."""
    meetings = [MeetingId(letter * 26) for letter in "abcdefgh"]

    answers = await asyncio.gather(*(ledger.claim_alias("thread", one) for one in meetings))

    assert set(answers) == {await ledger.resolve_alias("thread")}
    assert answers[0] in meetings


async def test_what_is_to_be_purged_comes_by_day_and_only_so_much(ledger: Ledger) -> None:
    """Up to the day that is asked for, it included; a meeting may stand there for several days."""
    today = date(2026, 9, 30)
    assert await ledger.scheduled_purges(until=today, most=9) == []
    entries = [
        PurgeEntry(meeting_id=MeetingId(letter * 26), day=today + timedelta(days=days))
        for letter, days in (("d", -400), ("c", -30), ("b", 0), ("c", 0), ("a", 1))
    ]
    for entry in [*reversed(entries), *entries]:
        await ledger.schedule_purge(entry.meeting_id, entry.day)

    assert await ledger.scheduled_purges(until=today, most=9) == entries[:4]
    assert await ledger.scheduled_purges(until=today, most=3) == entries[:3]
    assert await ledger.scheduled_purges(until=today - timedelta(days=1), most=9) == entries[:2]

    for entry in (entries[1], entries[1], entries[2]):
        await ledger.unschedule_purge(entry)
    left = [entries[0], entries[3], entries[4]]
    assert await ledger.scheduled_purges(until=today + timedelta(days=1), most=9) == left


async def test_what_leads_to_a_meeting_is_found_and_dropped(ledger: Ledger) -> None:
    """Nothing that leads to another one, and nothing that was not named."""
    mine, others = MeetingId("a" * 26), MeetingId("b" * 26)
    day = date(2026, 9, 14)
    for alias, meeting_id in (("thread", mine), ("unnamed", mine), ("link", others)):
        await ledger.claim_alias(alias, meeting_id)
    for one, meeting_id in ((day, mine), (day, others), (day + timedelta(days=1), others)):
        await ledger.list_day(meeting_id, one, Brief())
    traces = Traces(
        aliases=frozenset({"thread", "link", "unclaimed"}),
        days=frozenset({day, day + timedelta(days=1), day + timedelta(days=2)}),
    )

    leads = await ledger.leads(mine, traces)
    await ledger.drop(leads)
    await ledger.drop(leads)

    assert len(leads) == 2
    assert await ledger.leads(mine, traces) == []
    assert await ledger.resolve_alias("thread") is None
    assert (await ledger.resolve_alias("unnamed"), await ledger.resolve_alias("link")) == (
        mine,
        others,
    )
    assert [one async for one in ledger.day(day)] == [(others, Brief())]


async def test_what_was_written_since_it_was_read_is_not_dropped(ledger: Ledger) -> None:
    """Even where it leads to the same meeting again: that is another life of it."""
    mine, other, day = MeetingId("a" * 26), MeetingId("b" * 26), date(2026, 9, 14)
    for alias in ("again", "moved"):
        await ledger.claim_alias(alias, mine)
    await ledger.list_day(mine, day, Brief())
    traces = Traces(aliases=frozenset({"again", "moved"}), days=frozenset({day}))
    late = await ledger.leads(mine, traces)

    await ledger.drop(await ledger.leads(mine, traces))
    await ledger.claim_alias("again", mine)
    await ledger.claim_alias("moved", other)
    await ledger.list_day(mine, day, Brief())
    await ledger.drop(late)

    assert await ledger.resolve_alias("again") == mine
    assert await ledger.resolve_alias("moved") == other
    assert [one async for one in ledger.day(day)] == [(mine, Brief())]


async def test_the_rows_of_commits_up_to_a_version_are_deleted(ledger: Ledger) -> None:
    """More than one transaction deletes; head, outbox and what came later stay."""
    stored = None
    for number in range(36):
        change = Change(
            meeting=stored.meeting if stored else a_meeting(),
            heard=heard(seen(number)),
            outgoing=(an_event(number),) if number == 3 else (),
            pages=(a_page(number),),
            leg_pages=(a_leg_page(1),),
        )
        stored = await committed(ledger, change, stored)
    assert stored is not None
    meeting_id = stored.meeting.meeting_id

    for _ in range(2):
        await ledger.delete_rows(meeting_id, up_to=34)

    assert [entry.version for entry in await ledger.log(meeting_id)] == [35, 36]
    assert [page.call_number for page in await ledger.pages(meeting_id)] == [34, 35]
    assert len(await ledger.older_legs(meeting_id)) == 2
    loaded = await ledger.load(meeting_id)
    assert loaded is not None
    assert loaded.meeting == stored.meeting
    assert [message for row in loaded.outbox for message in row.messages] == [an_event(3)]
    assert (await committed(ledger, Change(meeting=loaded.meeting), loaded)).meeting.version == 37


async def test_a_meeting_without_rows_has_none_to_delete(ledger: Ledger) -> None:
    """Nor has one that is not known, in a table that is not there."""
    await ledger.delete_rows(a_meeting().meeting_id, up_to=99)
    stored = await committed(ledger, Change(meeting=a_meeting()))
    await ledger.delete_rows(a_meeting().meeting_id, up_to=99)

    assert await ledger.load(a_meeting().meeting_id) == stored


async def test_the_index_has_a_meeting_due_at_the_earliest_of_what_was_said(
    ledger: Ledger,
) -> None:
    """The bound is exact, to the microsecond."""
    early, late = MeetingId("a" * 26), MeetingId("7" * 26)
    tick = timedelta(microseconds=1)
    assert await overdue(ledger, NOW) == {}
    await ledger.index(early, due_at=NOW)
    await ledger.index(late, due_at=NOW + 2 * tick)

    assert await overdue(ledger, NOW - tick) == {}
    assert await overdue(ledger, NOW) == {early: NOW}
    assert await overdue(ledger, NOW + 2 * tick) == {early: NOW, late: NOW + 2 * tick}

    await ledger.index(early, due_at=NOW + 5 * tick)
    await ledger.index(late, due_at=NOW + tick)
    assert await overdue(ledger, NOW + tick) == {early: NOW, late: NOW + tick}


async def test_an_entry_is_moved_on_and_at_last_deleted_by_whoever_read_it(
    ledger: Ledger,
) -> None:
    """Each time by an entry that was just read: the one from before is not theirs any more."""
    meeting_id = MeetingId("b" * 26)
    later, far = NOW + timedelta(seconds=9), NOW + timedelta(days=1)
    await ledger.index(meeting_id, due_at=NOW)
    (first,) = [one async for one in ledger.overdue(now=NOW)]

    await ledger.reindex(first, due_at=later)
    assert (await overdue(ledger, NOW), await overdue(ledger, far)) == ({}, {meeting_id: later})
    (second,) = [one async for one in ledger.overdue(now=far)]

    await ledger.reindex(first, due_at=None)
    assert await overdue(ledger, far) == {meeting_id: later}
    await ledger.reindex(second, due_at=None)
    await ledger.reindex(second, due_at=None)
    await ledger.reindex(second, due_at=NOW)
    assert await overdue(ledger, far) == {}


async def test_an_entry_that_was_written_meanwhile_is_not_moved(ledger: Ledger) -> None:
    """Even where the moment it says stayed the same: its writer relies on it."""
    meeting_id = MeetingId("c" * 26)
    await ledger.index(meeting_id, due_at=NOW)
    (entry,) = [one async for one in ledger.overdue(now=NOW)]
    await ledger.index(meeting_id, due_at=NOW + timedelta(seconds=9))

    await ledger.reindex(entry, due_at=None)
    await ledger.reindex(entry, due_at=NOW + timedelta(hours=1))

    assert await overdue(ledger, NOW) == {meeting_id: NOW}


async def test_of_two_who_index_one_meeting_at_once_the_earlier_moment_stays(
    ledger: Ledger,
) -> None:
    """Neither writes over the other."""
    meeting_id = MeetingId("d" * 26)
    moments = [NOW + timedelta(seconds=second) for second in (3, 1, 2)]

    await asyncio.gather(*(ledger.index(meeting_id, due_at=one) for one in moments))

    assert await overdue(ledger, NOW + timedelta(days=1)) == {meeting_id: min(moments)}


async def test_a_ledger_that_answers_passes_its_check(ledger: Ledger) -> None:
    """Even before anything was written."""
    await ledger.check()


async def test_a_failing_fake_did_nothing() -> None:
    """`fail_next` stands for a store that is down, for as many calls as it says."""
    ledger = InMemoryLedger()
    ledger.fail_next(2)

    with pytest.raises(Unavailable):
        await ledger.commit(None, Change(meeting=a_meeting()), now=NOW)
    with pytest.raises(Unavailable):
        await ledger.check()

    assert await ledger.load(a_meeting().meeting_id) is None


async def test_the_list_of_a_day_says_what_was_last_said_of_each_meeting(ledger: Ledger) -> None:
    """Of those that are there; one is taken off again, and taking off twice does no harm."""
    first, second = MeetingId("e" * 26), MeetingId("f" * 26)
    day = date(2026, 9, 14)
    full = Brief(request_id="r", subject="s", tally=Tally(calls=2, people=9), open_since=NOW)
    await ledger.list_day(first, day, full)
    await ledger.list_day(second, day, Brief())
    await ledger.list_day(first, day + timedelta(days=1), Brief(subject="another"))

    assert {one async for one in ledger.day(day)} == {(first, full), (second, Brief())}

    await ledger.list_day(first, day, Brief(tally=Tally(calls=3, people=9)))
    for _ in range(2):
        await ledger.list_day(second, day, None)
    assert [one async for one in ledger.day(day)] == [
        (first, Brief(tally=Tally(calls=3, people=9)))
    ]


async def test_the_list_of_a_day_comes_from_a_meeting_on(ledger: Ledger) -> None:
    """By ids, so many at most; also from one that is no longer there, and only those open."""
    day, since = date(2026, 9, 14), Brief(open_since=NOW)
    ids = [MeetingId(letter * 26) for letter in "bdfhj"]
    for number, meeting_id in enumerate(reversed(ids)):
        await ledger.list_day(meeting_id, day, since if number % 2 else Brief())

    async def listed(**members: Any) -> str:
        return "".join([meeting_id[0] async for meeting_id, _ in ledger.day(day, **members)])

    assert await listed(most=2) == "bd"
    assert await listed(first=ids[1], most=9) == "dfhj"
    assert await listed(first=MeetingId("c" * 26), most=2) == "df"
    assert await listed(first=MeetingId("k" * 26)) == ""
    assert await listed(open_only=True) == "dh"
    assert await listed(open_only=True, first=MeetingId("e" * 26), most=1) == "h"


async def test_the_last_walk_of_the_backstop_is_the_one_noted_last(ledger: Ledger) -> None:
    """To the microsecond; the index has nothing of it."""
    earlier = NOW - timedelta(microseconds=1)
    assert await ledger.last_walk() is None

    await ledger.note_walk(NOW)
    assert await ledger.last_walk() == NOW
    await ledger.note_walk(earlier)

    assert await ledger.last_walk() == earlier
    assert await overdue(ledger, NOW + timedelta(days=1)) == {}


async def test_a_probe_of_the_store_may_be_repeated(ledger: Ledger) -> None:
    """It leaves no row that would be in its way."""
    await ledger.probe()
    await ledger.probe()


async def test_the_bytes_of_each_head_that_is_written_are_measured(azurite_connection: str) -> None:
    """By the ledger of production: once a commit, whatever else goes with it."""
    tables = open_ledger(azurite_connection, a_table())
    before = figures()["rollcall.head.size", ""]

    await committed(tables, Change(meeting=a_meeting()))

    assert 100 < figures()["rollcall.head.size", ""] - before < 10_000
    await tables.aclose()
