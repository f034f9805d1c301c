"""How the host process starts, refuses to start, and ends."""

import http.client
import json
import socket
from dataclasses import dataclass

import pytest

from tests.fixtures.functions_apps.host_process import HostProcess
from tests.stack.connections import bus_at
from tests.stack.process import StackProcess

EVERY_HOUR = {"TICK": "0 0 * * * *"}
QUEUES = {"BINARY_QUEUE": "binary", "WITNESS_PORT": "9"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """A status, and a body that is JSON or empty."""

    status: int
    body: object


def _ask(port: int, method: str, path: str, body: bytes | None = None) -> _Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return _Answer(status=answer.status, body=json.loads(answer.read() or b"null"))
    finally:
        connection.close()


def test_stdout_has_the_ready_line_alone() -> None:
    """What the app prints goes to stderr; the end of stdin ends the host with 0."""
    with HostProcess("web", "--port", "0", settings=EVERY_HOUR) as host:
        host.ready()

        assert host.stop() == 0
        assert host.rest_of_stdout() == b""
        assert "an app that prints" in host.log()


def test_sigterm_ends_it_cleanly() -> None:
    """With code 0, and nothing listens any more."""
    with HostProcess("web", "--port", "0", settings=EVERY_HOUR) as host:
        port = host.ready()

        host.terminate()

        assert host.ended() == 0
        with pytest.raises(ConnectionRefusedError):
            http.client.HTTPConnection("127.0.0.1", port).connect()


def test_app_that_cannot_be_indexed_is_reported_with_its_reason() -> None:
    """The exception and its stack are told, the exit code is 1."""
    with HostProcess("broken", "--port", "0", settings={}) as host:
        assert host.ended() == 1
        assert "LookupError: the flux capacitor is missing" in host.log()
        assert "function_app.py" in host.log()


def test_folder_without_an_app_is_refused() -> None:
    """One line says what is missing."""
    with HostProcess(".", "--port", "0", settings={}) as host:
        assert host.ended() == 1
        assert "host.json" in host.log()


def test_function_that_exceeds_its_time_fails_and_the_worker_starts_again() -> None:
    """On the same port, with the switches in force: as Azure restarts the worker under the host."""
    with HostProcess("overrun", "--port", "0", settings={}) as host:
        port = host.ready()
        set_by_hand = _ask(port, "POST", "/admin/switches", b'{"chunkedBodies": "passed"}')

        overrun = _ask(port, "GET", "/api/endless")
        again = host.ready()

        assert (set_by_hand.status, overrun.status, again) == (200, 500, port)
        assert _ask(port, "GET", "/admin/switches").body == {"chunkedBodies": "passed"}
        assert "endless ran longer than functionTimeout" in host.log()
        assert host.stop() == 0


def test_groups_are_printed_without_a_bus() -> None:
    """One line of JSON; nothing is served."""
    with HostProcess("queues", "--groups", settings=QUEUES) as host:
        assert host.ended() == 0
        groups = {name: [name] for name in ("binary", "text", "news")}
        assert json.loads(host.rest_of_stdout()) == {"groups": groups}


def test_unknown_function_is_told_with_the_known() -> None:
    """Before anything is opened."""
    with HostProcess("queues", "--only", "text,txet", settings=QUEUES) as host:
        assert host.ended() == 1
        assert "there is no function txet; the app has binary, text, news" in host.log()


def test_mistakes_in_switches_are_told() -> None:
    """All of them."""
    options = ("--switch", "chunkedBodies=1", "--switch", "other=true")
    with HostProcess("web", *options, settings=EVERY_HOUR) as host:
        assert host.ended() == 1
        assert "chunkedBodies: " in host.log()
        assert "other: " in host.log()


def test_world_and_switches_are_in_force() -> None:
    """A switch wins over its world."""
    with HostProcess("web", "--port", "0", "--world", "kind", settings=EVERY_HOUR) as host:
        assert _ask(host.ready(), "GET", "/admin/switches").body == {"chunkedBodies": "passed"}
    options = ("--port", "0", "--world", "kind", "--switch", 'chunkedBodies="empty"')
    with HostProcess("web", *options, settings=EVERY_HOUR) as host:
        assert _ask(host.ready(), "GET", "/admin/switches").body == {"chunkedBodies": "empty"}


def test_taken_port_is_told() -> None:
    """With the variable that names another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with HostProcess("web", "--port", str(port), settings=EVERY_HOUR) as host:
            assert host.ended() == 1
            assert f"port {port} is taken" in host.log()
            assert "DEVSTACK_FUNCTIONS_PORT" in host.log()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "BUS is not set"),
        (
            {
                "BUS__fullyQualifiedNamespace": "x.servicebus.windows.net",
                "BUS__credential": "workloadidentity",
            },
            "the local host knows managedidentity alone",
        ),
    ],
)
def test_missing_connection_is_told(settings: dict[str, str], words: str) -> None:
    """Before anything is opened."""
    with HostProcess("queues", "--port", "0", settings=QUEUES | settings) as host:
        assert host.ended() == 1
        assert words in host.log()


def test_missing_setting_of_a_schedule_is_told() -> None:
    """By its name."""
    with HostProcess("web", "--port", "0", settings={}) as host:
        assert host.ended() == 1
        assert "TICK is not set" in host.log()


def test_unknown_queue_is_told() -> None:
    """The host does not wait for a queue that is not there."""
    with StackProcess("bus") as bus:
        settings = QUEUES | {"BUS": bus_at(bus.port)}
        with HostProcess("queues", "--port", "0", settings=settings) as host:
            assert host.ended() == 1
            assert "queue binary is not in the Service Bus" in host.log()


def test_unreachable_bus_is_told() -> None:
    """After a bounded wait, with where it looked."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    settings = QUEUES | {"BUS": bus_at(port)}
    with HostProcess("queues", "--port", "0", "--bus-seconds", "1", settings=settings) as host:
        assert host.ended() == 1
        assert "cannot reach the Service Bus at 127.0.0.1" in host.log()
