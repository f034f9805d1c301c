"""Show events as they happen, without an event being taken from another reader.

docs/cli.md says which of the three ways is chosen, and why.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import NoReturn
from uuid import uuid4

from azure.servicebus import ServiceBusReceiver
from azure.servicebus.exceptions import MessageLockLostError, ServiceBusConnectionError

from rollcall.asking.browsing import Browsed
from rollcall.asking.happening import Wanted, event_of, line_of
from rollcall.asking.own_queue import NAMED
from rollcall.bus import open_bus, reaching
from rollcall.console import Failed, advise, out, say, write_json
from rollcall.management import Unmanaged, managed, tidying
from rollcall.plain import clipped
from rollcall.target import Target

TOPIC = "meeting-events"
AT_ONCE = 50
SOON = 1.0
"""Seconds between two looks into a subscription of others."""
STIRRED = 120.0
"""Seconds after which our own subscription is browsed: a wait alone does not keep it from being
idle, and idle for five minutes it is deleted."""
BORNE = 60.0
"""Seconds for which a lost connection is made again; the SDK does not by itself."""
OTHERWISE = (
    "Give --subscription NAME, one that only you read, or --peek NAME, to look into one of others."
)

type Show = Callable[[bytes], None]
type Step = Callable[[ServiceBusReceiver], None]


def follow(
    target: Target, wanted: Wanted, *, as_json: bool, subscription: str | None, peek: str | None
) -> None:
    """Show the events that are wanted, until Ctrl-C. Raises `Failed`."""

    def show(body: bytes) -> None:
        event = event_of(body)
        if event is None or not wanted.takes(event):
            return
        if as_json:
            write_json(event)
        else:
            line = line_of(event)
            say(clipped(line, out.width) if out.is_terminal else line)

    with reaching(), open_bus(target) as bus:
        if peek is not None:
            advise("following; what another reader takes first is not shown; Ctrl-C ends it")
            _steadily(partial(bus.get_subscription_receiver, TOPIC, peek), _look(show))
        if subscription is not None:
            advise("following; what is read is completed, shown or not; Ctrl-C ends it")
            _steadily(partial(bus.get_subscription_receiver, TOPIC, subscription), _take(show))
        with _own_subscription(target) as own:
            advise("following; Ctrl-C ends it")
            _steadily(partial(bus.get_subscription_receiver, TOPIC, own), _take(show))


@contextmanager
def _own_subscription(target: Target) -> Iterator[str]:
    """Make a subscription; it is deleted at the end, and deletes itself where we are killed."""
    name = f"{NAMED}{uuid4().hex}"
    with managed(target) as management:
        try:
            management.add_subscription(TOPIC, name, idle=timedelta())
        except Unmanaged as why:
            raise Failed(f"{why} {OTHERWISE}", why.code) from why
        try:
            yield name
        finally:
            with tidying(name):
                management.delete(name, topic=TOPIC)


def _steadily(connect: Callable[[], ServiceBusReceiver], step: Step) -> NoReturn:
    """Take step after step on a receiver, and on another one where its connection is lost.

    Where there never was one, the failure is raised at once.
    """
    connected, failing_since = False, 0.0
    while True:
        try:
            with connect() as receiver:
                while True:
                    step(receiver)
                    connected, failing_since = True, 0.0
        except ServiceBusConnectionError:
            now = time.monotonic()
            failing_since = failing_since or now
            if not connected or now - failing_since > BORNE:
                raise
            time.sleep(SOON)


def _take(show: Show) -> Step:
    """Show and complete what comes."""
    stirred = time.monotonic()

    def step(receiver: ServiceBusReceiver) -> None:
        nonlocal stirred
        for message in receiver.receive_messages(AT_ONCE, max_wait_time=SOON):
            show(b"".join(message.body))
            with suppress(
                MessageLockLostError
            ):  # the connection was lost meanwhile: it comes again
                receiver.complete_message(message)
        if time.monotonic() - stirred > STIRRED:
            receiver.peek_messages(1)
            stirred = time.monotonic()

    return step


def _look(show: Show) -> Step:
    """Show what comes from now on, and leave it."""
    browsed = Browsed()
    first = True

    def step(receiver: ServiceBusReceiver) -> None:
        nonlocal first
        found = browsed.some(receiver)
        if not first:
            for message in found:
                show(b"".join(message.body))
        first = False
        time.sleep(SOON)

    return step
