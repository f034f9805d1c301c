"""The command line where something takes connections in place of Service Bus, and never speaks."""

import signal
import time

import pytest

from tests.stack.connections import bus_at
from tests.stack.rollcall import start
from tests.stack.silent import MECHANISMS, OUTCOME, SASL, Silent

WITHIN = 60.0
"""Seconds: the bounds of the command, and what a busy machine takes to start Python."""
COMMANDS = (
    ("requeue", "list"),
    ("tail",),
    ("tail", "--peek", "all"),
    ("join", "--meeting-id", "abc", "--no-wait"),
    ("ask", "INC-1"),
)


def test_ctrl_c_ends_the_wait_at_once() -> None:
    """While it waits for the first word."""
    with Silent() as peer, start(bus_at(peer.port), "requeue", "list") as process:
        assert peer.taken.wait(WITHIN)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=WITHIN)

    assert process.returncode == 130
    assert time.monotonic() - began < 8


@pytest.mark.long
@pytest.mark.parametrize("words", [(), (SASL,)], ids=["no word", "the header alone"])
def test_every_command_says_so_and_what_to_do(words: tuple[bytes, ...]) -> None:
    """In one sentence, with the exit code of a Service Bus that is not reached."""
    with Silent(words=words) as peer:
        processes = [start(bus_at(peer.port), *command) for command in COMMANDS]
        for process in processes:
            out, err = process.communicate(timeout=WITHIN)
            assert (process.returncode, out) == (3, "")
            assert err.count("Service Bus does not answer: 127.0.0.1:") == 1
            assert "Check --service-bus" in err


@pytest.mark.long
def test_silence_after_the_greeting_ends_too() -> None:
    """No link is ever opened: the SDK's tries are bounded."""
    commands = (COMMANDS[0], *COMMANDS[2:4])
    with Silent(words=(SASL + MECHANISMS, OUTCOME)) as peer:
        for process in [start(bus_at(peer.port), *command) for command in commands]:
            _, err = process.communicate(timeout=2 * WITHIN)
            assert process.returncode == 3
            assert "Service Bus does not answer: Timed out" in err


@pytest.mark.long
def test_doctor_ends_and_has_a_finding() -> None:
    """Where the app says nothing either, each check has its own bound."""
    with Silent() as peer:
        app = f"http://127.0.0.1:{peer.port}"
        process = start(bus_at(peer.port), "--url", app, "doctor")
        out, _ = process.communicate(timeout=3 * WITHIN)

    assert process.returncode == 1
    assert "fail  serviceBus    Service Bus does not answer" in out
