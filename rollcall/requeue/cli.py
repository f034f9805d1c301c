"""The options of `rollcall requeue`. Each command is carried out in `command.py`."""

from typing import Annotated

import typer

Queues = Annotated[
    list[str] | None,
    typer.Option("--queue", help="Of this queue, or topic/subscription. May be repeated."),
]
Reasons = Annotated[
    list[str] | None, typer.Option("--reason", help="Put aside for this reason. May be repeated.")
]
Codes = Annotated[
    list[str] | None, typer.Option("--code", help="Refused with this code. May be repeated.")
]
Older = Annotated[
    str | None, typer.Option(help="Came into its queue longer ago than this: 30m, 2h, 1d.")
]
Newer = Annotated[str | None, typer.Option(help="Came into its queue within this: 30m, 2h, 1d.")]
Ids = Annotated[
    list[str] | None, typer.Option("--message-id", help="The one with this id. May be repeated.")
]
Numbers = Annotated[
    list[int] | None,
    typer.Option("--sequence-number", help="The one with this number; give --queue, too."),
]
All = Annotated[bool, typer.Option("--all", help="All of them.")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Print what would be done, and do nothing.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask for no confirmation.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Subscriptions = Annotated[
    list[str] | None,
    typer.Option(
        "--subscription", help="Look into this subscription of meeting-events. May be repeated."
    ),
]

app = typer.Typer(
    no_args_is_help=True,
    help="Messages that were put aside: dead letters, and copies of refused requests.",
)


@app.command("list")
def list_(
    context: typer.Context,
    *,
    queue: Queues = None,
    reason: Reasons = None,
    code: Codes = None,
    older_than: Older = None,
    newer_than: Newer = None,
    subscription: Subscriptions = None,
    json: Json = False,
) -> None:
    """List them. Nothing is locked or counted, and nothing of what they say is printed."""
    from rollcall.requeue.command import Request, list_letters

    list_letters(
        context.obj(),
        Request(
            queues=queue or [],
            reasons=reason or [],
            codes=code or [],
            older_than=older_than,
            newer_than=newer_than,
            subscriptions=subscription,
            json=json,
        ),
    )


@app.command()
def send(
    context: typer.Context,
    *,
    message_id: Ids = None,
    sequence_number: Numbers = None,
    queue: Queues = None,
    reason: Reasons = None,
    code: Codes = None,
    older_than: Older = None,
    newer_than: Newer = None,
    every: All = False,
    dry_run: Dry = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Send them to their queues again, each once, and remove them where they were put aside."""
    from rollcall.requeue.command import Request, send_letters

    send_letters(
        context.obj(),
        Request(
            ids=message_id or [],
            numbers=sequence_number or [],
            queues=queue or [],
            reasons=reason or [],
            codes=code or [],
            older_than=older_than,
            newer_than=newer_than,
            every=every,
            dry_run=dry_run,
            yes=yes,
            json=json,
        ),
    )


@app.command()
def drop(
    context: typer.Context,
    *,
    message_id: Ids = None,
    sequence_number: Numbers = None,
    queue: Queues = None,
    reason: Reasons = None,
    code: Codes = None,
    older_than: Older = None,
    newer_than: Newer = None,
    every: All = False,
    dry_run: Dry = False,
    yes: Yes = False,
    json: Json = False,
    subscription: Subscriptions = None,
) -> None:
    """Remove them for good."""
    from rollcall.requeue.command import Request, drop_letters

    drop_letters(
        context.obj(),
        Request(
            ids=message_id or [],
            numbers=sequence_number or [],
            queues=queue or [],
            reasons=reason or [],
            codes=code or [],
            older_than=older_than,
            newer_than=newer_than,
            every=every,
            dry_run=dry_run,
            yes=yes,
            json=json,
            subscriptions=subscription,
        ),
    )
