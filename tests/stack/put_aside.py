"""Messages that were put aside on the local broker, and what lies in its queues."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from azure.servicebus import (
    ServiceBusClient,
    ServiceBusMessage,
    ServiceBusReceivedMessage,
    ServiceBusSubQueue,
)
from azure.servicebus.amqp import AmqpAnnotatedMessage

from tests.stack.process import ROOT

LOCK = "PT5S"
"""The shortest lock there is: what a killed run held is free soon."""
type Sent = ServiceBusMessage | AmqpAnnotatedMessage


def with_short_locks(folder: Path) -> Path:
    """Write the broker's configuration with the shortest locks into `folder`; return its path."""
    config = json.loads((ROOT / "devstack" / "bus" / "Config.json").read_text())
    for namespace in config["UserConfig"]["Namespaces"]:
        for queue in namespace["Queues"]:
            queue["Properties"]["LockDuration"] = LOCK
    changed = folder / "Config.json"
    changed.write_text(json.dumps(config))
    return changed


class Bus:
    """A second client of the broker, beside the command."""

    def __init__(self, client: ServiceBusClient) -> None:
        """Use `client`, which is open."""
        self._client = client

    def send(self, queue: str, messages: Sequence[Sent]) -> None:
        """Send one by one, so that each may be as large as it may."""
        with self._client.get_queue_sender(queue) as sender:
            for message in messages:
                sender.send_messages(message)

    def fail(self, queue: str, messages: Sequence[Sent]) -> None:
        """Send messages that end up in the dead-letter queue of `queue`."""
        self.send(queue, messages)
        left = len(messages)
        with self._client.get_queue_receiver(queue) as receiver:
            while left:
                for message in receiver.receive_messages(left, max_wait_time=5):
                    receiver.dead_letter_message(
                        message, reason="MaxDeliveryCountExceeded", error_description="ten times"
                    )
                    left -= 1

    def peek(self, queue: str, *, dead: bool = False) -> list[ServiceBusReceivedMessage]:
        """Return all that lies in a queue, scheduled messages too, or among its dead letters."""
        return list(self._peek(queue, dead=dead))

    @contextmanager
    def watching(self, queue: str) -> Iterator[Callable[[], int]]:
        """Return how many messages, notes too, came into a queue since this began, at each call."""
        with self._client.get_queue_receiver(queue) as receiver:
            first, came = 1, 0

            def count() -> int:
                nonlocal first, came
                while page := receiver.peek_messages(250, sequence_number=first):
                    first, came = (page[-1].sequence_number or 0) + 1, came + len(page)
                return came

            before = count()
            yield lambda: count() - before

    def _peek(self, queue: str, *, dead: bool) -> Iterator[ServiceBusReceivedMessage]:
        sub_queue = ServiceBusSubQueue.DEAD_LETTER if dead else None
        first = 1
        with self._client.get_queue_receiver(queue, sub_queue=sub_queue) as receiver:
            while page := receiver.peek_messages(250, sequence_number=first):
                yield from page
                first = (page[-1].sequence_number or 0) + 1
