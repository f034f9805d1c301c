"""Notifications a second, and how long one takes: Rollcall beside a bare endpoint in the same kind
of host, over 50 meetings and all on one, as fast as taken and at a pace.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from bench.callback_stage import Load, Loaded, rollcall_and_bare
from bench.figures import Figure, aimed
from bench.graph_of_crowds import Seat
from bench.pushing import traffic

MEETINGS = 50
NOTIFICATIONS, LEAVING_NOTIFICATIONS = 1_000, 600
ALONE_NOTIFICATIONS, ALONE_TIMES = 200, 4
"""One meeting by itself grows by a person every fourth push. So it is another one after a while."""
PEOPLE, ALONE_PEOPLE = 30, 10
"""At first; both have some 35 in a roster on the average."""
PACE, PACED = 100.0, 800
AT_ONCE = 32
"""Less than the 50 meetings, each of which has one callback on its way at a time."""
WARM_UP = 200
LATEST = 0.99
ONE_AIM, MANY_AIM, LATEST_AIM_MS = 0.3, 0.25, 250.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRates:
    """Rollcall and the bare endpoint over 50 meetings and on one; Rollcall at a pace, too.

    `leaving`: over 50 meetings, where every other news is that somebody left.
    """

    many: Load
    bare_many: Load
    one: Load
    bare_one: Load
    leaving: Load
    paced_many: Load
    paced_one: Load


async def measured_callbacks() -> CallbackRates:
    """Let the bot into every meeting, and load both apps in turn."""
    people = [PEOPLE] * MEETINGS + [ALONE_PEOPLE] * (2 * ALONE_TIMES)
    async with rollcall_and_bare(people) as (rollcall, bare):
        for app in (bare, rollcall):
            await _fast(app, [_many(app)], WARM_UP)
        return CallbackRates(
            bare_many=await _fast(bare, [_many(bare)], NOTIFICATIONS),
            many=await _fast(rollcall, [_many(rollcall)], NOTIFICATIONS),
            bare_one=await _fast(bare, _alone(bare)[:ALONE_TIMES], ALONE_NOTIFICATIONS),
            one=await _fast(rollcall, _alone(rollcall)[:ALONE_TIMES], ALONE_NOTIFICATIONS),
            paced_many=await _paced(rollcall, [_many(rollcall)], PACED),
            paced_one=await _paced(rollcall, _alone(rollcall)[ALONE_TIMES:], ALONE_NOTIFICATIONS),
            leaving=await _fast(rollcall, [_many(rollcall)], LEAVING_NOTIFICATIONS, leaving=True),
        )


def callback_rate_figures(found: CallbackRates) -> list[Figure]:
    """Return the lines of the table."""
    return [
        _compared("all on one", found.one, found.bare_one, ONE_AIM),
        _compared(f"over {MEETINGS} meetings", found.many, found.bare_many, MANY_AIM),
        Figure(
            what="the same, every other news a leaving",
            figure=f"{found.leaving.pushed.rate:.0f}/s, {_latency(found.leaving)}",
        ),
        Figure(
            what=f"CPU a notification, over {MEETINGS} meetings",
            figure=f"{found.many.host_ms:.1f} ms, Azurite {found.many.tables_ms:.1f} ms",
            beside=f"bare {found.bare_many.host_ms:.1f} ms, "
            f"Azurite {found.bare_many.tables_ms:.1f} ms",
        ),
        _at_pace("all on one", found.paced_one),
        _at_pace(f"over {MEETINGS} meetings", found.paced_many),
    ]


def _compared(where: str, rollcall: Load, bare: Load, aim: float) -> Figure:
    share = rollcall.pushed.rate / bare.pushed.rate
    return aimed(
        f"notifications, {where}",
        share,
        f"{rollcall.pushed.rate:.0f}/s, {share:.0%} of the bare endpoint; {_latency(rollcall)}",
        at="least",
        limit=aim,
        aim=f"≥ {aim:.0%} of the bare endpoint",
        beside=f"bare {bare.pushed.rate:.0f}/s; {_latency(bare)}",
    )


def _at_pace(where: str, load: Load) -> Figure:
    return aimed(
        f"p99 at {PACE:.0f} notifications/s, {where}",
        load.pushed.within(LATEST),
        f"{load.pushed.within(LATEST):.0f} ms",
        at="most",
        limit=LATEST_AIM_MS,
        aim=f"< {LATEST_AIM_MS:.0f} ms",
        beside=f"p50 {load.pushed.within(0.5):.0f} ms; {load.host_ms:.1f} ms of CPU",
    )


def _latency(load: Load) -> str:
    return f"p50 {load.pushed.within(0.5):.0f} ms, p99 {load.pushed.within(LATEST):.0f} ms"


def _many(app: Loaded) -> Sequence[Seat]:
    return app.seats[:MEETINGS]


def _alone(app: Loaded) -> list[Sequence[Seat]]:
    return [[seat] for seat in app.seats[MEETINGS:]]


async def _fast(
    app: Loaded, groups: Sequence[Sequence[Seat]], count: int, *, leaving: bool = False
) -> Load:
    """Push `count` notifications to each group of meetings, one group after the other."""
    bodies = (traffic(seats, count, leaving=leaving) for seats in groups)
    return await app.as_fast_as_taken(chain.from_iterable(bodies), AT_ONCE)


async def _paced(app: Loaded, groups: Sequence[Sequence[Seat]], count: int) -> Load:
    bodies = (traffic(seats, count, leaving=False) for seats in groups)
    return await app.paced(chain.from_iterable(bodies), PACE)
