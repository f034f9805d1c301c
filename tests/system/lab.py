"""The hand in the simulated Graph: moves people, makes trouble, tells the truth. HTTP only."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

type Json = dict[str, Any]

PATIENCE = 25.0
UNAUTHORIZED = 401
_POLL_SECONDS = 0.02


async def eventually[T](probe: Callable[[], Awaitable[T | None]], what: str) -> T:
    """Return what `probe` finds as soon as it finds something: for what cannot be waited on."""
    try:
        async with asyncio.timeout(PATIENCE):
            while (found := await probe()) is None:  # noqa: ASYNC110 - nobody tells us
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise AssertionError(f"this did not happen within {PATIENCE:g} s: {what}") from None
    return found


class Lab:
    """`/lab` of one simulator."""

    def __init__(self, http: aiohttp.ClientSession, graph: str) -> None:
        """`graph`: base of the simulator."""
        self._http = http
        self._graph = graph

    async def join(self, join_web_url: str, user_id: str, name: str | None = None) -> str:
        """Let a person in; return the participant id."""
        body = {"joinWebUrl": join_web_url, "userId": user_id, "displayName": name}
        answer = await self._ask("POST", "people", {k: v for k, v in body.items() if v})
        return str(answer["participantId"])

    async def leave(self, participant_id: str) -> None:
        """Let a person go."""
        await self._ask("DELETE", f"people/{participant_id}")

    async def mute(self, participant_id: str, *, muted: bool) -> None:
        """Mute or unmute a person: the roster is pushed again, with the same people."""
        await self._ask("PATCH", f"people/{participant_id}", {"isMuted": muted})

    async def admit_bot(self, call_id: str) -> None:
        """Let a leg of the bot in from the lobby."""
        await self._ask("PATCH", f"legs/{call_id}", {"isInLobby": False})

    async def end_leg(self, call_id: str, code: int, subcode: int) -> None:
        """End a leg of the bot as the service does; people stay."""
        await self._ask("POST", f"legs/{call_id}/end", {"code": code, "subcode": subcode})

    async def call_the_bot(self, webhook_uri: str, **members: Any) -> str:
        """Let a user call the bot at its registered webhook; return the call id."""
        answer = await self._ask("POST", "incoming", {"webhookUri": webhook_uri, **members})
        return str(answer["callId"])

    async def sources(self, **members: Any) -> None:
        """Say how long a leg lives without keepAlive; without members: as Graph does."""
        await self._ask("POST", "sources", members)

    async def switches(self, **members: Any) -> None:
        """Say how hard Graph is, whatever the world; see devstack/graph/README.md."""
        await self._ask("POST", "switches", members)

    async def fault(self, **members: Any) -> None:
        """Ask for a trouble; see devstack/graph/README.md."""
        await self._ask("POST", "faults", members)

    async def no_faults(self) -> None:
        """Forget the faults; answers that they hold go out."""
        await self._ask("DELETE", "faults")

    async def revoke_tokens(self) -> None:
        """Let Graph take none of the tokens that it was shown so far, with a claims challenge."""
        await self._ask("POST", "tokens/revoke", {"challenge": True})

    async def delivery(self, **members: Any) -> None:
        """Say how callbacks travel; without members: plainly."""
        await self._ask("POST", "delivery", members)

    async def notifications(self) -> list[Json]:
        """Return every notification that was made so far, oldest first, lost or not."""
        made: list[Json] = await self._ask("GET", "notifications")
        return made

    async def forget(self) -> None:
        """Forget meetings, faults, delivery and requests."""
        await self._ask("DELETE", "")

    async def new_meeting(self, **members: Any) -> Json:
        """Make a meeting that the app knows nothing of; return its coordinates."""
        made: Json = await self._ask("POST", "meetings", members)
        return made

    async def meetings(self, subject: str) -> list[Json]:
        """Return the true meetings of that subject."""
        return [one for one in await self._ask("GET", "meetings") if one["subject"] == subject]

    async def all_meetings(self) -> list[Json]:
        """Return every true meeting."""
        made: list[Json] = await self._ask("GET", "meetings")
        return made

    async def rotate_keys(self) -> None:
        """Sign callbacks with another key from now on."""
        await self._ask("POST", "keys/rotate")

    async def asked_for(self, subject: str) -> list[Json]:
        """Return the createOrGet requests for that subject."""
        return [
            one
            for one in await self._ask("GET", "requests")
            if one["path"].endswith("/createOrGet")
            and isinstance(one["body"], dict)
            and one["body"].get("subject") == subject
        ]

    async def bot_sent(self, thread_id: str) -> list[Json]:
        """Return the POSTs that sent a bot into the meeting with that thread."""
        return [
            one
            for one in await self.requests("POST", "/communications/calls$")
            if one["body"].get("chatInfo", {}).get("threadId") == thread_id
        ]

    async def requests(self, method: str, path: str) -> list[Json]:
        """Return the requests whose path the regular expression is found in, oldest first.

        Those refused for their token are left out: after a test has revoked tokens, each process of
        the app is refused once.
        """
        return [
            one
            for one in await self._ask("GET", "requests")
            if one["method"] == method
            and re.search(path, one["path"])
            and one["status"] != UNAUTHORIZED
        ]

    async def _ask(self, method: str, path: str, body: Json | None = None) -> Any:
        url = f"{self._graph}/lab/{path}".rstrip("/")
        async with self._http.request(method, url, json=body) as response:
            assert response.status == 200, f"/lab/{path}: {await response.text()}"
            return await response.json()
