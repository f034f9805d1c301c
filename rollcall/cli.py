"""The commands. Each reads its options here, and is carried out in a module of its own.

Those modules are imported on first use: `rollcall --help` must be quick.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from rollcall.console import Failed, advise
from rollcall.reading.commands import reading
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


app.add_typer(reading)


def main() -> None:
    """Run the command that the arguments name, and exit as `Exit` says."""
    try:
        app()
    except Failed as failed:
        advise(str(failed))
        sys.exit(failed.code)
