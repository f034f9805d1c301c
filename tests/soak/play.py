"""The soak from its first meeting to the last comparison. Prints nothing; says how far it is."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from bench.process_cost import resident_bytes
from tests.soak.meeting import Gathering, Kind
from tests.soak.moves import Pace
from tests.soak.place import Place
from tests.soak.truth import differences
from tests.system.lab import Json

DROPPED, DOUBLED, SHUFFLED_SECONDS = 0.05, 0.2, 1.0
SETTLE = 0.5
POLL_SECONDS = 10
REPORT_SECONDS = 2.0
"""How long after a conference its report is there."""
NO_REPORTS = 3600.0
PROGRESS_SECONDS = 5.0
LOOKED_FOR = 300
"""Seconds after a call in which looks come: more than it takes the bots to leave."""
LOOK_AGAIN = 1.0
BOTLESS, DAILY, UNSEEN_END = 20, 4, 5
"""Every 20th meeting has no bot, every 4th other one is a daily room, and so on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much is played: for so many seconds, that many notifications a second at most."""

    seconds: float
    meetings: int
    rate: float

    @property
    def pause(self) -> int:
        """Seconds between two looks at sources."""
        return 20 if self.seconds >= 300 else 5

    @property
    def true_within(self) -> float:
        """Seconds after the reports are there within which every record is to be true."""
        return 3 * self.pause + 120.0

    @property
    def settings(self) -> dict[str, str]:
        """The settings of the app: what takes hours and days there takes seconds here."""
        soon = range(self.pause, LOOKED_FOR, self.pause)
        looks = [*soon, int(self.seconds) + 600]
        return {
            "SETTLE_SECONDS": str(SETTLE),
            "POLL_SECONDS": str(POLL_SECONDS),
            "SILENT_SECONDS": "5",
            "CLAIM_LEASE_SECONDS": "15",
            "REJOIN_SECONDS": "1,2,4,8",
            "LEAVE_WHEN_ALONE_SECONDS": "3600",
            "NOBODY_CAME_SECONDS": "3600",
            "SOURCES_AFTER_SECONDS": ",".join(map(str, looks)),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What was counted up to a moment, and the memory of the two hosts, in bytes."""

    at: float
    delivered: int
    table_requests: int
    memory: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of it. `wrong`: what differs, by meeting.

    `evidence`: what readers of those get, and the log of the room. `notifications` were made
    between `before` and `after`. `reported_at` is when the last reports were there.
    """

    before: Counted
    after: Counted
    at_end: Counted
    notifications: Sequence[Json]
    truths: dict[str, Json]
    gatherings: Sequence[Gathering]
    reported_at: datetime
    wrong: dict[str, list[str]]
    evidence: dict[str, Json]


async def play(place: Place, scale: Scale, say: Callable[[str], None]) -> Played:
    """Play it. Raises `AssertionError` where something that has to come does not."""
    client, lab = place.client, place.client.lab
    await lab.sources(attendanceReports={"delaySeconds": REPORT_SECONDS})
    ends = datetime.now(UTC) + timedelta(seconds=scale.seconds + 30)
    say(f"{scale.meetings} meetings, and the bot into them ...")
    gatherings = await asyncio.gather(
        *(
            Gathering.begin(
                client,
                f"soak {number}",
                kind=_kind(number),
                ends=ends,
                luck=Random(number),  # noqa: S311 - luck, not secrets
            )
            for number in range(scale.meetings)
        )
    )
    await lab.delivery(drop=DROPPED, duplicate=DOUBLED, shuffle=True, delaySeconds=SHUFFLED_SECONDS)
    made_before = len(await lab.notifications())
    before = counted(place)
    pace = Pace(place.callbacks, rate=scale.rate, seconds=scale.seconds)
    saying = asyncio.create_task(_progress(place, pace, before, say))
    try:
        await asyncio.gather(*(one.go_on(pace) for one in gatherings))
    finally:
        saying.cancel()
    after = counted(place)
    notifications = (await lab.notifications())[made_before:]
    say("the bots leave, and some people come back ...")
    await lab.sources(attendanceReports={"delaySeconds": NO_REPORTS})
    await asyncio.gather(*(one.end(pace) for one in gatherings))
    await lab.sources(attendanceReports={"delaySeconds": 0})
    reported_at = datetime.now(UTC)
    truths = {one["subject"]: one for one in await lab.all_meetings()}
    say("reports are there; records are held against the truth ...")
    wrong = await _wrong(gatherings, truths, scale.true_within, say)
    evidence = {
        one.name: {
            "record": await one.client.record(one.meeting_id),
            "truth": truths[one.name],
            "events": one.events(),
        }
        for one in gatherings
        if one.name in wrong
    }
    return Played(
        before=before,
        after=after,
        at_end=counted(place),
        notifications=notifications,
        truths=truths,
        gatherings=gatherings,
        reported_at=reported_at,
        wrong=wrong,
        evidence=evidence,
    )


def counted(place: Place) -> Counted:
    """Return what was counted until now."""
    first, second = place.hosts
    return Counted(
        at=asyncio.get_running_loop().time(),
        delivered=place.callbacks.requests,
        table_requests=place.tables.requests,
        memory=(resident_bytes(first), resident_bytes(second)),
    )


def _kind(number: int) -> Kind:
    if number % BOTLESS == BOTLESS // 2:
        return Kind(bot=False)
    return Kind(daily=number % DAILY == 1, unseen_end=number % UNSEEN_END == 2)


async def _progress(place: Place, pace: Pace, before: Counted, say: Callable[[str], None]) -> None:
    last = before
    while not pace.over:
        await asyncio.sleep(PROGRESS_SECONDS)
        now = counted(place)
        rate = (now.delivered - last.delivered) / (now.at - last.at)
        memory = " and ".join(f"{one / 2**20:.0f}" for one in now.memory)
        say(
            f"{pace.left:4.0f} s to go: {rate:.0f} callbacks/s, {place.callbacks.waiting} without "
            f"an answer; {len(place.client.events.all)} events; hosts {memory} MiB"
        )
        last = now


async def _wrong(
    gatherings: Sequence[Gathering],
    truths: dict[str, Json],
    within: float,
    say: Callable[[str], None],
) -> dict[str, list[str]]:
    """Return what still differs in each meeting when it had all the time there is."""
    clock = asyncio.get_running_loop().time
    end = clock() + within
    wrong = {one.name: ["it was not looked at"] for one in gatherings}
    said_at = clock()
    while wrong and clock() < end:
        for one in gatherings:
            if one.name in wrong:
                record = await one.client.record(one.meeting_id)
                assert record is not None
                wrong[one.name] = differences(record, truths[one.name], one.events())
        wrong = {name: found for name, found in wrong.items() if found}
        if wrong:
            if clock() - said_at >= PROGRESS_SECONDS:
                said_at = clock()
                name, found = next(iter(wrong.items()))
                say(f"{len(wrong)} records are not the truth yet; {name}: {found[0]}")
            await asyncio.sleep(LOOK_AGAIN)
    return wrong
