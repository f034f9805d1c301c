"""The events, as models: the schemas in docs/schemas come from them.

Not used by the app. Tests check every event that the handlers publish against these models.
"""

import json
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from docs.contract.call_data import (
    CallCorrected,
    CallEnded,
    CallStarted,
    CallUnwatched,
    ParticipantJoined,
    ParticipantLeft,
)
from docs.contract.event_data import (
    ABSENT,
    BotAbsent,
    BotFailed,
    BotJoined,
    BotJoining,
    BotLeft,
    BotWaiting,
    Id,
    MeetingCancelled,
    MeetingCreated,
    MeetingPurged,
    MeetingUpdated,
    MeetingWarning,
    RefusedRequest,
)

TRACEPARENT = r"^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"
"""Source: https://www.w3.org/TR/trace-context/#traceparent-header"""


class Event[Data](BaseModel):
    """One event: a CloudEvent 1.0 in its structured JSON form.

    `sequence` counts the events of one meeting; refusals of requests without a meeting have none.
    `dataschema` is where the schema of `data` is read.
    `traceparent` is there only where a trace was: that of the request that made the meeting known.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    specversion: Literal["1.0"]
    id: Id
    source: Annotated[str, Field(pattern=r"^/rollcall/")]
    type: Annotated[str, Field(pattern=r"^rollcall\..+\.v1$")]
    subject: Annotated[str, Field(pattern=r"^(meetings|requests)/")]
    time: AwareDatetime
    datacontenttype: Literal["application/json"]
    correlationid: str
    traceparent: Annotated[str, Field(pattern=TRACEPARENT)] = ABSENT
    sequence: Annotated[str, Field(pattern=r"^[0-9]+$")] = ABSENT
    sequencetype: Literal["Integer"] = ABSENT
    dataschema: Annotated[str, Field(pattern=r"^https?://.+\.data\.json$")]
    data: Data


EVENTS: dict[str, TypeAdapter[Any]] = {
    "meeting.created": TypeAdapter(Event[MeetingCreated]),
    "meeting.updated": TypeAdapter(Event[MeetingUpdated]),
    "meeting.cancelled": TypeAdapter(Event[MeetingCancelled]),
    "meeting.purged": TypeAdapter(Event[MeetingPurged]),
    "meeting.rejected": TypeAdapter(Event[RefusedRequest]),
    "bot.joining": TypeAdapter(Event[BotJoining]),
    "bot.waiting": TypeAdapter(Event[BotWaiting]),
    "bot.joined": TypeAdapter(Event[BotJoined]),
    "bot.left": TypeAdapter(Event[BotLeft]),
    "bot.absent": TypeAdapter(Event[BotAbsent]),
    "bot.failed": TypeAdapter(Event[BotFailed]),
    "meeting.warning": TypeAdapter(Event[MeetingWarning]),
    "call.started": TypeAdapter(Event[CallStarted]),
    "call.unwatched": TypeAdapter(Event[CallUnwatched]),
    "call.ended": TypeAdapter(Event[CallEnded]),
    "call.corrected": TypeAdapter(Event[CallCorrected]),
    "participant.joined": TypeAdapter(Event[ParticipantJoined]),
    "participant.left": TypeAdapter(Event[ParticipantLeft]),
}
"""Every event, by the middle of its type."""


def name_of(event: dict[str, Any]) -> str:
    """Return the middle of an event's type: `call.started` of `rollcall.call.started.v1`."""
    return str(event["type"]).removeprefix("rollcall.").removesuffix(".v1")


def hold_to_contract(body: str | bytes) -> None:
    """Return if `body` is an event as the models have it; raise ValidationError otherwise."""
    EVENTS[name_of(json.loads(body))].validate_json(body)
