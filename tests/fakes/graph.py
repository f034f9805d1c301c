"""A Microsoft Graph in memory. The contract suite holds it to what the simulator does."""

import asyncio
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.domain import CallId, digest, same_id
from shared.errors import GraphTrace, Rejected, RollcallError, Unavailable

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class FakeGraph:
    """Implements `ports.Graph`. Everybody may organise meetings; calls accept any coordinates.

    `meetings` and `calls` (the rosters of live legs, ours first) hold what Graph holds; `bodies`
    has each accepted POST to calls in order, `ended` each leg that was hung up.
    """

    def __init__(self, *, tenant_id: str, organizers: frozenset[str] | None = None) -> None:
        """`organizers`: who exists in the tenant; None for everybody."""
        self.meetings: dict[tuple[str, str], dict[str, Any]] = {}
        self.calls: dict[CallId, list[dict[str, Any]]] = {}
        self.bodies: list[dict[str, Any]] = []
        self.ended: list[CallId] = []
        self._tenant_id = tenant_id
        self._organizers = organizers
        self._failures: list[tuple[RollcallError, bool]] = []

    def fail_next(
        self, error: RollcallError | None = None, *, times: int = 1, done: bool = False
    ) -> None:
        """Let the next `times` requests raise `error`; `done`: after their work was done.

        Without `error` it is an `Unavailable` of status 503.
        """
        failure = error or Unavailable(
            "Graph answered 503 (as the test asked)",
            graph=GraphTrace(status=503, code="ServiceUnavailable"),
        )
        self._failures += [(failure, done)] * times

    def fill_room(self, call_id: str, people: list[dict[str, Any]]) -> None:
        """Let the room have `people` (see `participant`) in it, beside our leg."""
        room = self.calls[CallId(same_id(call_id))]
        room[1:] = people

    def drop(self, call_id: str) -> None:
        """Let the leg be gone, as if the service had ended it."""
        self.calls.pop(CallId(same_id(call_id)), None)

    async def create_or_get_meeting(
        self, organizer_id: str, body: dict[str, Any]
    ) -> dict[str, Any]:
        """See `ports.Graph.create_or_get_meeting`."""
        failure = await self._answer()
        if self._organizers is not None and organizer_id not in self._organizers:
            raise _refused(404, "NotFound", "organizer_not_found")
        if not isinstance(body.get("externalId"), str):
            raise _refused(400, "BadRequest", "invalid_request")
        key = (organizer_id, body["externalId"])
        meeting = self.meetings.setdefault(key, _meeting(*key, body, self._tenant_id))
        _raise(failure)
        return deepcopy(meeting)

    async def create_call(self, body: dict[str, Any]) -> dict[str, Any]:
        """See `ports.Graph.create_call`."""
        failure = await self._answer()
        if body.get("tenantId") != self._tenant_id:
            raise _refused(403, "7505", "tenant_mismatch")
        self.bodies.append(deepcopy(body))
        call_id = _guid("call", str(len(self.bodies)))
        source = body["source"]["identity"]["application"]["id"]
        us = participant(_guid("participant", call_id), kind="application", identity_id=source)
        self.calls[CallId(same_id(call_id))] = [us]
        _raise(failure)
        return {"id": call_id, "state": "establishing", "callbackUri": body.get("callbackUri")}

    async def read_participants(self, call_id: CallId) -> list[dict[str, Any]] | None:
        """See `ports.Graph.read_participants`."""
        _raise(await self._answer())
        return deepcopy(self.calls.get(CallId(same_id(call_id))))

    async def end_call(self, call_id: CallId) -> None:
        """See `ports.Graph.end_call`."""
        failure = await self._answer()
        self.ended.append(call_id)
        self.drop(call_id)
        _raise(failure)

    async def check(self) -> None:
        """See `ports.Graph.check`."""
        _raise(await self._answer())

    async def _answer(self) -> RollcallError | None:
        """Raise a failure that comes before the work, or return one that comes after it."""
        await asyncio.sleep(0)
        if not self._failures:
            return None
        error, done = self._failures.pop(0)
        if not done:
            raise error
        return error


def participant(
    participant_id: str,
    *,
    kind: str = "user",
    identity_id: str = "",
    display_name: str | None = None,
    in_lobby: bool = False,
) -> dict[str, Any]:
    """Return one participant as Graph lists them."""
    identity = {"id": identity_id or participant_id, "displayName": display_name}
    return {
        "@odata.type": "#microsoft.graph.participant",
        "id": participant_id,
        "info": {"identity": {"application": None, "user": None, kind: identity}},
        "isInLobby": in_lobby,
    }


def _raise(failure: RollcallError | None) -> None:
    if failure is not None:
        raise failure


def _refused(status: int, graph_code: str, code: str) -> Rejected:
    return Rejected(
        code=code,
        message=f"Graph refused with {status} {graph_code}.",
        next_step="Ask for something that Graph accepts.",
        graph=GraphTrace(status=status, code=graph_code),
    )


def _meeting(
    organizer_id: str, external_id: str, body: dict[str, Any], tenant_id: str
) -> dict[str, Any]:
    thread_id = f"19:meeting_{digest(organizer_id, external_id, characters=24)}@thread.v2"
    return {
        "id": digest("onlineMeeting", organizer_id, external_id, characters=40),
        "subject": body.get("subject"),
        "startDateTime": body.get("startDateTime", START.isoformat()),
        "endDateTime": body.get("endDateTime", (START + timedelta(hours=1)).isoformat()),
        "joinWebUrl": f"https://teams.microsoft.com/l/meetup-join/{thread_id}/0",
        "chatInfo": {"threadId": thread_id, "messageId": "0"},
        "participants": {
            "organizer": {"identity": {"user": {"id": organizer_id, "tenantId": tenant_id}}},
            "attendees": (body.get("participants") or {}).get("attendees", []),
        },
        "joinMeetingIdSettings": {
            "joinMeetingId": str(int(digest(thread_id, characters=16).encode().hex(), 16))[:12],
            "passcode": None,
            "isPasscodeRequired": False,
        },
        "audioConferencing": None,
    }


def _guid(*parts: str) -> str:
    digits = digest(*parts, characters=20).encode().hex()[:32]
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))
