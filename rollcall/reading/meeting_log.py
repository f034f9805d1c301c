"""The log of a meeting, one line of the terminal for each line of it, or a few. Pure."""

from collections.abc import Iterable, Iterator
from typing import Any

from rollcall.plain import cells, counted, plain, wrapped
from rollcall.reading.group_call import name_of
from rollcall.reading.page import INDENT, Line, Page, title

type Json = dict[str, Any]

PHASES = {
    "joining": "is on its way in",
    "lobby": "is in the lobby",
    "in": "is in",
    "gone": "is gone",
}
NAMED = 8
"""People of one roster who are named, unless all are requested."""


def log_lines(log: Iterable[Json], record: Json, page: Page) -> Iterator[Line]:
    """Draw what was heard and published, in the order of commits.

    `record` says who the sessions are that a line of the log names by their ids.
    """
    yield from title("What was heard, and what was published", page)
    names = {
        one["sessionId"]: name_of(one["participant"])
        for call in record["calls"]
        for one in call["participants"]
    }
    day = None
    for entry in log:
        published = entry.get("published")
        at = published["time"] if published is not None else _at(entry["heard"])
        date = page.at(at).date()
        if date != day:
            yield Line(f"{INDENT}{date}", "dim")
            day = date
        if published is not None:
            kind = published["type"].removeprefix("rollcall.").removesuffix(".v1")
            yield from _entry(at, f"published {published['sequence']} {kind}", page, "green")
        else:
            yield from _entry(at, _heard(entry["heard"], names, page), page, None)


def _at(heard: Json) -> str:
    at: str = heard["askedAt"] if "askedAt" in heard else heard["at"]
    return at


def _entry(at: str, text: str, page: Page, style: str | None) -> Iterator[Line]:
    head = f"{INDENT}{page.time(at).partition(' ')[2]}  "
    for line in wrapped(plain(text), page.width - cells(head)):
        yield Line(f"{head}{line}".rstrip(), style)
        head = " " * cells(head)


def _heard(heard: Json, names: dict[str, str], page: Page) -> str:
    leg = f"leg {heard['legKey']}"
    match heard["kind"]:
        case "leg":
            code = f", {heard['code']}" if "code" in heard else ""
            subcode = f"/{heard['subcode']}" if heard.get("subcode") is not None else ""
            return f"{leg} {PHASES.get(heard['phase'], heard['phase'])}{code}{subcode}"
        case "roster" | "read":
            return _roster(heard, names, page)
        case "readFailed":
            return f"{leg}: the read of the roster failed ({heard['status']})"
        case "unanswered":
            return (
                f"{leg}: keepAlive, or the read of the call, was not answered ({heard['status']})"
            )
        case "keptAlive":
            return f"{leg}: keepAlive was taken"
        case "givenUp":
            return f"{leg}: the call was given up"
        case "unparsed":
            shape = f"{heard['changeType']} {heard['resource']} ({', '.join(heard['members'])})"
            several = counted(heard["count"], "notification", "notifications")
            return f"{leg}: {several} not read: {shape}"
        case other:
            return f"{leg}: {other}"


def _roster(heard: Json, names: dict[str, str], page: Page) -> str:
    """Say what a roster has that is news; the bot is one of its entries where it is listed."""
    what = "push" if heard["kind"] == "roster" else "read"
    parts = [f"{what} of {counted(heard['entries'], 'entry', 'entries')}"]
    if not heard["listsOurselves"]:
        parts.append("without the bot")
    if heard["named"]:
        parts.append(
            f"new: {_people([name_of(one['participant']) for one in heard['named']], page)}"
        )
    for member, word in (("missing", "without"), ("listed", "still there")):
        if heard.get(member):
            people = [names.get(one, one) for one in heard[member]]
            parts.append(f"{word}: {_people(people, page)}")
    for member, word in (("unread", "not readable"), ("uncounted", "without room")):
        if heard.get(member):
            parts.append(f"{heard[member]} {word}")
    return "; ".join(parts)


def _people(names: list[str], page: Page) -> str:
    """List names; where not all are requested, the first ones."""
    shown = names if page.people is None else names[:NAMED]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
