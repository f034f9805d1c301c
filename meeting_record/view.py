"""A meeting's record as its readers see it. Core: values in, JSON members out.

Shows no token, no passcode and no join link: those stand in `meeting.created` alone.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from shared.domain import utc_text
from shared.end_codes import leg_end
from shared.facts import end_data, person_data
from shared.history import SessionPage
from shared.meeting import LegClaim, Meeting
from shared.record import GroupCall, Leg, Session


def record_view(
    meeting: Meeting, pages: Iterable[SessionPage], *, show_names: bool
) -> dict[str, Any]:
    """Return the members `meeting`, `calls` (by start) and `bot` of a record."""
    record = meeting.history.record()
    sealed: defaultdict[int, list[Session]] = defaultdict(list)
    for page in pages:
        sealed[page.call_number].extend(page.sessions)
    calls = sorted(record.calls, key=lambda call: (call.started_at, call.number))
    return {
        "meeting": _meeting_view(meeting),
        "calls": [_call_view(call, sealed[call.number], show_names=show_names) for call in calls],
        "bot": _bot_view(
            [_leg_view(claim, record.legs.get(claim.leg_key)) for claim in meeting.claims]
        ),
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
    return view | {"createdAt": _text(meeting.created_at), "sequence": meeting.sequence}


def _call_view(call: GroupCall, sealed: list[Session], *, show_names: bool) -> dict[str, Any]:
    sessions = {session.session_id: session for session in (*sealed, *call.sessions.values())}
    participants = sorted(sessions.values(), key=lambda one: (one.first_seen, one.session_id))
    return {
        **end_data(call),
        "participants": [_session_view(one, show_names=show_names) for one in participants],
    }


def _session_view(session: Session, *, show_names: bool) -> dict[str, Any]:
    return {
        "sessionId": session.session_id,
        **person_data(session.person, show_names=show_names),
        "joinedAt": _text(session.joined_at),
        "presentBefore": session.present_before,
        "leftAt": _text(session.left_at),
    }


def _bot_view(legs: list[dict[str, Any]]) -> dict[str, Any]:
    """Show the latest leg as the bot's state, and every leg it ever had."""
    return {**(legs[-1] if legs else {"state": "never"}), "legs": legs}


def _leg_view(claim: LegClaim, leg: Leg | None) -> dict[str, Any]:
    phases = leg.phases if leg is not None else {}
    view: dict[str, Any] = {
        "legKey": claim.leg_key,
        "callId": claim.call_id,
        "state": leg.phase if leg is not None and leg.phase else claim.state,
        "claimedAt": utc_text(claim.claimed_at),
        "joinedAt": _text(phases.get("in")),
        "leftAt": _text(phases.get("gone")),
    }
    if leg is not None and "gone" in phases:
        end = leg_end(leg.code, leg.subcode)
        view |= {
            "reason": end.reason,
            "result": {"code": leg.code, "subcode": leg.subcode, "meaning": end.meaning},
        }
    return view


def _text(moment: datetime | None) -> str | None:
    return utc_text(moment) if moment is not None else None
