"""The create-meeting message: body to a request, or `Rejected` with every problem found.

Core: parses, without I/O. One queue takes three actions, so the requests about a meeting stay
together under its request id.
"""

import re
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Strict,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from create_meeting.options import MeetingOptions, NewMeetingOptions, Role
from create_meeting.times import Time, TimeZone, placed
from shared.inbox.models import (
    Context,
    Flag,
    Message,
    ObjectId,
    RequestId,
    Text,
    matching,
    null_means,
    printable,
    read_members,
    read_message,
    text_or_object,
)
from shared.inbox.queues import require_queue
from shared.inbox.refusals import UNION_TAGS, as_problem, refused, wrong
from shared.meeting.meeting import Asked, Join
from shared.words.entities import CREATE_QUEUE
from shared.words.kinds import problem
from shared.words.rules import LEAST_DAYS, MOST_DAYS

ACTIONS = ("create", "update", "cancel")
UPN = re.compile(r"[^\s@]{1,256}@[^\s@]{1,256}")


def _action(value: Any) -> Any:
    if value not in ACTIONS:
        raise wrong("not_one_of", allowed=list(ACTIONS))
    return value


Upn = Annotated[str, matching(UPN, "not_upn"), AfterValidator(printable)]
MOST_ATTENDEES = 1000
"""This many fit into the chat of a meeting, and into one event.

Source: https://learn.microsoft.com/microsoftteams/limits-specifications-teams
"""
Subject = Annotated[Text, Field(max_length=512)]
Patience = Annotated[float, Field(ge=0)]


class Attendee(Message):
    """One attendee requested, as Graph's `meetingParticipantInfo` names them.

    Source: https://learn.microsoft.com/graph/api/resources/meetingparticipantinfo
    """

    upn: Upn
    role: Role | None = None
    id: ObjectId | None = None


AttendeeAsked = Annotated[
    Annotated[Upn, Tag(UNION_TAGS[0])] | Annotated[Attendee, Tag(UNION_TAGS[1])],
    Discriminator(text_or_object),
]


Attendees = Annotated[tuple[AttendeeAsked, ...], Field(max_length=MOST_ATTENDEES)]
NO_CHANGE = frozenset({"request_id", "action", "retry_for_seconds"})


class CreateMeeting(Message):
    """A request for a meeting. Times carry an offset, or are those of `time_zone`.

    `end_date_time` needs `start_date_time`.
    """

    subject: Subject
    request_id: RequestId | None = None
    action: Annotated[
        Literal["create"], BeforeValidator(_action), null_means("create", Literal["create"])
    ] = "create"
    organizer_id: ObjectId | None = None
    time_zone: TimeZone | None = None
    start_date_time: Time | None = None
    end_date_time: Time | None = None
    options: NewMeetingOptions | None = None
    attendees: Annotated[
        Attendees, Strict(strict=False), null_means((), Attendees), Field(validate_default=True)
    ] = ()
    join: Annotated[Join, null_means("never", Join)] = "never"
    watch: Flag = False
    retention_days: Annotated[int, Field(ge=LEAST_DAYS, le=MOST_DAYS)] | None = None
    leave_when_alone_seconds: Annotated[float, Field(gt=0)] | None = None
    retry_for_seconds: Patience | None = None
    context: Context | None = None

    @field_validator("start_date_time", "end_date_time")
    @classmethod
    def _placed(cls, moment: datetime | None, info: ValidationInfo) -> datetime | None:
        if moment is None or "time_zone" not in info.data:
            return None  # a zone that is refused is problem enough
        return placed(moment, info.data["time_zone"])

    @field_validator("end_date_time")
    @classmethod
    def _fits_start(cls, end: datetime | None, info: ValidationInfo) -> datetime | None:
        if end is None or "start_date_time" not in info.data:
            return end
        start = info.data["start_date_time"]
        if start is None:
            raise wrong("end_needs_start")
        if end <= start:
            raise wrong("end_not_after_start")
        return end

    @field_validator("attendees")
    @classmethod
    def _names_presenters(
        cls, attendees: tuple[AttendeeAsked, ...], info: ValidationInfo
    ) -> tuple[AttendeeAsked, ...]:
        _require_presenters(attendees, info)
        return attendees


class UpdateMeeting(Message):
    """A change of the meeting requested under `request_id`. Absent members stay as they are.

    `attendees` replaces all of them. A start alone keeps the length. Times without an offset are
    those of `time_zone`, else of the meeting's own zone: `times` places them.
    Source: https://learn.microsoft.com/graph/api/onlinemeeting-update
    """

    request_id: RequestId
    action: Literal["update"]
    subject: Subject | None = None
    time_zone: TimeZone | None = None
    start_date_time: Time | None = None
    end_date_time: Time | None = None
    options: MeetingOptions | None = None
    attendees: Annotated[Attendees | None, Field(validate_default=True)] = None
    join: Join | None = None
    context: Context | None = None
    retry_for_seconds: Patience | None = None

    def times(self, before: Asked) -> tuple[datetime, datetime] | None:
        """Return start and end as they are to be; None where the request names neither.

        Graph changes both together. Raises `Rejected` where a time cannot be placed.
        """
        zone, problems = self.time_zone or before.time_zone, []
        found: list[datetime | None] = []
        for member, moment in (
            ("startDateTime", self.start_date_time),
            ("endDateTime", self.end_date_time),
        ):
            try:
                found.append(moment and placed(moment, zone))
            except PydanticCustomError as error:
                problems.append(as_problem(error, member))
        if problems:
            raise refused(problems)
        start, end = found
        if start is None and end is None:
            return None
        start = start or before.start_date_time
        end = end or start + (before.end_date_time - before.start_date_time)
        if end <= start:
            raise refused([problem("end_not_after_start", "endDateTime")])
        return start, end

    @field_validator("attendees")
    @classmethod
    def _names_presenters(
        cls, attendees: tuple[AttendeeAsked, ...] | None, info: ValidationInfo
    ) -> tuple[AttendeeAsked, ...] | None:
        _require_presenters(attendees or (), info)
        return attendees

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        options = self.options.patch() if self.options else {}
        said = self.model_dump(exclude_none=True, exclude={*NO_CHANGE, "options"})
        if said or options:
            return self
        raise wrong("changes_nothing")


class CancelMeeting(Message):
    """The end of the meeting requested under `request_id`: the bot leaves, Graph deletes it."""

    request_id: RequestId
    action: Literal["cancel"]
    retry_for_seconds: Patience | None = None


type Request = CreateMeeting | UpdateMeeting | CancelMeeting


def read_request(body: bytes) -> Request:
    """Return the request in `body`; raise `Rejected` naming every problem."""
    members = read_members(body)
    require_queue(CREATE_QUEUE, members)
    match members.get("action"):
        case "update":
            return read_message(UpdateMeeting, body)
        case "cancel":
            return read_message(CancelMeeting, body)
        case _:
            return read_message(CreateMeeting, body)


def _require_presenters(attendees: tuple[AttendeeAsked, ...], info: ValidationInfo) -> None:
    options = info.data.get("options")
    by_role = options is not None and options.allowed_presenters == "roleIsPresenter"
    if by_role and not attendees:
        raise wrong("presenters_missing")
