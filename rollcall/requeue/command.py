"""How `rollcall requeue` is carried out: list, choose, confirm, do, report."""

import re
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from types import FrameType

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from rollcall.console import Exit, Failed, advise, err, progress, write_json
from rollcall.requeue import report
from rollcall.requeue.bus import AzureBus
from rollcall.requeue.letters import (
    EVENTS,
    REJECTED,
    REQUEST_QUEUES,
    Letter,
    Place,
    Selection,
    chosen,
    missing,
    places,
    unknown,
)
from rollcall.requeue.moving import Handled, Notebook, Outcome, Pace, drop, listing, send, tidy
from rollcall.requeue.plan import Stays, destination, key_of
from rollcall.target import Target

SUBSCRIPTION = "all"
"""The subscription of meeting-events that is looked into unless others are given."""
MANY = 20
"""From so many messages on a bar shows how far it is."""
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the options say."""

    ids: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    queues: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    older_than: str | None = None
    newer_than: str | None = None
    subscriptions: list[str] | None = None
    every: bool = False
    dry_run: bool = False
    yes: bool = False
    json: bool = False


def list_letters(target: Target, request: Request) -> None:
    """Print the messages that were put aside. Raises `Failed`."""
    selection = _selection(request)
    with AzureBus(target, now=_now) as bus:
        letters, _ = _read(bus, request, selection)
    now = _now()
    found = chosen(letters, selection, now=now)
    if request.json:
        write_json([report.as_json(letter, now=now) for letter in found])
    else:
        report.table(found, now=now)


def send_letters(target: Target, request: Request) -> None:
    """Send the chosen messages again. Raises `Failed`; exits as `Exit` says."""
    selection = _chosen_by(request)
    with AzureBus(target, now=_now) as bus:
        notebooks = {queue: Notebook(bus, queue) for queue in _targets(selection)}
        notes = _side_by_side(Notebook.read, notebooks.values())
        letters, listed = _read(bus, request, selection)
        found = chosen(letters, selection, now=_now())
        sent = {key for book in notes for key in book}
        _announce(found, request, lambda letter: _would_send(letter, sent))
        if request.dry_run:
            raise typer.Exit(_unless_missing(found, selection))
        _confirm(request, f"Send {_count(found)} again?", found)
        tidy(notebooks.values(), letters, listed)
        with _stopping() as pace:
            handled = _carry_out(send(bus, found, notebooks, pace), len(found), request)
    _finish(handled, found, selection, request, stopped=pace.stopped())


def drop_letters(target: Target, request: Request) -> None:
    """Remove the chosen messages. Raises `Failed`; exits as `Exit` says."""
    selection = _chosen_by(request)
    with AzureBus(target, now=_now) as bus:
        letters, _ = _read(bus, request, selection)
        found = chosen(letters, selection, now=_now())
        _announce(found, request, lambda _: "would be removed for good")
        if request.dry_run:
            raise typer.Exit(_unless_missing(found, selection))
        _confirm(request, f"Remove {_count(found)} for good?", found)
        with _stopping() as pace:
            handled = _carry_out(drop(bus, found, pace), len(found), request)
    _finish(handled, found, selection, request, stopped=pace.stopped())


def _read(
    bus: AzureBus, request: Request, selection: Selection
) -> tuple[list[Letter], list[Place]]:
    """Return the messages of all places that can be meant, and which places were read."""
    letters: list[Letter] = []
    listed = []
    meant = [place for place in _known(request) if selection.covers(place)]
    for place, found in zip(meant, _side_by_side(partial(_listed, bus), meant), strict=True):
        if isinstance(found, list):
            letters += found
            listed.append(place)
        elif place.subscription is None or _subscriptions(request):
            raise Failed(f"{place.path}: {found}", found.code) from found
        else:
            advise(f"Left out, {place.path}: {found}")
    return letters, listed


def _known(request: Request) -> list[Place]:
    return places(_subscriptions(request) or [SUBSCRIPTION])


def _subscriptions(request: Request) -> list[str]:
    """Return the subscriptions that options name."""
    events = (name.split("/") for name in request.queues if name.startswith(f"{EVENTS}/"))
    return sorted({*(request.subscriptions or []), *(names[1] for names in events)} - {""})


def _listed(bus: AzureBus, place: Place) -> list[Letter] | Failed:
    try:
        return list(listing(bus, place))
    except Failed as failed:
        return failed


def _side_by_side[T, R](work: Callable[[T], R], parts: Iterable[T]) -> list[R]:
    """Return the results in order. The SDK takes half a second to open each link."""
    with progress("reading what was put aside"), ThreadPoolExecutor() as pool:
        return list(pool.map(work, parts))


def _targets(selection: Selection) -> list[str]:
    """Return the queues to which messages may go: to any from `rejected-requests`."""
    covered = {place.entity for place in places([]) if selection.covers(place)}
    return [queue for queue in REQUEST_QUEUES if {queue, REJECTED} & covered]


def _selection(request: Request) -> Selection:
    """Return which messages the options mean. Raises `Failed`."""
    if names := unknown(request.queues, _known(request)):
        known = ", ".join(dict.fromkeys(place.name for place in places([SUBSCRIPTION])))
        raise Failed(
            f"--queue {', '.join(map(repr, names))}: nothing is put aside there. Give {known}.",
            Exit.USAGE,
        )
    return Selection(
        message_ids=frozenset(request.ids),
        sequences=frozenset(request.numbers),
        queues=frozenset(request.queues),
        reasons=frozenset(request.reasons),
        codes=frozenset(request.codes),
        older_than=_span("--older-than", request.older_than),
        newer_than=_span("--newer-than", request.newer_than),
    )


def _chosen_by(request: Request) -> Selection:
    selection = _selection(request)
    if selection.is_empty and not request.every:
        raise Failed(
            "Say which: --message-id, --sequence-number, --queue, --reason, --code, --older-than,"
            " --newer-than, or --all. `rollcall requeue list` shows them.",
            Exit.USAGE,
        )
    if selection.sequences and not selection.queues:
        raise Failed("A sequence number counts in its queue: give --queue, too.", Exit.USAGE)
    if not (request.yes or request.dry_run or sys.stdin.isatty()):
        raise Failed("There is no terminal to confirm on: give --yes, or --dry-run.", Exit.USAGE)
    return selection


def _span(option: str, text: str | None) -> timedelta | None:
    if text is None:
        return None
    read = re.fullmatch(r"(\d{1,6})([smhd])", text.strip())
    if read is None:
        raise Failed(f"{option} is a number and s, m, h or d: 30m, 2h, 1d.", Exit.USAGE)
    return timedelta(**{UNITS[read[2]]: int(read[1])})


def _announce(found: Sequence[Letter], request: Request, would: Callable[[Letter], str]) -> None:
    if request.json and request.dry_run:
        now = _now()
        write_json([report.as_json(letter, now=now) | {"would": would(letter)} for letter in found])
    elif request.dry_run:
        report.table(found, now=_now(), would=would)


def _would_send(letter: Letter, sent: Collection[str]) -> str:
    if key_of(letter) in sent:
        return "was sent by a run that was killed; would be removed here"
    match destination(letter):
        case Stays(why=why):
            return f"stays: {why}"
        case queue:
            return f"would be sent to {queue}"


def _confirm(request: Request, question: str, found: Sequence[Letter]) -> None:
    if request.yes or not found:
        return
    for path in sorted({letter.place.path for letter in found}):
        advise(f"  {path}: {sum(letter.place.path == path for letter in found)}")
    if not typer.confirm(question, err=True):
        raise Failed("Nothing was done.", Exit.NO)


def _carry_out(
    steps: Iterator[Handled], total: int, request: Request
) -> tuple[list[Handled], Failed | None]:
    """Return what became of the messages, and what ended it before its end."""
    handled: list[Handled] = []
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=err,
        transient=True,
        disable=total < MANY or not err.is_terminal or request.json,
    )
    with bar:
        task = bar.add_task("messages", total=total)
        try:
            for each in steps:
                handled.append(each)
                bar.advance(task)
        except Failed as failed:
            return handled, failed
        except KeyboardInterrupt:
            return handled, Failed("Stopped at once.", Exit.INTERRUPTED)
    return handled, None


def _finish(
    ended: tuple[list[Handled], Failed | None],
    found: Sequence[Letter],
    selection: Selection,
    request: Request,
    *,
    stopped: bool,
) -> None:
    handled, failed = ended
    if request.json:
        write_json(report.summary_json(handled, chosen=len(found)))
    else:
        report.summary(handled, chosen=len(found))
    if failed:
        again = "Run it again: nothing is lost, and nothing will be sent twice."
        raise Failed(f"{failed} {again}", failed.code)
    if stopped:
        advise("Stopped. Run it again for the rest.")
        raise typer.Exit(Exit.INTERRUPTED)
    open_ends = (Outcome.STAYS, Outcome.HELD)
    if any(each.outcome in open_ends for each in handled):
        raise typer.Exit(Exit.NO)
    raise typer.Exit(_unless_missing(found, selection))


def _unless_missing(found: Sequence[Letter], selection: Selection) -> Exit:
    """Say which messages that were named are not there."""
    absent = missing(found, selection)
    for name in absent:
        advise(f"Not found: {report.printable(name)}")
    return Exit.NO if absent else Exit.DONE


def _count(found: Sequence[Letter]) -> str:
    return "1 message" if len(found) == 1 else f"{len(found)} messages"


@contextmanager
def _stopping() -> Iterator[Pace]:
    """Let the first Ctrl-C end it after the batch at hand, and the second at once."""
    requested: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        if requested:
            raise KeyboardInterrupt
        requested.append(number)
        advise("Stopping after this batch. Ctrl-C again stops at once; that is safe, too.")

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield Pace(clock=time.monotonic, pause=time.sleep, stopped=lambda: bool(requested))
    finally:
        signal.signal(signal.SIGINT, before)


def _now() -> datetime:
    return datetime.now(UTC)
