"""Law 7 without sources: whatever is lost, every call ends, and no leg stays for ever."""

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devstack.graph.room import GroupCall
from tests.fixtures.afternoon import Afternoon

PEOPLE = ("ada", "bo", "cy")
ENDS = ((200, 5000), (500, 1999), (408, 1106), (200, 5010), (410, 301005), (200, 7015))

CLOSE = timedelta(seconds=2)
"""SETTLE and one read: bounds that close are not shown."""
FOREVER = datetime.max.replace(tzinfo=UTC)

moves = st.lists(
    st.tuples(
        st.sampled_from([*PEOPLE, *PEOPLE, "fall", "join", "leave"]),
        st.integers(5, 2400),
    ),
    max_size=14,
)
"""Who toggles, or what happens to the bot, and how many seconds after the move before."""


async def live(day: Afternoon, story: list[tuple[str, int]], chance: Random) -> None:
    """Let the story happen; everybody goes in the end."""
    for what, seconds in story:
        await day.run(seconds=seconds)
        match what:
            case "fall":
                day.fall(*chance.choice(ENDS))
            case "join" | "leave":
                body = {"meetingId": day.meeting_id, "action": what}
                await day.app.drop("join-meeting", body)
            case _ if what in day.people:
                day.go(what)
            case _:
                day.come(what)
    await day.run(seconds=60)
    for name in list(day.people):
        day.go(name)


@settings(max_examples=settings().max_examples // 4)
@given(moves, st.integers(0, 2**32), st.sampled_from([0.0, 0.3, 1.0]), st.sampled_from([0.0, 0.4]))
def test_every_call_ends_and_every_leg_leaves(
    story: list[tuple[str, int]], seed: int, lost: float, broken: float
) -> None:
    """Callbacks and messages of looks are lost, legs die, people return; then nothing is due."""

    async def play() -> None:
        chance = Random(seed)  # noqa: S311 - the same story every time
        day = Afternoon(
            lost=lambda _: chance.random() < lost,
            broken=lambda _: chance.random() < broken,
            seed=seed,
        )
        await day.begin()
        await live(day, story, chance)

        # A leg of which nothing is heard is over within 50 minutes, a call that no leg hears
        # within 4 hours after that.
        await day.run(hours=6)

        assert day.living == []
        record = await day.record()
        assert record["bot"]["state"] in ("gone", "failed", "joining")
        assert all(call["endedAt"] is not None for call in record["calls"])
        _hold_to_truth(day, record["calls"])
        day.broken = lambda _: False
        sent = len(day.app.fake_bus.sent)
        await day.run(hours=6)
        assert len(day.app.fake_bus.sent) == sent

    asyncio.run(play())


def _hold_to_truth(day: Afternoon, calls: list[dict[str, Any]]) -> None:
    """Hold start and end of each recorded call to a true call that its sessions were in.

    While no bot is in, nothing tells a person who left and came back from one who stayed.
    """

    def ids(one: GroupCall) -> set[str]:
        return {participant.replace("-", "") for participant in one.participant_ids}

    for call in calls:
        members = {one["sessionId"] for one in call["participants"]}
        users = {one["participant"]["userId"] for one in call["participants"]}
        started, ended = _moment(call["startedAt"]), _moment(call["endedAt"])
        true = [
            one
            for one in day.venue.room.calls
            if members & ids(one) or (users & {*one.user_ids} and started < one.started_at < ended)
        ]
        assert any(
            _lies(call, "startNotBefore", started, one.started_at, started + CLOSE) for one in true
        )
        latest = FOREVER if "notAfter" in call else ended + CLOSE
        if call.get("notAfter"):
            latest = _moment(call["notAfter"])
        assert any(
            one.ended_at is not None and _lies(call, "notBefore", ended, one.ended_at, latest)
            for one in true
        )


def _lies(
    call: dict[str, Any], bound: str, time: datetime, true: datetime, latest: datetime
) -> bool:
    """Return whether a true moment lies between the bound, close to the time where absent."""
    if bound not in call:
        return time - CLOSE <= true <= latest
    return (call[bound] is None or _moment(call[bound]) <= true) and true <= latest


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("which", range(9))
async def test_one_lost_push_of_a_story_costs_one_poll(which: int) -> None:
    """Any one, every one in turn: within one poll the record is the true one."""
    poll = timedelta(minutes=5, seconds=5)
    day = Afternoon(lost=lambda number: number == which)
    await day.begin(leaveWhenAloneSeconds=1200)
    for name in ("ada", "bo"):
        day.come(name)
        await day.run(minutes=6)
    for name in ("ada", "bo"):
        day.go(name)
        await day.run(minutes=6)
    day.come("cy")
    await day.run(minutes=11)
    record = await day.record()

    [first, second] = record["calls"]
    assert sorted(one["participant"]["userId"] for one in first["participants"]) == ["ada", "bo"]
    assert [one["participant"]["userId"] for one in second["participants"]] == ["cy"]
    assert first["endedAt"] is not None
    assert second["endedAt"] is None
    assert day.callbacks > which
    true_first, true_second = day.venue.room.calls
    for shown, real in ((first, true_first), (second, true_second)):
        assert abs(_moment(shown["startedAt"]) - real.started_at) <= poll
    assert true_first.ended_at is not None
    assert abs(_moment(first["endedAt"]) - true_first.ended_at) <= poll
