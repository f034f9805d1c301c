"""A meeting of our own, from the request to its cancellation, and nothing left of it.

What was begun is cancelled whatever happens: a step that fails, Ctrl-C, SIGTERM, SIGHUP.
"""

import json
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from types import FrameType
from typing import Any
from uuid import uuid4

from azure.core.exceptions import AzureError
from azure.servicebus import ServiceBusMessage

from rollcall.bus import open_bus
from rollcall.console import Failed, advise
from rollcall.doctor.gathering.answers import NoAnswer, requested, said
from rollcall.doctor.gathering.copies import REJECTED, ours, take_away
from rollcall.doctor.seen import CanarySeen
from rollcall.doctor.shapes import RECORD, misfits
from rollcall.http import open_http
from rollcall.target import Target

STEP_WITHIN = 90.0
"""Seconds for one step: Flex Consumption starts an idle function within that, mostly."""
READ_WITHIN = 30.0
PAUSE = 0.5
RETRY_FOR = 20
"""`retryForSeconds` of the request: a canary is not to wait until a cause is mended."""
CANCEL_FOR = 120
"""`retryForSeconds` of its cancellation, which may come before the meeting is made."""
ALONE_FOR = 60
"""Seconds after which the bot leaves by itself, should all else fail."""
CREATE, JOIN = "create-meeting", "join-meeting"
OK, NOT_FOUND, TOO_MANY, SERVER_ERROR = 200, 404, 429, 500
SIGNALS: tuple[int, ...] = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""What ends a run; Windows has no SIGHUP."""
MADE_WITHIN = 30.0
"""Seconds for a request that was just sent to be carried out or refused, before a cancellation."""
COPY_WITHIN = 5.0
"""Seconds from a refusal until its copy lies in `rejected-requests`."""

type Record = Mapping[str, Any]


class Missed(Exception):
    """A step did not happen. `code`: of problems.md; `next_step`: what mends it."""

    def __init__(self, said: str, code: str = "", next_step: str = "") -> None:
        super().__init__(said)
        self.code, self.next_step = code, next_step


FAILURES = (Missed, Failed, AzureError, OSError)
"""What a step raises; errors of Service Bus are among the SDK's `AzureError`."""


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
        """Go through all steps; clean up; return how far it came, and what is left of it."""
        began = time.monotonic()
        missed, left = Missed(""), ""
        copies: tuple[int, ...] | str = ()
        with _first_signal_alone() as no_more_signals:
            try:
                try:
                    self._steps()
                except FAILURES as error:
                    missed = error if isinstance(error, Missed) else Missed(said(error))
                no_more_signals()
            except KeyboardInterrupt:
                missed = Missed("interrupted")
            if "requested" in self.done and "cancelled" not in self.done:
                advise("doctor: cleaning up the canary meeting ...")
                left = self._cancel()
                copies = self._take_copies_away(wait=COPY_WITHIN if missed.code else 0)
        return CanarySeen(
            done=tuple(self.done),
            took=timedelta(seconds=time.monotonic() - began),
            failed=str(missed),
            code=missed.code,
            next_step=missed.next_step,
            left=left,
            copies=copies,
        )

    def _steps(self) -> None:
        request = {
            "requestId": self.key,
            "subject": "Rollcall doctor: a canary, cancelled in a moment",
            "join": "now",
            "leaveWhenAloneSeconds": ALONE_FOR,
            "retryForSeconds": RETRY_FOR,
        }
        self._send(CREATE, request, noted="requested")
        meeting_id = self._until("made", lambda record: record["meeting"])["meetingId"]
        self.marks += (meeting_id,)
        self._until("joined", _is_in)
        self._send(JOIN, {"meetingId": meeting_id, "action": "leave"})
        self._until("left", lambda record: record["bot"]["state"] == "gone")
        self._until("recorded", lambda record: record["bot"]["legs"] and record["calls"] == [])
        self._send(CREATE, self.cancellation)
        self._until("cancelled", _is_cancelled)

    def _until[T](self, step: str, happened: Callable[[Record], T]) -> T:
        """Wait for a step, and note it; see `_wait`."""
        found = self._wait(happened, within=self.within)
        self.done.append(step)
        return found

    def _wait[T](self, happened: Callable[[Record], T], *, within: float) -> T:
        """Read the record until something has happened; return that. Raises `Missed`, `Failed`.

        An app that does not answer for a while may be starting anew.
        """
        until = time.monotonic() + within
        seen: Record | None = None
        unread = ""
        while time.monotonic() < until:
            try:
                seen, unread = self._record(), ""
            except NoAnswer as error:
                unread = str(error)
            else:
                if seen is not None:
                    _require_not_refused(seen)
                    if found := happened(seen):
                        return found
                elif (refused := self._refusal()) is not None:
                    raise refused
            time.sleep(PAUSE)
        why = unread or _request_of(seen or {}).get("why") or _state(seen)
        raise Missed(f"not within {within:g} s; {why}")

    def _record(self) -> Record | None:
        """Return the record; None where there is none yet. Raises `NoAnswer`, `Missed`, `Failed`.

        `NoAnswer` is raised for the statuses, too, that another try may not get.
        """
        with open_http(headers={"x-functions-key": self.target.key}) as client:
            answer = requested(
                client,
                "GET",
                f"{self.target.app}/api/meetings",
                within=READ_WITHIN,
                params={"requestId": self.key},
            )
        if answer.status == NOT_FOUND:
            return None
        if answer.status != OK:
            text = f"the app answers {answer.status}: {answer.message}".rstrip(": ")
            if answer.status == TOO_MANY or answer.status >= SERVER_ERROR:
                raise NoAnswer(text)
            raise Missed(text)
        if answer.members is None:
            raise Missed("the app answers with something else than a meeting's record")
        if wrong := next(misfits(answer.members, RECORD), None):
            raise Missed(f"the app answers with a record that this command cannot read: {wrong}")
        return answer.members

    def _send(self, queue: str, body: dict[str, Any], *, noted: str = "") -> None:
        """Send a request; note a step once it may have been sent, and not while a link opens."""
        message = ServiceBusMessage(json.dumps(body), content_type="application/json")
        message.message_id = f"{self.key}-{uuid4()}"
        with open_bus(self.target) as bus, bus.get_queue_sender(queue) as sender:
            if noted:
                self.done.append(noted)
            sender.send_messages(message)

    def _refusal(self) -> Missed | None:
        """Return why the request was refused: Rollcall keeps a copy of it, with the code."""
        with open_bus(self.target) as bus, bus.get_queue_receiver(REJECTED) as receiver:
            copies = ours(receiver, self.marks)
        if not copies:
            return None
        code = copies[0].subject or ""
        return Missed("the request was refused", code, f"docs/problems.md#{code}")

    def _cancel(self) -> str:
        """Cancel what there is; return the request that is still to be carried out, or ""."""
        if "made" not in self.done:
            # A cancellation of what was refused would be refused itself, some minutes later.
            try:
                self._wait(lambda record: record["meeting"], within=min(MADE_WITHIN, self.within))
            except FAILURES as error:
                if isinstance(error, Missed) and error.code:
                    return ""
        try:
            self._send(CREATE, self.cancellation)
            self._wait(_is_cancelled, within=self.within)
        except FAILURES:
            return json.dumps(self.cancellation)
        return ""

    def _take_copies_away(self, *, wait: float) -> tuple[int, ...] | str:
        """Return the numbers of the copies that stay, or why none is known.

        `wait`: seconds for a first one to come.
        """
        until = time.monotonic() + wait
        try:
            with open_bus(self.target) as bus, bus.get_queue_receiver(REJECTED) as receiver:
                while not ours(receiver, self.marks) and time.monotonic() < until:
                    time.sleep(PAUSE)
                return tuple(take_away(receiver, self.marks))
        except FAILURES as error:
            return said(error)


def run(target: Target, *, within: float = STEP_WITHIN) -> CanarySeen:
    """Send a canary; see `Canary.run`."""
    return Canary(target=target, within=within).run()


def _require_not_refused(record: Record) -> None:
    """Raise `Missed` where the request was given up after some tries."""
    request = _request_of(record)
    if request.get("state") == "refused":
        raise Missed(
            str(request.get("message") or request.get("why")),
            str(request.get("code") or ""),
            str(request.get("nextStep") or ""),
        )


def _request_of(record: Record) -> Record:
    found: Record = record.get("request") or {}
    return found


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
def _first_signal_alone() -> Iterator[Callable[[], None]]:
    """Let the first signal be a KeyboardInterrupt, and ignore those that follow.

    Yields what ignores the first one, too: cleaning up is not interrupted, and ends by itself.
    """

    def ignore() -> None:
        for one in SIGNALS:
            signal.signal(one, signal.SIG_IGN)

    def interrupt(number: int, frame: FrameType | None) -> None:
        ignore()
        raise KeyboardInterrupt

    before = {one: signal.signal(one, interrupt) for one in SIGNALS}
    try:
        yield ignore
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
