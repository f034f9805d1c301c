"""A meeting of our own, from the request to its cancellation, and nothing left of it.

What was begun is cancelled whatever happens: a step that fails, Ctrl-C, SIGTERM.
"""

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from azure.core.exceptions import AzureError
from azure.servicebus import ServiceBusMessage
from azure.servicebus.exceptions import ServiceBusError

from rollcall.bus import open_bus
from rollcall.console import Failed, advise
from rollcall.doctor.seen import CanarySeen
from rollcall.http import App
from rollcall.target import Target

STEP_WITHIN = 90.0
"""Seconds for one step: Flex Consumption starts an idle function within that, mostly."""
PAUSE = 0.5
RETRY_FOR = 20
"""`retryForSeconds` of the request: a canary is not to wait until a cause is mended."""
CANCEL_FOR = 120
"""`retryForSeconds` of its cancellation, which may come before the meeting is made."""
ALONE_FOR = 60
"""Seconds after which the bot leaves by itself, should all else fail."""
CREATE, JOIN, REJECTED = "create-meeting", "join-meeting", "rejected-requests"
MOST_PEEKED = 1000
NOT_FOUND = 404

type Record = dict[str, Any]


class Missed(Exception):
    """A step did not happen. `code`: of problems.md; `next_step`: what mends it."""

    def __init__(self, said: str, code: str = "", next_step: str = "") -> None:
        super().__init__(said)
        self.code, self.next_step = code, next_step


