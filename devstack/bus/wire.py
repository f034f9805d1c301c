"""One client's TCP connection: bytes in and out of a proton engine, events out of it to the roles.

Knows links and sessions, nothing of queues. All of it runs on one asyncio loop, without threads.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, ClassVar, Protocol

from proton import Collector, Connection, Delivery, Event, EventType, Link, Session, Transport

logger = logging.getLogger(__name__)

# The client offers 1 MiB as well; a message of the largest size then is one frame.
_MAX_FRAME_BYTES = 1024 * 1024


class Role(Protocol):
    """What the broker is on one link."""

    def flow(self) -> None:
        """The client changed the link's credit."""

    def delivery(self, delivery: Delivery) -> None:
        """Something arrived for one delivery: data, or the client's disposition."""

    def gone(self) -> None:
        """The link is closed, or its connection lost."""


class Owner(Protocol):
    """Who hands out the roles."""

    def connected(self, wire: "Wire") -> None: ...

    def disconnected(self, wire: "Wire") -> None: ...

    def attach(self, wire: "Wire", link: Link) -> Role | None:
        """Open a link the client asked for, and give its role; None where it was refused."""


class Wire(asyncio.Protocol):
    """Drives one proton engine for the connection it is made for."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._roles: dict[Link, Role] = {}
        self._loop = asyncio.get_running_loop()
        self._flushing: asyncio.Handle | None = None
        self._ticking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._socket = transport
        self._owner.connected(self)
        self._connection = Connection()
        self._collector = Collector()
        self._connection.collect(self._collector)
        self._engine = Transport(Transport.SERVER)
        self._engine.max_frame_size = _MAX_FRAME_BYTES
        self._engine.sasl().allowed_mechs("ANONYMOUS")
        self._engine.bind(self._connection)

    def data_received(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            room = self._engine.capacity()
            if room < 0:  # the engine takes no more: it failed, or the client said goodbye
                break
            self._engine.push(bytes(rest[:room]))
            rest = rest[room:]
            self._dispatch()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            logger.info("connection lost: %s", exc)
        for handle in (self._flushing, self._ticking):
            if handle is not None:
                handle.cancel()
        for role in self._roles.values():
            role.gone()
        self._roles.clear()
        self._owner.disconnected(self)
        self._engine.unbind()
        self._connection.free()
        self._collector.release()

    def flush_soon(self) -> None:
        """Send what the engine has to say, once the present event is done with."""
        if self._flushing is None:
            self._flushing = self._loop.call_soon(self._flush)

    def close(self) -> None:
        self._socket.close()

    def _flush(self) -> None:
        self._flushing = None
        self._dispatch()
        self._tick()
        while (waiting := self._engine.pending()) > 0:
            out = self._engine.peek(waiting)
            if not out:
                break
            self._socket.write(bytes(out))
            self._engine.pop(len(out))
            self._dispatch()
        if waiting < 0:
            self._socket.close()

    def _tick(self) -> None:
        if self._engine.remote_idle_timeout == 0:
            return
        now = self._loop.time()
        deadline = self._engine.tick(now)
        if self._ticking is not None:
            self._ticking.cancel()
        if deadline:
            self._ticking = self._loop.call_later(max(0.0, deadline - now), self._flush)

    def _dispatch(self) -> None:
        while (event := self._collector.peek()) is not None:
            handle = self._HANDLERS.get(event.type)
            if handle is not None:
                handle(self, event.context)
            self._collector.pop()

    def _on_connection_open(self, connection: Connection) -> None:
        connection.container = "local-service-bus"
        connection.open()

    def _on_connection_close(self, connection: Connection) -> None:
        connection.close()

    def _on_session_open(self, session: Session) -> None:
        session.open()

    def _on_session_close(self, session: Session) -> None:
        for link in [link for link in self._roles if link.session == session]:
            self._forget(link)
        session.close()
        session.free()

    def _on_link_open(self, link: Link) -> None:
        role = self._owner.attach(self, link)
        if role is not None:
            self._roles[link] = role

    def _on_link_close(self, link: Link) -> None:
        self._forget(link)
        link.close()
        link.free()

    def _on_link_flow(self, link: Link) -> None:
        role = self._roles.get(link)
        if role is not None:
            role.flow()

    def _on_delivery(self, delivery: Delivery) -> None:
        role = self._roles.get(delivery.link)
        if role is not None:
            role.delivery(delivery)

    def _on_engine_error(self, engine: Transport) -> None:
        logger.info("connection failed: %s", engine.condition)

    def _forget(self, link: Link) -> None:
        role = self._roles.pop(link, None)
        if role is not None:
            role.gone()

    _HANDLERS: ClassVar[dict[EventType, Callable[["Wire", Any], None]]] = {
        Event.CONNECTION_REMOTE_OPEN: _on_connection_open,
        Event.CONNECTION_REMOTE_CLOSE: _on_connection_close,
        Event.SESSION_REMOTE_OPEN: _on_session_open,
        Event.SESSION_REMOTE_CLOSE: _on_session_close,
        Event.LINK_REMOTE_OPEN: _on_link_open,
        Event.LINK_REMOTE_CLOSE: _on_link_close,
        Event.LINK_REMOTE_DETACH: _on_link_close,
        Event.LINK_FLOW: _on_link_flow,
        Event.DELIVERY: _on_delivery,
        Event.TRANSPORT_ERROR: _on_engine_error,
    }
