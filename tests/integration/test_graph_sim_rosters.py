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


async def test_rosters_are_cut_pushed_and_read_until_the_lab_says_otherwise(lab: Lab) -> None:
    """`rosterCap` bounds both; a body without it shows all again."""
    await lab.post("/lab/delivery", {"rosterCap": 2})
    call = await lab.place_call()
    for number in range(3):
        await lab.joins(f"user-{number}")

    cut = await lab.read(call)
    await lab.post("/lab/delivery", {})
    whole = await lab.read(call)
    await lab.joins("last")
    await lab.receiver.until(lambda: len(lab.receiver.rosters()) == 5)

    assert [len(one) for one in lab.receiver.rosters()] == [1, 2, 2, 2, 5]
    assert (len(cut), len(whole)) == (2, 4)


async def test_stray_rosters_come_beside_the_real_ones(lab: Lab) -> None:
    """`emptyRosters` 1 adds a roster without people to each real one, in no read."""
    await lab.post("/lab/delivery", {"emptyRosters": 1})
    call = await lab.place_call()
    await lab.joins("ada")
    bob = await lab.joins("bob")
    await lab.client.patch(f"/lab/people/{bob}", json={"isMuted": True})
    await lab.receiver.until(lambda: len(lab.receiver.rosters()) == 7)

    people = lab.receiver.people()
    assert people.count(set()) == 1 + 3
    assert [one for one in people if one] == [{"ada"}, {"ada", "bob"}, {"ada", "bob"}]
    assert len(await lab.read(call)) == 3


async def test_people_have_other_ids_for_a_later_leg_and_true_ones_in_the_lab(lab: Lab) -> None:
    """`participantIds` changed: the second leg's pushes and reads agree with each other alone."""
    await lab.post("/lab/delivery", {"participantIds": "changed"})
    first = await lab.place_call()
    ada = await lab.joins("ada")
    by_first = await lab.read_ids(first)
    await lab.post(f"/lab/legs/{first['id']}/end", {"code": 200, "subcode": 5000})
    second = await lab.place_call()
    by_second = await lab.read_ids(second)
    await lab.receiver.until(lambda: len(lab.receiver.rosters()) == 3)
    (session,) = (await lab.truth())["sessions"]

    (other,) = by_second - {same_guid(second["myParticipantId"])}
    assert by_first == {same_guid(ada), same_guid(first["myParticipantId"])}
    assert same_guid(second["myParticipantId"]) in by_second
    assert other != same_guid(ada)
    assert {same_guid(one["id"]) for one in lab.receiver.rosters()[-1]} == by_second
    assert session["participantId"] == ada
    assert (await lab.client.delete(f"/lab/people/{ada}")).status_code == 200


async def test_rosters_may_name_our_bot_by_another_id(lab: Lab) -> None:
    """`botId` replaces the application's id in rosters, not in the call."""
    await lab.post("/lab/delivery", {"botId": "another-id"})

    call = await lab.place_call()
    (own,) = await lab.read(call)
    await lab.receiver.until(lambda: len(lab.receiver.rosters()) == 1)

    ((listed,),) = lab.receiver.rosters()
    for entry in (own, listed):
        assert entry["info"]["identity"]["application"]["id"] == "another-id"
        assert same_guid(entry["id"]) == same_guid(call["myParticipantId"])
    assert call["source"]["identity"]["application"]["id"] == BOT_APP_ID


async def test_forgetting_makes_rosters_plain_again(lab: Lab) -> None:
    """DELETE /lab takes back the cap, the strays, the ids and the name."""
    manner = {"rosterCap": 1, "emptyRosters": 1, "participantIds": "changed", "botId": "another-id"}
    await lab.post("/lab/delivery", manner)

    await lab.client.delete("/lab")
    await lab.new_meeting()
    first, second = await lab.place_call(), await lab.place_call()
    ada = await lab.joins("ada")

    own = {same_guid(one["myParticipantId"]) for one in (first, second)}
    read = await lab.read(second)
    named = [one["info"]["identity"]["application"] for one in read]
    assert await lab.read_ids(second) == {same_guid(ada), *own}
    assert {one["id"] for one in named if one} == {BOT_APP_ID}


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
