"""Parts of a stack are stopped, held, killed and started from outside; the others go on."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.system.client import Client
from tests.system.lab import eventually
from tests.system.stack import Endpoints, Up

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.long]


class Control:
    """The control of one stack, over HTTP."""

    def __init__(self, http: aiohttp.ClientSession, endpoints: Endpoints) -> None:
        self._http = http
        self.endpoints = endpoints

    async def parts(self) -> dict[str, dict[str, Any]]:
        """Return every part by its name."""
        async with self._http.get(f"{self.endpoints.control}/parts") as response:
            return {part["name"]: part for part in await response.json()}

    async def act(self, part: str, action: str) -> tuple[int, str]:
        """Do something to a part; return status and text."""
        url = f"{self.endpoints.control}/parts/{part}/{action}"
        async with self._http.post(url) as response:
            return response.status, await response.text()

    async def restarts(self, body: Any) -> int:
        """Say whether parts that end by themselves are started again; return the status."""
        url = f"{self.endpoints.control}/restarts"
        async with self._http.post(url, json=body) as response:
            return response.status


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def own(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Up]:
    """Return a stack that may come to harm."""
    async with Up.serving(tmp_path_factory.mktemp("own"), {"DEVSTACK_FLEX": "0"}) as up:
        yield up


@pytest_asyncio.fixture(loop_scope="session")
async def control(own: Up) -> AsyncIterator[Control]:
    """Return the control of that stack; every part runs again afterwards."""
    async with aiohttp.ClientSession() as http:
        control = Control(http, await own.ready())
        yield control
        assert await control.restarts({"automatic": True}) == 200
        for part in await control.parts():
            assert (await control.act(part, "resume"))[0] == 200
            assert (await control.act(part, "start"))[0] == 200


async def test_a_part_that_ends_is_started_again_where_it_was(own: Up, control: Control) -> None:
    """The others are the same processes as before, and the whole serves as before."""
    before = await control.parts()
    assert {part["state"] for part in before.values()} == {"running"}

    await control.act("bus", "kill")
    await own.says("the Service Bus is back")

    after = await control.parts()
    bus = after.pop("bus")
    assert (bus["port"], bus["ended"]) == (before["bus"]["port"], 1)
    assert bus["pid"] != before.pop("bus")["pid"]
    assert after == before
    async with Client(control.endpoints) as client:
        await client.quiet("after the bus came back")


async def test_a_crash_may_be_let_be(own: Up, control: Control) -> None:
    """For tests of crashes: what ended stays down until it is started."""
    assert await control.restarts({"automatic": False}) == 200

    await control.act("functions", "kill")
    await own.says("the Functions host ended (SIGKILL); it stays down")
    assert (await control.parts())["functions"]["state"] == "stopped"
    status, _ = await control.act("functions", "start")

    assert status == 200
    async with Client(control.endpoints) as client:
        await client.quiet("after the host was started")


async def test_what_is_asked_while_a_part_is_held_is_done_when_it_goes_on(
    control: Control,
) -> None:
    """Its connections stay open, as where a machine pauses."""
    async with Client(control.endpoints) as client:
        await client.quiet("before the tables are held")
        await control.act("tables", "hold")
        assert (await control.parts())["tables"]["state"] == "held"
        await client.drop({"requestId": "held", "subject": "held"}, message_id="held")

        async def health_is_bad() -> bool | None:
            status, _ = await client.get("health")
            return True if status == 503 else None

        await eventually(health_is_bad, "health says that the tables do not answer")
        assert not client.replies.where(lambda one: one.data.get("requestId") == "held")
        await control.act("tables", "resume")

        await client.created("held")


async def test_a_stopped_part_stays_down_and_nothing_is_said_of_it(
    own: Up, control: Control
) -> None:
    """Stopped on request is not ended by itself."""
    said = len(own.lines)
    port = (await control.parts())["graph"]["port"]

    await control.act("graph", "stop")
    assert (await control.parts())["graph"]["state"] == "stopped"
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.get(f"http://127.0.0.1:{port}/lab/meetings")
    await control.act("graph", "restart")

    graph = (await control.parts())["graph"]
    assert (graph["state"], graph["port"], graph["ended"]) == ("running", port, 0)
    assert own.lines[said:] == []


async def test_mistakes_are_named(control: Control) -> None:
    """What there is, is in the answer."""
    status, said = await control.act("tabels", "stop")
    assert (status, "tables" in said) == (400, True)
    status, said = await control.act("tables", "stopp")
    assert (status, "resume" in said) == (400, True)
    assert await control.restarts({"automatic": "no"}) == 400
