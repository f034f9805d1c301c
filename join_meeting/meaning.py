"""What a request to join or to leave means: its members as they are compared. Core."""

from dataclasses import asdict
from typing import Any

from join_meeting.request import JoinMeeting
from shared.inbox.meaning import meaning
from shared.words.coordinates import ByJoinId, ByThread, JoinTarget

COMPARED_OTHERWISE = frozenset({"requestId", "tenantId", "allowConversationWithoutHost"})
"""`requestId` is what it belongs to, `tenantId` can only be the bot's own. The third has two places
and stands for both."""


def meaning_of(request: JoinMeeting, target: JoinTarget | None) -> dict[str, Any]:
    """Return the members of a request that mean something; what names the meeting is `target`."""
    members = meaning(request) | _named_by(request, target)
    found = {name: one for name, one in members.items() if name not in COMPARED_OTHERWISE}
    return found if request.without_host else {**found, "allowConversationWithoutHost": False}


def _named_by(request: JoinMeeting, target: JoinTarget | None) -> dict[str, Any]:
    if target is None:
        return {}
    if request.join_web_url is not None:
        return {"joinWebUrl": asdict(target)}
    match target:
        case ByThread():
            chat = (target.thread_id, target.message_id, target.reply_chain_message_id)
            return {"chatInfo": list(chat), "meetingInfo": target.organizer_id}
        case ByJoinId():
            return {}
