"""The way out: `ports.Bus` over azure-servicebus, one lane for each queue or topic.

Adapter. Decides nothing about what is sent. lane.py sends it.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from functools import partial

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from azure.servicebus import ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver, ServiceBusSender

from shared.bus.lane import PATIENCE_SECONDS, Lane, Undeliverable
from shared.tracing.spans import sending
from shared.words.entities import EVENTS_TOPIC
from shared.words.errors import NotSent, Problem, Rejected, RollcallError, Unavailable
from shared.words.outgoing import Outgoing
from shared.words.problems import rejected

MOST_LANES = 64
"""Most connections kept. Callers name the queues for their answers, and may name many."""


def open_outbox(
    connection: str, *, credential: AsyncTokenCredential | None = None
) -> "ServiceBusOutbox":
    """Return an outbox, which connects on its first use. Close it with `aclose`.

    `connection` is a connection string (it holds `Endpoint=`) or, with a `credential`, the fully
    qualified namespace (`name.servicebus.windows.net`).
    """
    # A lane retries by itself where that may help. The SDK's retries would only delay the answer.
    if "Endpoint=" in connection:
        client = ServiceBusClient.from_connection_string(connection, retry_total=0)
    elif credential is None:
        raise ValueError("the Service Bus namespace needs a credential")
    else:
        client = ServiceBusClient(connection, credential, retry_total=0)
    return ServiceBusOutbox(client)


class ServiceBusOutbox:
    """Implements `ports.Bus`. One instance a process; safe for many tasks of one event loop."""

    def __init__(
        self,
        client: ServiceBusClient,
        *,
        topics: Iterable[str] = (EVENTS_TOPIC,),
        most_lanes: int = MOST_LANES,
    ) -> None:
        """`topics`: the entities that are topics; every other entity is a queue.

        Beyond `most_lanes` entities, the one unused for longest is closed.
        """
        self._client = client
        self._topics = frozenset(topics)
        self._most_lanes = most_lanes
        self._lanes: dict[str, Lane] = {}
        self._beside: set[asyncio.Task[None]] = set()

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """See `ports.Bus.send`.

        Some messages can never be sent. Their entity does not exist (a caller's `reply_to`, for
        example), or they are larger than it takes, or have a shape that is refused. They hold up
        no other message. When all others were sent, `Rejected` is raised with the code
        `undeliverable`, and one problem for each entity or message (`errors.refusal_in`). Sending
        them again changes nothing. Where another entity was `Unavailable`, `NotSent` is raised
        with these problems instead.
        """
        by_entity: dict[str, list[Outgoing]] = {}
        for message in messages:
            by_entity.setdefault(message.entity, []).append(message)
        results = await asyncio.gather(
            *(self._send(entity, some) for entity, some in by_entity.items()),
            return_exceptions=True,
        )
        problems: list[Problem] = []
        down: dict[str, Unavailable] = {}
        for entity, result in zip(by_entity, results, strict=True):
            if isinstance(result, Undeliverable):
                problems += result.problems
            elif isinstance(result, Unavailable):
                down[entity] = result
            elif result is not None:
                raise result
        if down:
            why = "; ".join(f"{entity}: {error}" for entity, error in down.items())
            raise NotSent(why, entities=frozenset(down), problems=tuple(problems))
        if problems:
            raise undeliverable(problems)

    def expect(self, entities: Iterable[str]) -> None:
        """See `ports.Bus.expect`. Opening a link takes half a second, nearly all of it waiting."""
        for entity in entities:
            if entity not in self._lanes:
                self._keep(asyncio.create_task(_opened(self._lane(entity))))

    async def check(self) -> None:
        """See `ports.Bus.check`. Opens a link of its own: a kept link may be gone unnoticed."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._new_sender(min(self._topics)):
                return
        except (AzureError, TimeoutError) as error:
            raise Unavailable(f"Service Bus did not answer: {type(error).__name__}") from error

    async def aclose(self) -> None:
        """Send what waits, then close every sender and the client."""
        await asyncio.gather(*(lane.aclose() for lane in self._lanes.values()), *self._beside)
        await self._client.close()

    def _lane(self, entity: str) -> Lane:
        lane = self._lanes.pop(entity, None) or Lane(
            entity,
            new_sender=partial(self._new_sender, entity),
            new_probe=None if entity in self._topics else partial(self._new_probe, entity),
        )
        if len(self._lanes) >= self._most_lanes:
            self._close_oldest()
        self._lanes[entity] = lane  # the last one used is the last in the dict
        return lane

    def _close_oldest(self) -> None:
        oldest = next((entity for entity, lane in self._lanes.items() if lane.idle), None)
        if oldest is not None:
            self._keep(asyncio.create_task(self._lanes.pop(oldest).aclose()))

    async def _send(self, entity: str, messages: Sequence[Outgoing]) -> None:
        with sending(entity, messages) as caused:
            await self._lane(entity).send(caused)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    def _new_sender(self, entity: str) -> ServiceBusSender:
        if entity in self._topics:
            return self._client.get_topic_sender(entity)
        return self._client.get_queue_sender(entity)

    def _new_probe(self, entity: str) -> ServiceBusReceiver:
        # The dead-letter queue exists exactly where the queue does. If the probe receives a message
        # there, it takes none from a handler.
        return self._client.get_queue_receiver(
            entity, sub_queue=ServiceBusSubQueue.DEAD_LETTER, prefetch_count=0
        )


async def _opened(lane: Lane) -> None:
    # The first task with messages to send meets the failure again.
    with contextlib.suppress(RollcallError):
        await lane.send([])


def undeliverable(problems: Iterable[Problem]) -> Rejected:
    """Return the refusal of messages that can never be sent."""
    return rejected("undeliverable", problems=problems)
