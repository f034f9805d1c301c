"""What the Graph in memory gives and refuses, in Graph's shapes. Keeps nothing."""

from datetime import datetime, timedelta
from typing import Any

from shared.words.errors import GraphTrace, Rejected, Unavailable
from shared.words.ids import digest


def refused(status: int, graph_code: str, code: str) -> Rejected:
    """Return a refusal as the adapter makes one of Graph's answer."""
    return Rejected(
        code=code,
        message=f"Graph refused with {status} {graph_code}.",
        next_step="Ask for something that Graph accepts.",
        graph=GraphTrace(status=status, code=graph_code),
    )


def lost(status: int = 504) -> Unavailable:
    """Return an answer of Graph's that never reached us."""
    return Unavailable("gone", graph=GraphTrace(status=status, code=""))


def new_meeting(
    organizer_id: str, body: dict[str, Any], tenant_id: str, *, number: int, now: datetime
) -> dict[str, Any]:
    """Return the `number`-th onlineMeeting, as its first answer shows it."""
    external_id = body.get("externalId", "")
    thread_id = (
        f"19:meeting_{digest(organizer_id, external_id, str(number), characters=24)}@thread.v2"
    )
    with_passcode = (body.get("joinMeetingIdSettings") or {}).get("isPasscodeRequired", False)
    meeting = {
        "id": digest("onlineMeeting", thread_id, characters=40),
        "externalId": external_id,
        "creationDateTime": now.isoformat(),
        "subject": body.get("subject"),
        "startDateTime": body.get("startDateTime", now.isoformat()),
        "endDateTime": body.get("endDateTime", (now + timedelta(hours=1)).isoformat()),
        "joinWebUrl": f"https://teams.microsoft.com/l/meetup-join/{thread_id}/0",
        "chatInfo": {"threadId": thread_id, "messageId": "0"},
        "participants": {
            "organizer": {
                "upn": f"organizer-{organizer_id[:8]}@contoso.example",
                "identity": {"user": {"id": organizer_id, "tenantId": tenant_id}},
            },
            "attendees": (body.get("participants") or {}).get("attendees", []),
        },
        "joinMeetingIdSettings": {
            "joinMeetingId": str(int(digest(thread_id, characters=16).encode().hex(), 16))[:12],
            "passcode": "aB3dE6" if with_passcode else None,
            "isPasscodeRequired": with_passcode,
        },
        "audioConferencing": None,
    }
    if "meetingTemplateId" in body:
        meeting["meetingTemplateId"] = body["meetingTemplateId"]
    return meeting


def organizer_of(meeting: dict[str, Any]) -> str:
    """Return the object id of a meeting's organizer."""
    return str(meeting["participants"]["organizer"]["identity"]["user"]["id"])


def guid(*parts: str) -> str:
    """Return a GUID that `parts` decide."""
    digits = digest(*parts, characters=20).encode().hex()[:32]
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))
