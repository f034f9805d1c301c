"""What the `data` of each event of a group call and its people says.

Not used by the app; see events.py.
"""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from docs.contract.event_data import ABSENT, Bound, CallNumber, Part, Told
from shared.words.observations import Basis


class CallStarted(Told):
    """A group call began, no earlier than `startNotBefore`. `startBasis`: how the time is known."""

    call_number: CallNumber
    started_at: AwareDatetime
    start_basis: Basis
    start_not_before: Bound = ABSENT


class CallUnwatched(Told):
    """No leg of the bot hears a call any more; it may go on. `reason`: why the last leg ended."""

    call_number: CallNumber
    since: AwareDatetime
    reason: str


class CallEnded(CallStarted):
    """A group call is over. Each person counts once, however often they came back.

    `notBefore` and `notAfter` are bounds of the end. `participantsComplete` is false where people
    may be missing: Graph may have cut a roster, or the record had no room for them.
    """

    ended_at: AwareDatetime
    end_basis: Basis
    not_before: Bound = ABSENT
    not_after: Bound = ABSENT
    reason: str
    participant_count: int
    participants_complete: bool


class CallCorrected(CallEnded):
    """What is now known of a call that was published as over. `revision` counts from 1.

    `confirmed`: Graph spoke of it afterwards. `final`: Graph is not waited for any more.
    With `mergedInto`, the call was part of that one, which has its participants.
    """

    revision: Annotated[int, Field(ge=1)]
    final: bool
    confirmed: bool
    merged_into: CallNumber = ABSENT


class Participant(Part):
    """A person, as far as Graph says. `kind`: `user`, `guest`, `phone` and others."""

    kind: str
    user_id: str = ABSENT
    display_name: str = ABSENT
    tenant_id: str = ABSENT


class OfSession(Told):
    """What every event of a participant says. `joinedAt` is null where no join was seen.

    `presentBefore`: they may have been there before a roster first showed them in the record, or
    only a late roster named them.
    """

    call_number: CallNumber
    session_id: str
    participant: Participant
    joined_at: AwareDatetime | None
    joined_not_before: Bound = ABSENT
    present_before: Literal[True] = ABSENT


class ParticipantJoined(OfSession):
    """A person is in a group call. `returned`: takes back their departure, which was published."""

    returned: Literal[True] = ABSENT


class ParticipantLeft(OfSession):
    """A person left a group call. `notBefore` and `notAfter` are bounds of `leftAt`.

    In a call the last event of a `sessionId` holds. With `mergedInto`, Graph says afterwards that
    the session was part of that one; null: that it was none of this call.
    """

    left_at: AwareDatetime
    not_before: Bound = ABSENT
    not_after: Bound = ABSENT
    merged_into: str | None = ABSENT
