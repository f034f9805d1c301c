"""The estimate of what calls take of a head row never falls short of what they take, packed."""

import string
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest

from shared.calls.fold import fold
from shared.calls.record import Commit, GroupCall, Record, Session, seal, seal_of
from shared.calls.weight import relieved, weight_of, weight_of_session
from shared.meeting.meeting import Meeting
from shared.meeting.packing import ROW_BYTES, packed
from shared.words.ids import LegKey, MeetingId, SessionId
from shared.words.observations import Person, Present, RosterPushed
from shared.words.rules import ROOM
from tests.fixtures.evidence import LEG, at, leg
from tests.fixtures.legs import claimed

random = Random(1)  # noqa: S311 - the same crowd every time
LEGS = (LegKey("abcdefghij234567"), LegKey("klmnopqrst234567"))
PRINTABLE = string.printable[:94]
IDEOGRAPHS = [chr(point) for point in range(0x4E00, 0x9FA5)]
EMOJI = [chr(point) for point in range(0x1F300, 0x1F600)]
TENANT = "8eadd81b-3cba-1910-38bc-e0a0143c00f2"


def guid() -> str:
    return str(UUID(int=random.getrandbits(128)))


def text(length: int, of: list[str] | str = PRINTABLE) -> str:
    return "".join(random.choice(of) for _ in range(length))


def moment() -> datetime:
    start = datetime(2026, 9, 14, tzinfo=UTC)
    return start + timedelta(microseconds=random.randrange(86_400_000_000))


def person(number: int) -> Session:
    """Return a session as they come, with a time of its own in each member that can hold one."""
    return Session(
        session_id=SessionId(guid().replace("-", "")),
        person=Person(kind="user", user_id=guid(), tenant_id=TENANT),
        first_seen=moment(),
        first_version=number,
        legs=LEGS,
        opener=random.random() < 0.5,
        present_before=random.random() < 0.5,
        blurred=random.random() < 0.5,
        joined_not_before=moment(),
        missed_at=moment(),
        last_seen=moment(),
        absent_since=moment(),
        left_at=moment(),
        left_not_before=moment(),
        left_not_after=moment(),
    )


def named(number: int, *, ids: Callable[[], str], names: Callable[[], str | None]) -> Session:
    """Return such a session with other texts."""
    who = Person(kind="user", user_id=ids(), display_name=names(), tenant_id=ids())
    return replace(person(number), session_id=SessionId(ids()), person=who)


CROWDS: dict[str, Callable[[int], Session]] = {
    "GUIDs": person,
    "names": lambda n: named(n, ids=guid, names=lambda: text(15, string.ascii_letters)),
    "longest": lambda n: named(n, ids=lambda: text(128), names=lambda: text(256)),
    "hexadecimal": lambda n: named(n, ids=lambda: guid()[:36] * 2, names=lambda: text(256)),
    "ideographs": lambda n: named(n, ids=guid, names=lambda: text(256, IDEOGRAPHS)),
    "emoji": lambda n: named(n, ids=guid, names=lambda: text(256, EMOJI)),
    "quotes": lambda n: named(n, ids=lambda: text(128, '"\\ab'), names=lambda: text(256, '"\\')),
    "short ids": lambda n: named(n, ids=lambda: text(8), names=lambda: None),
    "renamed": lambda n: replace(
        person(n), aliases=tuple(SessionId(guid().replace("-", "")) for _ in range(4))
    ),
}


def call_of(*sessions: Session, sealed: int = 0) -> GroupCall:
    """Return a call of these sessions, with as many marks."""
    return GroupCall(
        number=1,
        started_at=moment(),
        start_basis="observed",
        heard_at=moment(),
        start_not_before=moment(),
        empty_at=moment(),
        last_seen=moment(),
        quiet_since=moment(),
        ended_at=moment(),
        end_basis="observed",
        end_not_before=moment(),
        end_not_after=moment(),
        reason="everyoneLeft",
        sessions={one.session_id: one for one in sessions},
        sealed=frozenset(seal_of(SessionId(guid())) for _ in range(sealed)),
        sealed_people=frozenset(seal_of(SessionId(guid())) for _ in range(sealed)),
    )


def bytes_of(*calls: GroupCall) -> int:
    """Return how much calls take of a head row, packed."""
    empty = Meeting(meeting_id=MeetingId("a" * 26), tenant_id="t", correlation_id="c")
    full = replace(empty, record=Record(calls=calls))
    return len(packed(Meeting, full)) - len(packed(Meeting, empty))


@pytest.mark.parametrize("kind", CROWDS)
def test_people_weigh_no_less_than_they_take(kind: str) -> None:
    """Whatever their ids and names, and whenever they came and went."""
    call = call_of(*(CROWDS[kind](number) for number in range(800)))

    assert bytes_of(call) <= weight_of(call)


def test_marks_and_calls_weigh_no_less_than_they_take() -> None:
    """A call from which everybody left, and many in which hardly anybody was."""
    large, small = call_of(sealed=5_000), [call_of(sealed=1) for _ in range(250)]

    assert bytes_of(large) <= weight_of(large) < 1.3 * bytes_of(large)
    assert bytes_of(*small) <= sum(map(weight_of, small))


def test_a_call_becomes_no_heavier_by_a_session_than_the_session_weighs() -> None:
    """And its marks weigh less, so that sealing makes room."""
    before, one = call_of(*map(person, range(9))), CROWDS["renamed"](9)
    after = replace(before, sessions={**before.sessions, one.session_id: one})

    assert weight_of(after) - weight_of(before) <= weight_of_session(one)
    ended = moment()
    record = Record(calls=(replace(after, ended_at=ended),), moment=ended)
    assert weight_of(seal(record)[0].calls[0]) < weight_of(after)


@pytest.mark.parametrize(("length", "kept"), [(15, 2_800), (256, 850)])
def test_a_head_that_is_full_is_far_from_its_limit(length: int, kept: int) -> None:
    """What remains holds a request and its meeting, whoever the people are."""
    ids = guid if length < 100 else lambda: text(128)
    people = [
        Present(
            session_id=SessionId(ids()),
            person=Person(kind="user", user_id=ids(), display_name=text(length), tenant_id=ids()),
        )
        for _ in range(5_000)
    ]
    push = RosterPushed(
        at=at(5), leg_key=LEG, people=tuple(people), lists_ourselves=True, entries=5_001
    )

    by = Commit(version=1, settle=timedelta(seconds=1), roster_cap=100)
    (call,) = fold(claimed(LEG), [leg(0, "in"), push], by).calls

    assert kept < len(call.sessions) == 5_000 - call.others
    assert bytes_of(call) <= weight_of(call) <= ROOM < ROW_BYTES - 131_072


def test_calls_that_are_over_make_room_the_oldest_first() -> None:
    """As many as need to; the newest stays, however heavy."""
    calls = tuple(replace(call_of(sealed=9), number=number) for number in (1, 2, 3))
    each = weight_of(calls[0])

    kept, pages = relieved(Record(calls=calls), 2 * each)
    last, _ = relieved(Record(calls=calls), 0)
    untouched = relieved(Record(calls=calls), 3 * each)

    assert ([call.number for call in kept.calls], kept.before) == ([2, 3], 1)
    assert [(page.call_number, page.call and page.call.sealed) for page in pages] == [
        (1, frozenset())
    ]
    assert ([call.number for call in last.calls], last.before) == ([3], 2)
    assert untouched == (Record(calls=calls), ())
