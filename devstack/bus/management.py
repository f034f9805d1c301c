"""The operations of an entity's `$management` node. Pure but for what it does to the queues.

Source: Service Bus "request-response-based operations", as the azure-servicebus SDK uses them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

from devstack.bus import amqp_types as amqp
from devstack.bus.amqp_message import parse, render
from devstack.bus.amqp_request import Request
from devstack.bus.amqp_types import MalformedAmqpError
from devstack.bus.directory import Place
from devstack.bus.entry import DeadLetter, Entry
from devstack.bus.limits import MAX_MESSAGE_BYTES, SIZE_EXCEEDED
from devstack.bus.queue import LockLostError, MessageNotFoundError, Queue

_PEEK_LOCK = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back: an HTTP-like status, an error's AMQP condition, the encoded body."""

    status: int
    description: str
    condition: str | None = None
    body: bytes = amqp.NULL


class _RefusedError(Exception):
    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.description)
        self.answer = answer


def answer(
    request: Request, place: Place, *, now: float, new_token: Callable[[], UUID] = uuid4
) -> Answer:
    """Carry out one request on the entity at this place."""
    operation = _OPERATIONS.get(request.operation.removeprefix("com.microsoft:"))
    if operation is None:
        return Answer(
            status=501,
            description=f"The local Service Bus has no operation {request.operation}.",
            condition="amqp:not-implemented",
        )
    place.owner.advance(now)
    try:
        return operation(request.body, place, now, new_token)
    except _RefusedError as exc:
        return exc.answer
    except LockLostError:
        return Answer(
            status=410,
            description="The lock supplied is invalid: it expired, or the message was settled.",
            condition="com.microsoft:message-lock-lost",
        )
    except MessageNotFoundError:
        return Answer(
            status=404,
            description="There is no message of that sequence number in that state.",
            condition="com.microsoft:message-not-found",
        )
    except (KeyError, TypeError, MalformedAmqpError) as exc:
        return Answer(
            status=400,
            description=f"The request is not complete or not readable: {exc}",
            condition="com.microsoft:argument-error",
        )


def _schedule(
    body: dict[str, Any], place: Place, now: float, new_token: Callable[[], UUID]
) -> Answer:
    entity = place.entity
    if entity is None:
        raise _not_allowed(place, "sent to")
    encoded = [each["message"] for each in body["messages"]]
    if sum(map(len, encoded)) > MAX_MESSAGE_BYTES:
        text = f"The messages are larger than the limit of {MAX_MESSAGE_BYTES} bytes."
        raise _RefusedError(Answer(status=400, description=text, condition=SIZE_EXCEEDED))
    messages = [parse(each, new_id=new_token().hex) for each in encoded]
    if any(message.scheduled_for is None for message in messages):
        raise TypeError("a message without x-opt-scheduled-enqueue-time")
    numbers = [entity.schedule(message, now=now) for message in messages]
    return _ok({"sequence-numbers": amqp.array(amqp.int64(number) for number in numbers)})


def _cancel(body: dict[str, Any], place: Place, _now: float, _: Callable[[], UUID]) -> Answer:
    place.owner.cancel(body["sequence-numbers"])
    return _ok({})


def _renew(body: dict[str, Any], place: Place, now: float, _: Callable[[], UUID]) -> Answer:
    queue = _queue(place)
    ends = [queue.renew(token, now=now) for token in body["lock-tokens"]]
    return _ok({"expirations": amqp.array(amqp.timestamp(end) for end in ends)})


def _peek(body: dict[str, Any], place: Place, now: float, _: Callable[[], UUID]) -> Answer:
    first = body["from-sequence-number"]
    entries = list(_queue(place).browse(first, now=now))
    if place.entity is not None:
        entries = sorted([*entries, *place.entity.scheduled(first)], key=lambda e: e.sequence)
    found = [
        amqp.mapping([(amqp.string("message"), amqp.binary(_rendered(entry, place)))])
        for entry in islice(entries, body["message-count"])
    ]
    return _ok({"messages": amqp.sequence(found)}) if found else _nothing()


def _receive_deferred(
    body: dict[str, Any], place: Place, now: float, new_token: Callable[[], UUID]
) -> Answer:
    queue, numbers = _queue(place), body["sequence-numbers"]
    if body.get("receiver-settle-mode", _PEEK_LOCK) == _PEEK_LOCK:
        wanted = {number: new_token() for number in numbers}
        entries = queue.fetch_deferred(wanted, now=now)
    else:
        entries = queue.take_deferred(numbers, now=now)
    return _ok({"messages": amqp.sequence(_fetched(entries, place))})


def _settle(body: dict[str, Any], place: Place, now: float, _: Callable[[], UUID]) -> Answer:
    queue, status = _queue(place), body["disposition-status"]
    for token in body["lock-tokens"]:
        match status:
            case "completed":
                queue.complete(token, now=now)
            case "abandoned":
                queue.abandon(token, now=now)
            case "defered":  # the service's own spelling
                queue.defer(token, now=now)
            case "suspended":
                reason, text = body.get("deadletter-reason"), body.get("deadletter-description")
                queue.dead_letter(token, DeadLetter(reason=reason, description=text), now=now)
            case _:
                raise TypeError(f"unknown disposition-status {status!r}")
    return _ok({})


_OPERATIONS = {
    "schedule-message": _schedule,
    "cancel-scheduled-message": _cancel,
    "renew-lock": _renew,
    "peek-message": _peek,
    "receive-by-sequence-number": _receive_deferred,
    "update-disposition": _settle,
}


def _fetched(entries: Iterable[Entry], place: Place) -> Iterable[bytes]:
    for entry in entries:
        pairs = [(amqp.string("message"), amqp.binary(_rendered(entry, place)))]
        if entry.lock is not None:
            pairs.append((amqp.string("lock-token"), amqp.uuid(entry.lock.token)))
        yield amqp.mapping(pairs)


def _rendered(entry: Entry, place: Place) -> bytes:
    return render(entry, dead_letter_source=place.dead_letter_source)


def _queue(place: Place) -> Queue:
    if place.queue is None:
        raise _not_allowed(place, "received from")
    return place.queue


def _not_allowed(place: Place, what: str) -> _RefusedError:
    text = f"{place.path} cannot be {what}."
    return _RefusedError(Answer(status=400, description=text, condition="amqp:not-allowed"))


def _ok(body: dict[str, bytes]) -> Answer:
    encoded = amqp.mapping((amqp.string(name), value) for name, value in body.items())
    return Answer(status=200, description="OK", body=encoded)


def _nothing() -> Answer:
    return Answer(status=204, description="NoContent")
