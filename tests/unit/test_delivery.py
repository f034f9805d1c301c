"""One message to its verdict: tried here, tried later, or refused with all it went through."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.bootstrap import SEATS
from shared.inbox.copies import copy_of, kept_copy, postponed
from shared.inbox.message import QueueMessage
from shared.inbox.verdict import Inbox, ShortWaits, final
from shared.words.errors import Attempt, GraphTrace, Rejected, RollcallError, Transient, Unavailable
from shared.words.outgoing import Outgoing
from shared.words.rules import RetryPolicy
from tests.fakes.bus import InMemoryBus

NOW = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
POLICY = RetryPolicy(
    attempts=4,
    total=timedelta(minutes=30),
    base=timedelta(seconds=2),
    ceiling=timedelta(seconds=60),
)
MESSAGE = QueueMessage(
    queue="create-meeting",
    body=b'{"subject": "x"}',
    message_id="m-1",
    correlation_id="c-1",
    reply_to="replies",
    sequence_number=42,
    delivery_count=1,
    enqueued_at=NOW,
)


BUSY = Unavailable("Graph answered 503", graph=GraphTrace(status=503, code="", request_id="r-1"))


class Time:
    """Implements `ports.Clock`; moved by the waits that somebody makes."""

    def __init__(self) -> None:
        self.moment = NOW
        self.waits: list[float] = []

    def now(self) -> datetime:
        """See `ports.Clock.now`."""
        return self.moment

    async def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.waits.append(seconds)
        self.moment += timedelta(seconds=seconds)


class Handler:
    """Fails as it is told to, then succeeds; `seen` has the messages it was given."""

    def __init__(self, *failures: RollcallError) -> None:
        self.failures = list(failures)
        self.seen: list[QueueMessage] = []

    async def __call__(self, message: QueueMessage) -> None:
        self.seen.append(message)
        if self.failures:
            raise self.failures.pop(0)


def told(message: QueueMessage, refused: Rejected, at: datetime) -> Outgoing:
    """Return the event that tells a refusal."""
    return Outgoing(entity="meeting-events", message_id="e", body=refused.code)


async def delivered(handler: Handler, *, seats: int = 1) -> tuple[InMemoryBus, Time]:
    """Deliver the message; return what was sent and how the time went."""
    bus, time = InMemoryBus(), Time()
    waits = ShortWaits(time.sleep, seats=seats)
    inbox = Inbox(bus=bus, clock=time, policy=POLICY, jitter=lambda most: 0.0, waits=waits)
    await inbox.handle(MESSAGE, handler, told)
    return bus, time


def again(message: QueueMessage, due: datetime) -> QueueMessage:
    """Return the message as its scheduled copy is delivered."""
    sent = copy_of(message.after(BUSY, at=due), due=due)
    return replace(message, message_id=sent.message_id, properties=sent.properties, enqueued_at=due)


async def test_a_short_pause_is_waited_for_inside_the_invocation() -> None:
    """No copy is sent, and the second try knows that it is one."""
    handler = Handler(Unavailable("busy", retry_after=timedelta(seconds=3)))

    bus, time = await delivered(handler)

    assert (bus.sent, time.waits) == ([], [3.0])
    assert [message.attempt for message in handler.seen] == [1, 2]
    assert handler.seen[1].origin_id == "m-1"


async def test_a_long_pause_frees_the_invocation() -> None:
    """A copy comes at the time that was named."""
    bus, time = await delivered(Handler(Unavailable("busy", retry_after=timedelta(seconds=6))))

    (copy,) = bus.sent
    assert (copy.due, time.waits) == (NOW + timedelta(seconds=6), [])


async def test_after_two_waits_the_invocation_is_freed() -> None:
    """What fails often waits outside."""
    bus, time = await delivered(Handler(BUSY, BUSY, BUSY))

    assert time.waits == [1.0, 2.0]
    assert [copy.message_id for copy in bus.sent] == [f"m-1#{MESSAGE.delivery_id}#4"]


async def test_without_a_seat_nobody_waits_inside() -> None:
    """Those who wait never keep all the places of those who work."""
    bus, time = await delivered(Handler(BUSY), seats=0)

    assert time.waits == []
    assert [copy.message_id for copy in bus.sent] == [f"m-1#{MESSAGE.delivery_id}#2"]


async def test_a_seat_is_free_again_after_the_wait() -> None:
    """And after a wait that was broken off."""

    async def broken(_: float) -> None:
        raise TimeoutError

    waits = ShortWaits(broken, seats=1)
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await waits.wait(1)


async def test_what_is_no_verdict_goes_to_the_host() -> None:
    """A bug is redelivered and finally dead-lettered."""

    async def broken(_: QueueMessage) -> None:
        raise ZeroDivisionError

    bus, time = InMemoryBus(), Time()
    waits = ShortWaits(time.sleep, seats=0)
    inbox = Inbox(bus=bus, clock=time, policy=POLICY, jitter=lambda _: 0.0, waits=waits)
    with pytest.raises(ZeroDivisionError):
        await inbox.handle(MESSAGE, broken, told)

    assert bus.sent == []


def test_giving_up_tells_every_try() -> None:
    """When it was, what was said, and under which id Graph knows it."""
    second = MESSAGE.after(BUSY, at=NOW)

    refused = final(Transient("no answer"), second, now=NOW + timedelta(seconds=5))

    assert (refused.code, "2 times" in refused.message) == ("gave_up", True)
    assert refused.history == (
        Attempt(at=NOW, said="Graph answered 503", request_id="r-1"),
        Attempt(at=NOW + timedelta(seconds=5), said="no answer"),
    )


def test_a_refusal_at_the_first_try_has_no_history() -> None:
    """It says everything itself."""
    refused = final(Rejected(code="x", message="m", next_step="n"), MESSAGE, now=NOW)

    assert refused.history == ()


def test_a_copy_keeps_the_identity_and_where_the_answer_goes() -> None:
    """Under another id: the same correlation and reply queue, and when it all began."""
    second = again(MESSAGE, NOW + timedelta(seconds=5))
    third = copy_of(second.after(BUSY, at=NOW), due=NOW)

    assert third.message_id == f"m-1#{MESSAGE.delivery_id}#3"
    assert (third.reply_to, third.correlation_id) == ("replies", "c-1")
    assert second.delivery_id == MESSAGE.delivery_id
    assert (second.origin_id, second.attempt, second.first_enqueued) == ("m-1", 2, NOW)
    assert third.body == MESSAGE.body


def test_a_message_without_an_id_is_the_same_over_its_redeliveries() -> None:
    """The queue's sequence number stays, whatever the delivery count."""
    first = replace(MESSAGE, message_id=None)
    second = replace(first, delivery_count=2)

    assert first.origin_id == second.origin_id == "sequence-number-42"


