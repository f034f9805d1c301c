"""What Graph answers, as values whose members were checked where they were read. Core.

shared/graph/ reads them; no other room sees JSON of Graph's. None: the answer lacks the member, or
has it as a kind of JSON that the member never is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.words.coordinates import NO_MESSAGE, Attendee, Coordinates, OnlineMeeting
from shared.words.ids import CallId, LegKey, MeetingId
from shared.words.observations import Present

type Option = bool | str | list[str] | dict[str, bool | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingAnswer:
    """What any answer says of an onlineMeeting; an answer to a PATCH may say very little.

    `options` are the other members that have the shape of an option, under Graph's own names.
    `unread` names the members that could not be read: `subject`, `lobbyBypassSettings.scope`.
    """

    subject: str | None = None
    start_date_time: str | None = None
    end_date_time: str | None = None
    attendees: tuple[Attendee, ...] | None = None
    join_meeting_id: str | None = None
    passcode: str | None = field(default=None, repr=False)
    dial_in: dict[str, Any] | None = field(default=None, repr=False)
    options: Mapping[str, Option] = field(default_factory=dict, repr=False)
    unread: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenMeeting:
    """What the answer to a creation says. An answer that does not say how to join is refused."""

    online_meeting_id: str
    join_web_url: str = field(repr=False)
    thread_id: str
    message_id: str
    organizer_id: str | None = None
    organizer_upn: str | None = None
    tenant_id: str | None = None
    creation_date_time: str | None = None
    said: MeetingAnswer

    def kept(self, *, organizer_id: str, tenant_id: str) -> OnlineMeeting:
        """Return what Rollcall keeps of it; the arguments replace what Graph left out."""
        said = self.said
        return OnlineMeeting(
            coordinates=Coordinates(
                online_meeting_id=self.online_meeting_id,
                join_web_url=self.join_web_url,
                thread_id=self.thread_id,
                message_id=self.message_id,
                organizer_id=self.organizer_id or organizer_id,
                tenant_id=self.tenant_id or tenant_id,
                join_meeting_id=said.join_meeting_id,
                passcode=said.passcode,
                dial_in=said.dial_in,
            ),
            subject=said.subject,
            start_date_time=said.start_date_time,
            end_date_time=said.end_date_time,
            attendees=said.attendees or (),
            organizer_upn=self.organizer_upn,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAnswer:
    """What Graph answered to the question for a user, whatever its status.

    `date`: the moment of its `Date` header. `enabled`: whether the account is. `teams`: whether a
    plan of Teams is assigned and works.
    """

    status: int
    code: str = ""
    date: datetime | None = None
    enabled: bool | None = None
    teams: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Graph's `call`, one leg of ours. `state` is in lower case, empty where Graph gives none.

    `participant_id` names the leg in rosters, `chain_id` is the conference (`callChainId`), and
    `thread_id` is the chat of its meeting. `callback` is the leg of ours that its callbacks are
    about. `code` and `subcode` say why it ended.
    Source: https://learn.microsoft.com/graph/api/resources/call
    """

    call_id: CallId
    state: str = ""
    participant_id: str | None = None
    chain_id: str | None = None
    thread_id: str | None = None
    message_id: str = NO_MESSAGE
    callback: tuple[MeetingId, LegKey] | None = None
    code: int | None = None
    subcode: int | None = None

    @property
    def is_over(self) -> bool:
        """Whether the leg has left."""
        return self.state == "terminated"

    @property
    def is_on_its_way(self) -> bool:
        """Whether the leg has not been in yet, as far as Graph says."""
        return self.state not in ("established", "terminating", "terminated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """What one roster says. `entries` counts its whole list.

    `in_lobby`: our bot waits to be let in. `unread` counts the entries without an id and an
    identity that can be kept. `hidden` counts those of them that may be people: all but bots and
    the lobby. `weight` is what the people take of a message's room.
    """

    people: tuple[Present, ...]
    lists_ourselves: bool
    in_lobby: bool
    entries: int
    unread: int = 0
    hidden: int = 0
    weight: int = 0
