"""The broker: which role each new link gets, and the stations behind; the state of one run."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from proton import Link, Receiver, Sender, Terminus

from devstack.bus.amqp_request import Request
from devstack.bus.directory import Directory, Place, path_of
from devstack.bus.management import Answer, answer
from devstack.bus.replies import CBS_NAMES, MANAGEMENT_NAMES, ReplyLink, RequestLink
from devstack.bus.roles import Intake, Outlet, refuse
from devstack.bus.station import Station
from devstack.bus.trouble import Trouble
from devstack.bus.wire import Role, Wire

_CBS = "$cbs"
_MANAGEMENT = "/$management"
_IDLE_LOOKS = 20
"""How often idle links are looked for within the time that makes them idle."""
_SESSION_FILTER = "com.microsoft:session-filter"


class Broker:
    """Serves a directory of entities; `new_wire` is the factory for `loop.create_server`."""

    def __init__(
        self, directory: Directory, *, trouble: Trouble, clock: Callable[[], float] = time.time
    ) -> None:
        self.trouble = trouble
        self.attached: Counter[str] = Counter()
        """How many links clients attached to each entity since the start, refused ones included."""
        self._directory = directory
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._idle_look: asyncio.TimerHandle | None = None
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

    def links(self) -> list[tuple[str, Wire, Link]]:
        """Return the links that are open, with their entities' paths and their connections."""
        return [(path, wire, link) for wire in self._replies for path, link in wire.links()]

    def close(self) -> None:
        if self._idle_look is not None:
            self._idle_look.cancel()
        for station in self._stations.values():
            station.close()
        for wire in list(self._replies):
            wire.close()

    def connected(self, wire: Wire) -> None:
        self._replies[wire] = {}

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
            return RequestLink(link, replies, _answer_cbs, node=path, names=CBS_NAMES)
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
        if _asks_for_session(link):
            refuse(link, "amqp:not-implemented", "The local Service Bus has no sessions.")
            return None
        if place.queue is None:
            refuse(
                link,
                "amqp:not-allowed",
                f"{place.path} is a topic: receive from {place.path}/Subscriptions/<name>.",
            )
            return None
        if self._fails(place, link):
            return None
        station = self._stations[place.owner]
        return Outlet(link, place, station, clock=self._clock, sent=wire.sent)

    def _fails(self, place: Place, link: Link) -> bool:
        """Count the attach; refuse it and return True where a fault strikes it."""
        self.attached[place.path] += 1
        refusal = self.trouble.of(place.path, "attach")
        if refusal is not None:
            refuse(link, refusal.condition, refusal.description)
        return refusal is not None

    def _find(self, path: str, link: Link) -> Place | None:
        plain = path[: -len(_MANAGEMENT)] if path.lower().endswith(_MANAGEMENT) else path
        place = self._directory.find(plain)
        if place is None:
            text = f"The messaging entity '{plain}' could not be found: it is not in Config.json."
            refuse(link, "amqp:not-found", text)
        return place

    def _manage(self, place: Place) -> Callable[[Request], Answer]:
        def manage(request: Request) -> Answer:
            given = answer(request, place, now=self._clock(), trouble=self.trouble)
            self._stations[place.owner].changed()
            return given

        return manage

    def _look_for_idle_links(self) -> None:
        seconds = self.trouble.switches.idle_link_seconds
        for wire in list(self._replies):
            wire.end_idle(seconds)
        self._idle_look = self._loop.call_later(seconds / _IDLE_LOOKS, self._look_for_idle_links)


def _answer_cbs(_: Request) -> Answer:
    # Any token will do: what only this machine can reach has nothing to guard.
    return Answer(status=202, description="Accepted")


def _asks_for_session(link: Sender) -> bool:
    filters = link.remote_source.filter
    filters.rewind()
    wanted = filters.get_object() if filters.next() is not None else None
    return isinstance(wanted, dict) and _SESSION_FILTER in {str(name) for name in wanted}
