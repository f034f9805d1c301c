"""The simulated tenant: the bot's legs in its meetings, calls to the bot, and what Graph tells it.

State in memory, no I/O: what is to be posted to a leg goes to `notify`, time comes from `now`.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from devstack.graph.admissions import Admissions, waits_in_lobby
from devstack.graph.call_rules import ByThread, JoinWish, parse_join
from devstack.graph.calls import Leg, new_leg
from devstack.graph.identities import Tenant, same_guid
from devstack.graph.incoming import parse_reject
from devstack.graph.json_values import Json, JsonObject
from devstack.graph.leg_life import LAPSED, is_established, is_lapsed, next_lapse
from devstack.graph.meeting_book import MeetingBook, Venue
from devstack.graph.meeting_shapes import chat_info
from devstack.graph.notifications import (
    bundled,
    render_end,
    render_roster,
    render_state,
    render_stray_roster,
)
from devstack.graph.participants import render_participants
from devstack.graph.refusals import bad_request, call_not_found
from devstack.graph.ringing import Ringing
from devstack.graph.room import Room, Sight
from devstack.graph.switches import DOCUMENTED, GraphSwitches
from devstack.graph.without_host import NO_HOST, ends_without_host

BAD_COORDINATES = (400, 2203)
"""How a leg ends whose coordinates lead nowhere: microsoft-graph-comms-samples issue 433."""
HUNG_UP = (200, 7000)


class World:
    """Does what Graph does. Methods raise GraphRefusal where Graph refuses."""

    def __init__(
        self,
        *,
        tenant: Tenant,
        ids: Random,
        now: Callable[[], datetime],
        notify: Callable[[Leg, JsonObject], None],
        switches: GraphSwitches = DOCUMENTED,
    ) -> None:
        """Start with nothing. `ids` also decides how notifications vary.

        `switches` are those of the start, to which `forget` goes back.
        """
        self.tenant = tenant
        self.now = now
        self._ids = ids
        self._notify = notify
        self._start = self.switches = switches
        self.meetings = MeetingBook(tenant=tenant, ids=ids, now=now, switches=lambda: self.switches)
        self.incoming = Ringing(tenant=tenant, ids=ids, notify=notify)
        self._admissions = Admissions(ids)
        self._live: dict[str, tuple[Leg, Venue]] = {}
        self._over: dict[str, tuple[datetime, Leg]] = {}

    def forget(self) -> None:
        """Forget meetings, rooms and legs without a callback, and what the lab asked for."""
        self.switches = self._start
        self.meetings.forget()
        self.incoming.forget()
        self._admissions.forget()
        self._live.clear()
        self._over.clear()

    def change(self, members: Mapping[str, Any], *, back: Collection[str] = ()) -> None:
        """Set switches by their names in JSON; those of `back` first go back to the start's.

        Raises SwitchMistake, which names every problem, with nothing changed.
        """
        start = self._start.shown()
        wanted = {name: start[name] for name in back} | dict(members)
        self.switches = self.switches.changed(wanted)
        if "failedAdmissionEvery" in wanted:
            self._admissions.count_anew()

    def place_call(self, body: Json) -> Leg:
        """Accept a join: the leg as first answered. Its outcome is told by notifications."""
        wish = parse_join(body, tenant_id=self.tenant.tenant_id, switches=self.switches)
        leg = new_leg(
            wish,
            app_id=self.tenant.bot_app_id,
            display_name=self.tenant.bot_name,
            ids=self._ids,
            at=self.now(),
        )
        venue = self._reached(wish)
        if venue is not None:
            chat = chat_info(venue.meeting)
            leg = replace(leg, chat_info=chat, chain_id=venue.room.chain_id)
        self._notify(leg, render_state(leg, "establishing", self._ids))
        if venue is None:
            self._notify(leg, render_end(leg, *BAD_COORDINATES, self._ids))
            return leg
        venue.legs.append(leg)
        if waits_in_lobby(leg, venue.meeting, self.switches):
            self._note(replace(leg, in_lobby=True), venue)
            self.push_rosters(venue)
        else:
            self._note(leg, venue)
            self.happen(self.now())
        return leg

    def reject(self, call_id: str, body: Json) -> None:
        """Let the bot turn down a call to it."""
        ringing = self.incoming.find(call_id)
        if ringing is None:
            self._seated(call_id)
            raise bad_request("Only an incoming call can be rejected.")
        self.incoming.reject(ringing, callback_uri=parse_reject(body, self.switches))

    def call(self, call_id: str) -> Leg:
        """Return a call that is there: a leg, also just after its end, or a call that rings."""
        self.happen(self.now())
        return self.incoming.find(call_id) or self._just_over(call_id) or self._seated(call_id)[0]

    def roster(self, call_id: str) -> JsonObject:
        """Return the answer to GET participants of a leg that is not over."""
        leg, venue = self._seated(call_id)
        return render_participants(
            self._sight(leg, venue),
            call_id=leg.call_id,
            waiting=leg if leg.in_lobby else None,
            switches=self.switches,
            variation=self._ids,
        )

    def admit(self, call_id: str) -> None:
        """Let a leg in from the lobby; one that is not there stays as it is."""
        leg, venue = self._seated(call_id)
        if leg.in_lobby:
            self._get_in(leg, venue)

    def fail_admission(self, call_id: str, code: int, subcode: int) -> None:
        """Let a leg that is not in yet end with these codes when it is about to get in."""
        leg, _ = self._seated(call_id)
        if leg.entered_at is not None:
            raise bad_request("The call is established already.")
        self._admissions.decide(leg, code, subcode)

    def keep_alive(self, call_id: str) -> None:
        """Note that the application still wants a leg, in or waiting in the lobby."""
        leg, venue = self._seated(call_id)
        self._note(replace(leg, kept_alive_at=self.now()), venue)

    def next_due(self, now: datetime) -> datetime:
        """Return a moment by which to look again, by `happen`, at what is due by itself.

        A leg that is placed meanwhile may get in up to `establishSeconds` late.
        """
        lapse, pause = self.next_lapse(now), self.switches.establish_seconds
        return min(lapse, now + timedelta(seconds=pause)) if pause else lapse

    def happen(self, now: datetime) -> None:
        """Do what is due by itself: let in legs that are on their way, end lapsed ones."""
        for leg, venue in list(self._live.values()):
            if is_established(leg, switches=self.switches, now=now):
                self._get_in(leg, venue)
        self.lapse(now)

    def next_lapse(self, now: datetime) -> datetime:
        """Return the moment before which no leg can lapse, those placed later included."""
        legs = [leg for leg, _ in self._live.values()]
        return next_lapse(legs, switches=self.switches, now=now)

    def lapse(self, now: datetime) -> list[str]:
        """End, as the service does, each leg that was not kept alive; return their call ids."""
        silent = [
            (leg, venue)
            for leg, venue in self._live.values()
            if is_lapsed(leg, switches=self.switches, now=now)
        ]
        for leg, venue in silent:
            self._end(leg, venue, *LAPSED)
        return [leg.call_id for leg, _ in silent]

    def hang_up(self, call_id: str) -> None:
        """End a leg as the application does; people stay."""
        self.end_leg(call_id, *HUNG_UP)

    def end_leg(self, call_id: str, code: int, subcode: int) -> None:
        """End a leg, or a call that rings, as the service does; people stay."""
        ringing = self.incoming.find(call_id)
        if ringing is None:
            self._end(*self._seated(call_id), code, subcode)
        else:
            self.incoming.end(ringing, code, subcode)

    def push_rosters(self, venue: Venue) -> None:
        """Send the full roster to each leg in the room; needed after each change of a room."""
        venue.remember(self.now())
        for leg in venue.room.legs:
            self._push_roster(leg, venue.room)

    def _get_in(self, leg: Leg, venue: Venue) -> None:
        failure = self._admissions.failure(leg, self.switches.failed_admission_every)
        if failure is None:
            self._establish(leg, venue)
        else:
            self._end(leg, venue, *failure)

    def _note(self, leg: Leg, venue: Venue) -> None:
        if leg.in_lobby or leg.entered_at is not None:
            venue.room.enter(leg)
            venue.remember(self.now())
        venue.legs = [leg if one.call_id == leg.call_id else one for one in venue.legs]
        self._live[same_guid(leg.call_id)] = (leg, venue)

    def _establish(self, leg: Leg, venue: Venue) -> None:
        # The instance may have changed while the leg was waiting in the lobby.
        leg = replace(
            leg,
            state="established",
            in_lobby=False,
            entered_at=self.now(),
            chain_id=venue.room.chain_id,
        )
        self._note(leg, venue)
        self._notify(leg, render_state(leg, "established", self._ids))
        for other in venue.room.legs:
            if other.call_id != leg.call_id:
                self._push_roster(other, venue.room)
        again = render_state(leg, "established", self._ids, detailed=True)
        if self._ids.random() < 0.25:
            self._push_roster(leg, venue.room, bundled_with=again)
            return
        self._push_roster(leg, venue.room)
        self._notify(leg, again)
        if self._ids.random() < 0.5:
            self._notify(leg, render_state(leg, "established", self._ids, detailed=True))

    def _sight(self, leg: Leg, venue: Venue) -> Sight:
        lag, empty = self.switches.roster_lag_seconds, self.switches.empty_reads
        if leg.entered_at is None or (empty and self._ids.random() < empty):
            return Sight()
        if not lag:
            return venue.room.sight
        return venue.seen_at(self.now() - timedelta(seconds=self._ids.uniform(0, lag)))

    def _push_roster(self, leg: Leg, room: Room, *, bundled_with: JsonObject | None = None) -> None:
        switches = self.switches
        roster = render_roster(room, leg, self._ids, switches=switches)
        pushed = [roster if bundled_with is None else bundled(roster, bundled_with)]
        if room.has_people and not leg.in_lobby and self._ids.random() < switches.empty_rosters:
            stray = render_stray_roster(room, leg, self._ids, switches=switches)
            pushed.insert(self._ids.randrange(2), stray)
        for envelope in pushed:
            self._notify(leg, envelope)

    def _end(self, leg: Leg, venue: Venue, code: int, subcode: int) -> None:
        now, room = self.now(), venue.room
        if self._live.pop(same_guid(leg.call_id), None) is None:
            # The end of another leg took this one with it.
            return
        over = replace(leg, state="terminated", ended=(code, subcode))
        venue.legs = [over if one.call_id == leg.call_id else one for one in venue.legs]
        if self.switches.terminated_seconds:
            self._over[same_guid(leg.call_id)] = (now, over)
        self._notify(over, render_end(over, code, subcode, self._ids))
        if not leg.in_lobby and leg.entered_at is None:
            return
        room.exit(leg.call_id, at=now)
        people, legs = ends_without_host(
            room, leg, organizer_id=venue.meeting.organizer_id, switches=self.switches
        )
        for participant_id in people:
            room.leave(participant_id, at=now)
        self.push_rosters(venue)
        for other in legs:
            self._end(other, venue, *NO_HOST)

    def _just_over(self, call_id: str) -> Leg | None:
        shown = timedelta(seconds=self.switches.terminated_seconds)
        now = self.now()
        self._over = {one: end for one, end in self._over.items() if now < end[0] + shown}
        found = self._over.get(same_guid(call_id))
        return None if found is None else found[1]

    def _seated(self, call_id: str) -> tuple[Leg, Venue]:
        # What is due by itself may not have been done yet: no lapsed leg is seen alive.
        self.happen(self.now())
        found = self._live.get(same_guid(call_id))
        if found is None:
            raise call_not_found()
        return found

    def _reached(self, wish: JoinWish) -> Venue | None:
        for venue in self.meetings.venues:
            meeting = venue.meeting
            if venue.deleted:
                continue
            if isinstance(wish.coordinates, ByThread):
                same_thread = wish.coordinates.thread_id == meeting.thread_id
                organizer = same_guid(wish.coordinates.organizer_id)
                if same_thread and organizer == same_guid(meeting.organizer_id):
                    return venue
            elif wish.coordinates.join_meeting_id == meeting.join_meeting_id:
                right = meeting.passcode is None or wish.coordinates.passcode == meeting.passcode
                return venue if right else None
        return None
