"""The simulator's room keeps the truth: sessions and group calls."""

from datetime import UTC, datetime, timedelta

from devstack.graph.calls import Leg
from devstack.graph.identities import seeded
from devstack.graph.room import Room

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


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


def test_bots_start_and_end_no_group_call() -> None:
    """Neither our leg nor a foreign application is a person."""
    room = Room(seeded(1))

    room.enter(Leg(call_id="c", participant_id="p", callback_uri="http://127.0.0.1/"))
    foreign = room.join(user_id="other-bot", at=after(0), kind="application")
    ada = room.join(user_id="ada", at=after(1))
    room.leave(ada, at=after(2))
    room.leave(foreign, at=after(3))
    room.exit("c")

    assert [(call.started_at, call.ended_at) for call in room.calls] == [(after(1), after(2))]
    assert [one.user_id for one in room.sessions] == ["ada"]