def test_messages_of_one_id_are_told_apart() -> None:
    """A caller's key may be on many messages; a redelivery is still the same one."""
    other = replace(MESSAGE, sequence_number=43)
    elsewhere = replace(MESSAGE, queue="join-meeting")

    assert replace(MESSAGE, delivery_count=2).delivery_id == MESSAGE.delivery_id
    assert len({one.delivery_id for one in (MESSAGE, other, elsewhere)}) == 3
    copies = {copy_of(one.after(BUSY, at=NOW), due=NOW).message_id for one in (MESSAGE, other)}
    assert len(copies) == 2
    assert replace(MESSAGE, properties={"rollcall-delivery": "x"}).delivery_id == (
        MESSAGE.delivery_id
    )


def test_a_postponed_message_starts_its_attempts_anew() -> None:
    """Waiting for the meeting's start is not a failure."""
    tired = again(MESSAGE, NOW)

    later = postponed(tired, due=NOW + timedelta(days=3))

    assert later.properties == {
        "rollcall-origin": "m-1",
        "rollcall-delivery": MESSAGE.delivery_id,
        "rollcall-asked": NOW.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def test_the_kept_copy_has_the_body_byte_for_byte_and_the_reason() -> None:
    """Readers of rejected-requests see what was sent, readable or not."""
    message = replace(MESSAGE, body=b"\xff\x00")
    refused = Rejected(code="invalid_request", message="m", next_step="n")

    kept = kept_copy(message, refused)

    assert (kept.body, kept.subject) == (b"\xff\x00", "invalid_request")
    assert kept.properties["rollcall-queue"] == "create-meeting"


@pytest.mark.parametrize("nonsense", ["", "x", "-1", "0", "²", "9" * 5000])
def test_foreign_properties_do_no_harm(nonsense: str) -> None:
    """Anybody can put properties on a message."""
    names = ("attempt", "failures", "history", "first-enqueued", "first-tried")
    message = replace(MESSAGE, properties={f"rollcall-{name}": nonsense for name in names})

    assert (message.attempt, message.failures, message.history) == (1, 0, ())
    assert message.first_enqueued == NOW


@pytest.mark.parametrize("moment", ["2036-01-01T00:00:00Z", "2026-01-01T00:00:00"])
def test_nobody_prolongs_a_message_by_its_properties(moment: str) -> None:
    """It began when it came at the latest."""
    message = replace(MESSAGE, properties={"rollcall-first-enqueued": moment})

    assert message.first_enqueued == NOW
    tried = replace(MESSAGE, properties={"rollcall-first-tried": moment})
    assert tried.first_tried(now=NOW) == NOW


def test_the_kept_copy_carries_the_history() -> None:
    """For readers of rejected-requests."""
    refused = final(BUSY, MESSAGE, now=NOW)

    kept = kept_copy(MESSAGE, refused)

    assert "r-1" in kept.properties["rollcall-tries"]


def test_a_copy_of_a_message_with_the_longest_id_has_an_id_that_fits() -> None:
    """Service Bus takes 128 characters; the origin stays readable in the properties."""
    message = replace(MESSAGE, message_id="m" * 128)
    refused = Rejected(code="invalid_request", message="m", next_step="n")

    kept = kept_copy(message, refused)

    assert len(kept.message_id) <= 128
    assert kept.properties["rollcall-origin"] == "m" * 128


def test_a_copy_leaves_out_what_does_not_fit_and_says_so() -> None:
    """The caller's properties that come first have the room; ours always have theirs."""
    properties = {"small": "x", "large": "y" * 20_000, "next": "z" * 9_000, "last": "z" * 9_000}
    message = replace(MESSAGE, properties=properties, reply_to="q" * 261)

    copy = copy_of(message.after(BUSY, at=NOW), due=NOW)

    assert [name for name in copy.properties if name in properties] == ["small", "next"]
    assert copy.properties["rollcall-left-out"] == "2 properties: large, last; replyTo"
    assert copy.properties["rollcall-attempt"] == "2"
    assert copy.reply_to is None


def test_a_body_that_leaves_no_room_for_the_reason_is_cut() -> None:
    """It is larger than any that is read. The copy says how much of it is there."""
    message = replace(MESSAGE, body=b"b" * 256 * 1024)

    kept = kept_copy(message, Rejected(code="invalid_request", message="m", next_step="n"))

    assert 250_000 < len(kept.body) < 256 * 1024
    assert kept.properties["rollcall-left-out"] == f"the body after {len(kept.body)} bytes"


@pytest.mark.parametrize("origin", ["", "o" * 129])
def test_an_origin_that_is_no_message_id_counts_as_absent(origin: str) -> None:
    """Any sender can set the property; copies have no room for a long one."""
    message = replace(MESSAGE, properties={"rollcall-origin": origin})

    assert message.origin_id == "m-1"


def test_half_of_the_places_are_seats() -> None:
    """Waiting invocations never take all the places that host.json gives a queue."""
    host = json.loads((Path(__file__).parents[2] / "host.json").read_text())

    assert host["extensions"]["serviceBus"]["maxConcurrentCalls"] == 2 * SEATS
