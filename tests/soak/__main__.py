"""`python -m tests.soak`: many meetings on two hosts, with callbacks lost, doubled and shuffled.

In the end the record of each meeting is to be the truth of the simulated room, and what events say
to be the record. Exit code 1, and what differs, where it is not.
"""

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path
from random import Random

from bench.figures import as_table
from devstack.console import say, show
from devstack.process import PartFailed
from tests.soak.figures import soak_figures
from tests.soak.place import place
from tests.soak.play import Scale, play
from tests.system.lab import Json

PATIENCE = 120.0
TABLE_WIDTH = 150
SHOWN = 5
"""Of how much that differs in one meeting the words are printed."""


def main() -> int:
    """Play, print, and return the exit code."""
    scale = Scale(
        seconds=_number("SOAK_SECONDS", 600),
        meetings=int(_number("SOAK_MEETINGS", 100)),
        rate=_number("SOAK_RATE", 100),
    )
    folder = Path(os.environ.get("DEVSTACK_FOLDER", ".devstack")) / "soak"
    try:
        wrong = asyncio.run(_soak(folder, scale))
    except (PartFailed, AssertionError) as error:
        say(f"the soak stopped: {error}\nwhat the parts wrote is in {folder / 'logs'}")
        return 1
    for name, found in wrong.items():
        for words in found[:SHOWN]:
            say(f"{name}: {words}")
        if len(found) > SHOWN:
            say(f"{name}: and {len(found) - SHOWN} more")
    if wrong:
        say(f"their records and events are in {folder / 'wrong'}")
        say(f"what the parts wrote is in {folder / 'logs'}")
    return 1 if wrong else 0


async def _soak(folder: Path, scale: Scale) -> dict[str, list[str]]:
    luck = Random(0)  # noqa: S311 - luck, not secrets
    say("starting Service Bus, tables, Graph and two Functions hosts on this machine ...")
    async with place(folder, scale.settings, patience=PATIENCE, luck=luck) as here:
        played = await play(here, scale, say)
        _keep(folder / "wrong", played.evidence)
    show(as_table(soak_figures(played)), width=TABLE_WIDTH)
    say(f"{os.cpu_count()} cores; load average at the end {os.getloadavg()[0]:.1f}")
    return played.wrong


def _keep(folder: Path, evidence: dict[str, Json]) -> None:
    """Write what is known of each meeting whose record is wrong; a later run replaces it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, found in evidence.items():
        (folder / f"{name}.json").write_text(json.dumps(found, indent=1))


def _number(name: str, usual: float) -> float:
    return float(os.environ.get(name) or usual)


if __name__ == "__main__":
    sys.exit(main())
