"""What happens to messages when the host or the broker ends."""

import json
from collections.abc import Iterator
from urllib.request import urlopen

import pytest
from azure.servicebus import ServiceBusMessage

from tests.fixtures.functions_apps.stage import Stage


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Return a stage without a host; the tests leave its queues empty."""
    with Stage() as stage:
        yield stage


def test_drained_host_finishes_what_runs_and_takes_nothing_more(stage: Stage) -> None:
    """SIGTERM: the running invocation ends and is completed; what came since stays."""
    with stage.host() as host:
        host.ready()
        stage.send("text", ServiceBusMessage("last", message_id="last"))
        sighting = stage.witness.next("text")

        host.terminate()
        sighting.answer("return")

        assert host.ended() == 0
    assert stage.left_in("text") == []


def test_killed_host_leaves_its_message_to_the_next(stage: Stage) -> None:
    """SIGKILL: the message comes again when its lock has ended, counted as the second delivery."""
    with stage.host() as host:
        host.ready()
        stage.send("binary", ServiceBusMessage(b"x", message_id="orphan"))
        orphaned = stage.witness.next("binary")
        host.kill()
        orphaned.answer("return")

    with stage.host() as host:
        host.ready()
        sighting = stage.witness.next("binary")
        sighting.answer("return")
        assert host.stop() == 0

    assert (sighting.saw["messageId"], sighting.saw["deliveryCount"]) == ("orphan", 2)
    assert stage.left_in("binary") == []


def test_settlement_that_fails_costs_no_other_message(stage: Stage) -> None:
    """The broker ends while a function runs: its message is lost to the host, the host goes on."""
    with stage.host() as host:
        host.ready()
        stage.send("text", ServiceBusMessage("x", message_id="unsettled"))
        unsettled = stage.witness.next("text")

        stage.restart_bus()
        unsettled.answer("return")
        stage.send("text", ServiceBusMessage("x", message_id="after"))
        after = stage.witness.next("text")
        after.answer("return")

        assert after.saw["messageId"] == "after"
        assert host.stop() == 0
        assert "Traceback" not in host.log()


def test_function_that_exceeds_its_time_gives_back_all_that_is_held(stage: Stage) -> None:
    """Long before their locks end; the worker starts again meanwhile."""
    with stage.host(app="slow") as host:
        host.ready()
        stage.send("text", *(ServiceBusMessage("x", message_id=each) for each in ("a", "b")))
        held = [stage.witness.next("slow") for _ in range(2)]

        host.ready()
        again = [stage.witness.next("slow") for _ in range(2)]
        for sighting in again:
            sighting.answer("return")

        assert {(each.saw["messageId"], each.saw["deliveryCount"]) for each in again} == {
            ("a", 2),
            ("b", 2),
        }
        assert host.stop() == 0
    for sighting in held:
        sighting.answer("return")


def test_picked_functions_run_alone(stage: Stage) -> None:
    """The others' queues are left alone; the host has its status where it has no HTTP function."""
    with stage.host("--only", "text") as host:
        port = host.ready()
        stage.send("binary", ServiceBusMessage(b"x", message_id="not mine"))
        stage.send("text", ServiceBusMessage("x", message_id="mine"))

        sighting = stage.witness.next("text")
        sighting.answer("return")
        with urlopen(f"http://127.0.0.1:{port}/admin/host/status") as answer:
            status = json.load(answer)

        assert status["state"] == "Running"
        assert host.stop() == 0
        assert "binary" not in host.log()
    assert [each.message_id for each in stage.take("binary")] == ["not mine"]


def test_host_receives_again_when_the_bus_is_back(stage: Stage) -> None:
    """The broker ends and starts again under a running host."""
    with stage.host() as host:
        host.ready()
        stage.restart_bus()
        stage.send("binary", ServiceBusMessage(b"x", message_id="again"))

        sighting = stage.witness.next("binary")
        sighting.answer("return")

        assert sighting.saw["messageId"] == "again"
        assert host.stop() == 0
