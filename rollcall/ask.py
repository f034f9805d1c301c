"""Send a request and say what becomes of it: gather the answers' place, send, wait, print."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from azure.servicebus import ServiceBusClient, ServiceBusMessage
from rich.status import Status

from rollcall.answers import Answers, shared_queue, without_queue
from rollcall.bus import open_bus, reaching
from rollcall.console import Exit, advise, err, out, say, write_json
from rollcall.http import App
from rollcall.outcomes import Heard, outcome
from rollcall.plain import plain
from rollcall.requests import Request
from rollcall.target import Target
from rollcall.wording import look_later, said

QUICK = 1.0
"""Seconds after which a terminal shows that the command waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How the answer is waited for and shown. `wait` in seconds; 0: not at all."""

    wait: float
    as_json: bool
    reply_to: str | None


def carry_out(target: Target, request: Request, manner: Manner) -> Exit:
    """Send `request`, print what is answered, and return what to exit with. Raises `Failed`."""
    advise(f"request id: {plain(request.id)}")
    with reaching(), open_bus(target) as bus:
        if not manner.wait:
            _send(bus, request, reply_to=manner.reply_to)
            advise(look_later(request))
            return Exit.DONE
        with _answers(target, bus, request, manner) as answers:
            _send(bus, request, reply_to=answers.reply_to)
            return _wait(request, answers, manner)


@contextmanager
def _answers(
    target: Target, bus: ServiceBusClient, request: Request, manner: Manner
) -> Iterator[Answers]:
    queue = manner.reply_to or target.local.get("replyQueue")
    if queue:
        with shared_queue(bus, queue, request.correlation_id) as answers:
            yield answers
        return
    with App(target) as app, without_queue(bus, request, app) as answers:
        yield answers


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


def _wait(request: Request, answers: Answers, manner: Manner) -> Exit:
    began = time.monotonic()
    with _patience() as patience:
        while (passed := time.monotonic() - began) < manner.wait:
            for event in answers.some():
                end = outcome(request, event)
                patience.stop()
                _show(event, end, manner)
                if end is not None:
                    return end
            if passed > QUICK:
                patience.start()
    advise(f"No answer came in {manner.wait:g} seconds. {look_later(request)}")
    return Exit.LATE


def _show(event: Heard, end: Exit | None, manner: Manner) -> None:
    if not manner.as_json:
        for line in said(event, width=out.width):
            say(line)
    elif end is not None or event.type == "meeting.created":
        write_json(event.data)


@contextmanager
def _patience() -> Iterator[Status]:
    status = err.status("waiting for the answer; Ctrl-C ends the wait, not the request")
    try:
        yield status
    finally:
        status.stop()
