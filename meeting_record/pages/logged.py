"""The log in words: what each commit heard, and what was published of it. Core."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from meeting_record.pages.clock import Clock, Time
from meeting_record.pages.people_rows import name_of

type Json = Mapping[str, Any]

MOST_NAMED = 5
"""People of one line that are named; the others are counted, and named in the log itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One line: which commit, when, and what it heard or published."""

    version: int
    kind: str
    time: Time
    text: str


def log_rows(lines: Iterable[Json], calls: Iterable[Json], clock: Clock) -> tuple[LogRow, ...]:
    """Return the lines of a log in words, the newest first.

    Events of one type that one commit published are one line. People are named as in `calls`.
    """
    names = {
        one["sessionId"]: name_of(one["participant"], one["sessionId"])
        for call in calls
        for one in call["participants"]
    }
    rows = [
        row for _, alike in groupby(lines, key=_alike) for row in _rows(list(alike), names, clock)
    ]
    return tuple(reversed(rows))


def _alike(line: Json) -> tuple[int, str | None]:
    published = line.get("published")
    return line["version"], None if published is None else published["type"]


def _rows(lines: list[Json], names: Mapping[str, str], clock: Clock) -> Iterator[LogRow]:
    if "published" in lines[0]:
        yield _published(lines[0]["version"], [one["published"] for one in lines], clock)
        return
    for one in lines:
        heard = one["heard"]
        at = heard.get("answeredAt") or heard["at"]
        text = "; ".join(_heard(heard, names, clock))
        yield LogRow(version=one["version"], kind="heard", time=clock.whole(at), text=text)


def _published(version: int, events: list[Json], clock: Clock) -> LogRow:
    first, last = events[0], events[-1]
    several = f" to {last['sequence']}" if len(events) > 1 else ""
    name = first["type"].removeprefix("rollcall.").removesuffix(".v1")
    text = f"{name}, event {first['sequence']}{several}"
    return LogRow(version=version, kind="published", time=clock.whole(first["time"]), text=text)


def _heard(heard: Json, names: Mapping[str, str], clock: Clock) -> Iterator[str]:
    match heard["kind"]:
        case "leg":
            code = f" ({heard['code']}, {heard['subcode']})" if "code" in heard else ""
            yield f"the bot's leg: {heard['phase']}{code}"
        case "roster" | "read":
            yield from _roster(heard, names, clock)
        case "readFailed":
            yield f"a read of the roster failed: status {heard['status']}"
        case "unanswered":
            yield f"a keepAlive failed: status {heard['status']}"
        case "keptAlive":
            yield "a keepAlive was taken"
        case "givenUp":
            yield "the call was given up"
        case _:
            yield (
                f"a notification that is not read: {heard['resource']}, {heard['changeType']}, "
                f"{heard['size']} bytes, {heard['count']} times"
            )


def _roster(heard: Json, names: Mapping[str, str], clock: Clock) -> Iterator[str]:
    bot = "with the bot" if heard["listsOurselves"] else "without the bot"
    if heard["kind"] == "read":
        asked = clock.beside(heard["askedAt"], heard["answeredAt"])
        yield f"a read, asked at {asked}: {_entries(heard)}, {bot}"
    else:
        yield f"a roster: {_entries(heard)}, {bot}"
    new = [name_of(one["participant"], one["sessionId"]) for one in heard["named"]]
    if new:
        yield f"new: {_named(new)}"
    if missing := [names.get(one, one) for one in heard.get("missing", ())]:
        yield f"missing: {_named(missing)}"
    if "listed" in heard:
        listed = [names.get(one, one) for one in heard["listed"]]
        yield f"of those there it lists {_named(listed) if listed else 'nobody'}"
    for words, member in (("not read", "unread"), ("without room", "uncounted")):
        if heard.get(member):
            yield f"{words}: {heard[member]}"


def _entries(heard: Json) -> str:
    count = heard["entries"]
    return "1 entry" if count == 1 else f"{count} entries"


def _named(who: list[str]) -> str:
    more = len(who) - MOST_NAMED
    shown = ", ".join(who[:MOST_NAMED])
    return f"{shown} and {more} more" if more > 0 else shown
