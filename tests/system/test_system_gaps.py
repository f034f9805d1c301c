"""The bot is thrown out while people talk, and sent again: what went on meanwhile is bounded."""

import asyncio

import pytest

from tests.system.client import Client
from tests.system.lab import Json, Lab, eventually
from tests.system.truth import same_bounds
from tests.system.watched import ADA, BO, Watched

pytestmark = pytest.mark.asyncio(loop_scope="session")

GAP = 1.6
"""Bounds within SETTLE (0.5 s) and one read (1 s) of a time are not shown: this gap is longer."""


async def test_an_end_in_a_gap_is_polled_with_the_truth_between_its_bounds(
    client: Client, subject: str
) -> None:
    """The person leaves while no bot is there; the returned bot finds nobody."""
    meeting = await Watched.begin(client, subject)
    ada = await meeting.come(ADA)
    await meeting.told("call.started", callNumber=1)

    unwatched = await meeting.throw_bot_out()
    open_call = (await meeting.record())["calls"][0]
    await client.lab.leave(ada)
    await asyncio.sleep(GAP)
    await meeting.send_bot_again()
    ended = await meeting.told("call.ended", callNumber=1)

    assert open_call["endedAt"] is None
    assert open_call["unwatchedSince"] == unwatched.data["since"]
    record, truth = await meeting.record(), await meeting.truth()
    [call] = record["calls"]
    assert ended.data["endBasis"] == "polled"
    assert ended.data["notBefore"] is not None
    assert ended.data["notAfter"] == ended.data["endedAt"]
    times = ("startedAt", "endedAt", "endBasis", "notBefore", "notAfter", "reason")
    assert [ended.data[name] for name in times] == [call[name] for name in times]
    same_bounds(record, truth)
    assert await meeting.kinds() == [
        *("call.started", "participant.joined", "call.unwatched"),
        *("participant.left", "call.ended"),
    ]


async def test_others_after_a_gap_hold_a_call_of_their_own(client: Client, subject: str) -> None:
    """One left and another came unseen: two calls, and the end of the first has no upper bound."""
    meeting = await Watched.begin(client, subject)
    ada = await meeting.come(ADA)
    await meeting.told("call.started", callNumber=1)
    await meeting.throw_bot_out()
    await client.lab.leave(ada)
    bo = await meeting.come(BO)

    await meeting.send_bot_again()
    ended = await meeting.told("call.ended", callNumber=1)
    await meeting.told("call.started", callNumber=2)
    await client.lab.leave(bo)
    await meeting.told("call.ended", callNumber=2)

    record, truth = await meeting.record(), await meeting.truth()
    first, second = record["calls"]
    assert (first["endBasis"], first["notAfter"]) == ("polled", None)
    assert first["notBefore"] is not None
    assert ended.data["notAfter"] is None
    assert (second["startBasis"], second["startedAt"]) == ("polled", first["endedAt"])
    assert [_people(call) for call in (first, second)] == [[ADA], [BO]]
    same_bounds(record, truth)
    assert await meeting.kinds() == [
        *("call.started", "participant.joined", "call.unwatched"),
        *("participant.left", "call.ended"),
        *("call.started", "participant.joined", "participant.left", "call.ended"),
    ]


async def test_a_person_under_another_id_after_a_gap_is_the_same_person(
    client: Client, trouble: Lab, subject: str
) -> None:
    """Graph gives her another participant id: still one call and one session, and no departure."""
    await trouble.delivery(participantIds="changed")
    meeting = await Watched.begin(client, subject)
    ada = await meeting.come(ADA)
    await meeting.told("call.started", callNumber=1)
    await meeting.throw_bot_out()

    await meeting.send_bot_again()
    goes_on = await eventually(lambda: _watched_again(meeting), "the call is watched again")
    published = await meeting.kinds()
    await trouble.leave(ada)
    await meeting.told("call.ended", callNumber=1)

    assert goes_on["endedAt"] is None
    assert published == ["call.started", "participant.joined", "call.unwatched"]
    record, truth = await meeting.record(), await meeting.truth()
    [call] = record["calls"]
    assert _people(call) == [ADA]
    same_bounds(record, truth)
    assert await meeting.kinds() == [*published, "participant.left", "call.ended"]


async def _watched_again(meeting: Watched) -> Json | None:
    call: Json = (await meeting.record())["calls"][0]
    return None if "unwatchedSince" in call else call


def _people(call: Json) -> list[str]:
    return [one["participant"]["userId"] for one in call["participants"]]
