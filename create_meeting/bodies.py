"""The bodies sent to Graph for a request, and how its answers to several requests add up. Core.

Members that Graph takes only together stay together.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from create_meeting.request import Attendee, CreateMeeting, UpdateMeeting
from shared.meeting.meeting import Asked
from shared.words.answers import MeetingAnswer
from shared.words.ids import utc_text

type Members = dict[str, Any]
TIMES = ("startDateTime", "endDateTime")


def create_or_get_body(request: CreateMeeting, asked: Asked) -> Members:
    """Return the body of createOrGet, which takes these members and no options.

    Source: https://learn.microsoft.com/graph/api/onlinemeeting-createorget
    """
    body: Members = {
        "externalId": asked.request_id,
        "subject": request.subject,
        "startDateTime": utc_text(asked.start_date_time),
        "endDateTime": utc_text(asked.end_date_time),
    }
    if request.attendees:
        body["participants"] = _participants(request.attendees)
    return body


def post_body(body: Mapping[str, Any], post: Mapping[str, Any]) -> Members:
    """Return the body of `POST /onlineMeetings`: that of createOrGet, and what only a POST sets.

    Without `externalId`: Graph says that it is for createOrGet alone, and refuses the POST.
    Source: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/1121
    """
    return {name: value for name, value in {**body, **post}.items() if name != "externalId"}


def option_parts(request: CreateMeeting) -> tuple[Members, ...]:
    """Return what one PATCH sets after the creation, in parts that also work by themselves.

    `roleIsPresenter` goes with the full list of attendees, as Graph demands.
    Source: https://learn.microsoft.com/graph/api/onlinemeeting-update
    """
    options = request.options.patch() if request.options else {}
    return tuple(
        {name: value, "participants": _participants(request.attendees)}
        if value == "roleIsPresenter"
        else {name: value}
        for name, value in options.items()
    )


def update_body(request: UpdateMeeting, times: tuple[datetime, datetime] | None) -> Members:
    """Return the body of the PATCH that makes a change; empty where Graph need not know of it."""
    body: Members = request.options.patch() if request.options else {}
    if request.subject is not None:
        body["subject"] = request.subject
    if times is not None:
        body |= zip(TIMES, map(utc_text, times), strict=True)
    if request.attendees is not None:
        body["participants"] = _participants(request.attendees)
    return body


def together(parts: Iterable[Members]) -> Members:
    """Return one body that has all of `parts`."""
    return {name: value for part in parts for name, value in part.items()}


def added_up(made: MeetingAnswer, changed: MeetingAnswer, sent: Mapping[str, Any]) -> MeetingAnswer:
    """Return what Graph said of a meeting that it `made` and then `changed` by what was `sent`.

    An answer to a PATCH leaves out, or empty, the members that the PATCH did not name.
    """
    people = (made.attendees, changed.attendees)
    lists = [
        one for one in (reversed(people) if "participants" in sent else people) if one is not None
    ]
    mine = {name: value for name, value in changed.options.items() if name in sent}
    return MeetingAnswer(
        subject=made.subject or changed.subject,
        start_date_time=made.start_date_time or changed.start_date_time,
        end_date_time=made.end_date_time or changed.end_date_time,
        attendees=next(iter(lists), None),
        join_meeting_id=made.join_meeting_id or changed.join_meeting_id,
        passcode=made.passcode or changed.passcode,
        dial_in=made.dial_in or changed.dial_in,
        options={**changed.options, **made.options, **mine},
        unread=frozenset(
            [one for one in made.unread if one.partition(".")[0] not in sent]
            + [one for one in changed.unread if one.partition(".")[0] in sent]
        ),
    )


def _participants(attendees: Iterable[str | Attendee]) -> Members:
    return {"attendees": [_attendee(one) for one in attendees]}


def _attendee(requested: str | Attendee) -> Members:
    if isinstance(requested, str):
        return {"upn": requested, "role": "attendee"}
    attendee: Members = {"upn": requested.upn, "role": requested.role or "attendee"}
    if requested.id is not None:
        attendee["identity"] = {"user": {"id": requested.id}}
    return attendee
