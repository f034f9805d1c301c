"""A meeting's record as its readers see it. Core: values in, JSON members out.

Shows no token, no passcode and no join link. Only `meeting.created` and `meeting.updated` have the
link and the passcode.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from meeting_record.people import attendances, person_view
from shared.calls.record import Session, SessionPage
from shared.events.cloud_events import trace_data
from shared.events.corrections import outlook_data
from shared.events.facts import end_data, leg_over_data, person_data, session_times
from shared.legs.leg import Leg
from shared.meeting.meeting import Meeting, Purged, Trying
from shared.meeting.shown import shown_calls
from shared.sources.kept import KeptSource
from shared.sources.view import ShownCall
from shared.words.ids import utc_text
from shared.words.problems import CATALOGUE
from shared.words.rules import Shown

type Found = dict[str, Any] | Purged | None
"""A record; that it was purged; or None where none is known."""
NO_ROLES: Mapping[str, str] = MappingProxyType({})


def answer_of(found: Found) -> tuple[int, dict[str, Any]]:
    """Return the HTTP status and the body that answer a reader."""
    match found:
        case None:
            return 404, {"message": "No such meeting is known here."}
        case Purged(at=at):
            return 410, {"message": f"The record of this meeting was purged at {utc_text(at)}."}
        case record:
            return 200, record


def record_view(
    meeting: Meeting,
    pages: Iterable[SessionPage],
    sources: Sequence[KeptSource],
    *,
    shown: Shown,
    settle: timedelta,
) -> dict[str, Any]:
    """Return the members `meeting`, `calls` (by start) and `bot` of a record.

    `settle`: see `sources.view`.
    """
    calls = sorted(
        shown_calls(meeting, pages, sources, settle=settle),
        key=lambda one: (one.call.started_at, one.call.number),
    )
    return {
        "meeting": _meeting_view(meeting),
        "calls": [_call_view(one, meeting, shown) for one in calls],
        "bot": _bot_view(meeting),
    }


def _meeting_view(meeting: Meeting) -> dict[str, Any]:
    view: dict[str, Any] = {
        "meetingId": meeting.meeting_id,
        "tenantId": meeting.tenant_id,
        "context": meeting.context,
    }
    if meeting.asked is not None:
        view |= {"requestId": meeting.asked.request_id, "organizerId": meeting.asked.organizer_id}
    if meeting.online is not None:
        view |= {
            "onlineMeetingId": meeting.online.coordinates.online_meeting_id,
            "subject": meeting.online.subject,
            "startDateTime": meeting.online.start_date_time,
            "endDateTime": meeting.online.end_date_time,
        }
    if meeting.cancellation is not None and meeting.cancellation.done_at is not None:
        view["cancelledAt"] = utc_text(meeting.cancellation.done_at)
    if meeting.warned:
        view["warnings"] = list(meeting.warned)
    return view | {"createdAt": _text(meeting.created_at), "sequence": meeting.sequence}


def _call_view(one: ShownCall, meeting: Meeting, shown: Shown) -> dict[str, Any]:
    call = one.call
    participants = sorted(
        call.sessions.values(), key=lambda session: (session.first_seen, session.session_id)
    )
    since, revision = call.unwatched_since, meeting.revisions.get(call.number)
    return {
        **end_data(call, shown),
        **outlook_data(one),
        **({"revision": revision} if revision else {}),
        **({"unwatchedSince": utc_text(since)} if since is not None else {}),
        "lastEvidenceAt": utc_text(call.heard_at),
        "participants": [_session_view(session, shown) for session in participants],
        "people": people_view(
            participants,
            until=call.heard_at,
            meeting=meeting,
            shown=shown,
            roles=_roles_in(one),
        ),
    }


def _roles_in(one: ShownCall) -> dict[str, str]:
    """Return what sources say of people's roles, in lower case, by user id."""
    roles = ((one.call.sessions[name].person, role) for name, role in one.roles.items())
    return {who.user_id: role.lower() for who, role in roles if who.user_id is not None}


