"""What it takes to look after one meeting for an hour in which nothing happens, by how many people
are there: in this process, without the SDKs, the host and the backstop.
"""

from bench.crowd import Crowd
from bench.figures import Figure
from bench.one_leg import Cost, OneLeg

CROWDS = (50, 300, 1_000)
FIRST_SECONDS, AN_HOUR = 120.0, 3_600.0
"""Until then the lists of days say that people came."""


async def measured_hours() -> dict[int, Cost]:
    """Return what an hour at rest takes, by how many people are there."""
    hours = {}
    for people in CROWDS:
        one = await OneLeg.begin(Crowd(people=people, seed=people))
        await one.passes(FIRST_SECONDS)
        hours[people] = await one.rests(AN_HOUR)
    return hours


def hour_figures(hours: dict[int, Cost]) -> list[Figure]:
    """Return the lines of the table."""
    return [
        Figure(
            what=f"an hour at rest in this process, {people:,} people",
            figure=f"{hour.cpu_ms:.0f} ms of CPU",
            beside=f"{hour.traffic.requests} table requests, writing {hour.traffic.writes} rows; "
            f"{(hour.traffic.read + hour.traffic.written) / 1000:.0f} kB",
        )
        for people, hour in hours.items()
    ]
