"""The commands that read: `list`, `show`, `export`, `explain`.

Each imports what it needs on first use.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rollcall.console import (
    Exit,
    Failed,
    advise,
    has_unicode,
    out,
    progress,
    say,
    write_bytes,
    write_json,
)

if TYPE_CHECKING:
    from datetime import tzinfo

    from rollcall.http import App
    from rollcall.reading.page import Line, Page
    from rollcall.target import Target

reading = typer.Typer()

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Zone = Annotated[
    str | None,
    typer.Option("--tz", metavar="ZONE", help="Times on the clocks of an IANA zone; without, UTC."),
]
EVERY_SECONDS = 2.0
"""Between two reads of a call that is followed."""
ALIVE = frozenset({"joining", "waiting", "lobby", "in"})
"""States of the bot in which more will be heard."""


class Sheet(StrEnum):
    """The forms of an export."""

    CSV = "csv"
    NDJSON = "ndjson"


@reading.command("list")
def list_day(
    context: typer.Context,
    *,
    day: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="A day of UTC; without, today.")
    ] = None,
    open_only: Annotated[
        bool, typer.Option("--open", help="Only meetings in which a call goes on.")
    ] = False,
    all_pages: Annotated[
        bool, typer.Option("--all", help="All pages; a page has up to 500 meetings.")
    ] = False,
    tz: Zone = None,
    json: Json = False,
) -> None:
    """List a day's meetings: those with a call that goes on first, then those with calls."""
    from datetime import UTC, datetime

    from rollcall.http import as_answered
    from rollcall.reading.day_table import day_lines, in_order
    from rollcall.reading.records import read_day

    day = day or f"{datetime.now(UTC):%Y-%m-%d}"
    page = _page(tz)
    with _open(context) as app, progress("reading the list"):
        pages = read_day(app, day, open_only=open_only)
        read = list(pages) if all_pages else [next(pages)]
    with as_answered():
        meetings = in_order(one for part in read for one in part["meetings"])
        lines = [] if json else list(day_lines(meetings, page))
    continued = read[-1].get("continuation") is not None
    if json:
        write_json({"day": day, "meetings": meetings, "complete": not continued})
    elif meetings:
        _draw(lines)
    else:
        say(f"No meetings on {day} (UTC)" + (" in which a call goes on." if open_only else "."))
    if continued:
        advise("There are more pages; --all reads them.")


@reading.command()
def show(
    context: typer.Context,
    meeting_id: Annotated[str | None, typer.Argument(metavar="MEETING_ID")] = None,
    *,
    request_id: Annotated[
        str | None, typer.Option(metavar="ID", help="Find the meeting by a request for it.")
    ] = None,
    tz: Zone = None,
    all_people: Annotated[
        bool, typer.Option("--all", help="Draw all people, not only the first of a call.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="Draw again what changes, until all is over.")
    ] = False,
    json: Json = False,
) -> None:
    """Show a meeting's timeline: request, calls and people, bot, and what was heard of it."""
    from rollcall.http import parsed
    from rollcall.reading.records import read_record

    if bool(meeting_id) == bool(request_id):
        raise Failed("Give a MEETING_ID, or --request-id ID.", Exit.USAGE)
    if json and follow:
        raise Failed("--json prints the record once: leave out --follow.", Exit.USAGE)
    page = _page(tz, all_people=all_people)
    with _open(context) as app:
        if json:
            answer = read_record(app, meeting_id=meeting_id, request_id=request_id)
            parsed(answer.text)
            write_bytes([answer.content, b"\n"])
        elif follow:
            _follow(app, page, meeting_id, request_id)
        else:
            answer = read_record(app, meeting_id=meeting_id, request_id=request_id)
            _draw_record(app, parsed(answer.text), page)


@reading.command()
def export(
    context: typer.Context,
    sheet: Annotated[Sheet, typer.Argument(metavar="csv|ndjson", show_default=False)],
    meeting_ids: Annotated[list[str] | None, typer.Argument(metavar="MEETING_ID")] = None,
    *,
    day: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM-DD", help="All meetings of a day (UTC), instead of ids."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Whole, or not written at all."),
    ] = None,
    tz: Zone = None,
) -> None:
    """Export who was in which call, as the app gives it: one meeting, several, or a day's."""
    from rollcall.plain import counted
    from rollcall.reading.export import joined, write

    if bool(meeting_ids) == bool(day):
        raise Failed("Give MEETING_IDs, or --day YYYY-MM-DD.", Exit.USAGE)
    parameters = {"format": sheet.value} | ({} if tz is None else {"tz": tz})
    with _open(context) as app:
        ids = meeting_ids or _ids_of(app, day or "")
        if not ids:
            advise(f"No meetings on {day} (UTC): the export is empty.")
        left_out: list[str] | None = None if day is None else []
        parts = _sheets(app, ids, parameters, left_out)
        write(joined(parts, headed=sheet is Sheet.CSV), output)
    if output is not None:
        exported = len(ids) - len(left_out or ())
        advise(f"{output}: {counted(exported, 'meeting', 'meetings')}")


