"""What commands say of an event, as lines for people. Pure; any text from outside is made plain."""

import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from rollcall.asking.outcomes import Data, Heard
from rollcall.asking.requests import Request
from rollcall.plain import plain, wrapped

_NAMES = 12
"""Cells before the value of a line."""
_BOT = {
    "bot.joining": "joining",
    "bot.waiting": "in the lobby; a person in the meeting has to admit it",
    "bot.joined": "in the meeting",
    "bot.left": "out of the meeting ({reason})",
    "bot.absent": "no bot was in the meeting, or on its way",
}
_IN = "in the meeting already"
_WITHOUT_COORDINATES = (
    "The link comes only in an answer on a queue: repeat the command with"
    " --request-id {id} and --reply-to QUEUE."
)


def said(event: Heard, *, width: int) -> Iterator[str]:
    """Give the lines for an event that answers a request; `width` in cells, for sentences."""
    if event.is_refusal:
        yield from _refusal(event, width)
    elif event.type == "meeting.warning":
        yield from _row("warning", event.data.get("message"), width)
    elif event.type in _BOT:
        yield from _row("bot", _bot(event), width)
    else:
        yield from _meeting(event, width)


def look_later(request: Request) -> str:
    """Return what to do where no answer was waited for, or none has come."""
    quoted = shlex.quote(plain(request.id))
    return f"The request stands. Look later: rollcall show --request-id {quoted}"


def _bot(event: Heard) -> str:
    if event.type == "bot.joining" and event.data.get("state") == "in":
        return _IN
    return _BOT[event.type].format(reason=event.data.get("reason"))


def _meeting(event: Heard, width: int) -> Iterator[str]:
    data = event.data
    if event.type == "meeting.cancelled":
        yield from _row("cancelled", data.get("subject"), width)
    if "changed" in data:
        yield from _row("changed", ", ".join(map(str, data["changed"])) or "nothing", width)
    yield from _row("meeting", data.get("meetingId"), width)
    yield from _row("request id", data.get("requestId"), width)
    if event.type != "meeting.cancelled":
        yield from _row("subject", data.get("subject"), width)
        yield from _row("from", _time(data.get("startDateTime")), width)
        yield from _row("to", _time(data.get("endDateTime")), width)
        yield from _coordinates(data, width)
    for warning in data.get("warnings", ()):
        yield from _row("warning", f"{warning.get('member')}: {warning.get('message')}", width)
    yield from _undelivered(data, width)


def _coordinates(data: Data, width: int) -> Iterator[str]:
    found = data.get("coordinates")
    if found is None:
        text = _WITHOUT_COORDINATES.format(id=shlex.quote(plain(data.get("requestId"))))
        yield from _row("join at", text, width)
        return
    yield from _row("join at", found.get("joinWebUrl"), width)
    yield from _row("join id", _in_threes(found.get("joinMeetingId")), width)
    yield from _row("passcode", found.get("passcode"), width)
    for number in _dial_in(found.get("dialIn") or {}):
        yield from _row("dial in", number, width)
    yield from _row("thread", (found.get("chatInfo") or {}).get("threadId"), width)


def _dial_in(found: Data) -> Iterator[str]:
    numbers: Sequence[Any] = found.get("tollNumbers") or [found.get("tollNumber")]
    free: Sequence[Any] = found.get("tollFreeNumbers") or [found.get("tollFreeNumber")]
    conference = found.get("conferenceId")
    for number in filter(None, (*numbers, *free)):
        yield f"{number}, conference {conference}" if conference else str(number)


def _refusal(event: Heard, width: int) -> Iterator[str]:
    data = event.data
    yield f"refused: {plain(data['code'])}"
    problems = data.get("problems") or ()
    if not problems and (why := data.get("message") or data.get("reason")):
        yield from _indented(why, width)
    for problem in problems:
        where = problem.get("member") or "the message"
        yield from _indented(f"{where} {problem.get('message')}", width)
    for tried in data.get("history") or ():
        yield from _indented(f"{tried.get('at')}  {tried.get('message')}", width)
    if data.get("nextStep"):
        yield "What to do:"
        yield from _indented(data["nextStep"], width)
    yield from _undelivered(data, width)


def _undelivered(data: Data, width: int) -> Iterator[str]:
    if isinstance(found := data.get("undelivered"), dict):
        yield from _row("undelivered", found.get("message"), width)


def _row(name: str, value: object, width: int) -> Iterator[str]:
    """Give no line without a value; an address is never broken, so that it can be copied."""
    text = plain(value) if value is not None else ""
    if not text:
        return
    lines = wrapped(text, max(width - _NAMES, 20)) if " " in text else [text]
    for number, line in enumerate(lines):
        yield f"{'' if number else name:<{_NAMES}}{line}"


def _indented(text: object, width: int) -> Iterator[str]:
    for paragraph in str(text).splitlines():
        yield from (f"  {line}" for line in wrapped(plain(paragraph), max(width - 2, 20)))


def _time(value: object) -> str | None:
    """Cut the fraction of a second: `2026-11-26T03:26:12.5550000Z` is planned to the minute."""
    return f"{value[:16].replace('T', ' ')} UTC" if isinstance(value, str) else None


def _in_threes(value: object) -> str | None:
    """Write a join id as Teams shows it."""
    digits = str(value) if value is not None else ""
    threes = (digits[at : at + 3] for at in range(0, len(digits), 3))
    return " ".join(threes) if digits.isdigit() else digits or None
