"""How quickly the package starts, beside the checkout: in worker processes, in turn."""

from pathlib import Path

from bench.figures import Figure, aimed
from bench.stage import EMPTY, ROLLCALL, stage
from bench.starting import Start, measured_rollcalls
from devtools.archive import Size

ROUNDS = 5
FIRST_AIM = 1.25
ZIP_AIM = 60
MEGABYTE = 1_000_000


def size_figures(package: Size, archive: Size, compiled: int) -> list[Figure]:
    """Return the lines of the table that need no process."""
    return [
        Figure(what="files", figure=f"{package.files:,}", beside=f"{compiled:,} of them compiled"),
        Figure(what="size", figure=f"{package.bytes / MEGABYTE:.0f} MB"),
        aimed(
            "zip file",
            archive.bytes / MEGABYTE,
            f"{archive.bytes / MEGABYTE:.1f} MB",
            at="most",
            limit=ZIP_AIM,
            aim=f"≤ {ZIP_AIM} MB",
        ),
    ]


async def measured_starts(package: Path) -> list[Figure]:
    """Start processes from the package and from the checkout; return the lines of the table.

    Raises PartFailed and NotStarted.
    """
    async with stage(EMPTY) as on:
        starts = await measured_rollcalls(on, (package, ROLLCALL), rounds=ROUNDS)
    return start_figures(*starts)


def start_figures(package: Start, checkout: Start) -> list[Figure]:
    """Return the lines of the table: medians, and the checkout's beside them."""
    ratio = package.returned / checkout.returned
    return [
        Figure(
            what="indexing",
            figure=f"{package.indexing:.2f} s",
            beside=f"checkout {checkout.indexing:.2f} s",
        ),
        aimed(
            "process start to first answer sent",
            ratio,
            f"{package.returned:.2f} s, {ratio:.2f}x",
            at="most",
            limit=FIRST_AIM,
            aim=f"≤ {FIRST_AIM}x the checkout's",
            beside=f"checkout {checkout.returned:.2f} s",
        ),
    ]
