"""The switches of the simulator over HTTP and on its command line."""

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from devstack.graph.switches import DOCUMENTED, WORLDS, GraphSwitches
from devstack.switches import World
from tests.fixtures.graph_lab import CALLS, Lab, a_lab
from tests.stack.process import StackProcess


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    async with a_lab() as one:
        yield one


@pytest.fixture(scope="module")
def harsh() -> Iterator[str]:
    """The address of a simulator of the harsh world with two switches of its own."""
    own = ("--switch", "rosterCap=3", "--switch", 'links="short"')
    with StackProcess("graph", "--world", "harsh", *own) as simulator:
        yield f"http://127.0.0.1:{simulator.port}"


async def the_switches(client: httpx.AsyncClient) -> Any:
    return (await client.get("/lab/switches")).json()


async def test_switches_are_those_of_the_documented_world_at_first(lab: Lab) -> None:
    """All of them are shown."""
    assert await the_switches(lab.client) == DOCUMENTED.shown()


async def test_a_post_changes_the_switches_that_it_names(lab: Lab) -> None:
    """It answers with all of them; the others stay as they were set before."""
    await lab.post("/lab/switches", {"rosterCap": 3})

    answer = await lab.post("/lab/switches", {"lobby": "guests"})

    assert answer == GraphSwitches(roster_cap=3, lobby="guests").shown()
    assert await the_switches(lab.client) == answer


@pytest.mark.parametrize(
    ("body", "named"),
    [({"rosterCap": 0, "lobbi": "guests"}, ["rosterCap", "lobbi"]), (["rosterCap"], ["object"])],
)
async def test_a_mistake_names_every_problem_and_changes_nothing(
    lab: Lab, body: Any, named: list[str]
) -> None:
    """400, each switch by its name."""
    answer = await lab.client.post("/lab/switches", json=body)

    assert answer.status_code == 400
    assert [one for one in named if one not in answer.text] == []
    assert await the_switches(lab.client) == DOCUMENTED.shown()


async def test_the_older_requests_set_switches_and_take_back_the_rest(lab: Lab) -> None:
    """Of their own members alone."""
    await lab.post("/lab/switches", {"links": "short", "late": 1, "keepAliveLapseSeconds": 60})

    await lab.post("/lab/delivery", {"drop": 1})
    delivery = await the_switches(lab.client)
    await lab.post("/lab/sources", {})

    assert delivery == GraphSwitches(links="short", drop=1, keep_alive_lapse_seconds=60).shown()
    assert await the_switches(lab.client) == GraphSwitches(links="short", drop=1).shown()


async def test_the_one_to_be_lost_is_counted_from_when_it_is_named(lab: Lab) -> None:
    """Another switch that is set meanwhile does not count again."""
    await lab.place_call()
    await lab.receiver.until(lambda: len(lab.receiver.people()) == 1)

    await lab.post("/lab/switches", {"dropNth": 2})
    await lab.joins("ada")
    await lab.post("/lab/switches", {"rosterCap": 9})
    await lab.joins("bob")
    await lab.joins("cy")
    await lab.receiver.until(lambda: {"ada", "bob", "cy"} in lab.receiver.people())

    assert lab.receiver.people() == [set(), {"ada"}, {"ada", "bob", "cy"}]


async def test_a_leg_gets_in_by_itself_after_its_time(lab: Lab) -> None:
    """A read finds it establishing; then it is in, in the roster and for the lab."""
    await lab.post("/lab/switches", {"establishSeconds": 0.4})

    call = await lab.place_call()
    first = (await lab.client.get(f"{CALLS}/{call['id']}")).json()["state"]
    await lab.receiver.until(lambda: len(lab.receiver.rosters()) == 1)

    assert first == "establishing"
    assert [leg["state"] for leg in (await lab.truth())["legs"]] == ["established"]
    assert len(await lab.read(call)) == 1


async def test_a_leg_whose_admission_fails_ends_with_the_codes_of_the_lab(lab: Lab) -> None:
    """It waits, and is ended instead of let in."""
    meeting = f"/v1.0/users/{(await lab.truth())['organizerId']}/onlineMeetings/{lab.meeting['id']}"
    await lab.client.patch(meeting, json={"lobbyBypassSettings": {"scope": "organizer"}})
    call = await lab.place_call()
    body = {"isInLobby": False, "outcome": {"code": 500, "subcode": 7117}}

    answer = await lab.client.patch(f"/lab/legs/{call['id']}", json=body)
    await lab.receiver.until(lambda: "terminated" in lab.receiver.states())

    assert answer.status_code == 200
    assert lab.receiver.states() == ["establishing", "terminated"]
    assert lab.receiver.items[-1]["resourceData"]["resultInfo"]["subcode"] == 7117


async def test_a_process_starts_in_its_world_and_goes_back_to_it(harsh: str) -> None:
    """With the switches of its command line on top; DELETE /lab takes back all others."""
    start = WORLDS[World.HARSH].changed({"rosterCap": 3, "links": "short"}).shown()
    async with httpx.AsyncClient(base_url=harsh, trust_env=False) as client:
        at_first = await the_switches(client)
        await client.post("/lab/switches", json=WORLDS[World.KIND].shown())

        await client.delete("/lab")

        assert (at_first, await the_switches(client)) == (start, start)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--switch", "rosterCap=0", "--switch", "lobbi=1"), ["rosterCap", "lobbi"]),
        (("--switch", "rosterCap"), ["rosterCap"]),
    ],
)
def test_a_mistake_on_the_command_line_ends_the_start(
    options: tuple[str, ...], named: list[str]
) -> None:
    """With exit code 1, and every problem in one line."""
    ended = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "devstack.graph", "--port", "0", *options],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert [one for one in named if one not in ended.stderr] == []
