"""The broker: which role each new link gets, and the stations behind; the state of one run."""

import time
from collections.abc import Callable
from uuid import uuid4

from proton import Link, Receiver, Sender, Terminus

from devstack.bus.amqp_request import Request
from devstack.bus.directory import Directory, Place, path_of
from devstack.bus.management import Answer, answer
from devstack.bus.replies import CBS_NAMES, MANAGEMENT_NAMES, ReplyLink, RequestLink
from devstack.bus.roles import Intake, Outlet, refuse
from devstack.bus.station import Station
from devstack.bus.tokens import ANY_TOKEN, TokenCheck
from devstack.bus.wire import Role, Wire

_CBS = "$cbs"
_MANAGEMENT = "/$management"
_SESSION_FILTER = "com.microsoft:session-filter"


class Broker:
    """Serves a directory of entities; `new_wire` is the factory for `loop.create_server`."""

    def __init__(
        self,
        directory: Directory,
        *,
        clock: Callable[[], float] = time.time,
        tokens: TokenCheck = ANY_TOKEN,
    ) -> None:
        self._tokens = tokens
        self._directory = directory
        self._clock = clock
        self._replies: dict[Wire, dict[str, ReplyLink]] = {}
        self._stations = {
            entity: Station(entity, queues, clock=clock)
            for entity, queues in directory.entities().items()
        }

    def new_wire(self) -> Wire:
        return Wire(self)

    def close(self) -> None:
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
        station = self._stations[place.owner]
        return Intake(link, place.entity, station, clock=self._clock)

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
        station = self._stations[place.owner]
        return Outlet(link, place, station, clock=self._clock, flush=wire.flush_soon)

    def _find(self, path: str, link: Link) -> Place | None:
        plain = path[: -len(_MANAGEMENT)] if path.lower().endswith(_MANAGEMENT) else path
        place = self._directory.find(plain)
        if place is None:
            text = f"The messaging entity '{plain}' could not be found: it is not in Config.json."
            refuse(link, "amqp:not-found", text)
        return place

    def _manage(self, place: Place) -> Callable[[Request], Answer]:
        def manage(request: Request) -> Answer:
            given = answer(request, place, now=self._clock(), new_token=uuid4)
            self._stations[place.owner].changed()
            return given

        return manage


def _asks_for_session(link: Sender) -> bool:
    filters = link.remote_source.filter
    filters.rewind()
    wanted = filters.get_object() if filters.next() is not None else None
    return isinstance(wanted, dict) and _SESSION_FILTER in {str(name) for name in wanted}
