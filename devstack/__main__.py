"""The command line of the local stack: `python -m devstack up` and `python -m devstack run`."""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from devstack.console import complain, out, say
from devstack.ending import attendance, files
from devstack.plan import PlanMistake, plan_from_environment, plan_of_a_run
from devstack.process import PartFailed
from devstack.stack import Stack
from devstack.story import HARSH_SWITCHES, STORY_SETTINGS, StepFailed, Story

WIDEST = 100
"""Wider lines than this are hard to read, on a wide terminal, too."""
CHECKOUT = Path(__file__).resolve().parent.parent
cli = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)

App = Annotated[
    Path, typer.Option(help="Folder of the app: this one, or what `make package` wrote.")
]


@cli.command()
def up(app: App = CHECKOUT) -> None:
    """Keep the whole stack running until Ctrl-C."""
    sys.exit(_interruptible(_up(app), interrupted=0))


@cli.command()
def run(app: App = CHECKOUT) -> None:
    """Play the whole job once on free ports, check every step, and print the recorded calls."""
    sys.exit(_interruptible(_run(app), interrupted=130))


async def _up(app: Path) -> int:
    try:
        plan = plan_from_environment(_with_functions(app), os.environ)
    except PlanMistake as mistake:
        return _failed(str(mistake))
    stack = Stack(plan, tell=say)
    try:
        endpoints = await stack.start()
        say(
            f"devstack ready: functions {endpoints.functions}, graph {endpoints.graph} "
            f"(/lab moves people); everything in {plan.folder / 'endpoints.json'}, logs in "
            f"{plan.folder / 'logs'}; Ctrl-C stops it"
        )
        await stack.watch()
    except PartFailed as error:
        return _failed(str(error))
    finally:
        await stack.stop()
    return 0


async def _run(app: Path) -> int:
    try:
        plan = plan_of_a_run(_with_functions(app), os.environ, STORY_SETTINGS, HARSH_SWITCHES)
    except PlanMistake as mistake:
        return _failed(str(mistake))
    stack, width = Stack(plan, tell=say), min(out.width, WIDEST)
    try:
        say("starting Service Bus, tables, Graph and the Functions host on this machine ...")
        endpoints = await stack.start()
        read = await Story(endpoints, say=say, width=width).play()
    except StepFailed as error:
        return _failed(
            f"the story stopped: {error}\nwhat the parts wrote is in {plan.folder / 'logs'}"
        )
    except PartFailed as error:
        return _failed(str(error))
    finally:
        await stack.stop()
    out.print()
    out.print(attendance(read.record, width=width))
    say(f"\n{read.sheet}")
    page, sheet = plan.folder.parent / "timeline.html", plan.folder.parent / "attendance.csv"
    page.write_text(read.page, encoding="utf-8")
    # With the mark that the app sends, without which Excel spoils names.
    sheet.write_text(read.sheet, encoding="utf-8-sig", newline="")
    say(files(read.page_url, page=page, sheet=sheet))
    return 0


def _with_functions(app: Path) -> Path:
    if not (app / "function_app.py").is_file():
        raise PlanMistake(
            f"there is no function_app.py in {app}; `make package` writes the package to dist/app"
        )
    return app


def _interruptible(job: Coroutine[Any, Any, int], *, interrupted: int) -> int:
    """Run `job`; SIGINT and SIGTERM cancel it, so that its `finally` stops every part."""

    async def main() -> int:
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(job)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            say("stopped")
            return interrupted

    return asyncio.run(main())


def _failed(message: str) -> int:
    complain(message)
    return 1


if __name__ == "__main__":
    cli()
