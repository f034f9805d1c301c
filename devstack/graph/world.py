"""The simulated tenant: the bot's legs in its meetings, calls to the bot, and what Graph tells it.

State in memory, no I/O: what is to be posted to a leg goes to `notify`, time comes from `now`.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from random import Random

from devstack.graph.call_rules import ByThread, JoinWish, parse_join
from devstack.graph.calls import Leg, new_leg
from devstack.graph.identities import Tenant, new_guid, same_guid
from devstack.graph.incoming import (
    invitation,
    new_incoming,
    parse_reject,
    render_incoming,
    render_legacy_incoming,
    render_rejected,
)
from devstack.graph.json_values import Json, JsonObject
from devstack.graph.leg_life import LAPSED, is_lapsed, next_lapse
from devstack.graph.meeting_book import MeetingBook, Venue
from devstack.graph.meetings import Meeting
from devstack.graph.notifications import (
    bundled,
    render_end,
    render_roster,
    render_state,
    render_stray_roster,
)
from devstack.graph.participants import render_participants
from devstack.graph.refusals import bad_request, call_not_found
from devstack.graph.room import Room
from devstack.graph.roster_manner import PLAIN
from devstack.graph.sources import Sources
from devstack.graph.switches import DOCUMENTED, GraphSwitches

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
        """Start with nothing. `ids` also decides how notifications vary."""
        self.tenant = tenant
        self.now = now
        self._ids = ids
        self._notify = notify
        self.switches = switches
        self.meetings = MeetingBook(tenant=tenant, ids=ids, now=now)
        self.manner = PLAIN
        self.sources = Sources()
        self._live: dict[str, tuple[Leg, Venue]] = {}
        self._ringing: dict[str, Leg] = {}
        self._told_in_legacy: dict[str, Leg] = {}

    def forget(self) -> None:
        """Forget meetings, rooms and legs without a callback, and what the lab asked for."""
        self.manner = PLAIN
        self.sources = Sources()
        self.meetings.forget()
        self._live.clear()
        self._ringing.clear()
        self._told_in_legacy.clear()

    def place_call(self, body: Json) -> Leg:
        """Accept a join: the leg as first answered. Its outcome is told by notifications."""
        wish = parse_join(body, tenant_id=self.tenant.tenant_id)
        leg = new_leg(
            wish,
            app_id=self.tenant.bot_app_id,
            display_name=self.tenant.bot_name,
            ids=self._ids,
            at=self.now(),
        )
        venue = self._reached(wish)
        if venue is not None:
            chat = _chat_info(venue.meeting)
            leg = replace(leg, chat_info=chat, chain_id=venue.room.chain_id)
        self._notify(leg, render_state(leg, "establishing", self._ids))
        if venue is None:
            self._notify(leg, render_end(leg, *BAD_COORDINATES, self._ids))
        elif leg.guest is not None and not venue.meeting.lets_guests_pass:
            self._wait(replace(leg, in_lobby=True), venue)
        else:
            venue.legs.append(leg)
            self._establish(leg, venue)
        return leg

    def ring(
        self,
        *,
        webhook_uri: str,
        user_id: str | None = None,
        display_name: str | None = None,
        venue: Venue | None = None,
        legacy: bool = False,
    ) -> Leg:
        """Let a user call the bot, or invite it to a meeting; its webhook is told.

        Told in the `legacy` format, the call is known to Graph only when its form is asked for.
        """
        leg = new_incoming(
            self.tenant,
            webhook_uri=webhook_uri,
            user_id=user_id or new_guid(self._ids),
            display_name=display_name,
            ids=self._ids,
        )
        if venue is not None:
            chat, chain_id = _chat_info(venue.meeting), venue.room.chain_id
            leg = invitation(leg, chat_info=chat, chain_id=chain_id, ids=self._ids)
        if legacy:
            self._told_in_legacy[leg.call_id] = leg
            self._notify(leg, render_legacy_incoming(leg))
        else:
            self._tell_incoming(leg)
        return leg

    def ask_for_graph_form(self, leg: Leg) -> None:
        """Tell a call again as Graph does, once, if so far it was told in the legacy format."""
        if self._told_in_legacy.pop(leg.call_id, None) is not None:
            self._tell_incoming(leg)

    def reject(self, call_id: str, body: Json) -> None:
        """Let the bot turn down a call to it."""
        ringing = self._ringing.get(same_guid(call_id))
        if ringing is None:
            self._seated(call_id)
            raise bad_request("Only an incoming call can be rejected.")
        callback_uri = parse_reject(body) or ringing.callback_uri
        over = replace(self._stop_ringing(ringing), callback_uri=callback_uri)
        self._notify(over, render_rejected(over, self._ids))

    def call(self, call_id: str) -> Leg:
        """Return a call that is not over: a leg, or a call to the bot that rings."""
        return self._ringing.get(same_guid(call_id)) or self._seated(call_id)[0]

    def roster(self, call_id: str) -> JsonObject:
        """Return the answer to GET participants of a leg that is not over."""
        leg, venue = self._seated(call_id)
        waiting = leg if leg.in_lobby else None
        return render_participants(
            venue.room,
            call_id=leg.call_id,
            waiting=waiting,
            manner=self.manner,
            variation=self._ids,
        )

    def admit(self, call_id: str) -> None:
        """Let a leg in from the lobby; one that is in stays as it is."""
        leg, venue = self._seated(call_id)
        if leg.in_lobby:
            self._establish(replace(leg, in_lobby=False), venue)

    def keep_alive(self, call_id: str) -> None:
        """Note that the application still wants a leg, in or waiting in the lobby."""
        leg, venue = self._seated(call_id)
        self._seat(replace(leg, kept_alive_at=self.now()), venue)

    def next_lapse(self, now: datetime) -> datetime:
        """Return the moment before which no leg can lapse, those placed later included."""
        return next_lapse(
            [leg for leg, _ in self._live.values()],
            lapse=self.sources.keep_alive_lapse,
            now=now,
        )

    def lapse(self, now: datetime) -> list[str]:
        """End, as the service does, each leg that was not kept alive; return their call ids."""
        silent = [
            (leg, venue)
            for leg, venue in self._live.values()
            if is_lapsed(leg, lapse=self.sources.keep_alive_lapse, now=now)
        ]
        for leg, venue in silent:
            self._end(leg, venue, *LAPSED)
        return [leg.call_id for leg, _ in silent]

    def hang_up(self, call_id: str) -> None:
        """End a leg as the application does; people stay."""
        self.end_leg(call_id, *HUNG_UP)

    def end_leg(self, call_id: str, code: int, subcode: int) -> None:
        """End a leg, or a call that rings, as the service does; people stay."""
        ringing = self._ringing.get(same_guid(call_id))
        if ringing is None:
            self._end(*self._seated(call_id), code, subcode)
            return
        over = self._stop_ringing(ringing)
        self._notify(over, render_end(over, code, subcode, self._ids))

    def push_rosters(self, venue: Venue) -> None:
        """Send the full roster to each leg in the room."""
        for leg in venue.room.legs:
            self._push_roster(leg, venue.room)

    def _tell_incoming(self, leg: Leg) -> None:
        self._ringing[same_guid(leg.call_id)] = leg
        self._notify(leg, render_incoming(leg, self._ids))

    def _stop_ringing(self, leg: Leg) -> Leg:
        del self._ringing[same_guid(leg.call_id)]
        return replace(leg, state="terminated")

    def _wait(self, leg: Leg, venue: Venue) -> None:
        venue.legs.append(leg)
        self._seat(leg, venue)
        self.push_rosters(venue)

    def _seat(self, leg: Leg, venue: Venue) -> None:
        venue.room.enter(leg)
        venue.legs = [leg if one.call_id == leg.call_id else one for one in venue.legs]
        self._live[same_guid(leg.call_id)] = (leg, venue)

    def _establish(self, leg: Leg, venue: Venue) -> None:
        # The instance may have changed while the leg was waiting in the lobby.
        leg = replace(leg, state="established", chain_id=venue.room.chain_id)
        self._seat(leg, venue)
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

    def _push_roster(self, leg: Leg, room: Room, *, bundled_with: JsonObject | None = None) -> None:
        roster = render_roster(room, leg, self._ids, manner=self.manner)
        pushed = [roster if bundled_with is None else bundled(roster, bundled_with)]
        if room.has_people and not leg.in_lobby and self._ids.random() < self.manner.stray:
            stray = render_stray_roster(room, leg, self._ids, manner=self.manner)
            pushed.insert(self._ids.randrange(2), stray)
        for envelope in pushed:
            self._notify(leg, envelope)

    def _end(self, leg: Leg, venue: Venue, code: int, subcode: int) -> None:
        del self._live[same_guid(leg.call_id)]
        venue.room.exit(leg.call_id)
        over = replace(leg, state="terminated")
        venue.legs = [over if one.call_id == leg.call_id else one for one in venue.legs]
        self._notify(over, render_end(over, code, subcode, self._ids))
        self.push_rosters(venue)

    def _seated(self, call_id: str) -> tuple[Leg, Venue]:
        # Whoever is to end lapsed legs may be late: none is seen alive.
        self.lapse(self.now())
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


def _chat_info(meeting: Meeting) -> JsonObject:
    return {
        "@odata.type": "#microsoft.graph.chatInfo",
        "threadId": meeting.thread_id,
        "messageId": "0",
        "replyChainMessageId": None,
    }
