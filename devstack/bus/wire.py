"""One client's TCP connection: bytes in and out of a proton engine, events out of it to the roles.

Knows links and sessions, nothing of queues. All of it runs on one asyncio loop, without threads.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar, Protocol

from proton import (
    Collector,
    Condition,
    Connection,
    Delivery,
    Event,
    EventType,
    Link,
    Session,
    Transport,
)

logger = logging.getLogger(__name__)

# The client offers 1 MiB as well; a message of the largest size then is one frame.
_MAX_FRAME_BYTES = 1024 * 1024


# In Azure a connection without links lives half as long as an idle link.
_SHARE_WITHOUT_LINKS = 0.5
# With the short times of tests, a client still needs this long to attach its first link.
_LEAST_WITHOUT_LINKS = 2.0


class Role(Protocol):
    """What the broker is on one link."""

    @property
    def path(self) -> str | None:
        """The entity that messages go to or come from; None for requests and answers."""

    def flow(self) -> None:
        """The client changed the link's credit."""

    def delivery(self, delivery: Delivery) -> None:
        """Something arrived for one delivery: data, or the client's disposition."""

    def gone(self, *, closed: bool) -> None:
        """The link is closed, or its connection lost without that."""


class Owner(Protocol):
    """Who hands out the roles."""

    def connected(self, wire: "Wire") -> None: ...

    def disconnected(self, wire: "Wire") -> None: ...

    def used(self, path: str) -> None:
        """Note that a client sends to an entity, receives from it or settles."""

    def attach(self, wire: "Wire", link: Link) -> Role | None:
        """Open a link the client asked for, and give its role; None where it was refused."""


class Wire(asyncio.Protocol):
    """Drives one proton engine for the connection it is made for."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._roles: dict[Link, Role] = {}
        # When each link, and any link with an entity behind it, was last used.
        self._used: dict[Link, float] = {}
        self._closing = False
        self._loop = asyncio.get_running_loop()
        self._used_at_all = self._loop.time()
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
        for role in list(self._roles.values()):
            role.gone(closed=self._closing)
        self._roles.clear()
        self._owner.disconnected(self)
        self._engine.unbind()
        self._connection.free()
        self._collector.release()

    def sent(self, link: Link) -> None:
        """Note a use of the link, and send what the engine has to say after the present event."""
        self._use(link)
        self._flush_soon()

    def close(self) -> None:
        self._socket.close()

    def links(self) -> list[tuple[str, Link]]:
        """Return the links with an entity behind them, each with the entity's path."""
        return [(role.path, link) for link, role in self._roles.items() if role.path is not None]

    def detach(self, link: Link, details: str) -> None:
        """End a link as the service does by itself, with its reason in `details`."""
        kind = "publisher" if link.is_receiver else "consumer"
        text = f"The link '{link.name}' is force detached. Code: {kind}(link1). Details: {details}"
        self.end(link, "amqp:link:detach-forced", text)

    def end(self, link: Link, condition: str, description: str) -> None:
        """Detach a link with an error."""
        self._forget(link)
        link.condition = Condition(condition, description)
        link.close()
        self._flush_soon()

    def become(self, link: Link, role: Role) -> None:
        """Give a link that waited its lasting role, and what arrived for it meanwhile."""
        self._roles[link] = role
        role.flow()
        self.sent(link)

    def end_idle(self, seconds: float) -> None:
        """Detach the links unused for so long; close a connection that had none for half of it."""
        now = self._loop.time()
        for _, link in self.links():
            if now - self._used[link] >= seconds:
                kind = "Publisher" if link.is_receiver else "Consumer"
                idle = timedelta(seconds=seconds)
                self.detach(link, f"AmqpMessage{kind}.IdleTimerExpired: Idle timeout: {idle}.")
        longest = max(seconds * _SHARE_WITHOUT_LINKS, _LEAST_WITHOUT_LINKS)
        if not self.links() and now - self._used_at_all >= longest:
            text = f"The connection was inactive for more than the allowed {longest * 1000:.0f} ms"
            self._connection.condition = Condition("amqp:connection:forced", text)
            self._connection.close()
            self._flush_soon()

    def _flush_soon(self) -> None:
        if self._flushing is None:
            self._flushing = self._loop.call_soon(self._flush)

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
        self._closing = True
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
            self._use(link)

    def _on_link_close(self, link: Link) -> None:
        self._forget(link)
        link.close()
        link.free()

    def _on_link_flow(self, link: Link) -> None:
        role = self._roles.get(link)
        if role is not None:
            self._use(link)
            role.flow()

    def _on_delivery(self, delivery: Delivery) -> None:
        role = self._roles.get(delivery.link)
        if role is not None:
            self._use(delivery.link)
            role.delivery(delivery)

    def _on_engine_error(self, engine: Transport) -> None:
        logger.info("connection failed: %s", engine.condition)

    def _use(self, link: Link) -> None:
        self._used[link] = self._used_at_all = self._loop.time()
        role = self._roles.get(link)
        if role is not None and role.path is not None:
            self._owner.used(role.path)

    def _forget(self, link: Link) -> None:
        role = self._roles.pop(link, None)
        self._used.pop(link, None)
        if role is not None:
            role.gone(closed=True)

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
