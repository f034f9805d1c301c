"""A request through a queue of the command's own, over a bus and a management that are fakes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from json import dumps
from typing import Any, cast

import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage
from azure.servicebus.exceptions import (
    MessageSizeExceededError,
    ServiceBusConnectionError,
    ServiceBusError,
)

from rollcall.asking.ask import Manner, through
from rollcall.asking.record import Record
from rollcall.asking.requests import Kind, Request, request
from rollcall.console import Exit, Failed
from rollcall.management import Managed

UPDATED = {"meetingId": "m", "requestId": "a", "changed": ["join"]}
MANNER = Manner(wait=5, as_json=True, reply_to=None)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A message as it is received."""

    body: tuple[bytes, ...]


@dataclass(kw_only=True)
class Bus:
    """A bus with one queue, which gives an answer a call. It is its own sender and receiver."""

    answers: list[Answer]
    fails: Exception | None = None
    sent: list[Any] = field(default_factory=list)

    @contextmanager
    def get_queue_receiver(self, _: str) -> Iterator["Bus"]:
        """Open the queue."""
        yield self

    @contextmanager
    def get_queue_sender(self, _: str) -> Iterator["Bus"]:
        """Open a queue of the app's."""
        yield self

    def send_messages(self, message: ServiceBusMessage) -> None:
        """Keep it, or refuse it."""
        if self.fails is not None:
            raise self.fails
        self.sent.append(message)

    def receive_messages(self, **_: Any) -> list[Answer]:
        """Give the next answer; where there is none, none."""
        return [self.answers.pop(0)] if self.answers else []

    def complete_message(self, _: Answer) -> None:
        """It was taken out already."""


@dataclass(kw_only=True)
class Namespace:
    """A management that notes what was done with the queue, or fails."""

    fails: bool = False
    done: list[str] = field(default_factory=list)

    def delete(self, name: str) -> None:
        """Delete it."""
        self._do(f"deleted {name}")

    def keep_queue(self, name: str, *, idle: timedelta) -> None:
        """Keep it."""
        assert idle > timedelta()
        self._do(f"kept {name}")

    def _do(self, what: str) -> None:
        if self.fails:
            raise Failed("Service Bus management failed: 503.", Exit.UNREACHABLE)
        self.done.append(what)


def answer(kind: str, **data: Any) -> Answer:
    body = {"type": f"rollcall.{kind}.v1", "data": data}
    return Answer(body=(dumps(body).encode(),))


def asked(kind: Kind, **members: Any) -> Request:
    return request(kind, file={"requestId": "a"}, options=members, new_id="", new_key="k")


def carried_out(bus: Bus, namespace: Namespace, what: Request) -> Exit:
    return through("own", cast("Managed", namespace), cast("ServiceBusClient", bus), what, MANNER)


@pytest.mark.parametrize(
    ("kind", "first", "data"),
    [(Kind.CREATE, "meeting.created", {}), (Kind.UPDATE, "meeting.updated", UPDATED)],
)
@pytest.mark.parametrize(("last", "end"), [("bot.joined", Exit.DONE), ("bot.failed", Exit.NO)])
def test_a_bot_that_is_sent_at_once_is_waited_for(
    *,
    kind: Kind,
    first: str,
    data: Mapping[str, Any],
    last: str,
    end: Exit,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Deleted before, the queue would miss what becomes of the bot, and the app would say so."""
    bus = Bus(
        answers=[answer(first, **data), answer("bot.joining", state="joining"), answer(last, x=1)]
    )
    namespace = Namespace()

    assert carried_out(bus, namespace, asked(kind, join="now")) is end

    assert bus.answers == []
    assert namespace.done == ["deleted own"]
    assert capsys.readouterr().out.splitlines() == [dumps(data), '{"x": 1}']


def test_a_repeated_request_hears_nothing_of_the_bot(capsys: pytest.CaptureFixture[str]) -> None:
    """It was answered to the first one. What to do instead is said."""
    bus = Bus(answers=[answer("meeting.updated", **UPDATED)])
    namespace, brief = Namespace(), Manner(wait=0.3, as_json=True, reply_to=None)
    what = asked(Kind.UPDATE, join="now")

    end = through("own", cast("Managed", namespace), cast("ServiceBusClient", bus), what, brief)

    assert (end, namespace.done) == (Exit.LATE, [])
    assert "rollcall join --meeting-request-id" in capsys.readouterr().err


def test_a_queue_to_which_the_answer_may_still_come_is_kept() -> None:
    """The record may say that the bot is in before the app does."""
    bus = Bus(answers=[answer("meeting.updated", **UPDATED)])
    namespace, what = Namespace(), asked(Kind.UPDATE, join="now")
    record: Record = {"bot": {"state": "in"}}
    at_once = Manner(wait=5, as_json=True, reply_to=None, quiet=0)
    own = ("own", cast("Managed", namespace), cast("ServiceBusClient", bus), what, at_once)

    assert through(*own, look=lambda: record) is Exit.DONE

    assert namespace.done == []


@pytest.mark.parametrize(
    ("join", "data"), [("never", {}), ("atStart", {"startDateTime": "2030-01-01T09:00:00Z"})]
)
def test_what_cannot_be_tidied_up_does_not_undo_what_was_done(
    join: str, data: Mapping[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """The request was answered; the queue deletes itself."""
    bus = Bus(answers=[answer("meeting.updated", **data)])

    assert carried_out(bus, Namespace(fails=True), asked(Kind.UPDATE, join=join)) is Exit.DONE

    assert "503. own deletes itself" in capsys.readouterr().err


def test_a_queue_to_which_a_join_is_answered_at_the_start_is_kept() -> None:
    """Of an update, too."""
    bus = Bus(answers=[answer("meeting.updated", startDateTime="2030-01-01T09:00:00Z")])
    namespace = Namespace()

    assert carried_out(bus, namespace, asked(Kind.UPDATE, join="atStart")) is Exit.DONE

    assert namespace.done == ["kept own"]


@pytest.mark.parametrize(
    ("failure", "done"),
    [
        (MessageSizeExceededError(message="too large"), ["deleted own"]),
        (ServiceBusConnectionError(message="lost"), []),
    ],
)
def test_a_queue_to_which_no_answer_can_come_is_deleted(
    failure: ServiceBusError, done: list[str]
) -> None:
    """A lost connection may have taken the message."""
    bus, namespace = Bus(answers=[], fails=failure), Namespace()

    with pytest.raises(type(failure)):
        carried_out(bus, namespace, asked(Kind.CREATE))

    assert namespace.done == done
