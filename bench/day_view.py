"""What it costs to show the calls of a day with 1,000 people: the view, in this process."""

import time
from datetime import datetime, timedelta
from random import Random
from statistics import median

from bench.crowd import T0
from bench.figures import Figure, aimed
from shared.calls.record import GroupCall, Session
from shared.sources.kept import Numbers
from shared.sources.view import view
from shared.words.ids import LegKey, SessionId, digest
from shared.words.observations import Person
from shared.words.sources import Attended, Source, SourceKind, Stay

PEOPLE, ROUNDS = 1_000, 21
SETTLE = timedelta(seconds=1)
AIM_MS = 20.0


def measured_view() -> tuple[float, float]:
    """Return the milliseconds of CPU of the view with a report, and with a call record too."""
    call, report, record = _a_day(Random(1))  # noqa: S311 - the same day every time
    return _cpu_ms(call, [report]), _cpu_ms(call, [report, record])


def view_figures(found: tuple[float, float]) -> list[Figure]:
    """Return the line of the table."""
    alone, both = found
    return [
        aimed(
            f"CPU of the view of a day with {PEOPLE:,} people, corrected by a report",
            alone,
            f"{alone:.1f} ms",
            at="most",
            limit=AIM_MS,
            aim=f"≤ {AIM_MS:.0f} ms",
            beside=f"by a report and a call record {both:.1f} ms",
        )
    ]


def _a_day(chance: Random) -> tuple[GroupCall, Source, Source]:
    """Return a call of eight hours, of whose people a third went out once, and its sources."""
    sessions: list[Session] = []
    attended: list[Attended] = []
    for number in range(PEOPLE):
        user_id = f"{chance.getrandbits(128):032x}"
        person = Person(kind="user", user_id=user_id, tenant_id="t")
        begin, end = chance.uniform(0, 600), chance.uniform(20_000, 28_000)
        stays = [(begin, end)] if number % 3 else [(begin, 9_000.0), (9_500.0, end)]
        sessions += [_session(person, *stay) for stay in stays]
        times = (Stay(joined_at=_at(joined), left_at=_at(left)) for joined, left in stays)
        attended.append(Attended(person=person, stays=tuple(times), role="Attendee"))
    call = GroupCall(
        number=1,
        started_at=_at(0.5),
        start_basis="observed",
        heard_at=_at(28_001),
        ended_at=_at(28_001),
        end_basis="observed",
        reason="everyoneLeft",
        sessions={one.session_id: one for one in sessions},
    )
    kinds: tuple[SourceKind, SourceKind] = ("attendanceReport", "callRecord")
    report, record = (
        Source(
            kind=kind,
            source_id="one",
            version=1,
            started_at=T0,
            ended_at=_at(28_001),
            attended=tuple(attended),
        )
        for kind in kinds
    )
    return call, report, record


def _session(person: Person, joined: float, left: float) -> Session:
    return Session(
        session_id=SessionId(digest("session", str(person.user_id), str(joined), characters=32)),
        person=person,
        first_seen=_at(joined + 0.5),
        first_version=1,
        legs=(LegKey("leg"),),
        last_seen=_at(left - 1),
        left_at=_at(left + 0.5),
    )


def _cpu_ms(call: GroupCall, sources: list[Source]) -> float:
    found = list[float]()
    for _ in range(ROUNDS):
        began = time.process_time()
        view([call], sources, Numbers(), settle=SETTLE)
        found.append(1000 * (time.process_time() - began))
    return median(found)


def _at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)
