"""What one receiver has brought, in order, and the wait for what it is to bring."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusReceiver
from azure.servicebus.exceptions import MessageLockLostError, ServiceBusConnectionError

type Event = dict[str, Any]

PATIENCE = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One Service Bus message as a client sees it; `event` is its body where that is JSON."""

    body: bytes
    event: Event
    message_id: str | None
    session_id: str | None
    subject: str | None
    correlation_id: str | None
    content_type: str | None
    properties: dict[str, Any]
    enqueued_at: datetime | None

    @property
    def kind(self) -> str:
        """The middle of the event's type: `meeting.created`."""
        return str(self.event.get("type", "")).removeprefix("rollcall.").removesuffix(".v1")

    @property
    def is_answer(self) -> bool:
        """Whether it answers a request; the others say what became of it after that."""
        return self.kind not in ("bot.waiting", "bot.joined")

    @property
    def data(self) -> dict[str, Any]:
        """The event's own members."""
        data: dict[str, Any] = self.event["data"]
        return data

    @property
    def content(self) -> str:
        """The event's text without `dataschema`: the same in every repeat.

        Where the schema is served depends on the host that answers, and there may be two. With
        another `state` of the bot it is another event, so `id` and `state` are left out together.
        """
        data = {name: value for name, value in self.data.items() if name != "state"}
        other = {"id": None} if "state" in self.data else {}
        return json.dumps(self.event | {"data": data, "dataschema": None} | other)


class Mailbox:
    """Keeps and completes whatever a receiver brings. Used as an async context manager."""

    def __init__(self, receiver: ServiceBusReceiver, *, patience: float = PATIENCE) -> None:
        """Read nothing yet. `patience`: seconds for which a message is waited for."""
        self._receiver = receiver
        self._patience = patience
        self._changed = asyncio.Condition()
        self._reading: asyncio.Task[None] | None = None
        self._seen: set[tuple[int | None, datetime | None]] = set()
        self._of_session: dict[str, list[Delivered]] = {}
        self.all: list[Delivered] = []

    async def __aenter__(self) -> Self:
        await self._receiver.__aenter__()
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._reading is not None
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self._receiver.__aexit__(kind, error, trace)

    async def first(
        self, matches: Callable[[Delivered], bool], *, session: str | None = None
    ) -> Delivered:
        """Return the first message that matches, come or yet to come."""
        return (await self.some(1, matches, session=session))[0]

    async def some(
        self,
        count: int,
        matches: Callable[[Delivered], bool],
        *,
        session: str | None = None,
        patience: float | None = None,
    ) -> list[Delivered]:
        """Return the messages that match, as soon as there are `count` of them.

        `session`: look at the messages of that session alone. `patience`: instead of the mailbox's.
        """
        found: list[Delivered] = []
        try:
            async with asyncio.timeout(patience or self._patience), self._changed:
                while len(found := self.where(matches, session=session)) < count:
                    assert self._reading is not None
                    assert not self._reading.done(), self._reading
                    await self._changed.wait()
        except TimeoutError:
            last = [(one.kind, one.event.get("subject")) for one in self.all[-12:]]
            raise AssertionError(f"{len(found)} of {count} came; the last of all: {last}") from None
        return found

    def where(
        self, matches: Callable[[Delivered], bool], *, session: str | None = None
    ) -> list[Delivered]:
        """Return the messages so far that match, in order of arrival."""
        come = self.all if session is None else self._of_session.get(session, [])
        return [one for one in come if matches(one)]

    def _keep(self, one: Delivered) -> None:
        self.all.append(one)
        if one.session_id is not None:
            self._of_session.setdefault(one.session_id, []).append(one)

    async def _read(self) -> None:
        while True:
            # One at a time: asked for more, the SDK keeps what came between two calls to itself
            # until something else comes, longer than its lock may last.
            try:
                received = await self._receiver.receive_messages(1, max_wait_time=60)
            except ServiceBusConnectionError:
                continue  # a test has cut the connection: the SDK makes another one
            for message in received:
                # The bus may have completed a message although its answer was lost, and may bring
                # one again that was kept: it is known by its number.
                mark = (message.sequence_number, message.enqueued_time_utc)
                if mark not in self._seen:
                    self._seen.add(mark)
                    async with self._changed:
                        self._keep(_delivered(message))
                        self._changed.notify_all()
                try:
                    await self._receiver.complete_message(message)
                except (MessageLockLostError, ServiceBusConnectionError):
                    continue  # a busy machine was too slow, or a test has cut the connection


def _delivered(message: ServiceBusReceivedMessage) -> Delivered:
    body = b"".join(message.body)
    try:
        parsed = json.loads(body)
    except ValueError:
        parsed = None
    return Delivered(
        body=body,
        event=parsed if isinstance(parsed, dict) else {},
        message_id=message.message_id,
        session_id=message.session_id,
        subject=message.subject,
        correlation_id=message.correlation_id,
        content_type=message.content_type,
        properties={
            _text(name): _text(value)
            for name, value in (message.application_properties or {}).items()
        },
        enqueued_at=message.enqueued_time_utc,
    )


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value
