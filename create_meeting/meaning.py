"""What a request for a meeting means: its members as they are kept and compared. Core."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from create_meeting.bodies import Members
from create_meeting.request import Attendee, CreateMeeting
from shared.inbox.meaning import differing, meaning, request_conflict, written
from shared.meeting.meeting import Asked
from shared.words.ids import utc_text

DEFAULT_LENGTH = timedelta(hours=1)
IDENTITY = frozenset({"requestId", "action"})
"""Members that say which request it is, not what it requests."""
UTC = "UTC"
DEFAULT_ROLE = "attendee"
NO_PASSCODE = {"isPasscodeRequired": False}


def meaning_of(request: CreateMeeting) -> Members:
    """Return the members of a request that mean something, less its identity.

    Sign-in names are written in lower case, language tags too; attendees have one order.
    """
    members = {name: one for name, one in meaning(request).items() if name not in IDENTITY}
    if request.time_zone == UTC:
        del members["timeZone"]
    if request.attendees:
        members["attendees"] = _people(request.attendees)
    options = _options(members.pop("options", {}))
    return members | ({"options": options} if options else {})


def require_same(before: Asked, now: Asked) -> None:
    """Return if the second request repeats the first; raise `Rejected` naming what differs."""
    found = differences_between(before, now)
    if found:
        raise request_conflict(before.request_id, found)


def differences_between(before: Asked, now: Asked) -> frozenset[str]:
    """Return the names of the members in which two requests under one id differ.

    A default that depends on the rest of the request, or on a setting, may be given explicitly too.
    """
    found = differing(before.members, now.members)
    same = set()
    if before.organizer_id.lower() == now.organizer_id.lower():
        same.add("organizerId")
    if _end(before.members) == _end(now.members) or (
        _of_default_length(before.members) and _of_default_length(now.members)
    ):
        same.add("endDateTime")
    return found - same


def _end(members: Members) -> str | None:
    """Return when a meeting with a start ends, said or not; None without a start."""
    start = members.get("startDateTime")
    if start is None:
        return None
    end: str = members.get("endDateTime") or utc_text(
        datetime.fromisoformat(start) + DEFAULT_LENGTH
    )
    return end


def _of_default_length(members: Members) -> bool:
    return _end({**members, "endDateTime": None}) == _end(members)


def _people(attendees: Iterable[str | Attendee]) -> list[dict[str, Any]]:
    return [
        one for _, one in sorted({written(one): one for one in map(_person, attendees)}.items())
    ]


def _person(attendee: str | Attendee) -> dict[str, Any]:
    if isinstance(attendee, str):
        return {"upn": attendee.lower()}
    given = meaning(attendee) | {"upn": attendee.upn.lower()}
    return {name: one for name, one in given.items() if (name, one) != ("role", DEFAULT_ROLE)}


def _options(options: dict[str, Any]) -> dict[str, Any]:
    """Return options without what is so anyway; the order of roles says nothing."""
    found = dict(options)
    if found.get("joinMeetingIdSettings") == NO_PASSCODE:
        del found["joinMeetingIdSettings"]
    if "anonymizeIdentityForRoles" in found:
        found["anonymizeIdentityForRoles"] = sorted(set(found["anonymizeIdentityForRoles"]))
    if "meetingSpokenLanguageTag" in found:
        found["meetingSpokenLanguageTag"] = found["meetingSpokenLanguageTag"].lower()
    return found
