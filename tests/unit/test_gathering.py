"""Many observations of one callback become a few that say the same."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from call_callback.gathering import gathered
from call_callback.notification import Notified
from shared.words.ids import LegKey, SessionId
from shared.words.observations import LegSeen, Person, Present, RosterPushed, Unparsed

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LEG = LegKey("abcdefghijklmnop")


def seen(phase: Any, code: int | None = None) -> LegSeen:
    """Return the sighting of the leg in a phase."""
    return LegSeen(at=NOW, leg_key=LEG, phase=phase, code=code)


def roster(*names: str, hidden: int = 0, ourselves: bool = True) -> RosterPushed:
    """Return a roster of these people."""
    return RosterPushed(
        at=NOW,
        leg_key=LEG,
        people=tuple(
            Present(session_id=SessionId(name), person=Person(kind="user")) for name in names
        ),
        lists_ourselves=ourselves,
        entries=len(names) + hidden + ourselves,
        unread=hidden,
        hidden=hidden,
    )


def shape(resource: str, *members: str, size: int = 1, change: str = "updated") -> Unparsed:
    """Return the shape of an item that is not read."""
    return Unparsed(
        at=NOW,
        leg_key=LEG,
        resource=resource,
        change_type=change,
        members=members,
        size=size,
    )


def test_a_few_observations_go_through_as_they_are() -> None:
    """So does everything that Graph is known to send."""
    few = (seen("in"), roster(), roster("ada"), roster(), seen("gone"), seen("gone", 200))

    assert gathered(few) == few


def test_what_is_said_again_is_said_once() -> None:
    """A phase that was reached stays reached; a roster that comes twice in a row is one."""
    said: list[Notified] = [
        seen("in"),
        roster("ada"),
        seen("in"),
        roster("ada"),
        seen("gone", 1),
        seen("gone", 2),
    ]

    assert gathered(said) == (seen("in"), roster("ada"), seen("gone", 1))


def test_many_rosters_in_a_row_become_the_last_and_all_others_as_one() -> None:
    """Everybody named was there, and a read follows; who is missing from the last is in doubt."""
    others = [roster("bo"), roster("ada", hidden=4), roster("cy", "bo", ourselves=False)]

    union, last = gathered([*others, roster("di")])

    assert last == roster("di")
    assert union == replace(
        roster("ada", "bo", "cy", hidden=4), entries=max(one.entries for one in others)
    )


def test_a_union_of_rosters_proves_nobodys_absence() -> None:
    """It is no list that anybody sent."""
    union, _ = gathered([roster("ada"), roster(), roster("bo"), roster()])

    assert isinstance(union, RosterPushed)
    assert (union.unread, union.hidden) == (1, 1)


def test_items_that_are_not_read_become_one_shape_a_kind() -> None:
    """Counted, with the members and the size of all; they come last."""
    said: list[Notified] = [
        shape("operations", "b", size=2),
        shape("call", "x"),
        seen("in"),
        shape("operations", "a", "b", size=3),
        shape("operations", change="deleted"),
    ]

    assert gathered(said) == (
        seen("in"),
        replace(shape("operations", "a", "b", size=5), count=2),
        shape("call", "x"),
        shape("operations", change="deleted"),
    )


@pytest.mark.parametrize("count", [100, 1_000])
def test_what_is_gathered_does_not_grow_with_the_items(count: int) -> None:
    """Whatever their order: states and rosters in turn, each another."""
    said: list[Notified] = [
        one for n in range(count) for one in (seen("gone", n), roster(f"p{n}"), shape("x", f"m{n}"))
    ]

    assert len(gathered(said)) == 1 + 2 + 1
