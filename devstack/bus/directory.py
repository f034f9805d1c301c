"""From a namespace's configuration to its entities, and from an address to what is there. Pure."""

import math
from dataclasses import dataclass

from devstack.bus.config import Namespace, QueueConfig, SubscriptionConfig
from devstack.bus.entity import DuplicateHistory, Entity, Subscription
from devstack.bus.queue import Queue, Rules

_DEAD_LETTERS = "$DeadLetterQueue"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """One address: what can be sent to there (`entity`), and received from (`queue`)."""

    path: str
    owner: Entity
    entity: Entity | None = None
    queue: Queue | None = None
    dead_letter_source: str | None = None


class Directory:
    """Every address of a namespace. Letters' case does not count."""

    def __init__(self, namespace: Namespace, *, dead_letter_locks_count: bool = True) -> None:
        self._dead_letter_locks_count = dead_letter_locks_count
        self._places: dict[str, Place] = {}
        self._lives: dict[Entity, float] = {}
        for queue in namespace.queues:
            self.add_queue(queue)
        for topic in namespace.topics:
            entity = Entity(history=_history(topic.duplicate_window))
            self._keep(Place(path=topic.name, owner=entity, entity=entity))
            self._lives[entity] = topic.time_to_live
            for each in topic.subscriptions:
                self.add_subscription(topic.name, each)

    def entities(self) -> dict[Entity, list[Queue]]:
        """Give every entity with all the queues behind it, dead-letter sub-queues included."""
        found: dict[Entity, list[Queue]] = {}
        for place in self._places.values():
            queues = found.setdefault(place.owner, [])
            if place.queue is not None:
                queues.append(place.queue)
        return found

    def find(self, path: str) -> Place | None:
        """Find what is at a path such as `orders/Subscriptions/all/$DeadLetterQueue`."""
        return self._places.get(path.lower())

    def add_queue(self, config: QueueConfig) -> Place:
        """Make a queue, and return its place."""
        queue = self._queue(config, longest_life=config.time_to_live)
        entity = Entity(queue=queue, history=_history(config.duplicate_window))
        _, dead_letters = _receiving(config.name, entity, queue)
        place = Place(path=config.name, owner=entity, entity=entity, queue=queue)
        self._keep(place, dead_letters)
        return place

    def add_subscription(self, topic: str, config: SubscriptionConfig) -> Place:
        """Make a subscription of a topic that is there, and return its place."""
        owner = self._places[topic.lower()].owner
        queue = self._queue(config.queue, longest_life=self._lives[owner])
        owner.subscriptions.append(Subscription(queue=queue, filters=config.filters))
        place, dead_letters = _receiving(f"{topic}/Subscriptions/{config.queue.name}", owner, queue)
        self._keep(place, dead_letters)
        return place

    def remove(self, place: Place) -> None:
        """Forget a queue or a subscription, with all that is in it."""
        for path in (place.path, f"{place.path}/{_DEAD_LETTERS}"):
            del self._places[path.lower()]
        place.owner.subscriptions[:] = [
            one for one in place.owner.subscriptions if one.queue is not place.queue
        ]

    def _keep(self, *places: Place) -> None:
        self._places |= {place.path.lower(): place for place in places}

    def _queue(self, config: QueueConfig, *, longest_life: float) -> Queue:
        life = min(config.time_to_live, longest_life)
        return Queue(
            Rules(
                lock_duration=config.lock_duration,
                max_delivery_count=config.max_delivery_count,
                time_to_live=None if life == math.inf else life,
                dead_letters_expired=config.dead_letters_expired,
                requires_session=config.requires_session,
            ),
            dead_letters=Queue(
                Rules(
                    lock_duration=config.lock_duration,
                    lost_locks_count=self._dead_letter_locks_count,
                )
            ),
        )


def path_of(address: str) -> str:
    """Cut an address to its path: clients send both `amqps://host:port/queue` and `queue`."""
    _, scheme, rest = address.partition("://")
    path = rest.partition("/")[2] if scheme else address
    return path.strip("/")


def _receiving(path: str, owner: Entity, queue: Queue) -> tuple[Place, Place]:
    return (
        Place(path=path, owner=owner, queue=queue),
        Place(
            path=f"{path}/{_DEAD_LETTERS}",
            owner=owner,
            queue=queue.dead_letters,
            dead_letter_source=path,
        ),
    )


def _history(window: float | None) -> DuplicateHistory | None:
    return None if window is None else DuplicateHistory(window)
