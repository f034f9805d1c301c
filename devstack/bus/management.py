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
from devstack.bus.limits import MAX_MESSAGE_BYTES, SIZE_EXCEEDED, refusal_of
from devstack.bus.queue import LockLostError, MessageNotFoundError, Queue
from devstack.bus.sessions import SESSION_LOCK_LOST, SessionLockLostError, Sessions
from devstack.bus.trouble import Trouble

_PEEK_LOCK = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back: an HTTP-like status, an error's AMQP condition, the encoded body."""

    status: int
    description: str
    condition: str | None = None
    body: bytes = amqp.NULL


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """A request on its way: what it says, on which entity, when."""

    body: dict[str, Any]
    place: Place
    now: float
    new_token: Callable[[], UUID]
    trouble: Trouble
    link: str | None
    """The name of the receiver's link on whose behalf it is."""


class _RefusedError(Exception):
    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.description)
        self.answer = answer


def answer(
    request: Request,
    place: Place,
    *,
    now: float,
    trouble: Trouble,
    new_token: Callable[[], UUID] = uuid4,
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
        return operation(
            _Job(
                body=request.body,
                place=place,
                now=now,
                new_token=new_token,
                trouble=trouble,
                link=request.link,
            )
        )
    except _RefusedError as exc:
        return exc.answer
    except LockLostError:
        return Answer(
            status=410,
            description="The lock supplied is invalid: it expired, or the message was settled.",
            condition="com.microsoft:message-lock-lost",
        )
    except SessionLockLostError:
        return Answer(
            status=410,
            description="The session lock has expired. Accept the session again.",
            condition=SESSION_LOCK_LOST,
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


def _schedule(job: _Job) -> Answer:
    entity = job.place.entity
    if entity is None:
        raise _not_allowed(job.place, "sent to")
    encoded = [each["message"] for each in job.body["messages"]]
    if sum(map(len, encoded)) > MAX_MESSAGE_BYTES:
        text = f"The messages are larger than the limit of {MAX_MESSAGE_BYTES} bytes."
        raise _RefusedError(Answer(status=400, description=text, condition=SIZE_EXCEEDED))
    messages = [parse(each, new_id=job.new_token().hex) for each in encoded]
    if any(message.scheduled_for is None for message in messages):
        raise TypeError("a message without x-opt-scheduled-enqueue-time")
    quotas = job.trouble.switches.head_quotas
    refusal = refusal_of(messages, head_quotas=quotas, requires_session=entity.requires_session)
    if refusal is not None:
        text, condition = refusal.description, refusal.condition
        raise _RefusedError(Answer(status=400, description=text, condition=condition))
    numbers = [
        entity.schedule(message, now=job.now, late=job.trouble.lateness()) for message in messages
    ]
    return _ok({"sequence-numbers": amqp.array(amqp.int64(number) for number in numbers)})


def _cancel(job: _Job) -> Answer:
    job.place.owner.cancel(job.body["sequence-numbers"])
    return _ok({})


def _renew(job: _Job) -> Answer:
    queue = _queue(job.place)
    ends = [queue.renew(token, now=job.now) for token in job.body["lock-tokens"]]
    return _ok({"expirations": amqp.array(amqp.timestamp(end) for end in ends)})


def _peek(job: _Job) -> Answer:
    first = job.body["from-sequence-number"]
    session = job.body.get("session-id")
    entries = list(_queue(job.place).browse(first, now=job.now))
    if job.place.entity is not None:
        entries = sorted([*entries, *job.place.entity.scheduled(first)], key=lambda e: e.sequence)
    entries = [e for e in entries if session in (None, e.message.session_id)]
    found = [
        amqp.mapping([(amqp.string("message"), amqp.binary(_rendered(entry, job.place)))])
        for entry in islice(entries, job.body["message-count"])
    ]
    return _ok({"messages": amqp.sequence(found)}) if found else _nothing()


def _receive_deferred(job: _Job) -> Answer:
    queue, numbers = _queue(job.place), job.body["sequence-numbers"]
    if job.body.get("receiver-settle-mode", _PEEK_LOCK) == _PEEK_LOCK:
        wanted = {number: job.new_token() for number in numbers}
        entries = queue.fetch_deferred(wanted, now=job.now)
    else:
        entries = queue.take_deferred(numbers, now=job.now)
    return _ok({"messages": amqp.sequence(_fetched(entries, job.place))})


def _settle(job: _Job) -> Answer:
    queue, status = _queue(job.place), job.body["disposition-status"]
    for token in job.body["lock-tokens"]:
        match status:
            case "completed":
                queue.complete(token, now=job.now)
            case "abandoned":
                queue.abandon(token, now=job.now)
            case "defered":  # the service's own spelling
                queue.defer(token, now=job.now)
            case "suspended":
                reason, text = (
                    job.body.get("deadletter-reason"),
                    job.body.get("deadletter-description"),
                )
                queue.dead_letter(token, DeadLetter(reason=reason, description=text), now=job.now)
            case _:
                raise TypeError(f"unknown disposition-status {status!r}")
    return _ok({})


def _renew_session(job: _Job) -> Answer:
    _sessions(job)
    until = _queue(job.place).renew_session(job.body["session-id"], job.link, now=job.now)
    return _ok({"expiration": amqp.timestamp(until)})


def _session_state(job: _Job) -> Answer:
    session_id = job.body["session-id"]
    state = _sessions(job, holding=session_id).state(session_id)
    return _ok({"session-state": amqp.NULL if state is None else amqp.binary(state)})


def _set_session_state(job: _Job) -> Answer:
    session_id = job.body["session-id"]
    _sessions(job, holding=session_id).set_state(session_id, job.body.get("session-state"))
    return _ok({})


_OPERATIONS = {
    "schedule-message": _schedule,
    "cancel-scheduled-message": _cancel,
    "renew-lock": _renew,
    "peek-message": _peek,
    "receive-by-sequence-number": _receive_deferred,
    "update-disposition": _settle,
    "renew-session-lock": _renew_session,
    "get-session-state": _session_state,
    "set-session-state": _set_session_state,
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


def _sessions(job: _Job, *, holding: str | None = None) -> Sessions:
    sessions = _queue(job.place).sessions
    if sessions is None:
        raise _not_allowed(job.place, "asked for sessions")
    if holding is not None:
        sessions.held(holding, job.link)
    return sessions


def _not_allowed(place: Place, what: str) -> _RefusedError:
    text = f"{place.path} cannot be {what}."
    return _RefusedError(Answer(status=400, description=text, condition="amqp:not-allowed"))


def _ok(body: dict[str, bytes]) -> Answer:
    encoded = amqp.mapping((amqp.string(name), value) for name, value in body.items())
    return Answer(status=200, description="OK", body=encoded)


def _nothing() -> Answer:
    return Answer(status=204, description="NoContent")
