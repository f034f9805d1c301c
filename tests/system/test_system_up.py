"""`devstack up` from outside: it says what is wrong, and leaves no process behind."""

import signal
import socket
from pathlib import Path

import pytest

from tests.system import processes
from tests.system.stack import PORTS, Up

pytestmark = pytest.mark.asyncio(loop_scope="session")

PARTS_END_WITHIN = 20.0


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(one, marks=() if one in ("FUNCTIONS", "CONTROL") else pytest.mark.long)
        for one in PORTS
    ],
)
async def test_taken_port_is_said_in_one_line_and_nothing_is_left(
    tmp_path: Path, part: str
) -> None:
    """The line names the port and the variable that changes it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        up = await Up.start(tmp_path, {f"DEVSTACK_{part}_PORT": str(port)})
        code = await up.ended()

    await processes.all_ended(up.mark, within=PARTS_END_WITHIN)
    assert code == 1
    [line] = [one for one in up.complaints().splitlines() if str(port) in one]
    assert f"port {port} is taken" in line
    assert f"DEVSTACK_{part}_PORT" in line
    assert "Traceback" not in up.complaints()


async def test_ctrl_c_stops_everything(tmp_path: Path) -> None:
    """Exit code 0, no process, and no endpoints of a stack that is gone."""
    up = await Up.start(tmp_path, {})
    await up.ready()
    assert len(processes.marked(up.mark)) >= 5

    up.send(signal.SIGINT)

    assert await up.ended() == 0
    assert processes.marked(up.mark) == {}
    assert not (tmp_path / "endpoints.json").exists()
    assert up.complaints() == ""


async def test_ctrl_c_while_it_starts_stops_everything(tmp_path: Path) -> None:
    """Whatever was started so far ends too."""
    up = await Up.start(tmp_path, {})
    await up.has_started("graph")

    up.send(signal.SIGINT)

    assert await up.ended() == 0
    await processes.all_ended(up.mark, within=PARTS_END_WITHIN)
    assert up.complaints() == ""


async def test_killed_stack_leaves_no_process(tmp_path: Path) -> None:
    """Every part ends with its parent, however that ended."""
    up = await Up.start(tmp_path, {})
    await up.ready()

    up.send(signal.SIGKILL)

    assert await up.ended() == -signal.SIGKILL
    await processes.all_ended(up.mark, within=PARTS_END_WITHIN)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DEVSTACK_WORLD", "mild"),
        ("DEVSTACK_FLEX", "yes"),
        ("DEVSTACK_SWITCHES", "{"),
        ("DEVSTACK_SWITCHES", '{"table": {}}'),
    ],
)
async def test_a_mistake_in_a_variable_is_said_before_anything_starts(
    tmp_path: Path, variable: str, value: str
) -> None:
    """The line names the variable and what it may be."""
    up = await Up.start(tmp_path, {variable: value})

    assert await up.ended() == 1
    assert variable in up.complaints()
    assert "Traceback" not in up.complaints()
    assert not (tmp_path / "logs").exists()
