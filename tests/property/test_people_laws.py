"""Laws of the people of a call: each once, their time counted once, whatever the sessions are."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from meeting_record.people import Attendance, attendances, person_view
from shared.calls.record import GroupCall, Session
from shared.words.ids import LegKey, SessionId
from shared.words.observations import Person
from shared.words.rules import Shown

T0 = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
UNTIL = T0 + timedelta(seconds=60)
SHOWN = Shown(names=True, within=timedelta(0))
NAMES = (None, "ada", "bo", "cy")

seconds = st.integers(min_value=0, max_value=50)
"""Whole seconds, few enough that intervals overlap and touch."""
precise = st.floats(min_value=0, max_value=50)


def session(name: str | None, joined: float, left: float | None, *, number: int = 0) -> Session:
    """Return a session, from and to so many seconds after T0."""
    return Session(
        session_id=SessionId(f"s-{number}"),
        person=Person(kind="user", user_id=name),
        first_seen=T0 + timedelta(seconds=joined),
        first_version=1,
        legs=(LegKey("a" * 16),),
        left_at=None if left is None else T0 + timedelta(seconds=left),
    )


@st.composite
def sessions(draw: st.DrawFn) -> list[Session]:
    """Return the sessions of one call; some go on, some are named only after they were over."""
    drawn = draw(st.lists(st.tuples(st.sampled_from(NAMES), seconds, st.none() | seconds)))
    return [
        session(name, joined, left, number=number)
        for number, (name, joined, left) in enumerate(drawn)
    ]


def ticks(found: list[Session]) -> set[int]:
    """Return the seconds in which one of the sessions was there: the union, counted one by one."""
    return {
        tick
        for one in found
        for tick in range((one.first_seen - T0).seconds, ((one.left_at or UNTIL) - T0).seconds)
    }


def key(one: Attendance) -> str | None:
    """Return the id of a person, if they have one."""
    return one.person.user_id


@given(sessions())
@example([session("ada", 0, 10, number=1), session("ada", 5, None, number=2)])
def test_a_person_was_there_for_the_union_of_their_sessions(found: list[Session]) -> None:
    """Two devices at a time count once; an open session counts up to the last evidence."""
    people = {key(one): one for one in attendances(found) if key(one) is not None}

    assert {name: one.seconds(UNTIL) for name, one in people.items()} == {
        name: len(ticks([one for one in found if one.person.user_id == name])) for name in people
    }


@given(sessions(), st.randoms(use_true_random=False))
def test_the_order_of_the_sessions_says_nothing(found: list[Session], random: Random) -> None:
    """They come from pages and from the head, in any order."""
    shuffled = list(found)
    random.shuffle(shuffled)

    assert attendances(shuffled) == attendances(found)


@given(sessions())
def test_intervals_are_in_order_and_apart(found: list[Session]) -> None:
    """So their lengths can be added. Only the last one may be open; none ends before it begins."""
    for one in attendances(found):
        for before, after in zip(one.intervals, one.intervals[1:], strict=False):
            assert before.left_at is not None
            assert before.left_at < after.joined_at
        assert all(span.left_at is None or span.joined_at <= span.left_at for span in one.intervals)


@given(sessions())
def test_each_person_is_there_once_as_the_count_says(found: list[Session]) -> None:
    """`participantCount` counts the same people. Without an identity each session is its own."""
    call = GroupCall(
        number=1,
        started_at=T0,
        start_basis="observed",
        heard_at=UNTIL,
        sessions={one.session_id: one for one in found},
    )
    people = attendances(found)
    named = [name for one in people if (name := key(one)) is not None]

    assert len(people) == call.participant_count
    assert len(named) == len(set(named))
    assert set(named) == {one.person.user_id for one in found} - {None}
    assert len(people) - len(named) == sum(one.person.user_id is None for one in found)


@given(sessions(), sessions())
def test_more_evidence_never_shortens_the_time(found: list[Session], more: list[Session]) -> None:
    """Of nobody who was there before."""
    later = [
        session(one.person.user_id, (one.first_seen - T0).seconds, None, number=100 + number)
        for number, one in enumerate(more)
    ]
    longer = {key(one): one.seconds(UNTIL) for one in attendances([*found, *later])}

    for one in attendances(found):
        if key(one) is not None:
            assert longer[key(one)] >= one.seconds(UNTIL)


@given(
    st.lists(st.tuples(st.sampled_from(NAMES), precise, st.none() | precise)),
)
@example([("ada", 1.0, 2.0001), ("ada", 2.0002, 3.0)])
def test_what_is_shown_adds_up(drawn: list[tuple[str | None, float, float | None]]) -> None:
    """A reader who adds the shown intervals gets the shown seconds, with times to microseconds."""
    found = [session(*one, number=number) for number, one in enumerate(drawn)]
    for one in attendances(found):
        shown = person_view(one, until=UNTIL, tenant_id="t", roles={}, shown=SHOWN)
        spans = [
            datetime.fromisoformat(span["leftAt"] or UNTIL.isoformat())
            - datetime.fromisoformat(span["joinedAt"])
            for span in shown["intervals"]
        ]

        assert all(a["leftAt"] < b["joinedAt"] for a, b in pairwise(shown["intervals"]))
        assert shown["firstJoinedAt"] == shown["intervals"][0]["joinedAt"]
        assert shown["lastLeftAt"] == shown["intervals"][-1]["leftAt"]
        assert shown["seconds"] == round(sum(span.total_seconds() for span in spans), 3)
