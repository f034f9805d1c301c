"""What happens to messages when the host or the broker ends."""

from collections.abc import Iterator

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
