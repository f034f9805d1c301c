"""Where the answer to a request is heard, without a message being taken from another reader.

Adapter. docs/cli.md says which of the three ways is chosen, and why.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

from azure.servicebus import (
    ServiceBusClient,
    ServiceBusReceivedMessage,
    ServiceBusReceiver,
)
from azure.servicebus.exceptions import ServiceBusError

from rollcall.http import App
from rollcall.outcomes import Heard, heard
from rollcall.record import heard_of_record
from rollcall.requests import Request

PAUSE = 0.3
"""Seconds between two looks, where Service Bus cannot wait for us."""
PAGE = 250
"""Messages that one look brings; Service Bus gives no more at a time."""
REJECTED = "rejected-requests"


class Answers(Protocol):
    """Brings what is said to one request."""

    reply_to: str | None
    """The queue that the request names for its answers; None where there is none."""

    def some(self) -> list[Heard]:
        """Return what has come since the last call; wait a moment where nothing has."""


class Browsed:
    """Messages of a queue with our correlation id, read by peeking: each stays where it is.

    Peeking locks nothing and counts no delivery, so other readers do not notice.
    Source: https://learn.microsoft.com/azure/service-bus-messaging/message-browsing
    """

    def __init__(self, receiver: ServiceBusReceiver, correlation_id: str) -> None:
        """`receiver`: open, and never asked to receive."""
        self._receiver = receiver
        self._correlation_id = correlation_id
        self._next = 1

    def skip(self) -> None:
        """Pass over what lies there already."""
        while self._page():
            pass

    def some(self) -> list[ServiceBusReceivedMessage]:
        """Return our messages that have come since the last call. Does not wait."""
        found: list[ServiceBusReceivedMessage] = []
        while page := self._page():
            found += [one for one in page if one.correlation_id == self._correlation_id]
        return found

    def _page(self) -> list[ServiceBusReceivedMessage]:
        page = self._receiver.peek_messages(max_message_count=PAGE, sequence_number=self._next)
        if page:
            self._next = (page[-1].sequence_number or 0) + 1
        return page


class SharedQueue:
    """A reply queue that has other readers, too. What is ours stays in it until it expires."""

    def __init__(self, queue: str, browsed: Browsed) -> None:
        self.reply_to: str | None = queue
        self._browsed = browsed
        browsed.skip()

    def some(self) -> list[Heard]:
        """See `Answers.some`."""
        found = [_event(message) for message in self._browsed.some()]
        if not found:
            time.sleep(PAUSE)
        return [event for event in found if event is not None]


class WithoutQueue:
    """The record over HTTP, and the copies of what was refused: neither has a link to join."""

    def __init__(self, request: Request, app: App, refused: Browsed | None) -> None:
        """`refused`: the queue of copies; None where the caller may not read it."""
        self.reply_to: str | None = None
        self._request = request
        self._app = app
        self._refused = refused
        self._known: tuple[Heard, ...] = ()
        if refused is not None:
            refused.skip()
        self._before = self._record()

    def some(self) -> list[Heard]:
        """See `Answers.some`."""
        events = heard_of_record(self._request, self._record(), before=self._before)
        news = [event for event in events if event not in self._known]
        self._known += tuple(news)
        if not news and self._refused is not None:
            news = [_refusal(message) for message in self._refused.some()]
        if not news:
            time.sleep(PAUSE)
        return news

    def _record(self) -> Mapping[str, Any]:
        """Return the record, {} where nothing is known."""
        answer = self._app.get("meetings", {"requestId": self._request.id})
        found: Any = answer.json() if answer.status_code == 200 else {}
        return found if isinstance(found, dict) else {}


@contextmanager
def shared_queue(bus: ServiceBusClient, queue: str, correlation_id: str) -> Iterator[Answers]:
    """Hear answers in a queue of operators."""
    with bus.get_queue_receiver(queue) as receiver:
        yield SharedQueue(queue, Browsed(receiver, correlation_id))


@contextmanager
def without_queue(bus: ServiceBusClient, request: Request, app: App) -> Iterator[Answers]:
    """Hear what the record says, and refusals."""
    with ExitStack() as stack:
        try:
            receiver = stack.enter_context(bus.get_queue_receiver(REJECTED))
            receiver.peek_messages(1, sequence_number=1)
        except ServiceBusError:
            yield WithoutQueue(request, app, None)  # the record has most refusals, too
        else:
            yield WithoutQueue(request, app, Browsed(receiver, request.correlation_id))


def _event(message: ServiceBusReceivedMessage) -> Heard | None:
    return heard(b"".join(message.body))


def _refusal(message: ServiceBusReceivedMessage) -> Heard:
    code = message.subject or "unknown"
    step = f"rollcall explain {code} says what it means, and what to do."
    return Heard(type="meeting.rejected", data={"code": code, "nextStep": step})
