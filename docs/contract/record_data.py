"""What `GET /api/meetings/…` answers, as models that take no other members.

Not used by the app. Tests check every record that the handlers answer against them.
"""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, TypeAdapter

from docs.contract.event_data import (
    ABSENT,
    Bound,
    CallNumber,
    Id,
    LegKey,
    Part,
    Participant,
    Result,
)
from shared.words.observations import Basis


class RecordedMeeting(Part):
    """The meeting. `requestId` and `organizerId` where a request made it, not a link.

    Subject and times are Graph's own text, once Graph has made it. `createdAt` is null for a
    meeting that became known by a link. `sequence` is the number of its last event.
    """

    meeting_id: Id
    tenant_id: str
    context: dict[str, Any] | None
    request_id: str = ABSENT
    organizer_id: str = ABSENT
    online_meeting_id: str = ABSENT
    subject: str | None = ABSENT
    start_date_time: str | None = ABSENT
    end_date_time: str | None = ABSENT
    cancelled_at: AwareDatetime = ABSENT
    created_at: AwareDatetime | None
    sequence: Annotated[int, Field(ge=0)]


class RecordedSession(Part):
    """One person from joining to leaving, as `participant.joined` and `participant.left` say it.

    `leftAt` is null while they are there. `notBefore` and `notAfter` are bounds of `leftAt`.
    """

    session_id: str
    participant: Participant
    joined_at: AwareDatetime | None
    joined_not_before: Bound = ABSENT
    present_before: bool
    left_at: AwareDatetime | None
    not_before: Bound = ABSENT
    not_after: Bound = ABSENT


class RecordedCall(Part):
    """One group call, as `call.started` and `call.ended` say it. `endedAt` is null while it lasts.

    `unwatchedSince`: no leg of the bot hears it since then. `lastEvidenceAt`: when it was last
    heard of.
    """

    call_number: CallNumber
    started_at: AwareDatetime
    start_basis: Basis
    start_not_before: Bound = ABSENT
    ended_at: AwareDatetime | None
    end_basis: Basis | None
    not_before: Bound = ABSENT
    not_after: Bound = ABSENT
    reason: str | None
    participant_count: Annotated[int, Field(ge=0)]
    participants_complete: bool
    unwatched_since: AwareDatetime = ABSENT
    last_evidence_at: AwareDatetime
    participants: list[RecordedSession]


class RecordedLeg(Part):
    """One leg of the bot. `reason` and `result` once it is gone, as `bot.left` says them."""

    leg_key: LegKey
    call_id: str | None
    state: Literal["joining", "lobby", "in", "gone", "failed"]
    claimed_at: AwareDatetime
    joined_at: AwareDatetime | None
    left_at: AwareDatetime | None
    reason: str = ABSENT
    result: Result = ABSENT


class NoBot(Part):
    """No leg of the bot was ever sent."""

    state: Literal["never"]
    legs: Annotated[list[RecordedLeg], Field(max_length=0)]


class Bot(RecordedLeg):
    """The newest leg, and all legs in the order they were sent."""

    legs: Annotated[list[RecordedLeg], Field(min_length=1)]


class MeetingRecord(Part):
    """The record of one meeting. `calls` are sorted by their start."""

    meeting: RecordedMeeting
    calls: list[RecordedCall]
    bot: NoBot | Bot


RECORD: TypeAdapter[MeetingRecord] = TypeAdapter(MeetingRecord)
