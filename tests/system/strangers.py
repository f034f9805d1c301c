"""Meetings that Rollcall did not make: somebody planned them in Teams. Graph's own API only."""

from typing import Any

import aiohttp

from tests.system.lab import Json
from tests.system.stack import Endpoints

_RESOURCE = "https://graph.microsoft.com"


class Strangers:
    """Makes meetings in a simulator whose managed identity `settings` lead to."""

    def __init__(
        self, http: aiohttp.ClientSession, at: Endpoints, settings: dict[str, str]
    ) -> None:
        """Ask for nothing yet."""
        self._http = http
        self._at = at
        self._settings = settings

    async def plan(self, subject: str) -> Json:
        """Return Graph's answer to a new meeting, with a passcode."""
        body = {"subject": subject, "joinMeetingIdSettings": {"isPasscodeRequired": True}}
        url = f"{self._at.graph}/v1.0/users/{self._at.organizer_id}/onlineMeetings"
        headers = {"Authorization": f"Bearer {await self._token()}"}
        async with self._http.post(url, json=body, headers=headers) as response:
            assert response.status == 201, await response.text()
            made: Json = await response.json()
        return made

    async def _token(self) -> str:
        query = {"api-version": "2019-08-01", "resource": _RESOURCE}
        headers = {"X-IDENTITY-HEADER": self._settings["IDENTITY_HEADER"]}
        url = self._settings["IDENTITY_ENDPOINT"]
        async with self._http.get(url, params=query, headers=headers) as response:
            return str((await response.json())["access_token"])


def forms(meeting: Json, tenant_id: str, short_link: str) -> dict[str, dict[str, Any]]:
    """Return every way to name a meeting of Graph's without an id of Rollcall's."""
    join_id, chat = meeting["joinMeetingIdSettings"], meeting["chatInfo"]
    organizer = meeting["participants"]["organizer"]["identity"]["user"]["id"]
    return {
        "classic link": {"joinWebUrl": meeting["joinWebUrl"]},
        "short link": {"joinWebUrl": short_link},
        "join id": {
            "joinMeetingId": join_id["joinMeetingId"],
            "passcode": join_id["passcode"],
            "tenantId": tenant_id,
        },
        "explicit": {
            "chatInfo": {"threadId": chat["threadId"], "messageId": chat["messageId"]},
            "meetingInfo": {"organizer": {"user": {"id": organizer}}},
            "tenantId": tenant_id,
        },
    }
