"""The people of a call as rows: who, when, for how long, and their bars. Core.

The first rows have bars. Those beyond them are written small, so that a town hall stays a page.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meeting_record.pages.axis import Axis, Bar
from meeting_record.pages.clock import Clock

type Json = Mapping[str, Any]

WITH_BARS = 100
"""So many people of a call have bars."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A time for which a person was there, in words. `notes`: its bounds, and what else is said."""

    text: str
    notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """One person of a call. `sessions` where they are more than the stays, each as a line."""

    name: str
    who: str
    stays: tuple[Stay, ...]
    length: str
    sessions: tuple[Stay, ...] = ()
    bars: tuple[Bar, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the rows of one call have in common.

    `start` names their date and offset. `until`: when the call was last heard of. `tenant_id`: the
    meeting's.
    """

    clock: Clock
    axis: Axis
    start: str
    until: str
    tenant_id: str


def person_rows(call: Json, around: Around, *, kind: str) -> tuple[PersonRow, ...]:
    """Return a row for each person, in the order of the record. `kind`: of their bars."""
    found = zip(call["people"], sessions_of(call["participants"]), strict=True)
    return tuple(
        _row(person, sessions, around, kind=kind, with_bars=number < WITH_BARS)
        for number, (person, sessions) in enumerate(found)
    )


def sessions_of(participants: Iterable[Json]) -> list[list[Json]]:
    """Return the sessions person by person, as the record unites them to people."""
    found = dict[str, list[Json]]()
    for one in participants:
        user_id = one["participant"].get("userId")
        found.setdefault(user_id or f"session {one['sessionId']}", []).append(one)
    return list(found.values())


def name_of(participant: Json, session_id: str = "") -> str:
    """Return how a page names a person: by name, else by id, else by kind and session."""
    kind_and_session = f"{participant['kind']} {session_id}".strip()
    return participant.get("displayName") or participant.get("userId") or kind_and_session


def length_text(seconds: float) -> str:
    """Return a length in words, to the millisecond: `1 h 2 min 3.5 s`."""
    whole = round(seconds * 1_000)
    minutes, rest = divmod(whole, 60_000)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"))
    words = [f"{count} {unit}" for count, unit in parts if count]
    if rest or not words:
        words.append(f"{rest / 1_000:g} s")
    return " ".join(words)


def _row(
    person: Json, sessions: Sequence[Json], around: Around, *, kind: str, with_bars: bool
) -> PersonRow:
    intervals: list[Json] = person["intervals"]
    alone = len(sessions) == 1 and _is_same(sessions[0], intervals[0])
    participant = person["participant"]
    return PersonRow(
        name=name_of(participant, sessions[0]["sessionId"]),
        who=_who(person, around.tenant_id),
        stays=tuple(_stay(one, sessions[0] if alone else None, around) for one in intervals),
        length=length_text(person["seconds"]),
        sessions=() if alone else tuple(_session(one, around) for one in sessions),
        bars=tuple(_bars(intervals, sessions, around, kind)) if with_bars else (),
    )


def _is_same(session: Json, interval: Json) -> bool:
    """Return whether an interval says all times of a session but its bounds."""
    joined_at = session["joinedAt"]
    return joined_at in {None, interval["joinedAt"]} and session["leftAt"] == interval["leftAt"]


def _who(person: Json, tenant_id: str) -> str:
    participant = person["participant"]
    user_id, tenant = participant.get("userId"), participant.get("tenantId")
    words = [participant["kind"]]
    if user_id and participant.get("displayName"):
        words.append(user_id)
    if person.get("role"):
        words.append(person["role"])
    if person["external"]:
        words.append("external")
    if tenant and tenant != tenant_id:
        words.append(f"tenant {tenant}")
    return ", ".join(words)


def _stay(interval: Json, session: Json | None, around: Around) -> Stay:
    """Return an interval; `session` is the only one of its person, and has its bounds."""
    begin = around.clock.beside(interval["joinedAt"], around.start)
    by = "by " if interval.get("presentBefore") else ""
    notes = [] if session is None else [*_bounds(session, around)]
    return Stay(text=f"{by}{begin} to {_end(interval, around)}", notes=", ".join(notes))


def _session(session: Json, around: Around) -> Stay:
    joined_at = session["joinedAt"]
    begin = "not seen" if joined_at is None else around.clock.beside(joined_at, around.start)
    return Stay(
        text=f"{begin} to {_end(session, around)}",
        notes=", ".join([*_bounds(session, around), session["sessionId"]]),
    )


def _end(stay: Json, around: Around) -> str:
    left_at = stay["leftAt"]
    return "now" if left_at is None else around.clock.beside(left_at, around.start)


def _bounds(session: Json, around: Around) -> Iterator[str]:
    """Yield the bounds of joining and leaving; the record leaves out those that are close."""

    def written(at: str) -> str:
        return around.clock.beside(at, around.start)

    match session:
        case {"joinedNotBefore": None}:
            yield "earliest join unknown"
        case {"joinedNotBefore": str(earliest)}:
            yield f"joined not before {written(earliest)}"
    match session:
        case {"notBefore": str(earliest), "notAfter": str(latest)}:
            yield f"left between {written(earliest)} and {written(latest)}"
        case {"notBefore": str(earliest)}:
            yield f"left not before {written(earliest)}, latest unknown"
        case {"notAfter": str(latest)}:
            yield f"left not after {written(latest)}, earliest unknown"
        case {"notBefore": None}:
            yield "bounds of leaving unknown"


def _bars(
    intervals: Iterable[Json], sessions: Iterable[Json], around: Around, kind: str
) -> Iterator[Bar]:
    axis = around.axis
    for one in sessions:
        for begin, end in (
            (one.get("joinedNotBefore"), one["joinedAt"]),
            (one.get("notBefore"), one.get("notAfter")),
        ):
            if begin is not None and end is not None and begin < end:
                bar = axis.bar(begin, end, "u")
                if bar is not None:
                    yield bar
    for one in intervals:
        bar = axis.bar(one["joinedAt"], one["leftAt"] or around.until, kind)
        if bar is not None:
            yield bar
