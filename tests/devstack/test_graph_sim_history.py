"""For any coming and going the room's log is the truth, and rosters show who is there."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from devstack.graph.calls import Leg
from devstack.graph.identities import same_guid, seeded
from devstack.graph.notifications import render_roster
from devstack.graph.participants import render_participants
from devstack.graph.room import Room

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LEG = Leg(
    call_id="2f1a1100-b174-40a0-aba7-0b405e01ed92",
    participant_id="05491616-385f-44a8-9974-18cc5f9933c1",
    callback_uri="http://127.0.0.1/",
)
# A person toggles: in when out, out when in.
histories = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 60)), max_size=30)


@given(histories, st.integers())
def test_the_log_agrees_with_the_coming_and_going(
    history: list[tuple[str, int]], seed: int
) -> None:
    """A call is open exactly while somebody is in; every roster lists exactly who is in."""
    room, inside, at = Room(seeded(1)), dict[str, str](), START
    room.enter(LEG)
    variation = seeded(seed)
    for person, seconds in history:
        at += timedelta(seconds=seconds)
        if person in inside:
            room.leave(inside.pop(person), at=at)
        else:
            inside[person] = room.join(user_id=person, at=at)

        expected = {same_guid(one) for one in (*inside.values(), LEG.participant_id)}
        pushed: Any = json.loads(json.dumps(render_roster(room, LEG, variation)))
        read: Any = render_participants(room)
        assert {same_guid(one["id"]) for one in pushed["value"][0]["resourceData"]} == expected
        assert {same_guid(one["id"]) for one in read["value"]} == expected
        assert (bool(room.calls) and room.calls[-1].ended_at is None) == bool(inside)

    for call, following in zip(room.calls, room.calls[1:], strict=False):
        assert call.ended_at is not None
        assert call.started_at < call.ended_at < following.started_at
    assert len(room.sessions) == sum(len(call.participant_ids) for call in room.calls)
    for session in room.sessions:
        (home,) = [one for one in room.calls if session.participant_id in one.participant_ids]
        assert home.started_at <= session.joined_at
        assert home.ended_at is None or (session.left_at or home.ended_at) <= home.ended_at


@given(st.lists(st.tuples(st.sampled_from("abcxy"), st.booleans()), max_size=30))
def test_a_conference_has_one_id_from_the_first_in_to_the_last_out(
    history: list[tuple[str, bool]],
) -> None:
    """People (a to c) and legs (x, y) hold it, those in the lobby do not; no id comes twice."""
    room, present, at = Room(seeded(1)), dict[str, tuple[str, bool]](), START
    instances: list[str] = []
    for name, in_lobby in history:
        at += timedelta(seconds=1)
        was_on = any(not waits for _, waits in present.values())
        if name in present:
            participant_id, _ = present.pop(name)
            if name in "xy":
                room.exit(name, at=at)
            else:
                room.leave(participant_id, at=at)
        elif name in "xy":
            room.enter(replace(LEG, call_id=name, in_lobby=in_lobby, placed_at=at))
            present[name] = (name, in_lobby)
        else:
            present[name] = (room.join(user_id=name, at=at, in_lobby=in_lobby), in_lobby)

        if any(not waits for _, waits in present.values()):
            if not was_on:
                instances.append(room.chain_id)
            assert room.chain_id == instances[-1]
        else:
            assert room.chain_id not in instances
        inside = sum(not waits for _, waits in present.values())
        for one in room.instances[-1:]:
            assert sum(stay.left_at is None for stay in one.stays) == inside
            assert (one.ended_at is None) == (inside > 0)
    assert [one.chain_id for one in room.instances] == instances
    for one in room.instances:
        assert one.started_at == one.stays[0].joined_at
        ends = [stay.left_at for stay in one.stays if stay.left_at is not None]
        assert one.ended_at in (None, max(ends, default=None))
    assert len(set(instances)) == len(instances)
    assert {call.chain_id for call in room.calls} <= set(instances)
