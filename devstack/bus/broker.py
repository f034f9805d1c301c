"""The broker: which role each new link gets, and the stations behind; the state of one run."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from proton import Link, Receiver, Sender, Terminus

from devstack.bus.amqp_request import Request
from devstack.bus.config import QueueConfig, SubscriptionConfig
from devstack.bus.directory import Directory, Place, path_of
from devstack.bus.idle import IdleWatch
from devstack.bus.management import Answer, answer
from devstack.bus.replies import CBS_NAMES, MANAGEMENT_NAMES, ReplyLink, RequestLink
from devstack.bus.roles import SESSION_FILTER, Intake, Outlet, refuse
from devstack.bus.session_wait import SessionWait
from devstack.bus.sessions import SessionHeldError, SessionLock
from devstack.bus.station import Station
from devstack.bus.tokens import ANY_TOKEN, TokenCheck
from devstack.bus.trouble import Trouble
from devstack.bus.wire import Role, Wire

_CBS = "$cbs"
_MANAGEMENT = "/$management"
_IDLE_LOOKS = 20
"""How often idle links are looked for within the time that makes them idle."""
_SESSIONS_ONLY = (
    "It is not possible for an entity that requires sessions to create a non-sessionful message"
    " receiver."
)
_NO_SESSIONS = (
    "A sessionful message receiver cannot be created on an entity that does not require sessions."
    " Ensure RequiresSession is set to true when creating a Queue or Subscription."
)


class Broker:
    """Serves a directory of entities; `new_wire` is the factory for `loop.create_server`."""

    def __init__(
        self,
        directory: Directory,
        *,
        trouble: Trouble,
        clock: Callable[[], float] = time.time,
        tokens: TokenCheck = ANY_TOKEN,
    ) -> None:
        self.trouble = trouble
        self.attached: Counter[str] = Counter()
        """How many links clients attached to each entity since the start, refused ones included."""
        self._tokens = tokens
        self._directory = directory
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._idle_look: asyncio.TimerHandle | None = None
        self._away_until = 0.0
        self._idle = IdleWatch(self._loop)
        self._replies: dict[Wire, dict[str, ReplyLink]] = {}
        self._stations = {
            entity: Station(entity, queues, clock=clock)
            for entity, queues in directory.entities().items()
        }
        self.switches_changed()

    def new_wire(self) -> Wire:
        return Wire(self)

    def switches_changed(self) -> None:
        """Take up the switches in force where something waits by them."""
        if self._idle_look is not None:
            self._idle_look.cancel()
            self._idle_look = None
        if self.trouble.switches.idle_link_seconds > 0:
            self._look_for_idle_links()

    def find(self, path: str) -> Place | None:
        """Return what is at a path."""
        return self._directory.find(path)

    def add_queue(self, config: QueueConfig) -> None:
        """Make a queue; none of that name is there."""
        place = self._directory.add_queue(config)
        queues = self._directory.entities()[place.owner]
        self._stations[place.owner] = Station(place.owner, queues, clock=self._clock)
        self.expire_when_idle(place, config.deleted_when_idle)

    def add_subscription(self, topic: str, config: SubscriptionConfig) -> None:
        """Make a subscription of a topic that is there."""
        place = self._directory.add_subscription(topic, config)
        assert place.queue is not None
        for queue in (place.queue, place.queue.dead_letters):
            assert queue is not None
            self._stations[place.owner].add(queue)
        self.expire_when_idle(place, config.queue.deleted_when_idle)

    def remove(self, place: Place) -> None:
        """Delete a queue or a subscription; end the links to it."""
        text = f"The messaging entity '{place.path}' could not be found: it was deleted."
        below = f"{place.path}/".lower()
        for path, wire, link in self.links():
            if f"{path}/".lower().startswith(below):
                wire.end(link, "amqp:not-found", text)
        self._directory.remove(place)
        self._idle.forget(place.path)
        if place.entity is not None:
            self._stations.pop(place.owner).close()
            return
        assert place.queue is not None
        for queue in (place.queue, place.queue.dead_letters):
            assert queue is not None
            self._stations[place.owner].drop(queue)

    def expire_when_idle(self, place: Place, seconds: float) -> None:
        """Delete an entity that is not used for so long, from now on."""
        self._idle.watch(place.path, seconds, lambda: self._remove_idle(place))

    def _remove_idle(self, place: Place) -> bool:
        scheduled = place.entity is not None and any(place.entity.scheduled(0))
        if not scheduled:
            self.remove(place)
        return not scheduled

    def used(self, path: str) -> None:
        self._idle.used(path)

    def links(self) -> list[tuple[str, Wire, Link]]:
        """Return the links that are open, with their entities' paths and their connections."""
        return [(path, wire, link) for wire in self._replies for path, link in wire.links()]

    def close(self) -> None:
        if self._idle_look is not None:
            self._idle_look.cancel()
        self._idle.close()
        for station in self._stations.values():
            station.close()
        for wire in list(self._replies):
            wire.close()

    def go_away(self, seconds: float) -> int:
        """Cut every connection, and those made within `seconds`; return how many there were.

        Messages, locks and what is scheduled stay, as in a service that cannot be reached.
        """
        self._away_until = self._loop.time() + seconds
        wires = list(self._replies)
        for wire in wires:
            wire.close()
        return len(wires)

    def connected(self, wire: Wire) -> None:
        self._replies[wire] = {}
        if self._loop.time() < self._away_until:
            self._loop.call_soon(wire.close)

    def disconnected(self, wire: Wire) -> None:
        del self._replies[wire]

    def attach(self, wire: Wire, link: Link) -> Role | None:
        """Answer a client's attach: with a role, or with a refusal and None."""
        link.source.copy(link.remote_source)
        link.target.copy(link.remote_target)
        if isinstance(link, Receiver):
            return self._attach_sender(wire, link)
        assert isinstance(link, Sender)
        return self._attach_receiver(wire, link)

    def _attach_sender(self, wire: Wire, link: Receiver) -> Role | None:
        if link.remote_target.type == Terminus.COORDINATOR:
            refuse(link, "amqp:not-implemented", "The local Service Bus has no transactions.")
            return None
        path = path_of(link.remote_target.address or "")
        replies = self._replies[wire]
        if path == _CBS:
            return RequestLink(link, replies, self._tokens.answer, node=path, names=CBS_NAMES)
        place = self._find(path, link)
        if place is None:
            return None
        if path.lower().endswith(_MANAGEMENT):
            return RequestLink(
                link, replies, self._manage(place), node=path, names=MANAGEMENT_NAMES
            )
        if place.entity is None:
            refuse(link, "amqp:not-allowed", f"{place.path} cannot be sent to.")
            return None
        if self._fails(place, link):
            return None
        station = self._stations[place.owner]
        return Intake(link, place, station, trouble=self.trouble, clock=self._clock)

    def _attach_receiver(self, wire: Wire, link: Sender) -> Role | None:
        path = path_of(link.remote_source.address or "")
        if path == _CBS:
            return ReplyLink(link, self._replies[wire], node=path)
        place = self._find(path, link)
        if place is None:
            return None
        if path.lower().endswith(_MANAGEMENT):
            return ReplyLink(link, self._replies[wire], node=path)
        if place.queue is None:
            refuse(
                link,
                "amqp:not-allowed",
                f"{place.path} is a topic: receive from {place.path}/Subscriptions/<name>.",
            )
            return None
        if self._fails(place, link):
            return None
        asks, session_id = _session_asked_for(link)
        if asks != (place.queue.sessions is not None):
            refuse(link, "amqp:not-allowed", _SESSIONS_ONLY if not asks else _NO_SESSIONS)
            return None
        if not asks:
            return self._outlet(wire, link, place)
        if session_id is None:
            return self._wait_for_session(wire, link, place)
        try:
            lock = place.queue.accept_session(session_id, link.name, now=self._clock())
        except SessionHeldError:
            link.source.filter.clear()  # the JavaScript SDK would take its echo for the session
            text = f"The requested session '{session_id}' cannot be accepted. It may be locked by"
            refuse(link, "com.microsoft:session-cannot-be-locked", f"{text} another receiver.")
            return None
        self._stations[place.owner].changed()
        return self._outlet(wire, link, place, lock)

    def _outlet(
        self, wire: Wire, link: Sender, place: Place, lock: SessionLock | None = None
    ) -> Outlet:
        station = self._stations[place.owner]
        return Outlet(
            link, place, station, clock=self._clock, sent=wire.sent, end=wire.end, lock=lock
        )

    def _wait_for_session(self, wire: Wire, link: Sender, place: Place) -> Role | None:
        """Return the waiting role; the link's role is an outlet as soon as there is a session."""
        assert place.queue is not None
        station = self._stations[place.owner]

        def accepted(lock: SessionLock) -> None:
            waiter.end()
            wire.become(link, self._outlet(wire, link, place, lock))

        waiter = SessionWait(link, place, station, accepted=accepted, refused=wire.sent)
        self._loop.call_soon(waiter.start)
        return waiter

    def _fails(self, place: Place, link: Link) -> bool:
        """Count the attach; refuse it and return True where a fault strikes it."""
        self.attached[place.path] += 1
        self.used(place.path)
        refusal = self.trouble.of(place.path, "attach")
        if refusal is not None:
            refuse(link, refusal.condition, refusal.description)
        return refusal is not None

    def _find(self, path: str, link: Link) -> Place | None:
        plain = path[: -len(_MANAGEMENT)] if path.lower().endswith(_MANAGEMENT) else path
        place = self._directory.find(plain)
        if place is None:
            text = f"The messaging entity '{plain}' could not be found."
            refuse(link, "amqp:not-found", text)
        return place

    def _manage(self, place: Place) -> Callable[[Request], Answer]:
        def manage(request: Request) -> Answer:
            self.used(place.path)
            given = answer(request, place, now=self._clock(), trouble=self.trouble)
            self._stations[place.owner].changed()
            return given

        return manage

    def _look_for_idle_links(self) -> None:
        seconds = self.trouble.switches.idle_link_seconds
        for wire in list(self._replies):
            wire.end_idle(seconds)
        self._idle_look = self._loop.call_later(seconds / _IDLE_LOOKS, self._look_for_idle_links)


def _session_asked_for(link: Sender) -> tuple[bool, str | None]:
    """Return whether a session is asked for, and which; None for the next one there is."""
    filters = link.remote_source.filter
    filters.rewind()
    wanted = filters.get_object() if filters.next() is not None else None
    named = {str(name): value for name, value in wanted.items()} if wanted else {}
    value = named.get(SESSION_FILTER)
    return SESSION_FILTER in named, None if value is None else str(value)
