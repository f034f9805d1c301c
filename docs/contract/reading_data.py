"""What is read beside the record, as models that take no other members.

Not used by the app. Tests check what the handlers answer against them.
"""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter

from docs.contract.call_data import Participant
from docs.contract.event_data import ABSENT, CallNumber, Id, LegKey, Part
from docs.contract.record_data import CallFacts, RecordedPerson
from shared.words.observations import Basis, Phase

type Count = Annotated[int, Field(ge=0)]


class ListedMeeting(Part):
    """What the list of a day says of a meeting: the calls that began that day, and their people.

    `firstStartedAt`: when the first of them began. `openSince`: when a call began that goes on.
    `failed`: the code of what failed that day and was not made good since: the newest leg of the
    bot, or the request, which made no meeting then. `requestId` where a request is behind it.
    """

    meeting_id: Id
    request_id: str = ABSENT
    subject: str | None
    calls: Count
    people: Count
    first_started_at: AwareDatetime = ABSENT
    open_since: AwareDatetime = ABSENT
    failed: str = ABSENT


class Day(Part):
    """A page of the meetings of a day (UTC), by their ids. `continuation`: null on the last one."""

    day: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
    meetings: list[ListedMeeting]
    continuation: str | None


class OpenCall(Part):
    """The call that goes on. `unwatchedSince`: no leg of the bot hears it since then."""

    call_number: CallNumber
    started_at: AwareDatetime
    start_basis: Basis
    unwatched_since: AwareDatetime = ABSENT
    participants_complete: bool


class Now(Part):
    """Who is in a meeting, as of `asOf`: the newest evidence; null where there is none."""

    meeting_id: Id
    as_of: AwareDatetime | None
    call: OpenCall | None
    people: list[RecordedPerson]


class AttendanceLine(CallFacts, RecordedPerson):
    """One line of `format=ndjson`: a person of a call, with what the record says of that call."""

    meeting_id: Id
    request_id: str = ABSENT
    subject: str | None = ABSENT


class NamedPerson(Part):
    """A person whom a roster names, who was not held as there."""

    session_id: str
    participant: Participant


class LegHeard(Part):
    """A leg of the bot was seen in a phase."""

    kind: Literal["leg"]
    leg_key: LegKey
    at: AwareDatetime
    phase: Phase
    code: int = ABSENT
    subcode: int | None = ABSENT


class RosterHeard(Part):
    """Graph pushed a roster (`roster`), or answered who is there (`read`).

    Of the people it has, `named` are those who were not held as there. `missing` are the sessions
    held as there that it leaves out, or, where they are fewer, `listed` those that it has.
    """

    kind: Literal["roster", "read"]
    leg_key: LegKey
    at: AwareDatetime = ABSENT
    asked_at: AwareDatetime = ABSENT
    answered_at: AwareDatetime = ABSENT
    entries: Count
    lists_ourselves: bool
    unread: Count = ABSENT
    named: list[NamedPerson]
    missing: list[str] = ABSENT
    listed: list[str] = ABSENT
    uncounted: Count = ABSENT


class AnswerHeard(Part):
    """A read or a keepAlive failed, a keepAlive was taken, or a call was given up."""

    kind: Literal["readFailed", "unanswered", "keptAlive", "givenUp"]
    leg_key: LegKey
    at: AwareDatetime
    status: int = ABSENT


class UnparsedHeard(Part):
    """A notification of a kind that is not read: its shape, none of its values."""

    kind: Literal["unparsed"]
    leg_key: LegKey
    at: AwareDatetime
    resource: str
    change_type: str
    members: list[str]
    size: Count
    count: Count


class LoggedEvent(Part):
    """An event that the commit published."""

    sequence: Annotated[int, Field(ge=1)]
    type: str
    time: AwareDatetime


class LogLine(Part):
    """One line of the log: what the commit heard, or what it published.

    `version` counts the commits of the meeting.
    """

    version: Annotated[int, Field(ge=1)]
    heard: LegHeard | RosterHeard | AnswerHeard | UnparsedHeard = ABSENT
    published: LoggedEvent = ABSENT


class WrongParameter(Part):
    """A parameter, or the header `Accept`, and what is wrong with it."""

    parameter: str
    message: str


class BadParameters(Part):
    """What is wrong with a request: in one sentence, and parameter by parameter."""

    message: str
    problems: list[WrongParameter]


DAY: TypeAdapter[Day] = TypeAdapter(Day)
NOW: TypeAdapter[Now] = TypeAdapter(Now)
ATTENDANCE_LINE: TypeAdapter[AttendanceLine] = TypeAdapter(AttendanceLine)
LOG_LINE: TypeAdapter[LogLine] = TypeAdapter(LogLine)
BAD_PARAMETERS: TypeAdapter[BadParameters] = TypeAdapter(BadParameters)
