"""What Rollcall tells of itself: log lines, and figures through OpenTelemetry's API.

Log lines are names from the code's own lists and ids, never bodies, tokens or links. All that is
said stands in the line itself: the Functions worker hands on nothing else of a record. The
libraries under it log URLs and headers at INFO; they are heard from WARNING on.

Figures go nowhere until an exporter is set up in the process. Their attributes are words from the
code's own lists, so that no caller can make many of them.
Source: https://opentelemetry.io/docs/specs/otel/metrics/api/
"""

import logging
from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from opentelemetry.metrics import Counter, Histogram, Meter

type Counted = Literal[
    "rollcall.pushes",  # news: true, false
    "rollcall.unparsed",  # kind: the resource
    "rollcall.reads",  # result: people, nobody, nothing, gone, failed
    "rollcall.questions.late",  # met by a look or the backstop, more than 10 s after they were due
]
type Measured = Literal["rollcall.head.size"]  # bytes of a meeting's head row, each time written

TALKATIVE = ("azure", "httpx", "httpcore", "kiota", "msgraph")


def quiet_libraries() -> None:
    """Let the libraries' loggers speak from WARNING on."""
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def count(what: Counted, times: int = 1, **attributes: str) -> None:
    """Count something that happened."""
    _counter(what).add(times, attributes)


def measure(what: Measured, value: int) -> None:
    """Note a figure of which the distribution matters."""
    _histogram(what).record(value)


@cache
def _meter() -> "Meter":
    from opentelemetry.metrics import get_meter  # noqa: PLC0415 - counted on the cold path

    return get_meter("rollcall")


@cache
def _counter(name: Counted) -> "Counter":
    return _meter().create_counter(name)


@cache
def _histogram(name: Measured) -> "Histogram":
    return _meter().create_histogram(name, unit="By")
