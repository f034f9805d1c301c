"""The commands that send a request (ask, join, leave, update, cancel), and tail."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from rollcall.asking.requests import Body, Kind, attendee, members_of, request
from rollcall.console import Exit, Failed

STDIN = "-"
WAIT = 120.0
"""Seconds: a deployment where nothing runs yet may take two minutes to begin."""

RequestId = Annotated[
    str | None,
    typer.Option("--request-id", help="Your key for the request; made up where it is absent."),
]
MeetingsRequestId = Annotated[
    str | None, typer.Option("--request-id", help="The id under which the meeting was requested.")
]
File = Annotated[
    str | None,
    typer.Option("--file", help="A JSON file with members of the message; - is standard input."),
]
Context = Annotated[str | None, typer.Option(help="A JSON object, which comes back in each event.")]
RetryFor = Annotated[
    float | None,
    typer.Option("--retry-for", metavar="SECONDS", help="Retry a problem that heals, so long."),
]
Start = Annotated[
    str | None,
    typer.Option(help="2026-11-23T09:00:00+01:00, or without offset with --time-zone."),
]
End = Annotated[str | None, typer.Option(help="As --start.")]
Zone = Annotated[str | None, typer.Option(help="IANA name, such as Europe/Berlin.")]
Attendees = Annotated[
    list[str] | None,
    typer.Option("--attendee", metavar="UPN[:ROLE]", help="Repeatable; see --file for ids."),
]
Options = Annotated[str | None, typer.Option(help="A JSON object of Graph's meeting options.")]
Join = Annotated[str | None, typer.Option(help="When the bot joins: never, now or atStart.")]
Watch = Annotated[bool, typer.Option("--watch", help="Stay until after the end, also alone.")]
Alone = Annotated[
    float | None,
    typer.Option("--leave-when-alone", metavar="SECONDS", help="Stay so long in an empty meeting."),
]
MeetingId = Annotated[str | None, typer.Option(help="A meeting of Rollcall's.")]
MeetingRequestId = Annotated[
    str | None, typer.Option(help="The same, by the id under which it was requested.")
]
Link = Annotated[
    str | None,
    typer.Option("--join-web-url", help="A link, or an invitation with one; - is standard input."),
]
JoinMeetingId = Annotated[str | None, typer.Option(help="As an invitation shows it.")]
Passcode = Annotated[str | None, typer.Option(help="Of --join-meeting-id; - is standard input.")]
TenantId = Annotated[str | None, typer.Option(help="Of --join-meeting-id.")]
Wait = Annotated[float, typer.Option(metavar="SECONDS", help="How long to wait for the answer.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Send, and do not wait.")]
ReplyTo = Annotated[
    str | None,
    typer.Option(
        envvar="ROLLCALL_REPLY_TO",
        metavar="QUEUE",
        help="A queue for answers. It is only looked into: nothing is taken out of it.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (ask, join, leave, update, cancel, tail):
        app.command()(command)


def ask(
    context_: typer.Context,
    subject: Annotated[str | None, typer.Argument(help="What the meeting is about.")] = None,
    *,
    start: Start = None,
    end: End = None,
    time_zone: Zone = None,
    attendees: Attendees = None,
    organizer_id: Annotated[str | None, typer.Option(help="Object id of the organizer.")] = None,
    options: Options = None,
    join: Join = None,
    watch: Watch = False,
    leave_when_alone: Alone = None,
    retention_days: Annotated[int | None, typer.Option(help="How long to keep the record.")] = None,
    retry_for: RetryFor = None,
    context: Context = None,
    request_id: RequestId = None,
    file: File = None,
    wait: Wait = WAIT,
    no_wait: NoWait = False,
    reply_to: ReplyTo = None,
    as_json: Json = False,
) -> None:
    """Request a meeting, and print how to join it.

    The same request id is the same meeting, however often it is sent.
    """
    members = {
        "subject": subject,
        "startDateTime": start,
        "endDateTime": end,
        "timeZone": time_zone,
        "attendees": _attendees(attendees),
        "organizerId": organizer_id,
        "options": _object(options, "--options"),
        "join": join,
        "watch": watch or None,
        "leaveWhenAloneSeconds": leave_when_alone,
        "retentionDays": retention_days,
        "retryForSeconds": retry_for,
        "context": _object(context, "--context"),
        "requestId": request_id,
    }
    _run(
        context_,
        Kind.CREATE,
        members,
        file=file,
        wait=0 if no_wait else wait,
        reply_to=reply_to,
        as_json=as_json,
    )


def join(
    context_: typer.Context,
    *,
    meeting_id: MeetingId = None,
    meeting_request_id: MeetingRequestId = None,
    join_web_url: Link = None,
    join_meeting_id: JoinMeetingId = None,
    passcode: Passcode = None,
    tenant_id: TenantId = None,
    guest_name: Annotated[str | None, typer.Option(help="Join as a guest of this name.")] = None,
    needs_host: Annotated[
        bool, typer.Option("--needs-host", help="People may not begin without the organizer.")
    ] = False,
    watch: Watch = False,
    leave_when_alone: Alone = None,
    retry_for: RetryFor = None,
    context: Context = None,
    request_id: RequestId = None,
    file: File = None,
    wait: Wait = WAIT,
    no_wait: NoWait = False,
    reply_to: ReplyTo = None,
    as_json: Json = False,
) -> None:
    """Send the bot into a meeting, and print whether it came in."""
    members = {
        "meetingId": meeting_id,
        "meetingRequestId": meeting_request_id,
        "joinMeetingId": join_meeting_id,
        "tenantId": tenant_id,
        **_secrets(file, joinWebUrl=join_web_url, passcode=passcode),
        "guestName": guest_name,
        "allowConversationWithoutHost": False if needs_host else None,
        "watch": watch or None,
        "leaveWhenAloneSeconds": leave_when_alone,
        "retryForSeconds": retry_for,
        "context": _object(context, "--context"),
        "requestId": request_id,
    }
    _run(
        context_,
        Kind.JOIN,
        members,
        file=file,
        wait=0 if no_wait else wait,
        reply_to=reply_to,
        as_json=as_json,
    )


def leave(
    context_: typer.Context,
    *,
    meeting_id: MeetingId = None,
    meeting_request_id: MeetingRequestId = None,
    join_web_url: Link = None,
    join_meeting_id: JoinMeetingId = None,
    passcode: Passcode = None,
    tenant_id: TenantId = None,
    retry_for: RetryFor = None,
    request_id: RequestId = None,
    file: File = None,
    wait: Wait = WAIT,
    no_wait: NoWait = False,
    reply_to: ReplyTo = None,
    as_json: Json = False,
) -> None:
    """Send the bot out of a meeting. Joins that wait bring none any more, either."""
    members = {
        "meetingId": meeting_id,
        "meetingRequestId": meeting_request_id,
        "joinMeetingId": join_meeting_id,
        "tenantId": tenant_id,
        **_secrets(file, joinWebUrl=join_web_url, passcode=passcode),
        "retryForSeconds": retry_for,
        "requestId": request_id,
    }
    _run(
        context_,
        Kind.LEAVE,
        members,
        file=file,
        wait=0 if no_wait else wait,
        reply_to=reply_to,
        as_json=as_json,
    )


def update(
    context_: typer.Context,
    *,
    request_id: MeetingsRequestId = None,
    subject: Annotated[str | None, typer.Option(help="What the meeting is about.")] = None,
    start: Start = None,
    end: End = None,
    time_zone: Zone = None,
    attendees: Attendees = None,
    options: Options = None,
    join: Join = None,
    retry_for: RetryFor = None,
    context: Context = None,
    file: File = None,
    wait: Wait = WAIT,
    no_wait: NoWait = False,
    reply_to: ReplyTo = None,
    as_json: Json = False,
) -> None:
    """Change a meeting. What is absent stays; --attendee replaces all attendees."""
    members = {
        "subject": subject,
        "startDateTime": start,
        "endDateTime": end,
        "timeZone": time_zone,
        "attendees": _attendees(attendees),
        "options": _object(options, "--options"),
        "join": join,
        "retryForSeconds": retry_for,
        "context": _object(context, "--context"),
        "requestId": request_id,
    }
    _run(
        context_,
        Kind.UPDATE,
        members,
        file=file,
        wait=0 if no_wait else wait,
        reply_to=reply_to,
        as_json=as_json,
    )


def cancel(
    context_: typer.Context,
    *,
    request_id: MeetingsRequestId = None,
    retry_for: RetryFor = None,
    file: File = None,
    wait: Wait = WAIT,
    no_wait: NoWait = False,
    reply_to: ReplyTo = None,
    as_json: Json = False,
) -> None:
    """Delete a meeting. The bot leaves it."""
    members = {"retryForSeconds": retry_for, "requestId": request_id}
    _run(
        context_,
        Kind.CANCEL,
        members,
        file=file,
        wait=0 if no_wait else wait,
        reply_to=reply_to,
        as_json=as_json,
    )


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
    from rollcall.asking.happening import Wanted
    from rollcall.asking.tail import follow

    wanted = Wanted(meeting_id=meeting_id, request_id=request_id, types=tuple(types or ()))
    follow(context.obj(), wanted, as_json=as_json, subscription=subscription, peek=peek)


def _run(
    context: typer.Context,
    kind: Kind,
    members: Mapping[str, Any],
    *,
    file: str | None,
    wait: float,
    reply_to: str | None,
    as_json: bool,
) -> None:
    from rollcall.asking.ask import Manner, carry_out

    made = request(
        kind,
        file=_read(file),
        options=members,
        new_id=str(uuid4()),
        new_key=uuid4().hex,
    )
    manner = Manner(wait=wait, as_json=as_json, reply_to=reply_to)
    raise typer.Exit(carry_out(context.obj(), made, manner))


def _secrets(file: str | None, **given: str | None) -> Body:
    """Read from standard input what is `-`: an argument stands in the shell's history."""
    if [file, *given.values()].count(STDIN) > 1:
        raise Failed("Only one option can be - (standard input).", Exit.USAGE)
    return {
        name: sys.stdin.read().strip() if text == STDIN else text for name, text in given.items()
    }


def _attendees(texts: list[str] | None) -> list[str | Body] | None:
    return [attendee(text) for text in texts] if texts else None


def _object(text: str | None, option: str) -> Body | None:
    return None if text is None else members_of(text, option)


def _read(file: str | None) -> Body:
    if file is None:
        return {}
    try:
        text = sys.stdin.read() if file == STDIN else Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Failed(f"{file} cannot be read: {error}.", Exit.USAGE) from error
    return members_of(text, "Standard input" if file == STDIN else file)
