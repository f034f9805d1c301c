"""Made-up records and sources of one meeting, in minutes of one morning."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from shared.calls.record import GroupCall, Session
from shared.sources.kept import Found, Numbers
from shared.sources.view import without_number
from shared.words.ids import LegKey, SessionId
from shared.words.observations import Basis, Person
from shared.words.sources import Attended, Source, SourceKind, Stay

T0 = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
SETTLE = timedelta(seconds=2)
PEOPLE = "abc-"
"""Who may be in a meeting; the last one has no identity."""


def at(seconds: float) -> datetime:
    """Return the moment so many seconds into the morning."""
    return T0 + timedelta(seconds=seconds)


def person(name: str) -> Person:
    """Return who that is."""
    return Person(kind="user", user_id=f"u-{name}") if name != "-" else Person(kind="phone")


def an_entry(name: str, *stretches: tuple[float, float]) -> Attended:
    """Return what a source says of a person, in seconds into the morning."""
    spent = (Stay(joined_at=at(begin), left_at=at(end)) for begin, end in stretches)
    return Attended(person=person(name), stays=tuple(spent))


def a_source(kind: SourceKind, *listed: Attended) -> Source:
    """Return a source that lists these people."""
    return Source(
        kind=kind, source_id="one", version=0, started_at=at(0), ended_at=at(160), attended=listed
    )


def a_session(session_id: str, name: str, first: float, last: float) -> Session:
    """Return a session as it was observed, seen until it ended."""
    return Session(
        session_id=SessionId(session_id),
        person=person(name),
        first_seen=at(first),
        first_version=1,
        legs=(LegKey("leg"),),
        last_seen=at(last),
        left_at=at(last),
    )


def a_call(number: int, *sessions: Session) -> GroupCall:
    """Return a call that is over, from its first session to its last."""
    ends = [one.left_at for one in sessions if one.left_at is not None]
    return GroupCall(
        number=number,
        started_at=min(one.first_seen for one in sessions),
        start_basis="observed",
        heard_at=max(ends),
        ended_at=max(ends),
        end_basis="polled",
        reason="everyoneLeft",
        sessions={one.session_id: one for one in sessions},
    )


moments = st.integers(0, 120).map(float)


@st.composite
def stays(draw: st.DrawFn) -> Stay:
    """Draw one stretch of time; some of no length, some without an end."""
    begin = draw(moments)
    lasting = draw(st.none() | st.integers(0, 40))
    return Stay(joined_at=at(begin), left_at=None if lasting is None else at(begin + lasting))


entries = st.builds(
    Attended,
    person=st.sampled_from(PEOPLE).map(person),
    stays=st.lists(stays(), max_size=3).map(tuple),
    role=st.sampled_from([None, "Organizer", "Attendee"]),
)


@st.composite
def sources(draw: st.DrawFn) -> Source:
    """Draw a report or a record: of a few ids, some editions, some that say nothing yet."""
    kind: SourceKind = draw(st.sampled_from(["attendanceReport", "callRecord"]))
    return Source(
        kind=kind,
        source_id=draw(st.sampled_from(["one", "two", "three"])),
        version=draw(st.integers(0, 2)),
        started_at=at(0),
        ended_at=draw(st.sampled_from([None, at(160), at(160), at(160)])),
        attended=tuple(draw(st.lists(entries, max_size=4))),
    )


@st.composite
def recorded(draw: st.DrawFn) -> tuple[GroupCall, ...]:
    """Draw the calls of a record, one after another; the last of them may go on."""
    edges = sorted(draw(st.lists(st.integers(0, 160), max_size=8, unique=True)))
    goes_on = draw(st.booleans())
    calls: list[GroupCall] = []
    for begin, end in zip(edges[::2], edges[1::2], strict=False):
        over = not (goes_on and end == edges[-1])
        calls.append(draw(_call(len(calls) + 1, begin, end, over=over)))
    return tuple(calls)


@st.composite
def _call(draw: st.DrawFn, number: int, begin: int, end: int, *, over: bool) -> GroupCall:
    names = draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=4))
    sessions = [
        draw(_session(draw(_ids(number, place, name)), name, begin, end, over=over))
        for place, name in enumerate(names)
    ]
    start: Basis = draw(st.sampled_from(["observed", "polled"]))
    basis: Basis = draw(st.sampled_from(["observed", "polled", "assumed"]))
    return GroupCall(
        number=number,
        started_at=at(begin),
        start_basis=start,
        heard_at=at(end),
        ended_at=at(end) if over else None,
        end_basis=basis if over else None,
        reason="everyoneLeft" if over else None,
        complete=draw(st.booleans()),
        sessions={one.session_id: one for one in sessions},
    )


def _ids(number: int, place: int, name: str) -> st.SearchStrategy[str]:
    """Return strategies of an id of the call's own, or of one that other calls may know, too."""
    return st.sampled_from([f"{number}-{place}", f"{name}-{place}"])


@st.composite
def _session(
    draw: st.DrawFn, session_id: str, name: str, begin: int, end: int, *, over: bool
) -> Session:
    first = draw(st.integers(begin, end))
    last = draw(st.integers(first, end))
    return Session(
        session_id=SessionId(session_id),
        person=person(name),
        first_seen=at(first),
        first_version=1,
        legs=(LegKey("leg"),),
        last_seen=draw(st.sampled_from([None, at(last)])),
        left_at=at(draw(st.integers(last, end))) if over else None,
        blurred=draw(st.booleans()),
    )


def given(
    calls: Sequence[GroupCall], known: Sequence[Source], before: Numbers | None = None
) -> Numbers:
    """Return the numbers after those of `before`: each call that only sources know has one."""
    before = before or Numbers()
    found, last = list(before.found), len(calls) + len(before.found)
    for new in without_number(calls, known, before, settle=SETTLE):
        last += 1
        span = new.best.span
        found.append(
            Found(
                number=last,
                started_at=span.started_at,
                ended_at=span.ended_at,
                basis=new.best.kind,
            )
        )
    return Numbers(found=tuple(found), awaited=before.awaited)
