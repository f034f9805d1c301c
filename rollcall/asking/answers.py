"""Where the answer to a request is heard, without a message being taken from another reader.

Adapter. docs/cli.md says which of the three ways is chosen, and why.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import Any, Protocol

from azure.servicebus import (
    ServiceBusClient,
    ServiceBusReceivedMessage,
    ServiceBusReceiver,
)
from azure.servicebus.exceptions import MessageLockLostError, ServiceBusError

from rollcall.asking.browsing import Browsed
from rollcall.asking.outcomes import Heard, heard
from rollcall.asking.record import Record, bot_since, heard_of_record
from rollcall.asking.requests import Kind, Request
from rollcall.bus import reaching
from rollcall.console import Failed, advise
from rollcall.http import App, as_answered, parsed
from rollcall.reading.records import read_log

PAUSE = 0.3
"""Seconds between two looks, where Service Bus cannot wait for us."""
QUIET = 5.0
"""Seconds without an answer after which the record is read."""
REJECTED = "rejected-requests"

type Look = Callable[[], Record]
"""Reads the record of a request; {} where nothing is known. Raises `Failed`."""


class Answers(Protocol):
    """Brings what is said to one request."""

    reply_to: str | None
    """The queue that the request names for its answers; None where there is none."""

    def some(self) -> list[Heard]:
        """Return what has come since the last call; wait a moment where nothing has."""


class OwnQueue:
    """A queue that this command made, and that no other reads."""

    def __init__(self, queue: str, receiver: ServiceBusReceiver) -> None:
        """`receiver`: open."""
        self.reply_to: str | None = queue
        self._receiver = receiver

    def some(self) -> list[Heard]:
        """See `Answers.some`."""
        found = self._receiver.receive_messages(max_message_count=10, max_wait_time=1)
        for message in found:
            with suppress(MessageLockLostError):  # it comes again, and is said again
                self._receiver.complete_message(message)
        return [event for event in map(_event, found) if event is not None]


class SharedQueue:
    """A reply queue that has other readers, too. What is ours stays in it until it expires."""

    def __init__(self, queue: str, receiver: ServiceBusReceiver, correlation_id: str) -> None:
        """`receiver`: open. What lies there already is passed over."""
        self.reply_to: str | None = queue
        self._receiver = receiver
        self._correlation_id = correlation_id
        self._browsed = Browsed()
        self._browsed.some(receiver)

    def some(self) -> list[Heard]:
        """See `Answers.some`."""
        found = [
            _event(message)
            for message in self._browsed.some(self._receiver)
            if message.correlation_id == self._correlation_id
        ]
        if not found:
            time.sleep(PAUSE)
        return [event for event in found if event is not None]


class AndRecord:
    """A queue for answers; where nothing more comes to it, the record says where the bot is.

    A request that repeats an earlier one is answered with the event of that one. What became of
    the bot since then is not said again.
    """

    def __init__(self, answers: Answers, look: Look, *, quiet: float) -> None:
        """`quiet`: in seconds, as `QUIET`."""
        self.reply_to = answers.reply_to
        self._answers = answers
        self._look = look
        self._quiet = quiet
        self._heard: tuple[Heard, ...] = ()
        self._at = 0.0

    def some(self) -> list[Heard]:
        """See `Answers.some`."""
        news = self._answers.some()
        if not news:
            if not self._heard or time.monotonic() - self._at < self._quiet:
                return []
            news = self._recorded()
        self._at = time.monotonic()
        self._heard += tuple(news)
        return news

    def _recorded(self) -> list[Heard]:
        types = {one.type for one in self._heard}
        try:
            with as_answered():
                events = list(bot_since(self._look(), self._heard[0].data.get("recordedAt", "")))
        except Failed as failed:
            advise(f"Where the bot is cannot be read. {failed}")
            self._look = dict  # once is enough
            return []
        return [replace(one, recorded=True) for one in events if one.type not in types]


class WithoutQueue:
    """The record over HTTP, and the copies of what was refused: neither has a link to join."""

    def __init__(self, request: Request, app: App, refused: ServiceBusReceiver | None) -> None:
        """`refused`: of the queue of copies; None where the caller may not read it."""
        self.reply_to: str | None = None
        self._request = request
        self._app = app
        self._refused = refused
        self._known: tuple[Heard, ...] = ()
        self._browsed = Browsed()
        self._copies()
        self._before = record_of(app, request)
        self._read_to = (self._before.get("meeting") or {}).get("sequence", 0)
        self._types: frozenset[str] = frozenset()

    @property
    def stood_before(self) -> bool:
        """Whether the meeting was there before the request was sent."""
        return self._before.get("meeting") is not None

    def some(self) -> list[Heard]:
        """See `Answers.some`."""
        record = record_of(self._app, self._request)
        with as_answered():
            types = self._published(record) if self._request.kind is Kind.UPDATE else ()
            events = heard_of_record(self._request, record, before=self._before, published=types)
            news = [event for event in events if event not in self._known]
        self._known += tuple(news)
        if not news:
            news = self._copies()
        if not news:
            time.sleep(PAUSE)
        return news

    def _copies(self) -> list[Heard]:
        if self._refused is None:
            return []
        found = self._browsed.some(self._refused)
        ours = self._request.correlation_id
        return [_refusal(message) for message in found if message.correlation_id == ours]

    def _published(self, record: Mapping[str, Any]) -> frozenset[str]:
        """Return the types of the events of the meeting since the request was sent.

        The log is read only where the record says that there are more.
        """
        meeting = record.get("meeting") or {}
        last = meeting.get("sequence", 0)
        if last > self._read_to:
            events = (line.get("published") for line in read_log(self._app, meeting["meetingId"]))
            new = {one["type"] for one in events if one and one["sequence"] > self._read_to}
            self._types, self._read_to = self._types | new, last
        return self._types


def record_of(app: App, request: Request) -> Record:
    """Return the record, {} where nothing is known. Raises `Failed`."""
    answer = app.get("meetings", {"requestId": request.id})
    return parsed(answer.text) if answer.status_code == 200 else {}


@contextmanager
def own_queue(bus: ServiceBusClient, queue: str) -> Iterator[Answers]:
    """Hear answers in a queue that was made for this command."""
    with bus.get_queue_receiver(queue) as receiver:
        yield OwnQueue(queue, receiver)


@contextmanager
def shared_queue(bus: ServiceBusClient, queue: str, correlation_id: str) -> Iterator[Answers]:
    """Hear answers in a queue of operators."""
    with bus.get_queue_receiver(queue) as receiver:
        with reaching(f"the queue {queue}"):
            answers = SharedQueue(queue, receiver, correlation_id)
        yield answers


@contextmanager
def without_queue(bus: ServiceBusClient, request: Request, app: App) -> Iterator[WithoutQueue]:
    """Hear what the record says, and refusals."""
    with ExitStack() as stack:
        try:
            receiver = stack.enter_context(bus.get_queue_receiver(REJECTED))
            receiver.peek_messages(1, sequence_number=1)
        except ServiceBusError:
            yield WithoutQueue(request, app, None)  # the record has most refusals, too
        else:
            yield WithoutQueue(request, app, receiver)


def _event(message: ServiceBusReceivedMessage) -> Heard | None:
    return heard(b"".join(message.body))


def _refusal(message: ServiceBusReceivedMessage) -> Heard:
    code = message.subject or "unknown"
    step = f"rollcall explain {code} says what it means, and what to do."
    return Heard(type="meeting.rejected", data={"code": code, "nextStep": step})
