"""The create-meeting message: body to `CreateMeeting`, or `Rejected` with every problem found.

Core: parses, never asks anybody.
"""

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
)

from shared.messages import (
    UNION_TAGS,
    Context,
    Message,
    ObjectId,
    RequestId,
    Text,
    read_message,
    text_or_object,
)

Role = Literal["attendee", "presenter", "producer", "coorganizer"]


def _upn(text: str) -> str:
    if re.fullmatch(r"[^\s@]{1,256}@[^\s@]{1,256}", text) is None:
        raise ValueError("must be a user principal name, for example ada@example.com")
    return text


Upn = Annotated[str, AfterValidator(_upn)]


class Attendee(Message):
    """One person asked for, as Graph's `meetingParticipantInfo` names them.

    Source: https://learn.microsoft.com/graph/api/resources/meetingparticipantinfo
    """

    upn: Upn
    role: Role | None = None
    id: ObjectId | None = None


AttendeeAsked = Annotated[
    Annotated[Upn, Tag(UNION_TAGS[0])] | Annotated[Attendee, Tag(UNION_TAGS[1])],
    Discriminator(text_or_object),
]


class CreateMeeting(Message):
    """A request for a meeting. Times carry an offset; `end_date_time` needs `start_date_time`."""

    subject: Annotated[Text, Field(max_length=512)]
    request_id: RequestId | None = None
    action: Literal["create"] = "create"
    organizer_id: ObjectId | None = None
    start_date_time: AwareDatetime | None = None
    end_date_time: AwareDatetime | None = None
    attendees: tuple[AttendeeAsked, ...] = ()
    join: Literal["never", "now", "atStart"] = "never"
    watch: bool = False
    leave_when_alone_seconds: Annotated[float, Field(gt=0)] | None = None
    retry_for_seconds: Annotated[float, Field(ge=0)] | None = None
    context: Context | None = None

    @field_validator("end_date_time")
    @classmethod
    def _fits_start(cls, end: datetime | None, info: ValidationInfo) -> datetime | None:
        if end is None or "start_date_time" not in info.data:
            return end
        start = info.data["start_date_time"]
        if start is None:
            raise ValueError("needs startDateTime: Graph takes no end without a start")
        if end <= start:
            raise ValueError("must be after startDateTime")
        return end


def read_request(body: bytes) -> CreateMeeting:
    """Return the request in `body`; raise `Rejected` naming every problem."""
    return read_message(CreateMeeting, body)
