"""A meeting's record as its readers see it. Core: values in, JSON members out.

Shows no token, no passcode and no join link. Only `meeting.created` and `meeting.updated` have the
link and the passcode.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.calls.record import GroupCall, Session, SessionPage, mark_of
from shared.events.facts import Shown, end_data, leg_over_data, person_data, session_times
from shared.legs.leg import Leg, LegState
from shared.meeting.meeting import Meeting, Purged
from shared.words.ids import utc_text

type Found = dict[str, Any] | Purged | None
"""A record; that it was purged; or None where none is known."""

SHOWN_AS: Mapping[LegState, str] = {
    "claimed": "joining",
    "bound": "joining",
    "unsent": "failed",
    "refused": "failed",
}
"""The states of a leg that events have no word for."""


def answer_of(found: Found) -> tuple[int, dict[str, Any]]:
    """Return the HTTP status and the body that answer a reader."""
    match found:
        case None:
            return 404, {"message": "No such meeting is known here."}
        case Purged(at=at):
            return 410, {"message": f"The record of this meeting was purged at {utc_text(at)}."}
        case record:
            return 200, record


def record_view(meeting: Meeting, pages: Iterable[SessionPage], *, shown: Shown) -> dict[str, Any]:
    """Return the members `meeting`, `calls` (by start) and `bot` of a record."""
    record = meeting.record
    sealed: defaultdict[int, list[Session]] = defaultdict(list)
    over = list[GroupCall]()
    for page in pages:
        sealed[page.call_number].extend(page.sessions)
        over += [page.call] if page.call is not None else []
    calls = sorted((*over, *record.known_calls), key=lambda call: (call.started_at, call.number))
    return {
        "meeting": _meeting_view(meeting),
        "calls": [_call_view(call, sealed[call.number], shown) for call in calls],
        "bot": _bot_view([_leg_view(leg) for leg in meeting.legs]),
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


def _call_view(call: GroupCall, sealed: list[Session], shown: Shown) -> dict[str, Any]:
    sessions = (*sealed, *call.sessions.values())
    people = call.sealed_people | {mark_of(one) for one in sealed}
    call = replace(call, sealed_people=people)
    participants = sorted(sessions, key=lambda one: (one.first_seen, one.session_id))
    since = call.unwatched_since
    return {
        **end_data(call, shown),
        **({"unwatchedSince": utc_text(since)} if since is not None else {}),
        "lastEvidenceAt": utc_text(call.heard_at),
        "participants": [_session_view(one, shown) for one in participants],
    }


def _session_view(session: Session, shown: Shown) -> dict[str, Any]:
    return {
        "sessionId": session.session_id,
        "participant": person_data(session.person, show_names=shown.names),
        "presentBefore": False,
        "leftAt": None,
        **session_times(session, shown, ended=True),
    }


def _bot_view(legs: list[dict[str, Any]]) -> dict[str, Any]:
    """Show the newest leg as the bot's state, and all legs."""
    return {**(legs[-1] if legs else {"state": "never"}), "legs": legs}


def _leg_view(leg: Leg) -> dict[str, Any]:
    view: dict[str, Any] = {
        "legKey": leg.key,
        "callId": leg.call_id,
        "state": SHOWN_AS.get(leg.state, leg.state),
        "claimedAt": utc_text(leg.claim.claimed_at),
        "joinedAt": _text(leg.phases.get("in")),
        "leftAt": _text(leg.gone_at),
    }
    return view | (leg_over_data(leg) if leg.is_gone else {})


def _text(moment: datetime | None) -> str | None:
    return utc_text(moment) if moment is not None else None
