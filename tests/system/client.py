"""A client of Rollcall as anybody could write it: official Service Bus SDK, and HTTP."""

import asyncio
import gc
import json
import warnings
from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Self

import aiohttp
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient

from tests.system.lab import Json, Lab, eventually
from tests.system.mailbox import PATIENCE, Delivered, Mailbox
from tests.system.stack import Endpoints

CREATE, JOIN, REPLIES, REJECTED = "create-meeting", "join-meeting", "replies", "rejected-requests"


class Client:
    """Drops messages, keeps all that comes back, reads records. An async context manager."""

    def __init__(self, endpoints: Endpoints, *, patience: float = PATIENCE) -> None:
        """Connect to nothing yet. `patience`: seconds for which a message is waited for."""
        self._patience = patience
        self._service_bus = endpoints.service_bus
        self._functions = endpoints.functions
        self._graph = endpoints.graph
        self._sending = asyncio.Lock()
        self._headers = {"x-functions-key": endpoints.function_key}

    async def __aenter__(self) -> Self:
        self._bus = ServiceBusClient.from_connection_string(self._service_bus)
        self.http = aiohttp.ClientSession()
        self.lab = Lab(self.http, self._graph)
        self.events, self.replies, self.rejected = (
            Mailbox(receiver, patience=self._patience)
            for receiver in (
                self._bus.get_subscription_receiver("meeting-events", "all"),
                self._bus.get_queue_receiver(REPLIES),
                self._bus.get_queue_receiver(REJECTED),
            )
        )
        self._senders = {queue: self._bus.get_queue_sender(queue) for queue in (CREATE, JOIN)}
        self._open: tuple[AbstractAsyncContextManager[Any], ...] = (
            self.events,
            self.replies,
            self.rejected,
            *self._senders.values(),
        )
        # Side by side: the SDK takes half a second to open each, and to close it.
        openings: list[Awaitable[Any]] = [one.__aenter__() for one in self._open]
        await asyncio.gather(*openings)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        closings: list[Awaitable[Any]] = [one.__aexit__(None, None, None) for one in self._open]
        await asyncio.gather(*closings)
        await self._bus.close()
        await self.http.close()
        # The SDK leaves the socket of a connection that was cut to the collector, which warns of
        # it in whatever test is at work then.
        with warnings.catch_warnings(action="ignore", category=ResourceWarning):
            gc.collect()

    async def reconnect(self) -> None:
        """Close all connections, those that a test has cut, too, and connect anew.

        What came before is forgotten.
        """
        await self.__aexit__(None, None, None)
        await self.__aenter__()

    async def drop(
        self,
        body: Json | bytes,
        *,
        message_id: str | None = None,
        correlation_id: str | None = None,
        reply_to: str | None = REPLIES,
        queue: str = CREATE,
        properties: dict[str | bytes, Any] | None = None,
    ) -> None:
        """Send one message. Without a message id it carries none: the SDK makes none up."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        message = ServiceBusMessage(
            raw,
            message_id=message_id,
            correlation_id=correlation_id,
            reply_to=reply_to,
            application_properties=properties,
        )
        # The SDK's senders do not bear two tasks at once.
        async with self._sending:
            await self._senders[queue].send_messages(message)

    async def created(self, subject: str) -> Delivered:
        """Wait until the topic tells that the meeting with this subject was created."""
        return await self.events.first(
            lambda one: one.kind == "meeting.created" and one.data["subject"] == subject
        )

    async def told(self, meeting_id: str, kind: str, **members: Any) -> Delivered:
        """Wait until the topic tells `kind` of a meeting, with these members in its data."""
        return await self.events.first(
            lambda one: (
                one.kind == kind
                and one.data.get("meetingId") == meeting_id
                and members.items() <= one.data.items()
            ),
            session=meeting_id,
        )

    async def get_text(self, path: str, **headers: str) -> tuple[aiohttp.ClientResponse, str]:
        """GET `/api/{path}`; return the response, and its text without a byte order mark."""
        url = f"{self._functions}/api/{path}"
        async with self.http.get(url, headers=self._headers | headers) as response:
            return response, await response.text(encoding="utf-8-sig")

    async def begun_call(self, subject: str, user_id: str) -> Json:
        """Let a person come into a new meeting with the bot; return what its answer said."""
        await self.drop({"requestId": subject, "subject": subject, "join": "now"})
        created = (await self.created(subject)).data
        await self.told(created["meetingId"], "bot.joined")
        await self.lab.join(created["coordinates"]["joinWebUrl"], user_id)
        await self.told(created["meetingId"], "call.started", callNumber=1)
        return created

    def story(self, meeting_id: str) -> list[Delivered]:
        """Return what the topic has told of a meeting so far, in order of `sequence`."""
        found = self.events.where(lambda _: True, session=meeting_id)
        return sorted(found, key=lambda one: int(one.event["sequence"]))

    async def whole_story(self, meeting_id: str) -> list[Delivered]:
        """Wait until as many events have come as the record says were told; return them."""
        record = await self.record(meeting_id)
        assert record is not None
        await self.events.some(record["meeting"]["sequence"], lambda _: True, session=meeting_id)
        return self.story(meeting_id)

    async def record(self, meeting_id: str) -> Json | None:
        """Read a record; None where it is not known."""
        status, record = await self.get(f"meetings/{meeting_id}")
        assert status in (200, 404), (status, record)
        return record if status == 200 else None

    async def get(self, path: str) -> tuple[int, Json]:
        """GET `/api/{path}`; return status and JSON body."""
        async with self.http.get(
            f"{self._functions}/api/{path}", headers=self._headers
        ) as response:
            return response.status, await response.json()

    async def post(self, path: str, body: bytes, *, authorization: str | None = None) -> int:
        """POST to `/api/{path}`; return the status."""
        headers = {"Content-Type": "application/json"}
        if authorization is not None:
            headers["Authorization"] = authorization
        url = f"{self._functions}/api/{path}"
        async with self.http.post(url, data=body, headers=headers) as response:
            return response.status

    async def quiet(self, sentinel: str) -> None:
        """Return when what was sent before now has come: a request of our own came after it."""
        await self.drop({"subject": sentinel, "requestId": sentinel})
        await asyncio.gather(
            self.created(sentinel),
            self.replies.first(lambda one: one.data.get("requestId") == sentinel),
        )

    async def all_done(self) -> None:
        """Wait until the request queues hold no message: none waiting, locked or scheduled."""
        await asyncio.gather(*(self._empty(queue) for queue in (CREATE, JOIN)))

    async def _empty(self, queue: str) -> None:
        # Opened once: each leaves a message to its lock. From 1 on: else the SDK peeks further.
        async with self._bus.get_queue_receiver(queue) as receiver:

            async def empty() -> bool | None:
                return None if await receiver.peek_messages(1, sequence_number=1) else True

            await eventually(empty, f"{queue} is empty")
