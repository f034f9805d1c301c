"""When a record is purged, over whatever a meeting may hold; and what its tombstone holds then."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from shared.calls.record import Record
from shared.events.cloud_events import event_message
from shared.meeting.legs import standing
from shared.meeting.listing import list_due
from shared.meeting.meeting import Meeting, Tending
from shared.meeting.packing import adapter
from shared.meeting.retention import begun, purge_day, tombstone_of, traces_of
from shared.words.ids import leg_key_for
from shared.words.outgoing import Fact, Published
from tests.property.stored import moments, stored

LAST = datetime(9980, 1, 1, tzinfo=UTC)
KEPT_IN_TOMBSTONES = {
    *("meeting_id", "tenant_id", "correlation_id"),
    "traceparent",  # an id too: `meeting.purged` names it
    *("version", "sequence", "lives", "purged"),
}
days = st.integers(3, 3650)


@st.composite
def meetings(draw: st.DrawFn) -> Meeting:
    """Return whatever a meeting may hold; one in two of them is over."""
    meeting: Meeting = draw(stored.of(Meeting))
    meeting = replace(meeting, retention_days=draw(st.none() | days), purged=None)
    if draw(st.booleans()):
        meeting = replace(meeting, record=Record(), tend=Tending())
    return meeting


def moments_of(value: Any) -> Iterator[datetime]:
    """Yield the moments in what is stored of a meeting."""
    if isinstance(value, datetime):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from moments_of(one)
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from moments_of(one)


@given(meetings(), moments, days)
def test_nothing_is_purged_that_is_younger_than_its_retention_or_not_over(
    meeting: Meeting, now: datetime, kept: int
) -> None:
    """Whatever moment it is that the meeting holds; but which looks are planned is no sign of life.

    Each look is about a leg, an open call or the lists of days: they hold the record, not the plan.
    """
    untended = replace(meeting, tend=Tending())
    found = list(moments_of(adapter(Meeting).dump_python(untended)))
    assume(max([now, *found]) < LAST - timedelta(days=3651))

    day = purge_day(meeting, now=now, days=kept)

    if day <= now.date():
        retention = timedelta(days=meeting.retention_days or kept)
        assert all(now - one >= retention for one in found)
        assert meeting.record.open_call is None
        assert not meeting.legs or list_due(meeting) is None
        legs = standing(meeting, now=now)
        assert (legs.bound, legs.held) == ((), ())


@given(meetings(), moments, days)
def test_what_is_over_is_purged_at_most_two_days_after_its_retention(
    meeting: Meeting, now: datetime, kept: int
) -> None:
    """And what is not over is looked at again tomorrow, or when it may be."""
    found = list(moments_of(adapter(Meeting).dump_python(meeting)))
    assume(max([now, *found]) < LAST - timedelta(days=3651))
    retention = timedelta(days=meeting.retention_days or kept)
    newest = max([*found, now - retention - timedelta(days=2)])

    day = purge_day(meeting, now=now, days=kept)

    may_be = (newest + retention).date() + timedelta(days=1)
    assert day <= max(may_be, now.date() + timedelta(days=1))


@given(meetings(), moments)
def test_a_tombstone_holds_ids_and_counters_and_what_leads_to_it(
    meeting: Meeting, now: datetime
) -> None:
    """A field that is added to a meeting stays out of it."""
    stone = tombstone_of(meeting, at=now)
    blank = Meeting(
        meeting_id=stone.meeting_id, tenant_id=stone.tenant_id, correlation_id=stone.correlation_id
    )

    differing = {
        one.name for one in fields(Meeting) if getattr(stone, one.name) != getattr(blank, one.name)
    }

    assert differing <= KEPT_IN_TOMBSTONES
    assert stone.purged is not None
    assert stone.purged.left == traces_of(meeting)
    assert not stone.known
    assert purge_day(replace(stone, purged=None), now=now, days=90) <= now.date()


@given(meetings(), moments, st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2))
def test_nothing_of_a_new_life_has_an_id_of_the_one_before(
    meeting: Meeting, now: datetime, context: dict[str, str]
) -> None:
    """Events of the same facts, and legs of the same attempts; and it goes on counting."""
    newcomer = Meeting(
        meeting_id=meeting.meeting_id, tenant_id="t", correlation_id="c", context=context
    )
    fact = Fact(name="meeting.created", at=now, key=("INC-1",), data={})

    anew = begun(tombstone_of(meeting, at=now), newcomer)

    lives = (meeting, anew)
    published = Published(fact=fact, sequence=1, recorded_at=now)
    events = {event_message(one, published).message_id for one in lives}
    legs = {leg_key_for(meeting_id=one.meeting_id, attempt=1, lives=one.lives) for one in lives}
    assert (len(events), len(legs)) == (2, 2)
    assert (anew.version, anew.sequence) == (meeting.version, meeting.sequence)
    assert (anew.purged, anew.context) == (None, context)
    assert begun(None, newcomer) == newcomer
    assert begun(meeting, newcomer) == meeting


def test_a_meeting_without_any_moment_is_over() -> None:
    """Nothing in it would ever be old enough; which looks were planned does not count."""
    meeting = Meeting(meeting_id=stored_id(), tenant_id="t", correlation_id="c")
    now = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)

    assert purge_day(meeting, now=now, days=90) == date(2026, 3, 4)
    planned = replace(meeting, tend=Tending(indexed=now + timedelta(days=100)))
    assert purge_day(planned, now=now, days=90) == date(2026, 3, 4)


def stored_id() -> Any:
    """Return the id of a meeting."""
    return "a" * 26
