"""What `GET /api/meetings/…` answers, as models that take no other members.

Not used by the app. Tests check every record that the handlers answer against them.
"""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, TypeAdapter

from docs.contract.call_data import Participant
from docs.contract.event_data import ABSENT, Bound, CallNumber, GraphTrace, Id, LegKey, Part, Result
from shared.words.observations import Basis


class RecordedMeeting(Part):
    """The meeting. `requestId` and `organizerId` where a request made it, not a link.

    Subject and times are Graph's own text, once Graph has made it. `createdAt` is null for a
    meeting that became known by a link. `sequence` is the number of its last event. `warnings` has
    the codes of the warnings that were published of the meeting as a whole, once each.
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
    warnings: Annotated[list[str], Field(min_length=1)] = ABSENT
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


class Interval(Part):
    """A time for which a person was there. `leftAt` is null while they are there.

    `presentBefore`: they may have been there before `joinedAt`, when they were first seen.
    """

    joined_at: AwareDatetime
    left_at: AwareDatetime | None
    present_before: Literal[True] = ABSENT


class RecordedPerson(Part):
    """One person in one call, however often and on however many devices they came.

    A session without a `userId` is a person of its own. `external`: of another tenant than the
    meeting's; null where Graph did not say. `role`, where it is known: `organizer`, or as Graph's
    report names it, in small letters. `seconds` is the length of `intervals`, an open one up to
    the call's `lastEvidenceAt`. `lastLeftAt` is null while they are there.
    """

    participant: Participant
    external: bool | None
    role: str = ABSENT
    first_joined_at: AwareDatetime
    last_left_at: AwareDatetime | None
    seconds: Annotated[float, Field(ge=0)]
    intervals: Annotated[list[Interval], Field(min_length=1)]


class CallFacts(Part):
    """One group call, as `call.started` and `call.ended` say it. `endedAt` is null while it lasts.

    `unwatchedSince`: no leg of the bot hears it since then. `lastEvidenceAt`: when it was last
    heard of. `confirmed`: Graph spoke of it afterwards. `final`: Graph is not waited for any more.
    With `mergedInto`, it was part of that call, which has its participants. `revision`: that of its
    last `call.corrected`, of the newest calls; absent where there was none.
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
    final: bool
    confirmed: bool
    merged_into: CallNumber = ABSENT
    revision: Annotated[int, Field(ge=1)] = ABSENT
    unwatched_since: AwareDatetime = ABSENT
    last_evidence_at: AwareDatetime


class RecordedCall(CallFacts):
    """One group call, its sessions (`participants`), and its people, each once."""

    participants: list[RecordedSession]
    people: list[RecordedPerson]


class Failure(Part):
    """Why the bot never came in, as `bot.failed` says it."""

    code: str
    message: str
    next_step: str | None
    graph: GraphTrace | None


class RecordedLeg(Part):
    """One leg of the bot. `reason` and `result` once it is gone, as `bot.left` says them."""

    leg_key: LegKey
    call_id: str | None
    state: Literal["joining", "waiting", "lobby", "in", "gone", "failed"]
    claimed_at: AwareDatetime
    joined_at: AwareDatetime | None
    left_at: AwareDatetime | None
    reason: str = ABSENT
    result: Result = ABSENT
    failure: Failure = ABSENT


class NoBot(Part):
    """No leg of the bot was ever sent. `joinAt` where one is `scheduled`."""

    state: Literal["never", "scheduled", "joining"]
    join_at: AwareDatetime = ABSENT
    legs: Annotated[list[RecordedLeg], Field(max_length=0)]


class Bot(RecordedLeg):
    """The newest leg, and all legs in the order they were sent."""

    legs: Annotated[list[RecordedLeg], Field(min_length=1)]


class RequestInProgress(Part):
    """A request that is not done: it waits for its next try, or it was refused.

    `code`, `message` and `nextStep` are of a refusal, one that may heal included.
    """

    request_id: str
    state: Literal["waiting", "refused"]
    attempt: Annotated[int, Field(ge=1)]
    tried_at: AwareDatetime
    next_try_at: AwareDatetime | None
    why: str
    code: str = ABSENT
    message: str = ABSENT
    next_step: str | None = ABSENT
    graph: GraphTrace = ABSENT


class MeetingRecord(Part):
    """The record of one meeting. `calls` are sorted by their start.

    `request`, and no meeting where there is none yet, only where it was looked for by `requestId`.
    """

    meeting: RecordedMeeting | None
    calls: list[RecordedCall]
    bot: NoBot | Bot
    request: RequestInProgress = ABSENT


RECORD: TypeAdapter[MeetingRecord] = TypeAdapter(MeetingRecord)
