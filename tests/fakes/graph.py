"""A Microsoft Graph in memory. The contract suite holds it to what the simulator does."""

import asyncio
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from shared.graph.call import call_in
from shared.graph.documents import page_in
from shared.graph.meeting import change_in, meeting_in
from shared.graph.roster import read_roster
from shared.words.answers import Call, GivenMeeting, MeetingAnswer, Roster, UserAnswer
from shared.words.errors import GraphTrace, RollcallError, Unavailable
from shared.words.ids import CallId, same_id
from tests.fakes.graph_shapes import guid, new_meeting, organizer_of, refused
from tests.fakes.sources import FakeSources

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FIXED = frozenset({"externalId", "joinMeetingIdSettings", "meetingTemplateId", "chatInfo"})
"""What no PATCH changes."""


class FakeGraph(FakeSources):
    """Implements `graph_port.Graph`. Everybody may organise meetings; calls accept any coordinates.
    What it says of calls afterwards is in `FakeSources`.

    `online` (by id) and `calls` (the rosters of live legs, ours first) hold what Graph holds;
    `posted` is what each call looked like when it was accepted, over or not, `threads` the chat
    thread that a join id leads to, where the test says one;
    `bodies` has each accepted POST to calls in order, `ended` each leg that was hung up, `patches`
    each accepted change of a meeting; `ringing` the calls to the bot, and `rejected` those that it
    turned down. Options in `refused` are refused with 400, those in
    `ignored` accepted and not kept, attendees in `unknown` dropped; every meeting begins with
    `defaults`. A POST with `externalId` is refused unless `post_takes_external_id`, a call by
    join id that says `allowConversationWithoutHost` unless `join_id_takes_host`. `now` is Graph's
    clock, `worded` how it answers with what it holds, `roles` what the bot's token names, and
    `bot_app_id` the application that rosters name as us.
    """

    def __init__(
        self,
        *,
        tenant_id: str,
        organizers: frozenset[str] | None = None,
        bot_app_id: str = "",
    ) -> None:
        """`organizers`: who exists in the tenant; None for everybody."""
        super().__init__()
        self.online: dict[str, dict[str, Any]] = {}
        self.patches: list[dict[str, Any]] = []
        self.refused: set[str] = set()
        self.ignored: set[str] = set()
        self.unknown: set[str] = set()
        self.defaults: dict[str, Any] = {}
        self.post_takes_external_id = False
        self.join_id_takes_host = True
        self.now: Callable[[], datetime] = lambda: START
        self.worded: Callable[[dict[str, Any]], dict[str, Any]] = deepcopy
        self.bot_app_id = bot_app_id
        self.roles: frozenset[str] | None = frozenset()
        self.calls: dict[CallId, list[dict[str, Any]]] = {}
        self.posted: dict[CallId, dict[str, Any]] = {}
        self.threads: dict[str, str] = {}
        self.bodies: list[dict[str, Any]] = []
        self.ended: list[CallId] = []
        self.kept_alive: list[CallId] = []
        self.ringing: set[CallId] = set()
        self.rejected: list[CallId] = []
        self._tenant_id = tenant_id
        self._organizers = organizers
        self._failures: list[tuple[RollcallError, bool] | None] = []
        self._made = 0

    @property
    def meetings(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The meetings by organizer and externalId, the first of each."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for meeting in self.online.values():
            found.setdefault((organizer_of(meeting), meeting["externalId"]), meeting)
        return found

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

    def fail_after(self, answers: int, error: RollcallError, *, done: bool = False) -> None:
        """Let the request after the next `answers` ones raise `error`; see `fail_next`."""
        self._failures += [*[None] * answers, (error, done)]

    async def answering(self) -> None:
        """Raise what the next request is to fail with; its work is not done."""
        _raise(await self._answer())

    def heal(self) -> None:
        """Let no request fail any more that was to fail."""
        self._failures.clear()

    def fill_room(self, call_id: str, people: list[dict[str, Any]]) -> None:
        """Let the room have `people` (see `participant`) in it, beside our leg."""
        room = self.calls[CallId(same_id(call_id))]
        room[1:] = people

    def double(self, call_id: str, other: str) -> None:
        """Let the POST of a call have made another one too, `other`, with the same callback."""
        here, there = CallId(same_id(call_id)), CallId(same_id(other))
        self.posted[there] = {**self.posted[here], "id": other}
        self.calls[there] = list(self.calls[here])

    def drop(self, call_id: str) -> None:
        """Let the leg be gone, as if the service had ended it."""
        self.calls.pop(CallId(same_id(call_id)), None)

    async def create_or_get_meeting(self, organizer_id: str, body: dict[str, Any]) -> GivenMeeting:
        """See `graph_port.Graph.create_or_get_meeting`."""
        failure = await self._answer()
        self._require(organizer_id)
        if not isinstance(body.get("externalId"), str):
            raise refused(400, "BadRequest", "invalid_request")
        known = [
            meeting
            for meeting in self.online.values()
            if (organizer_of(meeting), meeting["externalId"]) == (organizer_id, body["externalId"])
        ]
        meeting = known[0] if known else self._hold(organizer_id, body)
        _raise(failure)
        return meeting_in(self.worded(meeting))

    async def create_meeting(self, organizer_id: str, body: dict[str, Any]) -> GivenMeeting:
        """See `graph_port.Graph.create_meeting`."""
        failure = await self._answer()
        self._require(organizer_id)
        if "externalId" in body and not self.post_takes_external_id:
            raise refused(400, "BadRequest", "invalid_request")
        meeting = self._hold(organizer_id, body)
        _raise(failure)
        return meeting_in(self.worded(meeting))

    async def read_meeting(self, organizer_id: str, online_meeting_id: str) -> MeetingAnswer:
        """See `graph_port.Graph.read_meeting`. The answer is whole, however others are worded."""
        failure = await self._answer()
        meeting = self._held(organizer_id, online_meeting_id)
        if meeting is None:
            raise refused(404, "NotFound", "organizer_not_found")
        _raise(failure)
        return change_in(deepcopy(meeting))

    async def update_meeting(
        self, organizer_id: str, online_meeting_id: str, body: dict[str, Any]
    ) -> MeetingAnswer:
        """See `graph_port.Graph.update_meeting`."""
        failure = await self._answer()
        meeting = self._held(organizer_id, online_meeting_id)
        if meeting is None:
            raise refused(404, "NotFound", "organizer_not_found")
        if body.keys() & (self.refused | FIXED) or ("startDateTime" in body) != (
            "endDateTime" in body
        ):
            raise refused(400, "BadRequest", "invalid_request")
        self.patches.append(deepcopy(body))
        changes = {name: value for name, value in body.items() if name not in self.ignored}
        if "participants" in changes:
            attendees = self._known(changes.pop("participants")["attendees"])
            meeting["participants"]["attendees"] = attendees
        meeting.update(deepcopy(changes))
        _raise(failure)
        return change_in(self.worded(meeting))

    async def delete_meeting(self, organizer_id: str, online_meeting_id: str) -> None:
        """See `graph_port.Graph.delete_meeting`."""
        failure = await self._answer()
        self._require(organizer_id)
        if self._held(organizer_id, online_meeting_id) is not None:
            del self.online[online_meeting_id]
        _raise(failure)

    async def create_call(self, body: dict[str, Any]) -> Call:
        """See `graph_port.Graph.create_call`."""
        failure = await self._answer()
        if body.get("tenantId") != self._tenant_id:
            raise refused(403, "7505", "tenant_mismatch")
        info = body.get("meetingInfo") or {}
        unknown = {"joinMeetingId", "allowConversationWithoutHost"} <= info.keys()
        if unknown and not self.join_id_takes_host:
            raise refused(400, "BadRequest", "invalid_request")
        self.bodies.append(deepcopy(body))
        call_id = guid("call", str(len(self.bodies)))
        (kind, identity), *_ = [
            (kind, identity)
            for kind, identity in body["source"]["identity"].items()
            if isinstance(identity, dict)
        ]
        mine = guid("participant", call_id)
        us = participant(
            mine,
            kind=kind,
            identity_id=identity["id"],
            display_name=identity.get("displayName"),
        )
        self.calls[CallId(same_id(call_id))] = [us]
        call = {
            "id": call_id,
            "state": "establishing",
            "callbackUri": body.get("callbackUri"),
            "callChainId": guid("chain", call_id),
            "myParticipantId": mine,
            "chatInfo": body.get("chatInfo") or self._chat(body.get("meetingInfo") or {}),
            "meetingInfo": body.get("meetingInfo"),
        }
        self.posted[CallId(same_id(call_id))] = call
        _raise(failure)
        return call_in(self.worded(call))

    async def read_call(self, call_id: CallId) -> Call | None:
        """See `graph_port.Graph.read_call`."""
        _raise(await self._answer())
        here = CallId(same_id(call_id))
        return call_in(self.worded(self.posted[here])) if here in self.calls else None

    async def read_participants(
        self, call_id: CallId, *, own_ids: frozenset[str], show_names: bool
    ) -> Roster | None:
        """See `graph_port.Graph.read_participants`."""
        _raise(await self._answer())
        room = self.calls.get(CallId(same_id(call_id)))
        if room is None:
            return None
        listed, _ = page_in(self.worded({"value": room}))
        return read_roster(
            listed,
            bot_app_id=self.bot_app_id,
            my_participant_ids=own_ids,
            show_names=show_names,
        )

    async def keep_alive(self, call_id: CallId) -> bool:
        """See `graph_port.Graph.keep_alive`."""
        _raise(await self._answer())
        here = CallId(same_id(call_id))
        if here not in self.calls:
            return False
        self.kept_alive.append(here)
        return True

    async def end_call(self, call_id: CallId) -> None:
        """See `graph_port.Graph.end_call`."""
        failure = await self._answer()
        self.ended.append(call_id)
        self.drop(call_id)
        _raise(failure)

    async def reject_call(self, call_id: CallId) -> None:
        """See `graph_port.Graph.reject_call`."""
        failure = await self._answer()
        here = CallId(same_id(call_id))
        if here in self.calls:
            raise refused(400, "BadRequest", "invalid_request")
        if here in self.ringing:
            self.ringing.remove(here)
            self.rejected.append(here)
        _raise(failure)

    async def granted(self) -> frozenset[str] | None:
        """See `graph_port.Directory.granted`."""
        _raise(await self._answer())
        return self.roles

    async def read_user(self, user_id: str) -> UserAnswer:
        """See `graph_port.Directory.read_user`."""
        _raise(await self._answer())
        if self.roles is None or "User.Read.All" not in self.roles:
            return UserAnswer(status=403, code="Forbidden", date=self.now())
        if self._organizers is not None and user_id not in self._organizers:
            return UserAnswer(status=404, code="Request_ResourceNotFound", date=self.now())
        return UserAnswer(status=200, date=self.now(), enabled=True, teams=True)

    async def check(self) -> None:
        """See `graph_port.Graph.check`."""
        _raise(await self._answer())

    def _chat(self, meeting_info: dict[str, Any]) -> dict[str, Any]:
        join_id = str(meeting_info.get("joinMeetingId"))
        for meeting in self.online.values():
            if meeting["joinMeetingIdSettings"]["joinMeetingId"] == join_id:
                return {**meeting["chatInfo"]}
        thread = self.threads.get(join_id, f"19:meeting_{join_id}@thread.v2")
        return {"threadId": thread, "messageId": "0"}

    def _require(self, organizer_id: str) -> None:
        if self._organizers is not None and organizer_id not in self._organizers:
            raise refused(404, "NotFound", "organizer_not_found")

    def _held(self, organizer_id: str, online_meeting_id: str) -> dict[str, Any] | None:
        meeting = self.online.get(online_meeting_id)
        return meeting if meeting and organizer_of(meeting) == organizer_id else None

    def _hold(self, organizer_id: str, body: dict[str, Any]) -> dict[str, Any]:
        self._made += 1
        kept = {name: value for name, value in body.items() if name not in self.ignored}
        meeting = self.defaults | new_meeting(
            organizer_id, kept, self._tenant_id, number=self._made, now=self.now()
        )
        meeting["participants"]["attendees"] = self._known(meeting["participants"]["attendees"])
        self.online[meeting["id"]] = meeting
        return meeting

    def _known(self, attendees: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return deepcopy([one for one in attendees if one.get("upn") not in self.unknown])

    async def _answer(self) -> RollcallError | None:
        """Raise a failure that comes before the work, or return one that comes after it."""
        await asyncio.sleep(0)
        if not self._failures:
            return None
        failure = self._failures.pop(0)
        if failure is None:
            return None
        error, done = failure
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
