"""What Rollcall says of itself: log lines, and figures through OpenTelemetry's API.

A log line is a name from `Line` and ids, never a body, a token, a link or the text of an unexpected
error. Senders choose ids, so links are taken out of them, too. All of it stands in the line itself:
the Functions worker hands on nothing else of a record.
The ids that every line of an invocation carries are bound once, under the names that they have in
events and records. The libraries under it log URLs and headers at INFO; they are heard from WARNING
on.

Figures go nowhere until an exporter is set up in the process. Their attributes are words from the
code's own lists, so that no caller can make many of them.
Source: https://opentelemetry.io/docs/specs/otel/metrics/api/
"""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from functools import cache
from pathlib import Path
from traceback import StackSummary, walk_tb
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from opentelemetry.metrics import Counter, Histogram, Meter
    from opentelemetry.metrics import _Gauge as Gauge

type Counted = Literal[
    "rollcall.requests",  # queue, outcome, code: messages of our queues, by what became of them
    "rollcall.pushes",  # news: true, false
    "rollcall.unparsed",  # kind: the resource
    "rollcall.incoming",  # outcome: rejected, refused, failed, left, legacy, other
    "rollcall.reads",  # result: people, nobody, nothing, gone, failed
    "rollcall.answers.undelivered",  # code: why an answer reached no queue of the caller's
    "rollcall.outbox.refused",  # entity, code: messages of ours that can never be sent
    "rollcall.purged",  # records that were kept long enough
    "rollcall.questions.late",  # met by a look or the backstop, more than 10 s after they were due
]
type Measured = Literal[
    "rollcall.head.size",  # of a meeting's head row, each time it is written
    "rollcall.graph.duration",  # route, status: a request to Graph, until its answer was read
    "rollcall.callback.delay",  # a callback, from its receipt until it was recorded and answered
    "rollcall.commit.attempts",  # of one commit, those that lost the race included
    "rollcall.outbox.age",  # of messages when they are sent, or when the backstop finds them unsent
]
type Shown = Literal[
    "rollcall.group_calls.open",  # by the lists of today and yesterday, at the end of a walk
    "rollcall.backstop.last",  # when the backstop was last done with its walk
]
UNITS: Mapping[Measured | Shown, str] = {
    "rollcall.head.size": "By",
    "rollcall.graph.duration": "s",
    "rollcall.callback.delay": "s",
    "rollcall.commit.attempts": "{attempt}",
    "rollcall.outbox.age": "s",
    "rollcall.group_calls.open": "{call}",
    "rollcall.backstop.last": "s",  # since 1970-01-01T00:00:00Z
}

type Line = Literal[
    "backstop.failed",  # the walk met a meeting that it could not mend; the next walk tries again
    "callback.fits_no_row",  # a notification is larger than a transaction
    "callback.incoming_ignored",  # at the bot's registered webhook, besides calls, or too many
    "callback.incoming_legacy",  # in Skype's format; answered 204, for Graph to send it in its own
    "callback.incoming_not_rejected",  # Graph, or its keys, did not answer, or it refused
    "callback.incoming_rejected",  # a call came in to the bot
    "callback.left_unread",  # a body had more items than are read; the roster is read instead
    "callback.not_stored",  # answered 503, for Graph to send it again
    "callback.recorded",  # a callback changed what is recorded; the others are counted alone
    "callback.refused",  # the caller is not Graph, by its token
    "callback.surplus",  # calls that no leg of ours is bound to; they are hung up
    "callback.unknown_leg",  # for a leg that was never claimed, or is long over
    "create.join_id_unknown",  # Graph did not answer what the join id of a new meeting is
    "create.surplus_left",  # a meeting that a lost race made could not be deleted
    "function.failed",  # an error that no handler expects, without its text; the host gets a copy
    "graph.failed",  # a request to Graph failed; the ids are what Microsoft's support asks for
    "graph.token_renewed",  # Graph refused a token before its time; whether another was had
    "health.failed",  # an examination ended by an error that it does not expect
    "look.not_mended",  # a broken chain of looks was met and could not be mended; the backstop will
    "meeting.warned",  # a problem limits a meeting's record; published once as meeting.warning
    "message.deferred",  # a message is tried again later
    "message.done",  # a message was carried out
    "message.given_back",  # Service Bus took neither a copy nor a refusal; it delivers it again
    "message.rejected",  # a message was refused
    "outbox.not_cleared",  # what was sent may be sent again; duplicates can be detected
    "outbox.not_kept",  # the index does not say yet that something is unsent
    "outbox.not_sent",  # Service Bus did not take it; it is tried again
    "outbox.refused",  # a message of ours can never be sent; a copy is kept
    "outbox.undeliverable",  # a queue or topic is not there, or does not take an answer
    "purge.failed",  # a meeting could not be purged; the next walk, or that of the next day, tries
    "purge.page_unreadable",  # it is deleted; what leads to the meeting may stay, and leads nowhere
    "request.not_noted",  # readers do not see how far a request is
    "refusal.undeliverable",  # the caller's reply queue is not there
    "signing_keys.not_refreshed",  # the keys that are known are used on
    "sources.refused",  # Graph refuses what it says of calls afterwards; the look goes on without
    "sources.unanswered",  # Graph did not answer; the look at sources is repeated before long
    "telemetry.not_exported",  # a setting of the SDK's is wrong; the app works all the same
    "tend.fits_no_row",  # what a read said is larger than a transaction
    "tend.not_ours",  # a message names a call, or a time, that is none of the meeting's; ignored
]
LEVELS: Mapping[Line, int] = {
    "backstop.failed": logging.ERROR,
    "callback.fits_no_row": logging.ERROR,
    "callback.incoming_ignored": logging.INFO,
    "callback.incoming_legacy": logging.INFO,
    "callback.incoming_rejected": logging.INFO,
    "callback.recorded": logging.INFO,
    "callback.unknown_leg": logging.INFO,
    "function.failed": logging.ERROR,
    "health.failed": logging.ERROR,
    "outbox.refused": logging.ERROR,
    "message.deferred": logging.INFO,
    "message.done": logging.INFO,
    "message.rejected": logging.INFO,
    "purge.failed": logging.ERROR,
    "tend.fits_no_row": logging.ERROR,
}
"""How loud a line is, where it is no warning."""

