"""Show events as they happen, without an event being taken from another reader.

docs/cli.md says which of the three ways is chosen, and why.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

from azure.servicebus import ServiceBusReceiveMode, ServiceBusReceiver

from rollcall.browsing import Browsed
from rollcall.bus import open_bus, reaching
from rollcall.console import Exit, Failed, advise, out, say, write_json
from rollcall.happening import Wanted, event_of, line_of
from rollcall.management import NotAllowed, managed
from rollcall.own_queue import NAMED
from rollcall.plain import clipped
from rollcall.target import Target

TOPIC = "meeting-events"
AT_ONCE = 50
SOON = 1.0
"""Seconds between two looks into a subscription of others."""
STIRRED = 120.0
"""Seconds after which our own subscription is browsed: a wait alone does not keep it from being
idle, and idle for five minutes it is deleted."""
NO_RIGHT = (
    "We may not make a subscription in this namespace (it takes the role Azure Service Bus Data"
    " Owner). Give --subscription NAME, one that only you read, or --peek NAME, to look into one"
    " of others."
)

type Show = Callable[[bytes], None]


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
            with bus.get_subscription_receiver(TOPIC, peek) as receiver:
                _look(receiver, show)
        if subscription is not None:
            with bus.get_subscription_receiver(TOPIC, subscription) as receiver:
                _complete(receiver, show)
        mode = ServiceBusReceiveMode.RECEIVE_AND_DELETE
        with (
            _own_subscription(target) as own,
            bus.get_subscription_receiver(TOPIC, own, receive_mode=mode) as receiver,
        ):
            advise("following; Ctrl-C ends it")
            _take(receiver, show)


@contextmanager
def _own_subscription(target: Target) -> Iterator[str]:
    """Make a subscription; it is deleted at the end, and deletes itself where we are killed."""
    name = f"{NAMED}{uuid4().hex}"
    with managed(target) as management:
        try:
            management.add_subscription(TOPIC, name, idle=timedelta())
        except NotAllowed as error:
            raise Failed(NO_RIGHT, Exit.USAGE) from error
        try:
            yield name
        finally:
            management.delete(name, topic=TOPIC)


def _take(receiver: ServiceBusReceiver, show: Show) -> None:
    stirred = time.monotonic()
    while True:
        for message in receiver.receive_messages(AT_ONCE, max_wait_time=SOON):
            show(b"".join(message.body))
        if time.monotonic() - stirred > STIRRED:
            receiver.peek_messages(1)
            stirred = time.monotonic()


def _complete(receiver: ServiceBusReceiver, show: Show) -> None:
    advise("following; what is read is completed, shown or not; Ctrl-C ends it")
    while True:
        for message in receiver.receive_messages(AT_ONCE, max_wait_time=SOON):
            show(b"".join(message.body))
            receiver.complete_message(message)


def _look(receiver: ServiceBusReceiver, show: Show) -> None:
    """Show what comes from now on; what its reader completes before we look is missed."""
    browsed = Browsed(receiver)
    browsed.skip()
    advise("following; what another reader takes first is not shown; Ctrl-C ends it")
    while True:
        for message in browsed.some():
            show(b"".join(message.body))
        time.sleep(SOON)
