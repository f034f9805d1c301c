"""Legs that are kept alive, and legs that are not, over HTTP."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from tests.fixtures.graph_lab import CALLS, Lab, a_lab


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    async with a_lab() as one:
        yield one


async def test_a_leg_that_is_not_kept_alive_ends_by_itself(lab: Lab) -> None:
    """The end is pushed without anybody asking; people stay, reads find nothing."""
    await lab.post("/lab/sources", {"keepAliveLapseSeconds": 0.6})
    call = await lab.place_call()
    await lab.joins("ada")

    await lab.receiver.until(lambda: "terminated" in lab.receiver.states())

    result = lab.receiver.items[-1]["resourceData"]["resultInfo"]
    assert lab.receiver.items[-1]["changeType"] == "deleted"
    assert (result["code"], result["subcode"]) == (408, 8537)
    one = f"{CALLS}/{call['id']}"
    for gone in (
        await lab.client.get(one),
        await lab.client.get(f"{one}/participants"),
        await lab.client.post(f"{one}/keepAlive"),
    ):
        assert (gone.status_code, gone.json()["error"]["code"]) == (404, "8522")
    truth = await lab.truth()
    assert [leg["state"] for leg in truth["legs"]] == ["terminated"]
    assert truth["calls"][0]["endedAt"] is None


async def test_a_leg_that_is_kept_alive_outlives_one_that_is_not(lab: Lab) -> None:
    """200 without a body; the lab shows when it was."""
    silent, kept = await lab.place_call(), await lab.place_call()
    await lab.post("/lab/sources", {"keepAliveLapseSeconds": 1.5})

    while "terminated" not in lab.receiver.states():
        answer = await lab.client.post(f"{CALLS}/{kept['id']}/keepAlive")
        assert (answer.status_code, answer.content) == (200, b"")
    shown = {leg["callId"]: leg for leg in (await lab.truth())["legs"]}

    assert shown[silent["id"]]["state"] == "terminated"
    assert shown[silent["id"]]["keptAliveDateTime"] is None
    assert shown[kept["id"]]["state"] == "established"
    assert datetime.fromisoformat(shown[kept["id"]]["keptAliveDateTime"]).tzinfo is not None


async def test_a_shorter_lapse_wakes_the_one_who_waits_for_the_longer(lab: Lab) -> None:
    """The legs that are there already end after the new time, not after the 45 minutes."""
    await lab.place_call()

    await lab.post("/lab/sources", {"keepAliveLapseSeconds": 0.1})

    await lab.receiver.until(lambda: "terminated" in lab.receiver.states())


async def test_a_keep_alive_that_met_a_fault_was_none(lab: Lab) -> None:
    """503 without effect: the leg is as silent as before."""
    call = await lab.place_call()
    await lab.post("/lab/faults", {"path": "keepAlive$", "status": 503})

    answer = await lab.client.post(f"{CALLS}/{call['id']}/keepAlive")

    assert answer.status_code == 503
    assert [leg["keptAliveDateTime"] for leg in (await lab.truth())["legs"]] == [None]


async def test_forgetting_goes_back_to_45_minutes(lab: Lab) -> None:
    """DELETE /lab takes the shorter time back."""
    await lab.post("/lab/sources", {"keepAliveLapseSeconds": 0.1})

    await lab.client.delete("/lab")

    assert lab.simulator.world.switches.keep_alive_lapse_seconds == 2700


async def test_an_unknown_source_is_refused_by_name(lab: Lab) -> None:
    """The known ones may be empty: their switches go back."""
    answer = await lab.client.post("/lab/sources", json={"meetingCallEvents": {}})
    await lab.post("/lab/sources", {"attendanceReports": {}, "callRecords": {}})

    assert answer.status_code == 400
    assert "meetingCallEvents" in answer.text
