"""Rosters as a receiver on this machine gets them, and as GET participants shows them."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from devstack.graph.identities import BOT_APP_ID, same_guid
from tests.fixtures.graph_lab import CALLS, Body, Lab, a_lab


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    async with a_lab() as one:
        yield one


async def test_reading_participants_shows_who_is_there_now(lab: Lab) -> None:
    """The bot itself and the people; after the end there is nothing to read."""
    call = await lab.place_call()
    await lab.joins("ada")
    one = f"{CALLS}/{call['id']}"

    answer = await lab.client.get(f"{one}/participants")
    alive = await lab.client.post(f"{one}/keepAlive")
    state = await lab.client.get(one)
    ended = await lab.client.delete(one)

    own, user = sorted(answer.json()["value"], key=lambda p: p["id"] != call["myParticipantId"])
    assert own["info"]["identity"]["application"]["id"] == BOT_APP_ID
    assert user["info"]["identity"]["user"]["id"] == "ada"
    assert (alive.status_code, alive.content, state.json()["state"]) == (200, b"", "established")
    assert (ended.status_code, ended.content) == (204, b"")
    for gone in (
        await lab.client.get(f"{one}/participants"),
        await lab.client.post(f"{one}/keepAlive"),
        await lab.client.get(one),
        await lab.client.delete(one),
    ):
        assert (gone.status_code, gone.json()["error"]["code"]) == (404, "8522")
    await lab.receiver.until(lambda: "terminated" in lab.receiver.states())
    assert lab.receiver.items[-1]["resourceData"]["resultInfo"]["subcode"] == 7000


@pytest.mark.parametrize(
    ("effect", "listed"),
    [({}, {"ada"}), ({"effect": "done"}, {"ada"}), ({"effect": "none"}, {"bob"})],
)
async def test_a_held_read_shows_the_room_of_its_question_or_of_its_answer(
    lab: Lab, effect: Body, listed: set[str]
) -> None:
    """`done`, the default without a status, reads before the delay; `none` reads after it."""
    call = await lab.place_call()
    ada = await lab.joins("ada")
    await lab.post("/lab/faults", {"path": "participants$", "delaySeconds": 0.5, **effect})

    read = asyncio.create_task(lab.client.get(f"{CALLS}/{call['id']}/participants"))
    async with asyncio.timeout(5):
        while not await lab.is_unanswered("/participants"):
            continue
    await lab.joins("bob")
    await lab.client.delete(f"/lab/people/{ada}")

    answer = (await read).json()["value"]
    users = [one["info"]["identity"]["user"] for one in answer]
    assert {user["id"] for user in users if user} == listed


async def test_people_in_the_lobby_are_listed_as_waiting(lab: Lab) -> None:
    """isInLobby until admitted; only then a call begins."""
    await lab.place_call()
    ada = await lab.joins("ada", isInLobby=True)
    before = (await lab.truth())["calls"]

    await lab.client.patch(f"/lab/people/{ada}", json={"isInLobby": False})

    await lab.receiver.until(lambda: len(lab.receiver.people()) == 3)
    waiting = [
        [one["isInLobby"] for one in roster if same_guid(one["id"]) == same_guid(ada)]
        for roster in lab.receiver.rosters()
    ]
    assert waiting == [[], [True], [False]]
    assert before == []
    assert len((await lab.truth())["calls"]) == 1


async def test_muting_pushes_a_roster_that_says_nothing_new(lab: Lab) -> None:
    """The same people under the same ids, `isMuted` alone differs; the truth stays as it was."""
    call = await lab.place_call()
    ada = await lab.joins("ada")
    before = await lab.truth()

    for muted in (True, False):
        answer = await lab.client.patch(f"/lab/people/{ada}", json={"isMuted": muted})
        assert answer.status_code == 200
    await lab.receiver.until(lambda: len(lab.receiver.people()) == 4)

    shown = [
        {same_guid(one["id"]): one["isMuted"] for one in roster}
        for roster in lab.receiver.rosters()
    ]
    own, person = same_guid(call["myParticipantId"]), same_guid(ada)
    assert shown[1:] == [
        {own: False, person: False},
        {own: False, person: True},
        {own: False, person: False},
    ]
    assert await lab.truth() == before
