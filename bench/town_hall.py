"""What a town hall leaves in the table: 1,000 people join, some are muted, all leave. Each of these
is one push with the full roster. In this process, on a counted table.
"""

from dataclasses import dataclass

from bench.crowd import Crowd
from bench.figures import Figure, aimed
from bench.one_leg import OneLeg, parsed
from shared.calls.history import Heard, LogEntry
from shared.meeting.packing import packed

PEOPLE = 1_000
MUTES = 100
JOINING_SECONDS = 0.9
TALKING_SECONDS = 15.0
LEAVING_SECONDS = 0.3
"""Between two pushes: all come within 15 minutes, talk for 25, and leave within five."""
SAMPLED = 20
"""Of so many full rosters one is packed, and stands for the others."""
LOG_AIM_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TownHall:
    """Bytes of the head with everybody there and at the end, of the log, and of the pages.

    `pushes` is how many rosters came, `rosters` the bytes of a log that kept each of them.
    """

    fullest_head: int
    head: int
    log: int
    log_rows: int
    pages: int
    pushes: int
    rosters: int


async def measured_town_hall() -> TownHall:
    """Hold the town hall, and weigh what it leaves."""
    crowd = Crowd(seed=1)
    on = await OneLeg.begin(crowd)
    pushes = rosters = 0

    async def push(seconds: float) -> None:
        nonlocal pushes, rosters
        body = crowd.roster()
        if pushes % SAMPLED == 0:
            rosters += SAMPLED * _packed(body)
        pushes += 1
        await on.push(body)
        await on.passes(seconds)

    for _ in range(PEOPLE):
        crowd.join()
        await push(JOINING_SECONDS)
    for _ in range(MUTES):
        crowd.mute()
        await push(TALKING_SECONDS)
    fullest = sum(on.table.sizes("a-head"))
    while len(crowd) > 0:
        crowd.leave()
        await push(LEAVING_SECONDS)
    await on.passes(60)
    log = on.table.sizes("c-log-")
    return TownHall(
        fullest_head=fullest,
        head=sum(on.table.sizes("a-head")),
        log=sum(log),
        log_rows=len(log),
        pages=sum(on.table.sizes("d-page-")),
        pushes=pushes,
        rosters=rosters,
    )


def town_hall_figures(found: TownHall) -> list[Figure]:
    """Return the lines of the table."""
    return [
        aimed(
            f"log after a town hall of {PEOPLE:,}",
            found.log,
            f"{found.log / 1000:.0f} kB in {found.log_rows:,} rows, {found.pushes:,} pushes",
            at="most",
            limit=LOG_AIM_BYTES,
            aim=f"≤ {LOG_AIM_BYTES / 1e6:.0f} MB",
            beside=f"full rosters: {found.rosters / 1e6:.0f} MB",
        ),
        Figure(
            what="its head",
            figure=f"{found.head / 1000:.0f} kB",
            beside=f"with everybody there: {found.fullest_head / 1000:.0f} kB",
        ),
        Figure(what="its pages", figure=f"{found.pages / 1000:.0f} kB"),
    ]


def _packed(body: bytes) -> int:
    """Return the bytes of a log row that keeps all of a roster."""
    heard = tuple(Heard(observation=observation) for _, observation in parsed(body).observations)
    return len(packed(LogEntry, LogEntry(version=1, heard=heard)))
