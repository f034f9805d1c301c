"""The commands that send a request (ask, join, leave, update, cancel), and tail."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import uuid4

import typer

from rollcall.asking.grouped import grouped
from rollcall.asking.options import (
    Context,
    Json,
    Meant,
    MeetingsRequestId,
    Plan,
    RequestId,
    Sending,
    Stay,
    object_of,
)
from rollcall.asking.requests import Kind, request
from rollcall.console import Exit, Failed
from rollcall.plain import is_text


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (ask, join, leave, update, cancel, tail):
        app.command()(grouped(command))


def ask(
    context_: typer.Context,
    subject: Annotated[str | None, typer.Argument(help="What the meeting is about.")] = None,
    *,
    plan: Plan,
    organizer_id: Annotated[str | None, typer.Option(help="Object id of the organizer.")] = None,
    stay: Stay,
    retention_days: Annotated[int | None, typer.Option(help="How long to keep the record.")] = None,
    request_id: RequestId = None,
    sending: Sending,
) -> None:
    """Request a meeting, and print how to join it.

    The same request id is the same meeting, however often it is sent.
    """
    members = {
        "subject": subject,
        **plan.members(),
        "organizerId": organizer_id,
        **stay.members(),
        "retentionDays": retention_days,
        "requestId": request_id,
    }
    _run(context_, Kind.CREATE, members, sending)


def join(
    context_: typer.Context,
    *,
    meant: Meant,
    guest_name: Annotated[str | None, typer.Option(help="Join as a guest of this name.")] = None,
    needs_host: Annotated[
        bool, typer.Option("--needs-host", help="People may not begin without the organizer.")
    ] = False,
    stay: Stay,
    context: Context = None,
    request_id: RequestId = None,
    sending: Sending,
) -> None:
    """Send the bot into a meeting, and print whether it came in."""
    members = {
        **meant.members(sending.file),
        "guestName": guest_name,
        "allowConversationWithoutHost": False if needs_host else None,
        **stay.members(),
        "context": object_of(context, "--context"),
        "requestId": request_id,
    }
    _run(context_, Kind.JOIN, members, sending)


def leave(
    context_: typer.Context, *, meant: Meant, request_id: RequestId = None, sending: Sending
) -> None:
    """Send the bot out of a meeting. Joins that wait bring none any more, either."""
    members = {**meant.members(sending.file), "requestId": request_id}
    _run(context_, Kind.LEAVE, members, sending)


def update(
    context_: typer.Context,
    *,
    request_id: MeetingsRequestId = None,
    subject: Annotated[str | None, typer.Option(help="What the meeting is about.")] = None,
    plan: Plan,
    sending: Sending,
) -> None:
    """Change a meeting. What is absent stays; --attendee replaces all attendees."""
    members = {"subject": subject, **plan.members(), "requestId": request_id}
    _run(context_, Kind.UPDATE, members, sending)


def cancel(
    context_: typer.Context, *, request_id: MeetingsRequestId = None, sending: Sending
) -> None:
    """Delete a meeting. The bot leaves it."""
    _run(context_, Kind.CANCEL, {"requestId": request_id}, sending)


def tail(
    context: typer.Context,
    *,
    meeting_id: Annotated[str | None, typer.Option(help="Events of this meeting alone.")] = None,
    request_id: Annotated[
        str | None, typer.Option(help="Of the meeting that this request made known.")
    ] = None,
    types: Annotated[
        list[str] | None,
        typer.Option("--type", help="Such as call.started or 'call.*'; repeatable."),
    ] = None,
    subscription: Annotated[
        str | None,
        typer.Option(help="One that only you read: events are completed, and stay read."),
    ] = None,
    peek: Annotated[
        str | None,
        typer.Option(help="One that others read: events stay, and what they take first is missed."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show events as they happen, until Ctrl-C. No other reader misses one."""
    if subscription is not None and peek is not None:
        raise Failed("Give --subscription or --peek, not both.", Exit.USAGE)
    if "" in (subscription, peek):
        raise Failed("--subscription and --peek are names of a subscription.", Exit.USAGE)
    from rollcall.asking.happening import Wanted
    from rollcall.asking.tail import follow

    wanted = Wanted(meeting_id=meeting_id, request_id=request_id, types=tuple(types or ()))
    follow(context.obj(), wanted, as_json=as_json, subscription=subscription, peek=peek)


def _run(context: typer.Context, kind: Kind, members: Mapping[str, Any], sending: Sending) -> None:
    from rollcall.asking.ask import Manner, carry_out

    if not is_text(sending.reply_to or ""):
        raise Failed("--reply-to, or ROLLCALL_REPLY_TO, is not UTF-8.", Exit.USAGE)
    made = request(
        kind,
        file=sending.read_file(),
        options={**members, **sending.members()},
        new_id=str(uuid4()),
        new_key=uuid4().hex,
    )
    manner = Manner(
        wait=0 if sending.no_wait else sending.wait,
        as_json=sending.as_json,
        reply_to=sending.reply_to,
    )
    raise typer.Exit(carry_out(context.obj(), made, manner))
