"""What the `data` of each event says, as models that take no other members.

Those of group calls and their people are in call_data.py.

Not used by the app; see events.py.
"""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Id = Annotated[str, Field(pattern=r"^[a-z2-7]{26}$")]
ABSENT: Any = None
"""The default of members that may be left out. Where they are there, only a bound may be null."""
Bound = AwareDatetime | None
"""A certain bound of a time; null where it is unknown. It is left out where it is close."""
CallNumber = Annotated[int, Field(ge=1)]
LegKey = Annotated[str, Field(pattern=r"^[a-z2-7]{16}$")]


class Part(BaseModel):
    """Base of all parts of an event."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, strict=True, validate_by_name=False
    )


class GraphTrace(Part):
    """What Microsoft's support needs. `status` 0: no answer came."""

    status: int
    code: str
    request_id: str | None
    client_request_id: str | None
    date: str | None


class Problem(Part):
    """One thing wrong with a request. `member` is its JSON Pointer, "" for the whole request.

    `code` and `params` are what clients translate `message` from; docs/problems.json has its
    template. `params.value` is the member's value, where it is short and no secret.
    """

    member: str
    code: str
    message: str
    params: dict[str, Any]


class Attempt(Part):
    """One try that failed. `requestId` is Graph's, where Graph answered."""

    at: AwareDatetime
    message: str
    request_id: str | None


class Undelivered(Part):
    """Why the event reached no queue of the caller's, besides the topic."""

    code: Literal[
        "own_entity",
        "other_namespace",
        "not_a_queue",
        "correlation_id_too_long",
        "no_such_queue",
        "refused_by_queue",
        "closed_queue",
    ]
    message: str


Shortened = Annotated[list[str], Field(min_length=1)]
"""The members that lack something, because the event would be larger than any message."""


class Refusal(Part):
    """What every refusal says. `code` is one of docs/problems.md."""

    code: str
    problems: list[Problem]
    message: str
    next_step: str
    graph: GraphTrace = ABSENT
    history: Annotated[list[Attempt], Field(min_length=1)] = ABSENT
    undelivered: Undelivered = ABSENT


class Told(Part):
    """What every event of a meeting says. All events under one id are the same.

    `shortened` names the members that lack something: the event would be larger than any message.
    """

    undelivered: Undelivered = ABSENT
    shortened: Shortened = ABSENT
    meeting_id: Id
    context: dict[str, Any] | None
    recorded_at: AwareDatetime


class RefusedRequest(Refusal):
    """A refused request. The event belongs to no meeting. `shortened`: see the other events."""

    shortened: Shortened = ABSENT
    request_id: str
    context: dict[str, Any] | None
    recorded_at: AwareDatetime


class ChatInfo(Part):
    """The chat thread of the meeting."""

    thread_id: str
    message_id: str


class Coordinates(Part):
    """What is needed to join. `dialIn` has the texts of Graph's `audioConferencing`."""

    online_meeting_id: str
    join_web_url: str
    chat_info: ChatInfo
    tenant_id: str
    join_meeting_id: str | None
    passcode: str | None
    dial_in: dict[str, Any] | None


class Attendee(Part):
    """One attendee as Graph returned them."""

    upn: str | None
    role: str | None
    id: str | None


class Alteration(Part):
    """What Graph dropped, changed or did not confirm: what was `requested`, what was `returned`."""

    code: str
    member: str
    message: str
    requested: Any = ABSENT
    returned: Any = ABSENT
    graph: GraphTrace = ABSENT


class Invitation(Part):
    """An invitation to pass on, because these meetings are in no calendar.

    `ics` is an iCalendar text that can be sent as it is; its METHOD follows from what is known.
    """

    text: str
    ics: str


class Described(Told):
    """What every event of a meeting as a whole says. Times are Graph's own text."""

    request_id: str
    organizer_id: str
    subject: str | None
    start_date_time: str | None
    end_date_time: str | None
    attendees: list[Attendee]


class MeetingCreated(Described):
    """The meeting exists."""

    coordinates: Coordinates
    warnings: list[Alteration]
    invitation: Invitation = ABSENT  # only where `shortened` names it


class MeetingUpdated(MeetingCreated):
    """The meeting was changed; all members as they are now. `changed`: the members requested."""

    changed: list[str]


class MeetingCancelled(Described):
    """The meeting was deleted; the invitation takes it off a calendar."""

    online_meeting_id: str
    invitation: Invitation = ABSENT  # only where `shortened` names it


class MeetingPurged(Told):
    """The record of the meeting was deleted, `context` with it: it was kept long enough."""

    purged_at: AwareDatetime


class OfLeg(Told):
    """What every event of the bot says. `legKey` is Rollcall's, `callId` is Graph's."""

    leg_key: LegKey
    call_id: str = ABSENT


class BotJoining(OfLeg):
    """Graph accepted the bot's call; the outcome follows. `state`: the bot's when this was said."""

    state: Literal["joining", "lobby", "in", "gone", "failed"]


class BotWaiting(OfLeg):
    """The bot is in the lobby `since` then."""

    since: AwareDatetime


class BotJoined(OfLeg):
    """The bot is in the meeting."""


class BotAbsent(Told):
    """No bot was in the meeting or on its way: the leave `requestId` has what it wants."""

    request_id: str


class Result(Part):
    """What Graph said at the end of the bot's call, and what it means."""

    code: int
    subcode: int | None
    meaning: str


class BotLeft(OfLeg):
    """The bot has left. Published again, with `result`, if Graph says why only later."""

    reason: str
    result: Result = ABSENT


class LegEnded(OfLeg):
    """The bot's call ended before it was in the meeting. Published again as `bot.left` is."""

    reason: str
    result: Result = ABSENT
    code: Literal["leg_ended"]
    next_step: str


class LegRefused(OfLeg, Refusal):
    """Graph refused the bot's call. `reason` repeats `code`."""

    reason: str


type BotFailed = LegEnded | LegRefused | RefusedRequest


class MeetingWarning(Told):
    """A problem limits the record of a meeting, or the use of it. Published once for each code.

    `passcode_differs` is published once for each request, which it also answers.
    """

    code: Literal[
        "callback_silent",
        "recording_limited",
        "roster_unreadable",
        "record_unreadable",
        "answer_undelivered",
        "passcode_differs",
        "attendance_not_readable",
        "source_missing",
    ]
    message: str
    next_step: str