@reading.command()
def explain(
    words: Annotated[list[str] | None, typer.Argument(metavar="WORD")] = None,
    json: Json = False,
) -> None:
    """Explain a code, an event, a state, a basis or a warning, with the next step.

    For example 403/7504, 5010, organizer_not_allowed, call.unwatched. Without a word, list all.
    """
    from rollcall.plain import plain
    from rollcall.reading.catalogue import catalogue, entry_lines, found, index_lines, nearest

    entries = catalogue()
    wanted = " ".join(words or ())
    matches = found(wanted, entries) if wanted else entries
    if not matches and words and all(apart := [found(one, entries) for one in words]):
        matches = [one for several in apart for one in several]
    if not matches:
        close = nearest(wanted, entries)
        hint = f" Did you mean {' or '.join(close)}?" if close else ""
        said = f"{wanted}: not in the catalogue.{hint} `rollcall explain` lists all."
        raise Failed(plain(said), Exit.NO)
    if json:
        write_json(matches)
    elif wanted:
        _draw(line for one in matches for line in entry_lines(one, _page(None)))
    else:
        _draw(index_lines(matches, _page(None)))


def _open(context: typer.Context) -> "App":
    from rollcall.http import App

    target: Callable[[], Target] = context.obj
    return App(target())


def _page(tz: str | None, *, all_people: bool = False) -> "Page":
    from rollcall.reading.page import ASCII, PEOPLE, UNICODE, Page

    return Page(
        columns=out.width,
        zone=_zone(tz),
        people=None if all_people else PEOPLE,
        marks=UNICODE if has_unicode(out) else ASCII,
    )


def _zone(tz: str | None) -> "tzinfo":
    from datetime import UTC
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    if tz is None:
        return UTC
    try:
        return ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        from difflib import get_close_matches

        close = get_close_matches(tz, available_timezones(), n=1)
        meant = f" Did you mean {close[0]}?" if close else " Write it as Europe/Berlin."
        raise Failed(f"--tz {tz} is no IANA time zone.{meant}", Exit.USAGE) from error


def _draw(lines: Iterable["Line"]) -> None:
    for line in lines:
        # NO_COLOR is read as a wish for plain lines: rich would leave bold and dim.
        say(line.text, style=None if out.no_color else line.style)


def _draw_record(app: "App", record: dict[str, Any], page: "Page") -> None:
    from rollcall.http import as_answered
    from rollcall.reading.meeting_log import log_lines
    from rollcall.reading.records import read_log
    from rollcall.reading.timeline import timeline

    with as_answered():
        lines = list(timeline(record, page))
        meeting_id = None if record["meeting"] is None else record["meeting"]["meetingId"]
    _draw(lines)
    if meeting_id is not None:
        log = read_log(app, meeting_id)
        with as_answered():
            lines = list(log_lines(log, record, page))
        _draw(lines)


def _follow(app: "App", page: "Page", meeting_id: str | None, request_id: str | None) -> None:
    """Draw the record whenever it has changed, until no call is open and the bot is not there."""
    from time import sleep

    from rollcall.http import as_answered, parsed
    from rollcall.reading.records import NOT_MODIFIED, read_record

    known: str | None = None
    while True:
        answer = read_record(app, meeting_id=meeting_id, request_id=request_id, known=known)
        if answer.status_code != NOT_MODIFIED:
            known = answer.headers.get("ETag")
            record = parsed(answer.text)
            if out.is_terminal:
                out.clear()
            _draw_record(app, record, page)
            with as_answered():
                if not _goes_on(record):
                    return
        sleep(EVERY_SECONDS)


def _goes_on(record: dict[str, Any]) -> bool:
    waits = record.get("request", {}).get("state") == "waiting"
    is_open = any(one["endedAt"] is None for one in record["calls"])
    return waits or is_open or record["bot"]["state"] in ALIVE


def _ids_of(app: "App", day: str) -> list[str]:
    from rollcall.http import not_the_app
    from rollcall.reading.records import read_day

    with progress("reading the list"):
        pages = list(read_day(app, day, open_only=False))
    ids = [one.get("meetingId") for page in pages for one in page["meetings"]]
    if not all(isinstance(one, str) for one in ids):
        raise not_the_app("a meeting of the list has no id")
    return ids


def _sheets(
    app: "App", ids: list[str], parameters: dict[str, str], left_out: list[str] | None
) -> Iterable[bytes]:
    """Yield the sheet of each meeting.

    `left_out` takes the ids of those that were purged after they were listed; None: all must be
    there.
    """
    from rich.progress import Progress

    from rollcall.console import err
    from rollcall.reading.records import read_sheet

    with Progress(console=err, transient=True, disable=not err.is_terminal) as bar:
        for one in bar.track(ids, description="reading meetings"):
            try:
                yield read_sheet(app, one, parameters)
            except Failed as failed:
                if left_out is None or failed.code is not Exit.NO:
                    raise
                left_out.append(one)
                advise(f"left out: {failed}")
