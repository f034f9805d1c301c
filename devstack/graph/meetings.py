"""A meeting as Graph keeps it. Pure: ids, time and randomness are arguments."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from typing import Literal
from urllib.parse import quote

from devstack.graph import identities
from devstack.graph.json_values import Json
from devstack.graph.meeting_rules import Attendee, MeetingWish
from devstack.graph.refusals import bad_request

ANONYMOUS = "anonymizeIdentityForRoles"
_FILTER = re.compile(r"\s*(?P<member>[\w/]+)\s+eq\s+'(?P<value>.*)'\s*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """One onlineMeeting. `conference_id` is None without audio conferencing.

    `has_short_link`: the link that Graph names is the short one.
    """

    meeting_id: str
    organizer_id: str
    tenant_id: str
    external_id: str | None
    subject: str | None
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    thread_id: str
    join_meeting_id: str
    passcode: str | None
    conference_id: str | None
    has_short_link: bool = False
    template_id: str | None = None
    attendees: tuple[Attendee, ...] = ()
    options: Mapping[str, Json] = field(default_factory=dict)

    @property
    def join_web_url(self) -> str:
        """The link that Graph names."""
        return self.short_link if self.has_short_link else self.classic_link

    @property
    def classic_link(self) -> str:
        """The link with thread, organizer and tenant, percent-encoded in lower case as Graph's."""
        context = f'{{"Tid":"{self.tenant_id}","Oid":"{self.organizer_id}"}}'
        return (
            "https://teams.microsoft.com/l/meetup-join/"
            f"{_encoded(self.thread_id)}/0?context={_encoded(context)}"
        )

    @property
    def short_link(self) -> str:
        """The short link, which carries neither thread, organizer nor tenant."""
        passcode = f"?p={_encoded(self.passcode)}" if self.passcode else ""
        return f"https://teams.microsoft.com/meet/{self.join_meeting_id}{passcode}"

    @property
    def lobby_scope(self) -> Json:
        """Who does not wait in the lobby, a lobbyBypassScope."""
        settings = self.options.get("lobbyBypassSettings")
        named = settings.get("scope") if isinstance(settings, dict) else None
        return named or "organization"


def new_meeting(
    wish: MeetingWish,
    *,
    organizer_id: str,
    tenant_id: str,
    now: datetime,
    ids: Random,
    links: Literal["classic", "short", "mixed"] = "classic",
) -> Meeting:
    """Return a meeting with fresh coordinates. The passcode is the server's own."""
    thread_id = identities.new_thread_id(ids)
    starts_at, ends_at = wish.times(now)
    return Meeting(
        meeting_id=identities.online_meeting_id(organizer_id=organizer_id, thread_id=thread_id),
        organizer_id=organizer_id,
        tenant_id=tenant_id,
        external_id=wish.external_id,
        subject=wish.subject,
        starts_at=starts_at,
        ends_at=ends_at,
        created_at=now,
        thread_id=thread_id,
        join_meeting_id=identities.new_digits(ids, 12),
        passcode=identities.new_passcode(ids) if wish.passcode_required else None,
        conference_id=identities.new_digits(ids, 9) if ids.random() < 0.5 else None,
        has_short_link=links == "short" or (links == "mixed" and ids.random() < 0.5),
        template_id=wish.template_id,
        attendees=wish.attendees or (),
        options=dict(wish.options),
    )


def updated(meeting: Meeting, wish: MeetingWish, *, stays_anonymous: bool = False) -> Meeting:
    """Return the meeting after a PATCH. Attendees, where given, are replaced as a whole.

    `stays_anonymous`: roles whose people are anonymous stay so, whatever the PATCH says.
    """
    options = {**meeting.options, **wish.options}
    anonymous = meeting.options.get(ANONYMOUS)
    if stays_anonymous and isinstance(anonymous, list):
        named = options[ANONYMOUS]
        added = named if isinstance(named, list) else []
        options[ANONYMOUS] = [*anonymous, *(one for one in added if one not in anonymous)]
    return replace(
        meeting,
        subject=meeting.subject if wish.subject is None else wish.subject,
        starts_at=wish.starts_at or meeting.starts_at,
        ends_at=wish.ends_at or meeting.ends_at,
        attendees=meeting.attendees if wish.attendees is None else wish.attendees,
        options=options,
    )


def matches_filter(meeting: Meeting, expression: str) -> bool:
    """Say whether a `$filter` (already decoded once, as every query is) names this meeting.

    JoinWebUrl is compared in its percent-encoded form: a client has to encode it once more.
    """
    match = _FILTER.fullmatch(expression)
    member = match["member"].lower() if match else ""
    value = match["value"].replace("''", "'") if match else ""
    if member == "joinweburl":
        return _same_case(value) == _same_case(meeting.join_web_url)
    if member == "joinmeetingidsettings/joinmeetingid":
        return value == meeting.join_meeting_id
    raise bad_request(
        "Invalid filter clause: JoinWebUrl or joinMeetingIdSettings/joinMeetingId eq."
    )


def _encoded(text: str) -> str:
    return _same_case(quote(text, safe=""))


def _same_case(url: str) -> str:
    return re.sub("%[0-9a-fA-F]{2}", lambda hit: hit[0].lower(), url)
