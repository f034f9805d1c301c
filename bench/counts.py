"""What each thing that happens to a meeting needs, counted: for the bill of any price list.

Nothing is timed. The steps add up: what a deployment does is so many times each of them. What the
backstop's walks ask for while nothing is there is a step by itself, and taken off the others.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from bench.counted_app import CountedApp, Counts, What
from bench.figures import Figure
from devstack.graph.identities import TENANT_ID
from shared.words.entities import CREATE_QUEUE, EVENTS_TOPIC, JOIN_QUEUE
from shared.words.ids import meeting_id_for

REQUEST_ID = "INC-4711"
SETTLED, A_MOMENT = 100.0, 1.0
"""Seconds: after the first, all that a move leads to is done; a poll is not due yet."""
HOURS, AN_HOUR = 4, 3_600.0
ALONE = 900.0
"""After so many seconds alone the bot has left, and is known to be gone."""
KEPT_DAYS = 95
THREE_DAYS = 259_200.0
A_DAY = 720
"""How often the backstop walks in a day."""

MADE, VISITED, CALLED, VISITOR, MUTED = "meeting", "visit", "call", "person", "push"
RESTED, READ, PURGED, WALKED, SOUGHT = "hour", "read", "purge", "day", "sources"
STEPS: Mapping[str, str] = {
    MADE: "a meeting is made, and its request answered on a reply queue",
    VISITED: "the bot comes, and leaves once it was alone for five minutes",
    CALLED: "a group call begins with one person, and ends with the last one",
    VISITOR: "another person comes, and goes",
    MUTED: "a push says nothing new",
    RESTED: "the bot is in a call for an hour, without a move",
    READ: "a record is read",
    SOUGHT: "what Graph says of a call is looked for seven times, and is not there",
    PURGED: "a record is purged",
    WALKED: "the deployment is there for a day",
}
A_THOUSAND: Mapping[str, int] = {
    MADE: 1_000,
    VISITED: 1_000,
    CALLED: 1_000,
    VISITOR: 9_000,
    MUTED: 40_000,
    RESTED: 1_000,
    SOUGHT: 1_000,
    PURGED: 1_000,
}
"""1,000 meetings, each with a call of an hour of ten people; four in five pushes are no news."""
BEGIN, END = "<!-- counts -->", "<!-- /counts -->"
WORDS: Mapping[What, str] = {
    "executions": "executions",
    "requests": "table requests",
    "rows": "rows",
    "sent": "sent",
    "received": "received",
    "graph": "Graph",
}


async def counted_steps() -> dict[str, Counts]:
    """Return what each of `STEPS` asks for."""
    app = CountedApp()
    await app.passes(SETTLED * 12)
    walks = app.counted()
    walk = _scaled(walks, 1 / walks["executions", "mend_meetings"])

    def counted() -> Counts:
        counts = app.counted()
        walked = counts.get(("executions", "mend_meetings"), 0)
        return _sum(counts, _scaled(walk, -walked))

    await app.take(CREATE_QUEUE, {"requestId": REQUEST_ID, "subject": "the checkout is down"})
    made = counted()
    meeting_id = meeting_id_for(tenant_id=TENANT_ID, request_id=REQUEST_ID)
    await app.take(JOIN_QUEUE, {"meetingId": meeting_id})
    await app.passes(SETTLED)
    came = counted()
    first = app.graph.come("first")
    await app.passes(SETTLED)
    began = counted()
    other = app.graph.come("other")
    await app.passes(SETTLED)
    app.graph.go(other)
    await app.passes(SETTLED)
    visitor = counted()
    await app.passes(HOURS * AN_HOUR)
    rested = _scaled(counted(), 1 / HOURS)
    app.graph.mute(first)
    await app.passes(A_MOMENT)
    muted = counted()
    app.graph.go(first)
    await app.passes(SETTLED)
    ended = counted()
    await app.passes(ALONE)
    went = counted()
    await app.read(REQUEST_ID)
    read = counted()
    await app.passes(THREE_DAYS)
    sought = counted()
    await app.sleeps_until_purged(KEPT_DAYS)
    purged = counted()
    return {
        MADE: made,
        VISITED: _sum(came, went),
        CALLED: _sum(began, ended),
        VISITOR: visitor,
        MUTED: muted,
        RESTED: rested,
        READ: read,
        SOUGHT: sought,
        PURGED: purged,
        WALKED: _scaled(walk, A_DAY),
    }


def together(steps: Mapping[str, Counts], times: Mapping[str, int]) -> Counts:
    """Return what all steps ask for, each so many times."""
    return _sum(*(_scaled(steps[name], number) for name, number in times.items()))


def total(counts: Counts, what: What) -> float:
    """Return the sum of one kind of count, whatever the names."""
    return sum(number for (kind, _), number in counts.items() if kind == what)


def count_figures(steps: Mapping[str, Counts]) -> list[Figure]:
    """Return the lines of the table."""
    rows = [*((STEPS[name], counts) for name, counts in steps.items())]
    rows.append(("1,000 meetings, as docs/operations.md has them", together(steps, A_THOUSAND)))
    return [
        Figure(what=what, figure=", ".join(_sums(counts)), beside=", ".join(_names(counts)))
        for what, counts in rows
    ]


def with_counts(document: str, steps: Mapping[str, Counts]) -> str:
    """Return docs/operations.md with the table of what was counted, between its marks."""
    before, _, rest = document.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{_as_markdown(steps)}\n{END}{after}"


def _as_markdown(steps: Mapping[str, Counts]) -> str:
    lines = [("", *WORDS.values(), "of them"), ("---",) * (len(WORDS) + 2)]
    rows = [
        *((f"**{name}**: {STEPS[name]}", counts) for name, counts in steps.items()),
        ("**1,000 meetings**, as below", together(steps, A_THOUSAND)),
    ]
    for what, counts in rows:
        numbers = [_shown(total(counts, kind)) for kind in WORDS]
        lines.append((what, *numbers, ", ".join(_names(counts))))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _scaled(counts: Counts, by: float) -> Counts:
    return {key: number * by for key, number in counts.items()}


def _sum(*some: Counts) -> Counts:
    added: dict[tuple[What, str], float] = defaultdict(float)
    for counts in some:
        for key, number in counts.items():
            added[key] += number
    return added


def _sums(counts: Counts) -> Sequence[str]:
    return [f"{_shown(total(counts, kind))} {word}" for kind, word in WORDS.items()]


def _names(counts: Counts) -> Sequence[str]:
    """Return events, executions and Graph's requests by their names."""
    return [
        f"{_shown(number)} {'events' if name == EVENTS_TOPIC else name}"
        for (kind, name), number in sorted(counts.items())
        if (kind in ("executions", "graph") or name == EVENTS_TOPIC) and round(number, 1)
    ]


def _shown(number: float) -> str:
    return f"{round(number, 1):,g}" if number < 100 else f"{number:,.0f}"
