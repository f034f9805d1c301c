"""Options that several commands have, each with what its help says."""

from typing import Annotated

import typer

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
