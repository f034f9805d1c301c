"""Options that several commands have, each with what its help says, and the members they are."""

from dataclasses import dataclass
from math import isfinite
from typing import Annotated

import typer

from rollcall.asking.requests import Body, attendee, members_of
from rollcall.asking.standard_input import STDIN, read_file, read_secrets

WAIT = 120.0
"""Seconds: a deployment where nothing runs yet may take two minutes to begin."""
LONGEST_WAIT = 86400.0


def _seconds(value: float | None) -> float | None:
    """Refuse what is no length of time. How long one may be, the app says."""
    if value is not None and not (isfinite(value) and value >= 0):
        raise typer.BadParameter("it must be a number of seconds, 0 or more.")
    return value


def _wait(value: float) -> float:
    if not 0 <= value <= LONGEST_WAIT:
        raise typer.BadParameter(f"it must be from 0 to {LONGEST_WAIT:.0f} seconds.")
    return value


RequestId = Annotated[
    str | None,
    typer.Option("--request-id", help="Your key for the request; made up where it is absent."),
]
MeetingsRequestId = Annotated[
    str | None, typer.Option("--request-id", help="The id under which the meeting was requested.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Context = Annotated[str | None, typer.Option(help="A JSON object, which comes back in each event.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a meeting is like, and when the bot joins it."""

    start: Annotated[
        str | None,
        typer.Option(help="2026-11-23T09:00:00+01:00, or without offset with --time-zone."),
    ] = None
    end: Annotated[str | None, typer.Option(help="As --start.")] = None
    time_zone: Annotated[str | None, typer.Option(help="IANA name, such as Europe/Berlin.")] = None
    attendees: Annotated[
        list[str] | None,
        typer.Option("--attendee", metavar="UPN[:ROLE]", help="Repeatable; see --file for ids."),
    ] = None
    options: Annotated[
        str | None, typer.Option(help="A JSON object of Graph's meeting options.")
    ] = None
    join: Annotated[str | None, typer.Option(help="When the bot joins: never, now or atStart.")] = (
        None
    )
    context: Context = None

    def members(self) -> Body:
        """Return the members of the message; None where an option is absent. Raises `Failed`."""
        return {
            "startDateTime": self.start,
            "endDateTime": self.end,
            "timeZone": self.time_zone,
            "attendees": [attendee(one) for one in self.attendees] if self.attendees else None,
            "options": object_of(self.options, "--options"),
            "join": self.join,
            "context": object_of(self.context, "--context"),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """How long the bot stays."""

    watch: Annotated[
        bool, typer.Option("--watch", help="Stay until after the end, also alone.")
    ] = False
    leave_when_alone: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", help="Stay so long in an empty meeting.", callback=_seconds
        ),
    ] = None

    def members(self) -> Body:
        """See `Plan.members`."""
        return {"watch": self.watch or None, "leaveWhenAloneSeconds": self.leave_when_alone}


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """Which meeting is meant."""

    meeting_id: Annotated[str | None, typer.Option(help="A meeting of Rollcall's.")] = None
    meeting_request_id: Annotated[
        str | None, typer.Option(help="The same, by the id under which it was requested.")
    ] = None
    join_web_url: Annotated[
        str | None, typer.Option(help="A link, or an invitation with one; - is standard input.")
    ] = None
    join_meeting_id: Annotated[str | None, typer.Option(help="As an invitation shows it.")] = None
    passcode: Annotated[
        str | None, typer.Option(help="Of --join-meeting-id; - is standard input.")
    ] = None
    tenant_id: Annotated[str | None, typer.Option(help="Of --join-meeting-id.")] = None

    def members(self, file: str | None) -> Body:
        """See `Plan.members`. `file`: of the others, for standard input is read once only."""
        return {
            "meetingId": self.meeting_id,
            "meetingRequestId": self.meeting_request_id,
            "joinMeetingId": self.join_meeting_id,
            "tenantId": self.tenant_id,
            **read_secrets(file, joinWebUrl=self.join_web_url, passcode=self.passcode),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """How a request is sent, and its answer waited for."""

    retry_for: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", help="Retry a problem that heals, so long.", callback=_seconds
        ),
    ] = None
    file: Annotated[
        str | None,
        typer.Option(help="A JSON file with members of the message; - is standard input."),
    ] = None
    wait: Annotated[
        float,
        typer.Option(metavar="SECONDS", help="How long to wait for the answer.", callback=_wait),
    ] = WAIT
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Send, and do not wait.")] = False
    reply_to: Annotated[
        str | None,
        typer.Option(
            envvar="ROLLCALL_REPLY_TO",
            metavar="QUEUE",
            help="A queue for answers. It is only looked into: nothing is taken out of it.",
        ),
    ] = None
    as_json: Json = False

    def members(self) -> Body:
        """See `Plan.members`."""
        return {"retryForSeconds": self.retry_for}

    def read_file(self) -> Body:
        """Return the members that the file has. Raises `Failed`."""
        if self.file is None:
            return {}
        where = "Standard input" if self.file == STDIN else self.file
        return members_of(read_file(self.file), where)


def object_of(text: str | None, option: str) -> Body | None:
    """Read the JSON object that an option has. Raises `Failed`."""
    return None if text is None else members_of(text, option)
