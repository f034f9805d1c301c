"""What `rollcall requeue` prints: never a body, a link, a passcode or a name."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.table import Table
from rich.text import Text

from rollcall.console import out, plain_console, say
from rollcall.requeue.letters import Letter
from rollcall.requeue.moving import Handled, Outcome

SAID = {
    Outcome.SENT: "sent again",
    Outcome.ALREADY_SENT: "had been sent by a run that was killed; removed here",
    Outcome.DROPPED: "removed for good",
    Outcome.GONE: "taken by another run meanwhile",
    Outcome.HELD: "locked by another receiver, or the lock was lost; run it again in a minute",
    Outcome.STAYS: "left where they are",
}
COLUMNS = ("queue", "number", "reason", "age", "message id", "request id")
WIDEST = 1000
"""Columns where there is no terminal, so that each message has its line."""


def table(
    letters: Sequence[Letter], *, now: datetime, would: Callable[[Letter], str] | None = None
) -> None:
    """Print one row a message, and their number. `would`: what would be done with one."""
    if letters:
        grid = Table(box=None, pad_edge=False)
        for column in COLUMNS if would is None else (*COLUMNS, "what would be done"):
            grid.add_column(column, overflow="fold")
        for letter in letters:
            row = [
                letter.place.path,
                str(letter.sequence),
                letter.reason,
                age(now - letter.enqueued_at),
                letter.message_id,
                letter.request_id,
                *([would(letter)] if would else []),
            ]
            grid.add_row(*(Text(printable(cell)) for cell in row))
        (out if out.is_terminal else plain_console(width=WIDEST)).print(grid)
    say(f"{len(letters)} put aside" if letters else "Nothing is put aside.")


def as_json(letter: Letter, *, now: datetime) -> dict[str, Any]:
    """Return one message for scripts; `ageSeconds` is whole."""
    return {
        "queue": letter.place.path,
        "sequenceNumber": letter.sequence,
        "messageId": letter.message_id,
        "requestId": letter.request_id,
        "reason": letter.reason,
        "code": letter.code,
        "enqueuedAt": letter.enqueued_at.isoformat(),
        "ageSeconds": int((now - letter.enqueued_at).total_seconds()),
        "deferred": letter.deferred,
    }


def summary(handled: Sequence[Handled], *, chosen: int) -> None:
    """Print how many messages came to what, and why some stay."""
    counts = Counter(each.outcome for each in handled)
    for outcome in Outcome:
        if counts[outcome]:
            say(f"{counts[outcome]:>6} {SAID[outcome]}")
    for why, count in Counter(each.why for each in handled if each.why).items():
        say(f"       {count} of them: {printable(why)}")
    if len(handled) < chosen:
        say(f"{chosen - len(handled):>6} not looked at, or not known: run it again")
    if not chosen:
        say("Nothing is put aside that was chosen.")


def summary_json(handled: Sequence[Handled], *, chosen: int) -> dict[str, Any]:
    """Return the same for scripts; `left` has each message that stays or is held."""
    counts = Counter(each.outcome for each in handled)
    left = [each for each in handled if each.outcome in (Outcome.STAYS, Outcome.HELD)]
    return {
        "chosen": chosen,
        **{outcome.value: counts[outcome] for outcome in Outcome},
        "notReached": chosen - len(handled),
        "left": [
            {
                "queue": each.letter.place.path,
                "sequenceNumber": each.letter.sequence,
                "messageId": each.letter.message_id,
                "why": each.why or SAID[each.outcome],
            }
            for each in left
        ],
    }


def age(span: timedelta) -> str:
    """Return a span of time in its largest unit and the next: 2d 3h, 5m 0s."""
    seconds = max(0, int(span.total_seconds()))
    parts = (
        (seconds // 86400, "d"),
        (seconds // 3600 % 24, "h"),
        (seconds // 60 % 60, "m"),
        (seconds % 60, "s"),
    )
    first = next((index for index, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{count}{unit}" for count, unit in parts[first : first + 2])


def printable(text: str) -> str:
    """Return text from outside without what could move the cursor of a terminal."""
    return "".join(each if each.isprintable() else "�" for each in text)
