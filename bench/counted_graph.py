"""The simulator's own world in this process, behind the app's port: counts the requests to Graph by
their route. Each is one HTTP request; rosters fit one page here.
"""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from devstack.graph.calls import Leg, render_call
from devstack.graph.identities import BOT_APP_ID, Tenant, seeded
from devstack.graph.json_values import JsonObject
from devstack.graph.meeting_book import Venue
from devstack.graph.meeting_shapes import render_found, render_meeting
from devstack.graph.refusals import GraphRefusal
from devstack.graph.world import World
from shared.graph.call import call_in
from shared.graph.meeting import change_in, meeting_in
from shared.graph.roster import read_roster
from shared.words.answers import Call, GivenMeeting, MeetingAnswer, Roster
from shared.words.ids import CallId
from shared.words.sources import ListedReports

CREATE, MEETING = "createOrGet", "GET onlineMeeting"
JOIN, CALL, ROSTER = "POST calls", "GET call", "GET participants"
KEEP, HANG_UP = "POST keepAlive", "DELETE call"
REPORTS = "GET attendanceReports"


class CountedGraph:
    """Stands in for `graph_port.Graph`, as far as the counted steps ask it.

    `callbacks`: what Graph has to say to the app, as (callback URI, body), oldest first.
    """

    def __init__(self, now: Callable[[], datetime], *, seed: int) -> None:
        self.requested: Counter[str] = Counter()
        self.callbacks: list[tuple[str, bytes]] = []
        self._world = World(tenant=Tenant(), ids=seeded(seed), now=now, notify=self._notify)
        self._now = now

    def come(self, user_id: str) -> str:
        """Let a person into the only meeting; return the participant id."""
        participant_id = self._venue.room.join(user_id=user_id, at=self._now())
        self._world.push_rosters(self._venue)
        return participant_id

    def mute(self, participant_id: str) -> None:
        """Let a person be muted."""
        self._venue.room.mute(participant_id, muted=True)
        self._world.push_rosters(self._venue)

    def go(self, participant_id: str) -> None:
        """Let a person leave."""
        self._venue.room.leave(participant_id, at=self._now())
        self._world.push_rosters(self._venue)

    async def create_or_get_meeting(self, organizer_id: str, body: dict[str, Any]) -> GivenMeeting:
        """See `graph_port.Graph.create_or_get_meeting`."""
        self.requested[CREATE] += 1
        found, _ = self._world.meetings.create_or_get(organizer_id, body)
        return meeting_in(render_found(found, self._world.switches))

    async def read_meeting(self, organizer_id: str, online_meeting_id: str) -> MeetingAnswer:
        """See `graph_port.Graph.read_meeting`."""
        self.requested[MEETING] += 1
        found = self._world.meetings.meeting(organizer_id, online_meeting_id)
        return change_in(render_meeting(found))

    async def attendance_reports(self, _: str, __: str) -> ListedReports:
        """See `graph_port.Sources.attendance_reports`. There is none: each look comes."""
        self.requested[REPORTS] += 1
        return ListedReports()

    async def create_call(self, body: dict[str, Any]) -> Call:
        """See `graph_port.Graph.create_call`."""
        self.requested[JOIN] += 1
        return call_in(render_call(self._world.place_call(body)))

    async def read_call(self, call_id: CallId) -> Call | None:
        """See `graph_port.Graph.read_call`."""
        self.requested[CALL] += 1
        try:
            return call_in(render_call(self._world.call(call_id)))
        except GraphRefusal:
            return None

    async def read_participants(
        self, call_id: CallId, *, own_ids: frozenset[str], show_names: bool
    ) -> Roster | None:
        """See `graph_port.Graph.read_participants`."""
        self.requested[ROSTER] += 1
        try:
            listed: Any = self._world.roster(call_id)["value"]
        except GraphRefusal:
            return None
        return read_roster(
            listed, bot_app_id=BOT_APP_ID, my_participant_ids=own_ids, show_names=show_names
        )

    async def keep_alive(self, call_id: CallId) -> bool:
        """See `graph_port.Graph.keep_alive`."""
        self.requested[KEEP] += 1
        self._world.keep_alive(call_id)
        return True

    async def end_call(self, call_id: CallId) -> None:
        """See `graph_port.Graph.end_call`."""
        self.requested[HANG_UP] += 1
        self._world.hang_up(call_id)

    @property
    def _venue(self) -> Venue:
        (venue,) = self._world.meetings.venues
        return venue

    def _notify(self, leg: Leg, envelope: JsonObject) -> None:
        self.callbacks.append((leg.callback_uri, json.dumps(envelope).encode()))
