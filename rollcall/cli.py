"""The commands. Each reads its options here, and is carried out in a module of its own.

Those modules are imported on first use: `rollcall --help` must be quick.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from rollcall.asking import commands as asking
from rollcall.console import Exit, Failed, advise, replace_unwritable
from rollcall.plain import is_text
from rollcall.reading.commands import reading
from rollcall.requeue.cli import app as requeue
from rollcall.target import Given, target

app = typer.Typer(
    name="rollcall",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


@app.callback()
def where(
    context: typer.Context,
    url: Annotated[
        str | None, typer.Option(envvar="ROLLCALL_URL", help="Address of the function app.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(envvar="ROLLCALL_KEY", help="A function key of it.")
    ] = None,
    service_bus: Annotated[
        str | None,
        typer.Option(
            envvar="SERVICE_BUS", help="A connection string, or the host name of the namespace."
        ),
    ] = None,
    folder: Annotated[
        Path, typer.Option(envvar="DEVSTACK_FOLDER", help="Where `make up` writes.", hidden=True)
    ] = Path(".devstack"),
) -> None:
    """Teams meetings on a queue, and the record of each group call held in them.

    Without options it speaks to `make up`.
    """
    context.obj = lambda: target(Given(url=url, key=key, service_bus=service_bus, folder=folder))


asking.add_to(app)
app.add_typer(reading)
app.add_typer(requeue, name="requeue")


@app.command()
def doctor(
    context: typer.Context,
    *,
    canary: Annotated[
        bool, typer.Option("--canary", help="Make a meeting, join, hang up, and cancel it.")
    ] = False,
    bot: Annotated[
        str, typer.Option(envvar="ROLLCALL_BOT", help="Resource id of the Azure Bot.")
    ] = "",
    site: Annotated[
        str, typer.Option(envvar="ROLLCALL_SITE", help="Resource id of the function app.")
    ] = "",
    organizer: Annotated[
        list[str] | None,
        typer.Option(help="Object id of one whom the access policy covers. May be repeated."),
    ] = None,
    resource_manager: Annotated[
        str, typer.Option(envvar="ROLLCALL_RESOURCE_MANAGER", help="Another cloud's.")
    ] = "https://management.azure.com",
    as_json: Json = False,
) -> None:
    """Say what of a deployment works, what does not, and the command that mends it.

    Exits with 1 where a check failed. docs/doctor.md has the checks.
    """
    from rollcall.doctor.asked import Asked
    from rollcall.doctor.command import run

    asked = Asked(
        canary=canary,
        as_json=as_json,
        bot=bot,
        site=site,
        manager=resource_manager,
        organizers=tuple(organizer or ()),
    )
    raise typer.Exit(run(context.obj(), asked))


def main() -> None:
    """Run the command that the arguments name, and exit as `Exit` says."""
    replace_unwritable()
    if not all(map(is_text, sys.argv)):
        advise("An argument is not UTF-8. Write it in UTF-8, in a locale of UTF-8.")
        sys.exit(Exit.USAGE)
    try:
        app()
    except Failed as failed:
        advise(str(failed))
        sys.exit(failed.code)