LOGGER = logging.getLogger("rollcall")
ROOT = Path(__file__).parents[1]
MOST_FRAMES = 20
ONE_WORD = re.compile(r"[!#-~]+")
TALKATIVE = ("azure", "httpx", "httpcore", "kiota", "msgraph")


def quiet_libraries() -> None:
    """Let the libraries' loggers speak from WARNING on."""
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


@contextmanager
def correlated(**ids: str | None) -> Iterator[None]:
    """Let every line that is written within carry these ids, and no others; None: not known."""
    token = _bound.set(_known(ids))
    try:
        yield
    finally:
        _bound.reset(token)


def correlate(**ids: str | None) -> None:
    """Let the lines that follow carry these ids too, until the `correlated` around it ends."""
    _bound.set({**_bound.get(), **_known(ids)})


def presume(**ids: str | None) -> None:
    """Let the lines that follow carry those of these ids that have no value yet."""
    _bound.set({**_known(ids), **_bound.get()})


def bound_ids() -> str:
    """Return the ids that a line would carry here, as it would write them."""
    return _written(_bound.get())


def log(
    line: Line, text: object = "", *, error: BaseException | None = None, **members: object
) -> None:
    """Write a line: its name, the bound ids, its own members, and a text that quotes no request.

    Of an `error` its class is written, and through which functions it came; never its text.
    """
    failure = None if error is None else Failure(type(error).__name__, stack_of(error))
    of_error = {} if failure is None else {"error": failure.kind, "stack": failure.stack}
    said = _written({**_bound.get(), **_known(members), **of_error})
    parts = f"{said} {linkless(' '.join(str(text).split()))}".strip()
    level = LEVELS.get(line, logging.WARNING)
    LOGGER.log(level, f"{line}: {parts}" if parts else line, extra={"failure": failure})


def linkless(text: str) -> str:
    """Return a text as a line may have it: with no link."""
    from shared.words.redaction import without_links  # noqa: PLC0415 - indexing must stay quick

    return without_links(text)


class Failure(NamedTuple):
    """The error of a line, as its record has it beside the text: for the exporter."""

    kind: str
    stack: str


def stack_of(error: BaseException) -> str:
    """Return through which functions an error came, from where it was raised outwards.

    Followed by those of its cause. Files, lines and names of functions: no values, no texts.
    """
    found = " < ".join(frames_of(error))
    cause = error.__cause__ or error.__context__
    if cause is None:
        return found
    return f"{found} from {type(cause).__name__}: {' < '.join(frames_of(cause))}"


def frames_of(error: BaseException) -> list[str]:
    """Return where an error was raised, and from where that was called, as `file:line function`."""
    summary = StackSummary.extract(walk_tb(error.__traceback__), lookup_lines=False)
    inmost = reversed(summary[-MOST_FRAMES:])
    return [f"{_short(one.filename)}:{one.lineno} {one.name}" for one in inmost]


def milliseconds(time: timedelta) -> int:
    """Return a time as lines write it, in members that end in `Ms`; never less than none."""
    return max(0, round(time / timedelta(milliseconds=1)))


def count(what: Counted, times: int = 1, **attributes: str) -> None:
    """Count something that happened."""
    _counter(what).add(times, attributes)


def measure(what: Measured, value: float, **attributes: str) -> None:
    """Note a figure of which the distribution matters."""
    _histogram(what).record(value, attributes)


def show(what: Shown, value: float) -> None:
    """Note a figure of which the newest value counts."""
    _gauge(what).set(value)


def _short(file: str) -> str:
    """Return the path of a file within the app or within its library."""
    return file.removeprefix(f"{ROOT}/").rpartition("/site-packages/")[2]


def _known(ids: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in ids.items() if value is not None}


def _written(members: Mapping[str, object]) -> str:
    return " ".join(f"{name}={_value(value)}" for name, value in members.items())


def _value(value: object) -> str:
    """Return a value as one word; others are quoted as JSON quotes them."""
    text = linkless(",".join(map(str, value)) if isinstance(value, list | tuple) else str(value))
    return text if ONE_WORD.fullmatch(text) else json.dumps(text)


_bound: ContextVar[Mapping[str, object]] = ContextVar("bound", default={})  # noqa: B039 - never changed


@cache
def _meter() -> "Meter":
    from opentelemetry.metrics import get_meter  # noqa: PLC0415 - counted on the cold path

    return get_meter("rollcall")


@cache
def _counter(name: Counted) -> "Counter":
    return _meter().create_counter(name)


@cache
def _histogram(name: Measured) -> "Histogram":
    return _meter().create_histogram(name, unit=UNITS[name])


@cache
def _gauge(name: Shown) -> "Gauge":
    return _meter().create_gauge(name, unit=UNITS[name])
