"""The local Service Bus as a process: how it starts, why it does not, and how it ends."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


async def _start(*options: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "devstack.bus", *options,
        stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=ROOT,
    )  # fmt: skip


async def _ready(broker: Process) -> int:
    assert broker.stdout is not None
    line = json.loads(await broker.stdout.readline())
    assert line["ready"] == "bus"
    return int(line["port"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signals_stop_it_cleanly(number: signal.Signals) -> None:
    """It says once that it is ready, and ends with 0, also with a client connected."""
    broker = await _start("--port", "0")
    reader, writer = await asyncio.open_connection("127.0.0.1", await _ready(broker))
    writer.write(b"AMQP\x03\x01\x00\x00")
    assert await reader.readexactly(8) == b"AMQP\x03\x01\x00\x00"

    broker.send_signal(number)
    out, err = await broker.communicate()

    assert (broker.returncode, out, err) == (0, b"", b"")
    writer.close()
    await writer.wait_closed()


async def test_the_end_of_stdin_stops_it_where_asked_for() -> None:
    """A broker whose parent died does not stay behind."""
    broker = await _start("--port", "0", "--exit-with-stdin")
    await _ready(broker)

    await broker.communicate(b"ignored")

    assert broker.returncode == 0


async def test_a_taken_port_is_told_in_one_line() -> None:
    """The line names the port and the variable that changes it."""
    first = await _start("--port", "0", "--exit-with-stdin")
    port = await _ready(first)

    second = await _start("--port", str(port))
    out, err = await second.communicate()

    assert (second.returncode, out) == (1, b"")
    [line] = err.decode().splitlines()
    assert line.startswith(f"port {port} is taken")
    assert "DEVSTACK_BUS_PORT" in line
    await first.communicate()


async def test_a_config_that_is_not_valid_is_told_problem_by_problem(tmp_path: Path) -> None:
    """Nothing is served from a file with problems; each has a line with its place."""
    config = tmp_path / "Config.json"
    queue = {"Name": "q", "Properties": {"ForwardTo": "other", "LockDuration": "PT1S"}}
    namespace = {"Name": "sbemulatorns", "Queues": [queue], "Topics": []}
    config.write_text(json.dumps({"UserConfig": {"Namespaces": [namespace]}}))

    broker = await _start("--port", "0", "--config", str(config))
    out, err = await broker.communicate()

    assert (broker.returncode, out) == (1, b"")
    lines = err.decode().splitlines()
    assert len(lines) == 2
    assert any("forwarding is not supported" in line for line in lines)
    assert any("LockDuration" in line for line in lines)


async def test_a_missing_config_is_told_in_one_line(tmp_path: Path) -> None:
    """The line names the file."""
    broker = await _start("--port", "0", "--config", str(tmp_path / "none.json"))

    _, err = await broker.communicate()

    assert broker.returncode == 1
    assert "none.json" in err.decode()
    assert len(err.decode().splitlines()) == 1


async def test_a_client_that_speaks_something_else_harms_nobody() -> None:
    """Junk ends that connection; the broker goes on serving others."""
    broker = await _start("--port", "0", "--exit-with-stdin")
    port = await _ready(broker)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    await reader.read()
    writer.close()
    await writer.wait_closed()

    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"AMQP\x03\x01\x00\x00")
    answer = await reader.readexactly(8)
    writer.close()
    await writer.wait_closed()
    await broker.communicate()

    assert answer == b"AMQP\x03\x01\x00\x00"
    assert broker.returncode == 0


async def test_the_lab_has_a_port_of_its_own_that_can_be_chosen() -> None:
    """The ready line names it; one that is taken is told in one line."""
    first = await _start("--port", "0", "--exit-with-stdin")
    assert first.stdout is not None
    lab = json.loads(await first.stdout.readline())["lab"]

    second = await _start("--port", "0", "--lab-port", str(lab))
    out, err = await second.communicate()

    assert (second.returncode, out) == (1, b"")
    assert err.decode().startswith(f"port {lab} of /lab is taken")
    await first.communicate()


async def test_switches_that_cannot_be_set_are_told_with_every_problem() -> None:
    """Nothing is served."""
    broker = await _start(
        *("--port", "0", "--switch", "busyShare=2", "--switch", "headQuotas=1"),
        *("--switch", "gravity=1"),
    )
    out, err = await broker.communicate()

    assert (broker.returncode, out) == (1, b"")
    assert all(name in err.decode() for name in ("busyShare", "headQuotas", "gravity"))


@pytest.mark.parametrize(("world", "code"), [("kind", 1), ("documented", 0), ("harsh", 0)])
async def test_the_world_says_which_configuration_is_valid(
    world: str, code: int, tmp_path: Path
) -> None:
    """Azure's bounds are wider than the emulator's, which are those of a kind world."""
    config = tmp_path / "Config.json"
    queue = {"Name": "q", "Properties": {"DefaultMessageTimeToLive": "P14D"}}
    namespace = {"Name": "sbemulatorns", "Queues": [queue], "Topics": []}
    config.write_text(json.dumps({"UserConfig": {"Namespaces": [namespace]}}))

    broker = await _start(
        *("--port", "0", "--world", world, "--config", str(config), "--exit-with-stdin")
    )
    _, err = await broker.communicate()

    assert broker.returncode == code
    assert ("DefaultMessageTimeToLive" in err.decode()) == bool(code)
