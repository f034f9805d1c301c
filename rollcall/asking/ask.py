"""Send a request and say what becomes of it: open a place for the answers, send, wait, print."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from azure.servicebus import ServiceBusClient, ServiceBusMessage
from azure.servicebus.exceptions import ServiceBusError
from rich.status import Status

from rollcall.asking.answers import (
    QUIET,
    AndRecord,
    Answers,
    Look,
    OwnQueue,
    SharedQueue,
    own_queue,
    record_of,
    shared_queue,
    without_queue,
)
from rollcall.asking.outcomes import PLANNED, Heard, outcome
from rollcall.asking.own_queue import NAMED, idle_of, kept_for
from rollcall.asking.record import Record
from rollcall.asking.requests import PLANS, Kind, Request
from rollcall.asking.wording import look_later, said
from rollcall.bus import NOT_SENT, open_bus, reaching
from rollcall.console import Exit, Failed, advise, out, say, waiting, write_json
from rollcall.http import App, as_answered
from rollcall.management import Managed, Unmanaged, managed, tidying
from rollcall.plain import plain
from rollcall.target import Target

QUICK = 1.0
"""Seconds after which a terminal shows that the command waits."""
NOWHERE = (
    "So no answer could be heard: neither --reply-to nor --url is given."
    " Give one of them, or --no-wait."
)
REPEATED = (
    "Where the request repeats an earlier one, what became of the bot is not said again: with --url"
    " and --key the record says it, and `rollcall join --meeting-request-id` sends the bot in."
)
OF_BEFORE = (
    "The meeting was there before this request, and may have other members. Where they differ, the"
    " request is refused as request_conflict: --reply-to QUEUE hears it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How the answer is waited for and shown. `wait` in seconds; 0 or less: not at all.

    `quiet`: see `AndRecord`.
    """

    wait: float
    as_json: bool
    reply_to: str | None
    quiet: float = QUIET


def carry_out(target: Target, request: Request, manner: Manner) -> Exit:
    """Send `request`, print what is answered, and return what to exit with. Raises `Failed`."""
    advise(f"request id: {plain(request.id)}")
    look = partial(_look, target, request) if target.url and request.joins else None
    with reaching(), open_bus(target) as bus:
        if manner.wait <= 0:
            _send(bus, request, reply_to=manner.reply_to)
            advise(look_later(request))
            return Exit.DONE
        if manner.reply_to:
            with shared_queue(bus, manner.reply_to, request.correlation_id) as answers:
                return _exchange(bus, request, answers, manner, look)[0]
        with managed(target) as management:
            queue = f"{NAMED}{request.correlation_id}"
            try:
                management.add_queue(queue, idle=idle_of(manner.wait))
            except Unmanaged as why:
                if target.url is None:
                    raise Failed(f"{why} {NOWHERE}", why.code) from why
                return _without_queue(target, bus, request, manner)
            return through(queue, management, bus, request, manner, look=look)


def through(
    queue: str,
    management: Managed,
    bus: ServiceBusClient,
    request: Request,
    manner: Manner,
    *,
    look: Look | None = None,
) -> Exit:
    """Exchange through a queue of our own. It stays where an answer may still come to it."""
    try:
        with own_queue(bus, queue) as answers:
            end, last = _exchange(bus, request, answers, manner, look)
    except NOT_SENT:
        with tidying(queue):
            management.delete(queue)
        raise
    if end is Exit.LATE or last is None or last.recorded:
        return end
    kept = None if last.is_refusal else kept_for(request, last.data, now=datetime.now(UTC))
    with tidying(queue):
        if kept is None:
            management.delete(queue)
        else:
            management.keep_queue(queue, idle=kept)
    return end


def _without_queue(target: Target, bus: ServiceBusClient, request: Request, manner: Manner) -> Exit:
    with App(target) as app, without_queue(bus, request, app) as answers:
        end, _ = _exchange(bus, request, answers, manner)
    if end is Exit.DONE and request.kind is Kind.CREATE and answers.stood_before:
        advise(OF_BEFORE)
    return end


def _exchange(
    bus: ServiceBusClient,
    request: Request,
    answers: Answers,
    manner: Manner,
    look: Look | None = None,
) -> tuple[Exit, Heard | None]:
    """Send and wait. `look`: see `AndRecord`; None where no app is known."""
    _send(bus, request, reply_to=answers.reply_to)
    if look is not None:
        answers = AndRecord(answers, look, quiet=manner.quiet)
    return _wait(request, answers, manner)


def _look(target: Target, request: Request) -> Record:
    with App(target) as app:
        return record_of(app, request)


def _send(bus: ServiceBusClient, request: Request, *, reply_to: str | None) -> None:
    message = ServiceBusMessage(
        json.dumps(request.body).encode(),
        content_type="application/json",
        message_id=request.message_id,
        correlation_id=request.correlation_id,
        reply_to=reply_to,
    )
    with bus.get_queue_sender(request.queue) as sender:
        sender.send_messages(message)


def _wait(request: Request, answers: Answers, manner: Manner) -> tuple[Exit, Heard | None]:
    """Return how it ended, and the event that ended it."""
    began = time.monotonic()
    missing = "answer"
    with _patience(request) as patience:
        while (passed := time.monotonic() - began) < manner.wait:
            for event in answers.some():
                end = outcome(request, event)
                patience.stop()
                _show(event, end, manner)
                missing = "outcome"
                if end is not None:
                    return end, event
            if passed > QUICK:
                patience.start()
    seconds = f"{manner.wait:g} {'second' if manner.wait == 1 else 'seconds'}"
    advise(f"No {missing} came in {seconds}. {look_later(request)}")
    in_queue_alone = isinstance(answers, OwnQueue | SharedQueue)
    if missing == "outcome" and request.kind in PLANS and in_queue_alone:
        advise(REPEATED)
    return Exit.LATE, None


def _show(event: Heard, end: Exit | None, manner: Manner) -> None:
    if not manner.as_json:
        with as_answered():
            lines = list(said(event, width=out.width))
        for line in lines:
            say(line)
    elif end is not None or event.type in PLANNED:
        write_json(event.data)


@contextmanager
def _patience(request: Request) -> Iterator[Status]:
    status = waiting("waiting for the answer; Ctrl-C ends the wait, not the request")
    try:
        yield status
    except (KeyboardInterrupt, Failed, ServiceBusError):
        status.stop()
        advise(look_later(request))
        raise
    finally:
        status.stop()
