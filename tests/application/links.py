"""One meeting that somebody else made, as callers name it: by links and by its coordinates."""

from typing import Any
from urllib.parse import quote

from tests.application.world import ORGANIZER, TENANT

THREAD = "19:meeting_MGQ4MDQyNTEt@thread.v2"
CONTEXT = quote(f'{{"Tid":"{TENANT}","Oid":"{ORGANIZER}"}}', safe="")
BASE = "https://teams.microsoft.com"
CLASSIC = f"{BASE}/l/meetup-join/{quote(THREAD, safe='')}/0?context={CONTEXT}"
SHORT = f"{BASE}/meet/23456789012345?p=aB3dE6"
EXPLICIT: dict[str, Any] = {
    "chatInfo": {"@odata.type": "#microsoft.graph.chatInfo", "threadId": THREAD, "messageId": "0"},
    "meetingInfo": {
        "@odata.type": "#microsoft.graph.organizerMeetingInfo",
        "organizer": {"user": {"id": ORGANIZER, "tenantId": TENANT}},
        "allowConversationWithoutHost": True,
    },
    "tenantId": TENANT,
}