@dataclass(kw_only=True)
class Canary:
    """One meeting, made for this run alone under the request id `key`."""

    target: Target
    within: float = STEP_WITHIN
    key: str = field(default_factory=lambda: f"rollcall-doctor-{uuid4()}")
    done: list[str] = field(default_factory=list)
    marks: tuple[str, ...] = ()
    """What names it in messages: the request id, and the id of its meeting."""

    def __post_init__(self) -> None:
        """Begin with the request id."""
        self.marks = (self.key,)

    @property
    def cancellation(self) -> dict[str, Any]:
        """The request that takes it away; it waits for a meeting that is still being made."""
        return {"requestId": self.key, "action": "cancel", "retryForSeconds": CANCEL_FOR}

    def run(self) -> CanarySeen:
        """Go through all steps; clean up; return how far it came."""
        began = time.monotonic()
        missed, left = Missed(""), ""
        with _terminated_as_interrupted():
            try:
                self._steps()
            except KeyboardInterrupt:
                missed = Missed("interrupted")
            except (Missed, Failed, ServiceBusError, AzureError) as error:
                missed = error if isinstance(error, Missed) else Missed(_said(error))
            if "requested" in self.done and "cancelled" not in self.done:
                left = self._clean_up(refused=bool(missed.code) and "made" not in self.done)
        return CanarySeen(
            done=tuple(self.done),
            took=timedelta(seconds=time.monotonic() - began),
            failed=str(missed),
            code=missed.code,
            next_step=missed.next_step,
            left=left,
        )

    def _steps(self) -> None:
        request = {
            "requestId": self.key,
            "subject": "Rollcall doctor: a canary, cancelled in a moment",
            "join": "now",
            "leaveWhenAloneSeconds": ALONE_FOR,
            "retryForSeconds": RETRY_FOR,
        }
        self.done.append("requested")  # from here on there may be something to clean up
        self._send(CREATE, request)
        meeting_id = self._until("made", lambda record: record["meeting"])["meetingId"]
        self.marks += (meeting_id,)
        self._until("joined", _is_in)
        self._send(JOIN, {"meetingId": meeting_id, "action": "leave"})
        self._until("left", lambda record: record["bot"]["state"] == "gone")
        self._until("recorded", lambda record: record["bot"]["legs"] and record["calls"] == [])
        self._send(CREATE, self.cancellation)
        self._until("cancelled", _is_cancelled)

    def _until[T](self, step: str, happened: Callable[[Record], T]) -> T:
        """Read the record until something has happened; return that. Raises `Missed`."""
        until = time.monotonic() + self.within
        seen: Record | None = None
        while time.monotonic() < until:
            seen = self._record()
            if seen is not None:
                _require_not_refused(seen)
            if seen is not None and (found := happened(seen)):
                self.done.append(step)
                return found
            if seen is None and (refused := self._refusal()) is not None:
                raise refused
            time.sleep(PAUSE)
        why = (seen or {}).get("request", {}).get("why") or _state(seen)
        raise Missed(f"not within {self.within:g} s; {why}")

    def _record(self) -> Record | None:
        with App(self.target) as app:
            answer = app.get("meetings", {"requestId": self.key})
        if answer.status_code == NOT_FOUND:
            return None
        record: Record = answer.json()
        return record

    def _send(self, queue: str, body: dict[str, Any]) -> None:
        message = ServiceBusMessage(json.dumps(body), content_type="application/json")
        message.message_id = f"{self.key}-{uuid4()}"
        with open_bus(self.target) as bus, bus.get_queue_sender(queue) as sender:
            sender.send_messages(message)

    def _refusal(self) -> Missed | None:
        """Return why the request was refused: Rollcall keeps a copy of it, with the code."""
        with open_bus(self.target) as bus, bus.get_queue_receiver(REJECTED) as receiver:
            sequence_number, looked = 1, 0
            while looked < MOST_PEEKED:
                page = receiver.peek_messages(
                    max_message_count=100, sequence_number=sequence_number, timeout=10
                )
                if not page:
                    return None
                for message in page:
                    if self._is_ours(message):
                        code = message.subject or ""
                        return Missed("the request was refused", code, f"docs/problems.md#{code}")
                looked += len(page)
                sequence_number = (page[-1].sequence_number or 0) + 1
        return None

    def _is_ours(self, message: ServiceBusMessage) -> bool:
        return any(mark in str(message) for mark in self.marks)

    def _clean_up(self, *, refused: bool) -> str:
        """Cancel what there is; return the request that is still to be carried out, or ""."""
        if refused:
            self._drop_copy()
            return ""
        advise("doctor: cleaning up the canary meeting ...")
        left = json.dumps(self.cancellation)
        with _uninterrupted():
            try:
                self._send(CREATE, self.cancellation)
                self._until("cleaned up", _is_cancelled)
                self._drop_copy()
            except (Missed, Failed, ServiceBusError, AzureError):
                return left
        return ""

    def _drop_copy(self) -> None:
        """Take our own copies off `rejected-requests`, where they are the first ones there.

        Receiving others would count as a delivery of them: then the copies stay, for 14 days.
        """
        with open_bus(self.target) as bus, bus.get_queue_receiver(REJECTED) as receiver:
            while (first := receiver.peek_messages(sequence_number=1, timeout=10)) and (
                self._is_ours(first[0])
            ):
                for message in receiver.receive_messages(max_message_count=1, max_wait_time=5):
                    if self._is_ours(message):
                        receiver.complete_message(message)
                    else:
                        receiver.abandon_message(message)


def run(target: Target, *, within: float = STEP_WITHIN) -> CanarySeen:
    """Send a canary; see `Canary.run`."""
    return Canary(target=target, within=within).run()


def _require_not_refused(record: Record) -> None:
    """Raise `Missed` where the request was given up after some tries."""
    request = record.get("request", {})
    if request.get("state") == "refused":
        raise Missed(
            str(request.get("message") or request.get("why")),
            str(request.get("code") or ""),
            str(request.get("nextStep") or ""),
        )


def _is_cancelled(record: Record) -> bool:
    return bool((record["meeting"] or {}).get("cancelledAt"))


def _is_in(record: Record) -> bool:
    bot = record["bot"]
    if bot["state"] == "failed":
        failure = bot.get("failure") or {}
        raise Missed(
            str(failure.get("message") or "the bot failed"),
            str(failure.get("code") or ""),
            str(failure.get("nextStep") or ""),
        )
    return bool(bot["state"] == "in")


def _state(record: Record | None) -> str:
    if record is None:
        return "no record is there: does the function run?"
    bot = record["bot"]["state"]
    return f"the bot is in state {bot}"


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Let SIGTERM be a KeyboardInterrupt: what was begun is cleaned up."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let a second Ctrl-C not stop the cleaning up, which ends by itself."""
    before = {one: signal.signal(one, signal.SIG_IGN) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _said(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
