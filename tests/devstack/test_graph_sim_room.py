"""The simulator's room keeps the truth: sessions and group calls."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from devstack.graph.calls import Leg
from devstack.graph.identities import seeded
from devstack.graph.room import Room

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LEG = Leg(call_id="c", participant_id="p", callback_uri="http://127.0.0.1/")


def after(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def test_a_group_call_lasts_from_the_first_person_in_to_the_last_one_out() -> None:
    """Overlapping stays are one call."""
    room = Room(seeded(1))

    ada = room.join(user_id="ada", at=after(0))
    bob = room.join(user_id="bob", at=after(5))
    room.leave(ada, at=after(10))
    room.leave(bob, at=after(20))

    (call,) = room.calls
    assert (call.started_at, call.ended_at) == (after(0), after(20))
    assert call.user_ids == ("ada", "bob")


def test_people_who_return_to_an_empty_room_start_another_group_call() -> None:
    """The same coordinates serve a second call, and the person has a second session."""
    room = Room(seeded(1))

    first = room.join(user_id="ada", at=after(0))
    room.leave(first, at=after(1))
    second = room.join(user_id="ada", at=after(30))

    assert first != second
    assert [(call.started_at, call.ended_at) for call in room.calls] == [
        (after(0), after(1)),
        (after(30), None),
    ]
    assert [(one.participant_id, one.left_at) for one in room.sessions] == [
        (first, after(1)),
        (second, None),
    ]


def test_somebody_in_twice_counts_until_the_second_stay_ends() -> None:
    """Two devices of one person are two sessions of one member."""
    room = Room(seeded(1))

    laptop = room.join(user_id="ada", at=after(0))
    phone = room.join(user_id="ada", at=after(1))
    room.leave(laptop, at=after(2))
    still_open = room.calls[-1].ended_at
    room.leave(phone, at=after(3))

    assert still_open is None
    assert room.calls[-1].user_ids == ("ada",)
    assert room.calls[-1].participant_ids == (laptop, phone)
    assert room.calls[-1].ended_at == after(3)


def test_waiting_in_the_lobby_is_not_yet_being_in_the_call() -> None:
    """The session begins with the admission; who leaves the lobby had none."""
    room = Room(seeded(1))

    waiting = room.join(user_id="ada", at=after(0), in_lobby=True)
    gone = room.join(user_id="bob", at=after(1), in_lobby=True)
    room.leave(gone, at=after(2))
    before = list(room.calls)
    room.admit(waiting, at=after(3))

    assert before == []
    assert room.calls[0].started_at == after(3)
    assert [one.user_id for one in room.sessions] == ["ada"]


def test_muting_changes_what_is_shown_and_not_the_log() -> None:
    """A muted person is in the same session of the same group call."""
    room = Room(seeded(1))
    ada = room.join(user_id="ada", at=after(0))
    before = (list(room.sessions), list(room.calls))

    room.mute(ada, muted=True)

    assert [one.is_muted for one in room.people] == [True]
    assert (room.sessions, room.calls) == before


def test_a_conference_instance_lasts_from_the_first_in_to_the_last_out() -> None:
    """Our leg and another bot hold it as people do; the next one in starts another."""
    room = Room(seeded(1))
    seen = [room.chain_id]

    room.enter(LEG)
    ada = room.join(user_id="ada", at=after(0))
    seen.append(room.chain_id)
    room.exit(LEG.call_id, at=after(1))
    other = room.join(user_id="other-bot", at=after(1), kind="application")
    room.leave(ada, at=after(2))
    seen.append(room.chain_id)
    room.leave(other, at=after(3))
    room.join(user_id="ada", at=after(4))

    assert len(set(seen)) == 1
    assert room.chain_id != seen[0]
    assert [call.chain_id for call in room.calls] == [seen[0], room.chain_id]


def test_two_group_calls_in_one_conference_share_its_id() -> None:
    """While our leg stays, an emptied room goes on."""
    room = Room(seeded(1))
    room.enter(LEG)

    for start in (0, 10):
        room.leave(room.join(user_id="ada", at=after(start)), at=after(start + 1))

    assert [call.chain_id for call in room.calls] == [room.chain_id] * 2


def test_the_lobby_holds_no_conference_instance() -> None:
    """The last one out ends it although people and a leg wait; the lobby is then still the same."""
    room = Room(seeded(1))
    first = room.chain_id
    waiting = room.join(user_id="bob", at=after(0), in_lobby=True)
    room.enter(replace(LEG, in_lobby=True))

    room.leave(room.join(user_id="ada", at=after(1)), at=after(2))
    second = room.chain_id
    room.leave(waiting, at=after(3))

    assert first != second
    assert room.chain_id == second


def test_a_leg_that_leaves_the_lobby_takes_its_id_along() -> None:
    """No later conference has the id of a leg that never got in, unless another waits."""
    room = Room(seeded(1))
    room.enter(replace(LEG, in_lobby=True))
    room.enter(replace(LEG, call_id="d", in_lobby=True))
    promised = room.chain_id

    room.exit("d", at=after(0))
    while_one_waits = room.chain_id
    room.exit(LEG.call_id, at=after(1))

    assert while_one_waits == promised
    assert room.chain_id != promised


def test_bots_start_and_end_no_group_call() -> None:
    """Neither our leg nor a foreign application is a person."""
    room = Room(seeded(1))

    room.enter(LEG)
    foreign = room.join(user_id="other-bot", at=after(0), kind="application")
    ada = room.join(user_id="ada", at=after(1))
    room.leave(ada, at=after(2))
    room.leave(foreign, at=after(3))
    room.exit("c", at=after(4))

    assert [(call.started_at, call.ended_at) for call in room.calls] == [(after(1), after(2))]
    assert [one.user_id for one in room.sessions] == ["ada"]
