"""What Rollcall tells of itself: log lines, and figures through OpenTelemetry's API.

A log line is a name from `LINES` and ids, never a body, a token or a link. All of it stands in the
line itself: the Functions worker hands on nothing else of a record. The ids that every line of an
invocation carries are bound once. The libraries under it log URLs and headers at INFO; they are
heard from WARNING on.

Figures go nowhere until an exporter is set up in the process. Their attributes are words from the
code's own lists, so that no caller can make many of them.
Source: https://opentelemetry.io/docs/specs/otel/metrics/api/
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Literal

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
    "callback.refused",  # the caller is not Graph, by its token
    "callback.surplus",  # calls that no leg of ours is bound to; they are hung up
    "callback.unknown_leg",  # for a leg that was never claimed, or is long over
    "create.join_id_unknown",  # Graph did not answer what the join id of a new meeting is
    "create.surplus_left",  # a meeting that a lost race made could not be deleted
    "graph.failed",  # a request to Graph failed; the ids are what Microsoft's support asks for
    "join.thread_not_noted",  # another form of the meeting's link may not find it
    "look.not_mended",  # a broken chain of looks was met and could not be mended; the backstop will
    "meeting.warned",  # a problem limits a meeting's record; published once as meeting.warning
    "message.deferred",  # a message is tried again later
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
    "telemetry.not_exported",  # a setting of the SDK's is wrong; the app works all the same
    "tend.fits_no_row",  # what a read said is larger than a transaction
]
LEVELS: Mapping[Line, int] = {
    "backstop.failed": logging.ERROR,
    "callback.fits_no_row": logging.ERROR,
    "callback.incoming_ignored": logging.INFO,
    "callback.incoming_legacy": logging.INFO,
    "callback.incoming_rejected": logging.INFO,
    "callback.unknown_leg": logging.INFO,
    "outbox.refused": logging.ERROR,
    "message.deferred": logging.INFO,
    "message.rejected": logging.INFO,
    "purge.failed": logging.ERROR,
    "tend.fits_no_row": logging.ERROR,
}
"""How loud a line is, where it is no warning."""

LOGGER = logging.getLogger("rollcall")
TALKATIVE = ("azure", "httpx", "httpcore", "kiota", "msgraph")


def quiet_libraries() -> None:
    """Let the libraries' loggers speak from WARNING on."""
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


@contextmanager
def correlated(**ids: str) -> Iterator[None]:
    """Let every line that is written within carry these ids, and no others."""
    token = _bound.set(ids)
    try:
        yield
    finally:
        _bound.reset(token)


def correlate(**ids: str) -> None:
    """Let the lines that follow carry these ids too, until the `correlated` around it ends."""
    _bound.set({**_bound.get(), **ids})


def log(line: Line, text: object = "", *, traceback: bool = False, **members: object) -> None:
    """Write a line: its name, the bound ids, its own members, and a text that quotes no request."""
    said = [f"{name}={value}" for name, value in {**_bound.get(), **members}.items()]
    parts = " ".join((*said, str(text))).strip()
    level = LEVELS.get(line, logging.WARNING)
    LOGGER.log(level, f"{line}: {parts}" if parts else line, exc_info=traceback)


def count(what: Counted, times: int = 1, **attributes: str) -> None:
    """Count something that happened."""
    _counter(what).add(times, attributes)


def measure(what: Measured, value: float, **attributes: str) -> None:
    """Note a figure of which the distribution matters."""
    _histogram(what).record(value, attributes)


def show(what: Shown, value: float) -> None:
    """Note a figure of which the newest value counts."""
    _gauge(what).set(value)


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
