"""Messages that were put aside are each sent once, at whatever step a run is killed."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest

from rollcall.console import Failed
from rollcall.requeue.letters import CREATE, REJECTED, REQUEST_QUEUES, Letter, Place, places
from rollcall.requeue.moving import (
    BUSY_TIMES,
    Handled,
    Notebook,
    Outcome,
    Pace,
    drop,
    listing,
    send,
    tidy,
)
from rollcall.requeue.port import Busy
from tests.fakes.requeue_bus import LOCK, FakeBus, World

DEAD = Place(entity=CREATE)
REFUSED = Place(entity=REJECTED, dead=False)
PLACES = places([])


class Killed(BaseException):
    """The process is gone: nothing catches this."""


def filled(*, dead: int = 3, refused: int = 2, fits: int = 2) -> World:
    """Return a bus on which messages were put aside; a batch takes `fits`."""
    world = World(fits=fits)
    for number in range(dead):
        world.put(DEAD, f"dead {number}")
    for number in range(refused):
        world.put(REFUSED, f"refused {number}", from_queue="join-meeting", code="gave_up")
    return world


def pace(world: World, *, stopped: Callable[[], bool] = lambda: False) -> Pace:
    def pause(seconds: float) -> None:
        world.now += seconds

    return Pace(clock=lambda: world.now, pause=pause, stopped=stopped)


def a_run(
    world: World,
    step: Callable[[str], None] = lambda _: None,
    *,
    meant: Callable[[Letter], bool] = lambda _: True,
) -> list[Handled]:
    """Send all that is meant, as the command does."""
    bus = FakeBus(world, step)
    notebooks = {queue: Notebook(bus, queue) for queue in REQUEST_QUEUES}
    for book in notebooks.values():
        book.read()
    letters = [letter for place in PLACES for letter in listing(bus, place)]
    tidy(notebooks.values(), letters, PLACES)
    return list(send(bus, filter(meant, letters), notebooks, pace(world)))


def killed_at(number: int) -> Callable[[str], None]:
    """Return what kills a run at its step `number`, counting from 1."""
    left = iter(range(number, 0, -1))

    def step(name: str) -> None:
        if next(left, 0) == 1:
            raise Killed(name)

    return step


def steps_of(world: World) -> list[str]:
    """Return the steps of a run that nothing disturbs."""
    names: list[str] = []
    a_run(world, names.append)
    return names


STEPS = steps_of(filled())


def all_once(world: World) -> None:
    """Each message was sent to its queue once; none is put aside, no note is left."""
    assert {queue: Counter(ids) for queue, ids in world.sent.items()} == {
        "create-meeting": Counter(f"dead {number}" for number in range(3)),
        "join-meeting": Counter(f"refused {number}" for number in range(2)),
    }
    assert not any(world.aside.values())
    assert not any(world.notes.values())


def test_each_goes_to_its_queue_and_is_gone_where_it_lay() -> None:
    """A dead letter to the queue it lay in, a copy to the one it names."""
    world = filled()

    handled = a_run(world)

    assert {each.outcome for each in handled} == {Outcome.SENT}
    all_once(world)


@pytest.mark.parametrize("number", range(1, len(STEPS) + 1))
@pytest.mark.parametrize("waits", [0.0, LOCK])
def test_killed_at_any_step_the_next_runs_lose_and_double_nothing(
    number: int, waits: float
) -> None:
    """At once, while the locks of the killed run last, and after them."""
    world = filled()
    with pytest.raises(Killed):
        a_run(world, killed_at(number))

    world.now += waits
    a_run(world)
    world.now += LOCK
    a_run(world)

    all_once(world)


@pytest.mark.parametrize("first", range(1, len(STEPS) + 1))
@pytest.mark.parametrize("second", range(1, len(STEPS) + 1, 5))
def test_killed_twice_it_is_the_same(first: int, second: int) -> None:
    """The run that mends may be killed as well."""
    world = filled()
    with pytest.raises(Killed):
        a_run(world, killed_at(first))
    world.now += LOCK
    try:
        a_run(world, killed_at(second))
    except Killed:
        world.now += LOCK

    a_run(world)
    a_run(world)

    all_once(world)


@pytest.mark.parametrize("number", range(1, len(STEPS) + 1))
@pytest.mark.parametrize("waits", [0.0, LOCK])
def test_two_runs_at_once_send_each_message_once(number: int, waits: float) -> None:
    """A whole second run between any two steps of the first, also after the first slept.

    Asleep between its last look at the clock and Service Bus's answer no client can know it:
    that is the exception which docs/cli.md names.
    """
    world = filled()
    seen = iter(range(1, len(STEPS) * 2))

    def step(name: str) -> None:
        if next(seen) == number:
            world.now += waits if name != "before send" else 0.0
            a_run(world)

    a_run(world, step)
    world.now += LOCK
    a_run(world)

    all_once(world)


@pytest.mark.parametrize("number", range(1, len(STEPS) + 1))
@pytest.mark.parametrize("second", range(1, len(STEPS) + 1, 4))
def test_a_second_run_that_is_killed_in_the_midst_of_the_first_changes_nothing(
    number: int, second: int
) -> None:
    """The first reads what the second sent once it has the message that the second had."""
    world = filled()
    seen = iter(range(1, len(STEPS) * 2))

    def step(name: str) -> None:
        if next(seen) == number:
            with suppress(Killed):
                a_run(world, killed_at(second))
            world.now += LOCK if name != "before send" else 0.0

    a_run(world, step)
    world.now += LOCK
    a_run(world)

    all_once(world)


@pytest.mark.parametrize("number", range(1, len(STEPS) + 1))
def test_a_run_that_sleeps_longer_than_its_locks_leaves_the_rest_to_the_next(number: int) -> None:
    """What it sent and could not complete keeps its note."""
    world = filled()
    seen = iter(range(1, len(STEPS) * 2))

    def step(_: str) -> None:
        if next(seen) == number:
            world.now += LOCK

    a_run(world, step)
    a_run(world)

    all_once(world)


def test_one_that_another_holds_is_said_to_be_held() -> None:
    """It is neither sent nor removed."""
    world = filled(dead=1, refused=0)
    FakeBus(world).receive(DEAD, 1)

    [handled] = a_run(world)

    assert handled.outcome == Outcome.HELD
    assert not world.sent


def test_one_in_the_middle_is_reached_and_those_before_it_come_back() -> None:
    """Service Bus gives dead letters in their order alone."""
    world = filled(dead=120, refused=0)

    [handled] = a_run(world, meant=lambda letter: letter.message_id == "dead 77")

    assert handled.outcome == Outcome.SENT
    assert world.sent == {CREATE: ["dead 77"]}
    assert len(FakeBus(world).receive(DEAD, 200)) == 119


def test_a_deferred_one_is_had_by_its_number() -> None:
    """No other receiver is given it."""
    world = World()
    world.put(REFUSED, "set aside", from_queue=CREATE, deferred=True)

    [handled] = a_run(world)

    assert handled.outcome == Outcome.SENT
    assert world.sent == {CREATE: ["set aside"]}


@pytest.mark.parametrize(
    ("place", "parts", "why"),
    [
        (Place(entity="meeting-events", subscription="all"), {}, "every subscription"),
        (REFUSED, {}, "does not say which queue"),
        (REFUSED, {"from_queue": "meeting-events"}, "every subscription"),
        (REFUSED, {"from_queue": "payroll"}, "not one that Rollcall reads"),
        (DEAD, {"defect": "has an AMQP value as its body"}, "has an AMQP value"),
    ],
)
def test_what_must_not_be_sent_stays_and_says_why(
    place: Place, parts: dict[str, str], why: str
) -> None:
    """It is not even locked."""
    world = World()
    letter = world.put(place, "stays", **parts)
    bus = FakeBus(world)
    notebooks = {queue: Notebook(bus, queue) for queue in REQUEST_QUEUES}

    [handled] = send(bus, [letter], notebooks, pace(world))

    assert handled.outcome == Outcome.STAYS
    assert why in handled.why
    assert bus.receive(place, 1) == [letter]


def test_one_that_fits_no_batch_stays_and_the_others_go() -> None:
    """With its note it is larger than a message may be."""
    world = filled(dead=2, refused=0, fits=0)

    handled = a_run(world)

    assert [each.outcome for each in handled] == [Outcome.STAYS, Outcome.STAYS]
    assert "too large" in handled[0].why
    assert len(FakeBus(world).receive(DEAD, 5)) == 2


def test_after_the_first_batch_it_stops_where_it_is_requested() -> None:
    """What was locked is given back or done."""
    world = filled(dead=120, refused=0, fits=50)
    bus = FakeBus(world)
    notebooks = {queue: Notebook(bus, queue) for queue in REQUEST_QUEUES}

    handled = list(
        send(
            bus,
            list(listing(bus, DEAD)),
            notebooks,
            pace(world, stopped=lambda: bool(world.sent)),
        )
    )

    assert len(handled) == len(world.sent[CREATE]) == 50
    assert len(FakeBus(world).receive(DEAD, 200)) == 70
    assert not any(world.notes.values())


class BusyBus(FakeBus):
    """Refuses batches, as a namespace that is throttled does."""

    refusals = 0

    def send(self, queue: str, letters: Sequence[Letter]) -> int:
        if self.refusals:
            self.refusals -= 1
            raise Busy(queue)
        return super().send(queue, letters)


def busy_run(world: World, refusals: int) -> list[Handled]:
    bus = BusyBus(world)
    bus.refusals = refusals
    notebooks = {queue: Notebook(bus, queue) for queue in REQUEST_QUEUES}
    return list(send(bus, list(listing(bus, DEAD)), notebooks, pace(world)))


def test_a_batch_that_is_refused_for_now_is_sent_later_under_locks_that_still_hold() -> None:
    """The pauses are longer than a lock may be trusted, so it is renewed."""
    world = filled(dead=30, refused=0)

    handled = busy_run(world, BUSY_TIMES - 1)

    assert Counter(each.outcome for each in handled) == {Outcome.SENT: 30}
    assert Counter(Counter(world.sent[CREATE]).values()) == {1: 30}


def test_a_bus_that_stays_busy_ends_the_run_and_the_next_one_sends_all() -> None:
    """Nothing was sent, and nothing is lost."""
    world = filled(dead=3, refused=0)

    with pytest.raises(Failed, match="too busy"):
        busy_run(world, BUSY_TIMES)

    world.now += LOCK
    assert len(a_run(world)) == 3


def test_dropped_ones_are_gone_and_nothing_is_sent() -> None:
    """Those that are not meant come back."""
    world = filled(dead=3, refused=0)
    letters = list(listing(FakeBus(world), DEAD))

    handled = list(drop(FakeBus(world), letters[1:], pace(world)))

    assert [each.outcome for each in handled] == [Outcome.DROPPED, Outcome.DROPPED]
    assert next(listing(FakeBus(world), DEAD)).message_id == "dead 0"
    assert not world.sent
