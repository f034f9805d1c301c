"""Where answers are heard without a queue of our own, over receivers and an app that are fakes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
import pytest
from azure.servicebus import ServiceBusClient, ServiceBusReceiver
from azure.servicebus.exceptions import ServiceBusError

from rollcall.asking.answers import AndRecord, SharedQueue, WithoutQueue, shared_queue
from rollcall.asking.outcomes import Heard
from rollcall.asking.record import Record
from rollcall.asking.requests import Kind, Request, request
from rollcall.console import Exit, Failed
from rollcall.http import App

REFUSED = {"request": {"state": "refused", "code": "invalid_request", "triedAt": "1"}}
JOINED = b'{"type": "rollcall.bot.joined.v1", "data": {"legKey": "a"}}'


@dataclass(frozen=True, kw_only=True)
class Lying:
    """A message as peeking shows it."""

    sequence_number: int
    correlation_id: str
    subject: str = "meeting_not_found"
    body: Sequence[bytes] = (JOINED,)


@dataclass(kw_only=True)
class Queue:
    """A queue that can be peeked; anything else a receiver does would be an AttributeError."""

    lying: list[Lying] = field(default_factory=list)

    def peek_messages(self, max_message_count: int, sequence_number: int) -> list[Lying]:
        """Return at most two at a time, as small pages."""
        after = [one for one in self.lying if one.sequence_number >= sequence_number]
        return after[: min(max_message_count, 2)]

    def put(self, *correlation_ids: str) -> None:
        """Add messages."""
        for one in correlation_ids:
            self.lying.append(Lying(sequence_number=len(self.lying) + 1, correlation_id=one))


@dataclass(kw_only=True)
class Records:
    """An app that answers each read with the next record; the last one stays."""

    answers: list[Mapping[str, Any] | None]
    log: str = ""
    logs: int = 0

    def get(self, path: str, parameters: Mapping[str, str]) -> httpx.Response:
        """Answer 404 for None."""
        if path == "meetings/m/log":
            self.logs += 1
            return httpx.Response(200, text=self.log)
        assert (path, parameters) == ("meetings", {"requestId": "a"})
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return httpx.Response(404 if found is None else 200, json=found or {})


def asked(kind: Kind = Kind.CREATE, **members: Any) -> Request:
    return request(kind, file={"requestId": "a"}, options=members, new_id="", new_key="ours")


def without_queue(
    request_: Request, *records: Mapping[str, Any] | None, queue: Queue | None = None
) -> WithoutQueue:
    app = cast("App", Records(answers=list(records)))
    return WithoutQueue(request_, app, cast("ServiceBusReceiver", queue) if queue else None)


def test_in_a_shared_queue_only_our_new_messages_count() -> None:
    """Those of others, and those of an earlier try, are passed over."""
    queue = Queue()
    queue.put("ours", "theirs", "theirs")
    answers = SharedQueue("operators", cast("ServiceBusReceiver", queue), "ours")

    queue.put("theirs", "ours", "theirs", "ours")
    found = answers.some()

    assert found == [Heard(type="bot.joined", data={"legKey": "a"})] * 2
    assert answers.some() == []


def test_a_refusal_in_the_record_is_heard_once() -> None:
    """And one of an earlier try is none of ours."""
    again = {"request": {**REFUSED["request"], "triedAt": "2"}}
    answers = without_queue(asked(), REFUSED, REFUSED, again)

    found = [*answers.some(), *answers.some(), *answers.some()]

    assert [(one.type, one.data["triedAt"]) for one in found] == [("meeting.rejected", "2")]


def test_a_refusal_that_no_record_shows_is_heard_from_its_copy() -> None:
    """The record of a meeting does not show that a change of it was refused."""
    queue = Queue()
    answers = without_queue(asked(Kind.UPDATE), None, queue=queue)

    queue.put("theirs", "ours")
    (found,) = answers.some()

    assert found.data["code"] == "meeting_not_found"
    assert "rollcall explain meeting_not_found" in found.data["nextStep"]


@pytest.mark.parametrize(
    ("request_", "record", "types"),
    [
        (asked(), {"meeting": {"meetingId": "m"}}, ["meeting.created"]),
        (asked(), {"meeting": None, "request": {"state": "waiting"}}, []),
        (asked(join="now"), {"meeting": {}, "bot": {"state": "lobby"}},
         ["meeting.created", "bot.waiting"]),
        (asked(Kind.JOIN), {"meeting": {}, "bot": {"state": "joining"}}, ["bot.joining"]),
        (asked(Kind.JOIN), {"meeting": {}, "bot": {"state": "in"}}, ["bot.joined"]),
        (asked(Kind.JOIN), {"meeting": {}, "bot": {"state": "gone"}}, ["bot.left"]),
        (asked(Kind.JOIN), {"meeting": {}, "bot": {"state": "failed", "failure": {"code": "x"}}},
         ["bot.failed"]),
        (asked(Kind.JOIN), REFUSED, ["bot.failed"]),
        (asked(Kind.CANCEL), {"meeting": {"cancelledAt": None}}, []),
        (asked(Kind.CANCEL), {"meeting": {"cancelledAt": "now"}}, ["meeting.cancelled"]),
        (asked(Kind.UPDATE), {"meeting": {}}, []),
        (asked(Kind.LEAVE), {"meeting": {}, "bot": {"state": "gone"}}, []),
    ],
)  # fmt: skip
def test_what_the_record_answers(
    request_: Request, record: Mapping[str, Any], types: list[str]
) -> None:
    """In the words of the events it stands for."""
    answers = without_queue(request_, None, record)

    assert [one.type for one in answers.some()] == types


def test_an_update_is_done_once_the_log_has_it() -> None:
    """Until then it may be refused, and a bot that is in was sent by an earlier request."""
    inside = {"meetingId": "m", "sequence": 5}, {"state": "in"}
    before, later = ({"meeting": {**inside[0], "sequence": n}, "bot": inside[1]} for n in (5, 7))
    types = ["meeting.updated", "call.started", "meeting.updated"]
    numbered = zip((4, 6, 7), types, strict=True)
    log = "".join(
        f'{{"version": 1, "published": {{"sequence": {n}, "type": "rollcall.{type_}.v1"}}}}\n'
        for n, type_ in numbered
    )
    request_ = asked(Kind.UPDATE, join="now")

    def heard(log: str) -> list[str]:
        app = Records(answers=[before, before, later], log=log)
        answers = WithoutQueue(request_, cast("App", app), None)
        assert answers.some() == []
        types = [one.type for one in (*answers.some(), *answers.some())]
        assert app.logs == 1  # nothing more was published
        return types

    assert heard(log) == ["meeting.updated", "bot.joined"]
    assert heard("".join(log.splitlines(keepends=True)[:2])) == []


def test_a_bot_that_was_gone_before_answers_nothing() -> None:
    """Its state is that of an earlier leg."""
    gone = {"meeting": {}, "bot": {"state": "gone"}}

    assert without_queue(asked(Kind.JOIN), gone, gone).some() == []


def test_a_repeated_ask_is_answered_by_a_bot_that_was_gone_before() -> None:
    """The meeting was there, so no other bot is sent."""
    gone = {"meeting": {}, "bot": {"state": "gone"}}

    found = without_queue(asked(join="now"), gone, gone).some()

    assert [one.type for one in found] == ["meeting.created", "bot.left"]


CREATED = Heard(type="meeting.created", data={"recordedAt": "2026-11-26T12:00:00.000Z"})
EARLIER, LATER = "2026-11-26T11:59:59.999Z", "2026-11-26T12:00:00.001Z"


@dataclass(kw_only=True)
class Given:
    """Answers that are given one by one; after them nothing comes."""

    reply_to: str | None = "own"
    events: list[Heard]

    def some(self) -> list[Heard]:
        """Give the next one."""
        return [self.events.pop(0)] if self.events else []


def where_it_is(bot: Mapping[str, Any]) -> list[Heard]:
    answers = AndRecord(Given(events=[CREATED]), lambda: {"bot": bot}, quiet=0)
    assert answers.some() == [CREATED]
    return answers.some()


@pytest.mark.parametrize(
    ("bot", "types"),
    [
        ({"state": "in", "claimedAt": EARLIER}, ["bot.joined"]),
        ({"state": "lobby", "claimedAt": LATER}, ["bot.waiting"]),
        ({"state": "gone", "claimedAt": EARLIER, "leftAt": LATER}, ["bot.left"]),
        ({"state": "gone", "claimedAt": EARLIER, "leftAt": EARLIER}, []),
        ({"state": "failed", "failure": {"code": "x"}, "claimedAt": LATER, "leftAt": None},
         ["bot.failed"]),
        ({"state": "failed", "failure": {"code": "x"}, "claimedAt": EARLIER}, []),
        ({"state": "never"}, []),
        ({}, []),
    ],
)  # fmt: skip
def test_where_nothing_more_is_said_the_record_says_where_the_bot_is(
    bot: Mapping[str, Any], types: list[str]
) -> None:
    """A bot that was gone before the meeting was made, or changed, is that of another request."""
    found = where_it_is(bot)

    assert [one.type for one in found] == types
    assert all(one.recorded for one in found)


def test_the_record_is_read_only_where_an_answer_came_and_nothing_follows() -> None:
    """And what was said is not said again."""
    looks: list[Record] = [{"bot": {"state": "lobby"}}, {"bot": {"state": "in"}}]
    waiting = Heard(type="bot.waiting", data={})
    given = Given(events=[])
    answers = AndRecord(given, lambda: looks.pop(0), quiet=0)
    patient = AndRecord(Given(events=[CREATED]), lambda: looks.pop(0), quiet=60)

    assert (answers.some(), patient.some(), patient.some()) == ([], [CREATED], [])
    given.events += [CREATED, waiting]
    found = [*answers.some(), *answers.some(), *answers.some(), *answers.some()]

    assert [one.type for one in found] == ["meeting.created", "bot.waiting", "bot.joined"]
    assert looks == []


@pytest.mark.parametrize("fails", [True, False])
def test_a_record_that_cannot_be_read_does_not_end_the_wait(
    *, fails: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """The answer may come all the same. It is said once."""

    def look() -> Record:
        if fails:
            raise Failed("http://h refused the key (401).", Exit.UNREACHABLE)
        return {"bot": "of another form"}

    answers = AndRecord(Given(events=[CREATED]), look, quiet=0)

    assert (answers.some(), answers.some(), answers.some()) == ([CREATED], [], [])
    assert capsys.readouterr().err.count("Where the bot is cannot be read. ") == 1


class NoQueue:
    """A bus without the queue; peeking into what is not there says no name."""

    @contextmanager
    def get_queue_receiver(self, _: str) -> Iterator["NoQueue"]:
        """Open it; nothing is noticed yet."""
        yield self

    def peek_messages(self, **_: Any) -> list[Lying]:
        """Fail as the SDK does."""
        raise ServiceBusError("Handler failed: Management Operation error occurred.")


def test_a_shared_queue_that_is_not_there_is_named() -> None:
    """It may be misspelt."""
    bus = cast("ServiceBusClient", NoQueue())

    with pytest.raises(Failed, match="Check that the queue operatos is there"):
        shared_queue(bus, "operatos", "ours").__enter__()
