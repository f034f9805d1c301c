"""The `$management` node answers what it cannot do with a status and a condition, never a crash."""

from typing import Any
from uuid import UUID

import pytest

from devstack.bus import amqp_types as amqp
from devstack.bus.amqp_message import MESSAGE_ANNOTATIONS, encode_section
from devstack.bus.amqp_request import Request
from devstack.bus.directory import Place
from devstack.bus.entity import Entity
from devstack.bus.limits import MAX_MESSAGE_BYTES
from devstack.bus.management import Answer, answer
from devstack.bus.message import Message
from devstack.bus.queue import Queue, Rules
from devstack.bus.switches import BusSwitches
from devstack.bus.trouble import Trouble

TOKEN = UUID(int=7)


def _queue_place() -> Place:
    queue = Queue(Rules(lock_duration=10))
    entity = Entity(queue=queue)
    return Place(path="orders", owner=entity, entity=entity, queue=queue)


def _ask(operation: str, body: dict[str, Any], *, place: Place, link: str | None = None) -> Answer:
    request = Request(
        encoded_id=amqp.string("1"),
        reply_to="me",
        operation=f"com.microsoft:{operation}",
        body=body,
        link=link,
    )
    return answer(
        request, place, now=0, trouble=Trouble(BusSwitches(), seed=0), new_token=lambda: TOKEN
    )


@pytest.mark.parametrize(
    ("operation", "body", "status", "condition"),
    [
        ("get-message-sessions", {}, 501, "amqp:not-implemented"),
        ("add-rule", {}, 501, "amqp:not-implemented"),
        ("renew-session-lock", {"session-id": "s"}, 400, "amqp:not-allowed"),
        ("get-session-state", {"session-id": "s"}, 400, "amqp:not-allowed"),
        ("renew-lock", {"lock-tokens": [TOKEN]}, 410, "com.microsoft:message-lock-lost"),
        ("renew-lock", {}, 400, "com.microsoft:argument-error"),
        ("cancel-scheduled-message", {"sequence-numbers": [1]}, 404,
         "com.microsoft:message-not-found"),
        ("receive-by-sequence-number", {"sequence-numbers": [1]}, 404,
         "com.microsoft:message-not-found"),
        ("update-disposition", {"disposition-status": "eaten", "lock-tokens": [TOKEN]}, 400,
         "com.microsoft:argument-error"),
        ("peek-message", {"from-sequence-number": 1, "message-count": 1}, 204, None),
        ("schedule-message", {"messages": [{"message": b"\x00\x53\x75\xa0\x00"}]}, 400,
         "com.microsoft:argument-error"),
        ("schedule-message", {"messages": [{"message": b"junk"}]}, 400,
         "com.microsoft:argument-error"),
        ("schedule-message", {"messages": [{"message": b" " * (MAX_MESSAGE_BYTES + 1)}]}, 400,
         "amqp:link:message-size-exceeded"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_answered(
    operation: str, body: dict[str, Any], status: int, condition: str | None
) -> None:
    """Every refusal carries the status and the condition the SDK knows its exception by."""
    given = _ask(operation, body, place=_queue_place())

    assert (given.status, given.condition) == (status, condition)


def test_topics_and_subscriptions_refuse_the_other_s_operations() -> None:
    """Nothing is received from a topic, nothing is scheduled on a subscription."""
    topic = Entity()
    peek = {"from-sequence-number": 1, "message-count": 1}

    received = _ask("peek-message", peek, place=Place(path="t", owner=topic, entity=topic))
    scheduled = _ask(
        "schedule-message",
        {"messages": []},
        place=Place(path="t/s", owner=topic, queue=Queue(Rules(lock_duration=10))),
    )

    assert received.condition == scheduled.condition == "amqp:not-allowed"


def test_settling_by_token_reaches_the_message() -> None:
    """A lock taken over a link can be settled through the node."""
    place = _queue_place()
    assert place.queue is not None
    place.queue.put(Message(message_id="a"), sequence=1, origin=1, now=0)
    place.queue.acquire(TOKEN, now=0)

    body = {"disposition-status": "completed", "lock-tokens": [TOKEN]}
    first = _ask("update-disposition", body, place=place)
    second = _ask("update-disposition", body, place=place)

    assert first.status == 200
    assert second.condition == "com.microsoft:message-lock-lost"
    assert len(place.queue) == 0


@pytest.mark.parametrize("operation", ["renew-session-lock", "get-session-state"])
@pytest.mark.parametrize(("link", "status"), [("holder", 200), ("other", 410), (None, 200)])
def test_a_session_answers_its_holder_alone(operation: str, link: str | None, status: int) -> None:
    """By the receiver's link that the request names; a client that names none is trusted."""
    queue = Queue(Rules(lock_duration=10, requires_session=True))
    entity = Entity(queue=queue)
    place = Place(path="orders", owner=entity, entity=entity, queue=queue)
    queue.accept_session("s", "holder", now=0)

    given = _ask(operation, {"session-id": "s"}, place=place, link=link)

    assert given.status == status
    assert given.condition == (None if status == 200 else "com.microsoft:session-lock-lost")


def test_no_message_without_a_session_is_scheduled_for_a_queue_of_sessions() -> None:
    """It is refused as one that is sent."""
    queue = Queue(Rules(lock_duration=10, requires_session=True))
    entity = Entity(queue=queue)
    place = Place(path="orders", owner=entity, entity=entity, queue=queue)
    annotation = (amqp.symbol("x-opt-scheduled-enqueue-time"), amqp.timestamp(60))
    encoded = encode_section(MESSAGE_ANNOTATIONS, amqp.mapping([annotation]))

    given = _ask("schedule-message", {"messages": [{"message": encoded}]}, place=place)

    assert (given.status, given.condition) == (400, "amqp:not-allowed")
    assert list(entity.scheduled(0)) == []