def people_view(
    sessions: Iterable[Session],
    *,
    until: datetime,
    meeting: Meeting,
    shown: Shown,
    roles: Mapping[str, str] = NO_ROLES,
) -> list[dict[str, Any]]:
    """Return the people of sessions of one call, by when they were first seen.

    `roles`: what else is known beside who organized the meeting, as `person_view` takes it.
    """
    asked = meeting.asked
    organizer = {asked.organizer_id: "organizer"} if asked is not None else {}
    known = {**roles, **organizer}
    return [
        person_view(one, until=until, tenant_id=meeting.tenant_id, roles=known, shown=shown)
        for one in attendances(sessions)
    ]


def _session_view(session: Session, shown: Shown) -> dict[str, Any]:
    return {
        "sessionId": session.session_id,
        "participant": person_data(session.person, show_names=shown.names),
        "presentBefore": False,
        "leftAt": None,
        **session_times(session, shown, ended=True),
    }


def _bot_view(meeting: Meeting) -> dict[str, Any]:
    """Show the newest leg as the bot's state, and all legs; before the first, what is planned."""
    legs = [_leg_view(leg) for leg in meeting.legs if leg.place != "surplus"]
    return {**(legs[-1] if legs else _planned(meeting)), "legs": legs}


def _planned(meeting: Meeting) -> dict[str, Any]:
    """Show the join that the request for the meeting asks for, unless it became void."""
    asked, left = meeting.asked, meeting.leave_asked
    if asked is None or asked.join == "never" or meeting.cancellation is not None:
        return {"state": "never"}
    requested_at = asked.join_asked_at or meeting.created_at
    if left is not None and requested_at is not None and requested_at < left:
        return {"state": "never"}
    if asked.join == "atStart":
        return {"state": "scheduled", "joinAt": utc_text(asked.start_date_time)}
    return {"state": "joining"}


def _leg_view(leg: Leg) -> dict[str, Any]:
    view: dict[str, Any] = {
        "legKey": leg.key,
        "callId": leg.call_id,
        "state": leg.shown_as,
        "claimedAt": utc_text(leg.claim.claimed_at),
        "joinedAt": _text(leg.phases.get("in")),
        "leftAt": _text(leg.gone_at),
    }
    return view | (leg_over_data(leg) if leg.is_gone else {}) | _failure(leg)


def _failure(leg: Leg) -> dict[str, Any]:
    """Show why a leg failed, as `bot.failed` says it."""
    if leg.over is None or leg.failed_as is None:
        return {}
    said = leg.over.fact.data
    return {
        "failure": {
            "code": leg.failed_as,
            "message": said.get("message", CATALOGUE["leg_ended"].message),
            "nextStep": said.get("nextStep"),
            "graph": said.get("graph"),
        }
    }


def in_progress(request_id: str, trying: Trying, found: Found) -> dict[str, Any]:
    """Return the record, or none yet, with how far the request is."""
    nothing: dict[str, Any] = {"meeting": None, "calls": [], "bot": {"state": "never", "legs": []}}
    request: dict[str, Any] = {
        "requestId": request_id,
        "state": "refused" if trying.next_try_at is None else "waiting",
        "attempt": trying.attempt,
        "triedAt": utc_text(trying.tried_at),
        "nextTryAt": _text(trying.next_try_at),
        "why": trying.message if trying.code is None else f"{trying.code}: {trying.message}",
    }
    if trying.code is not None:
        request |= {
            "code": trying.code,
            "message": trying.message,
            "nextStep": trying.next_step,
        }
    if trying.graph is not None:
        request["graph"] = trace_data(trying.graph)
    return (found if isinstance(found, dict) else nothing) | {"request": request}


def is_answered(meeting: Meeting, request_id: str, *, since: datetime) -> bool:
    """Return whether a leg of the meeting was the answer to the request.

    One that came to nothing may be that to an earlier message under the id, before `since`.
    """
    return any(
        leg.over.fact.at >= since
        if leg.came_to_nothing and leg.over is not None
        else leg.joining is not None
        for leg in meeting.legs
        if request_id in leg.asked
    )


def _text(moment: datetime | None) -> str | None:
    return utc_text(moment) if moment is not None else None
