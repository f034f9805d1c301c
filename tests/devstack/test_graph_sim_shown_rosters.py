"""How the simulator shows rosters: cut, renamed, stray."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from devstack.graph.calls import Leg
from devstack.graph.identities import BOT_APP_ID, same_guid, seeded
from devstack.graph.notifications import render_roster, render_stray_roster
from devstack.graph.participants import render_participants, shown_participant_id
from devstack.graph.room import Room
from devstack.graph.switches import DOCUMENTED, GraphSwitches

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LEG = Leg(
    call_id="2f1a1100-b174-40a0-aba7-0b405e01ed92",
    participant_id="05491616-385f-44a8-9974-18cc5f9933c1",
    callback_uri="http://127.0.0.1:7071/api/calls/m/l",
)
SECOND = replace(
    LEG,
    call_id="7c0d5a52-3b8e-4c1f-8f3a-1d2e3f405162",
    participant_id="b3f1c2d4-5e6f-4071-8293-a4b5c6d7e8f9",
)
SEEDS = range(30)


def a_room(people: int = 1, *, legs: tuple[Leg, ...] = (LEG,)) -> tuple[Room, list[str]]:
    room = Room(seeded(1))
    for leg in legs:
        room.enter(leg)
    return room, [room.join(user_id=f"user-{number}", at=NOW) for number in range(people)]


def pushed(room: Room, switches: GraphSwitches, *, leg: Leg = LEG, seed: int = 1) -> list[Any]:
    """The entries of a pushed roster."""
    envelope: Any = render_roster(room, leg, seeded(seed), switches=switches)
    return list(envelope["value"][0]["resourceData"])


def read(room: Room, switches: GraphSwitches, *, leg: Leg = LEG, seed: int = 1) -> list[Any]:
    """The entries of an answer to GET participants."""
    answer: Any = render_participants(
        room, call_id=leg.call_id, switches=switches, variation=seeded(seed)
    )
    return list(answer["value"])


def ids(entries: list[Any]) -> set[str]:
    return {same_guid(one["id"]) for one in entries}


def applications(entries: list[Any]) -> list[str]:
    """The application ids that a roster names."""
    identities = [one["info"]["identity"] for one in entries]
    return [one["application"]["id"] for one in identities if one.get("application")]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_cut_roster_has_so_many_entries_and_no_strangers(seed: int) -> None:
    """Pushed and read rosters hold `cap` of those who are there; shorter ones are left whole."""
    room, people = a_room(5)
    everybody = {same_guid(one) for one in (*people, LEG.participant_id)}

    for roster in (
        pushed(room, GraphSwitches(roster_cap=3), seed=seed),
        read(room, GraphSwitches(roster_cap=3), seed=seed),
    ):
        assert len(roster) == 3
        assert ids(roster) < everybody
    assert ids(pushed(room, GraphSwitches(roster_cap=6), seed=seed)) == everybody
    assert ids(read(room, GraphSwitches(roster_cap=6), seed=seed)) == everybody


def test_any_entry_may_be_cut() -> None:
    """Each person and our own leg are left out of some rosters and stand in others."""
    room, people = a_room(3)
    everybody = {same_guid(one) for one in (*people, LEG.participant_id)}

    for show in (pushed, read):
        shown = [ids(show(room, GraphSwitches(roster_cap=2), seed=seed)) for seed in SEEDS]
        assert set.union(*shown) == everybody
        assert set.intersection(*shown) == set()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_cut_read_lists_a_person_while_one_is_there(seed: int) -> None:
    """Bots and people in the lobby do not crowd out the only person in the call."""
    room, (ada,) = a_room(legs=(LEG, SECOND))
    room.join(user_id="bob", at=NOW, in_lobby=True)
    room.join(user_id="other-bot", at=NOW, kind="application")

    assert same_guid(ada) in ids(read(room, GraphSwitches(roster_cap=1), seed=seed))


def test_a_cut_push_may_list_our_leg_alone() -> None:
    """Only reads are held to naming a person."""
    room, _ = a_room()

    shown = [ids(pushed(room, GraphSwitches(roster_cap=1), seed=seed)) for seed in SEEDS]

    assert {same_guid(LEG.participant_id)} in shown


def test_stray_rosters_are_empty_or_list_our_legs_alone() -> None:
    """Both happen, however many people are in the room."""
    room, _ = a_room(3)
    strays: list[Any] = [render_stray_roster(room, LEG, seeded(seed)) for seed in SEEDS]

    shown = [ids(one["value"][0]["resourceData"]) for one in strays]

    assert {frozenset(one) for one in shown} == {
        frozenset(),
        frozenset({same_guid(LEG.participant_id)}),
    }


def test_with_changed_ids_each_later_leg_sees_people_under_ids_of_its_own() -> None:
    """The first leg sees the true ones; a leg's own id stays; pushes and reads agree."""
    third = replace(SECOND, call_id="0a1b2c3d-4e5f-4607-8899-aabbccddeeff")
    room, (ada,) = a_room(legs=(LEG, SECOND, third))
    switches = GraphSwitches(participant_ids="changed")
    bots = {same_guid(one.participant_id) for one in room.legs}

    seen = [ids(read(room, switches, leg=leg)) - bots for leg in (LEG, SECOND, third)]
    again = [ids(pushed(room, switches, leg=leg)) - bots for leg in (LEG, SECOND, third)]

    assert seen == again
    assert seen[0] == {same_guid(ada)}
    assert len(set.union(*seen)) == 3
    assert bots <= ids(read(room, switches, leg=SECOND))


def test_a_changed_id_is_a_dashed_guid_that_stays() -> None:
    """It depends on the person's id and the leg alone, and can be computed from the truth."""
    room, (ada,) = a_room(legs=(LEG, SECOND))
    switches = GraphSwitches(participant_ids="changed")
    expected = shown_participant_id(room, ada, call_id=SECOND.call_id, switches=switches)

    room.join(user_id="bob", at=NOW)

    shown = read(room, switches, leg=SECOND)
    assert shown[0]["id"] == expected == str(UUID(expected))
    assert shown[0]["info"]["identity"]["user"]["id"] == "user-0"


def test_the_first_leg_is_the_first_that_got_in() -> None:
    """One that waits in the lobby is not yet in; one that has left is still the first."""
    room = Room(seeded(1))
    room.enter(replace(SECOND, in_lobby=True))
    room.enter(LEG)
    room.exit(LEG.call_id, at=NOW)
    room.enter(SECOND)

    assert room.first_leg == LEG.call_id


def test_rosters_name_our_bot_by_another_id() -> None:
    """The identity changes, the participant id does not; other bots keep their names."""
    room, _ = a_room()
    room.join(user_id="other-bot", at=NOW, kind="application")
    switches = GraphSwitches(bot_id="another-id")

    for show in (pushed, read):
        entries = show(room, switches)
        assert sorted(applications(entries)) == ["another-id", "other-bot"]
        assert same_guid(LEG.participant_id) in ids(entries)
        assert sorted(applications(show(room, DOCUMENTED))) == sorted([BOT_APP_ID, "other-bot"])


def test_a_leg_in_the_lobby_is_named_by_the_other_id_too() -> None:
    """It is shown itself alone, pushed and read."""
    room, _ = a_room()
    waiting = replace(SECOND, in_lobby=True)
    switches = GraphSwitches(bot_id="another-id", roster_cap=1)

    answer: Any = render_participants(room, waiting=waiting, switches=switches)

    assert applications(answer["value"]) == ["another-id"]
    assert applications(pushed(room, switches, leg=waiting)) == ["another-id"]
