"""The meetings of the simulated tenant, each with its room. State in memory, no I/O.

Who may organise, what makes a meeting findable, what createOrGet returns again.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from devstack.graph.calls import Leg
from devstack.graph.identities import Tenant
from devstack.graph.json_values import Json
from devstack.graph.meeting_rules import (
    MeetingWish,
    parse_create,
    parse_create_or_get,
    parse_update,
)
from devstack.graph.meetings import Meeting, matches_filter, new_meeting, updated
from devstack.graph.refusals import no_policy, not_found
from devstack.graph.room import Room, Sight
from devstack.graph.switches import DOCUMENTED, GraphSwitches

LONGEST_LAG = timedelta(minutes=1)
"""The most that `rosterLagSeconds` may be."""


@dataclass(slots=True)
class Venue:
    """One meeting and its room. `deleted`: Graph does not show it any more, the room stays."""

    meeting: Meeting
    room: Room
    legs: list[Leg] = field(default_factory=list)
    """Every leg that was ever in the room, as it is now."""
    deleted: bool = False
    past: list[tuple[datetime, Sight]] = field(default_factory=list)
    """Since when the room was as it was, the newest last, as far back as a read may show it."""

    def remember(self, now: datetime) -> None:
        """Keep how the room is from now on."""
        self.past.append((now, self.room.sight))
        while len(self.past) > 1 and self.past[1][0] <= now - LONGEST_LAG:
            del self.past[0]

    def seen_at(self, moment: datetime) -> Sight:
        """Return how the room was at a moment; before its first change it was empty."""
        return next((sight for since, sight in reversed(self.past) if since <= moment), Sight())


class MeetingBook:
    """Keeps meetings as Graph does. Methods raise GraphRefusal where Graph refuses."""

    def __init__(
        self,
        *,
        tenant: Tenant,
        ids: Random,
        now: Callable[[], datetime],
        switches: Callable[[], GraphSwitches] = lambda: DOCUMENTED,
    ) -> None:
        """Start with none. `switches` returns how Graph behaves now."""
        self._tenant = tenant
        self._ids = ids
        self._now = now
        self._switches = switches
        self.venues: list[Venue] = []
        self._same_external_id: dict[tuple[str, str | None], list[Venue]] = defaultdict(list)

    def forget(self) -> None:
        """Forget every meeting."""
        self.venues.clear()
        self._same_external_id.clear()

    def create_or_get(self, organizer_id: str, body: Json) -> tuple[Meeting, bool]:
        """Return the organizer's meeting of that externalId, unchanged, or a new one and True."""
        organizer = self._organizer(organizer_id)
        wish = parse_create_or_get(body, self._switches())
        for venue in self._same_external_id[organizer, wish.external_id]:
            if not venue.deleted:
                return venue.meeting, False
        return self.add(organizer, wish), True

    def create(self, organizer_id: str, body: Json) -> Meeting:
        """Make another meeting, each time."""
        organizer = self._organizer(organizer_id)
        wish = parse_create(body, self._switches())
        return self.add(organizer, wish)

    def add(self, organizer_id: str, wish: MeetingWish, *, passcode: str | None = None) -> Meeting:
        """Make a meeting of anybody's, also of somebody for whom this app may not make one.

        `passcode` is one that was chosen, which Graph itself offers nobody.
        """
        meeting = new_meeting(
            wish,
            organizer_id=organizer_id,
            tenant_id=self._tenant.tenant_id,
            now=self._now(),
            ids=self._ids,
            links=self._switches().links,
        )
        if passcode is not None:
            meeting = replace(meeting, passcode=passcode)
        venue = Venue(meeting=meeting, room=Room(self._ids))
        self.venues.append(venue)
        self._same_external_id[organizer_id, wish.external_id].append(venue)
        return meeting

    def venue(self, organizer_id: str, meeting_id: str) -> Venue:
        """Return one meeting of the organizer, with its room."""
        for venue in self._of(self._organizer(organizer_id)):
            if venue.meeting.meeting_id == meeting_id:
                return venue
        raise not_found("The meeting does not exist.")

    def meeting(self, organizer_id: str, meeting_id: str) -> Meeting:
        """Return one meeting of the organizer."""
        return self.venue(organizer_id, meeting_id).meeting

    def find(self, organizer_id: str, expression: str) -> list[Meeting]:
        """Return the organizer's meetings that a `$filter` names."""
        mine = self._of(self._organizer(organizer_id))
        return [venue.meeting for venue in mine if matches_filter(venue.meeting, expression)]

    def update(self, organizer_id: str, meeting_id: str, body: Json) -> Meeting:
        """Change a meeting."""
        venue, switches = self.venue(organizer_id, meeting_id), self._switches()
        wish = parse_update(body, switches)
        stays_anonymous = switches.patch_takes == "table"
        venue.meeting = updated(venue.meeting, wish, stays_anonymous=stays_anonymous)
        return venue.meeting

    def delete(self, organizer_id: str, meeting_id: str) -> None:
        """Delete a meeting; who is in its room stays there."""
        self.venue(organizer_id, meeting_id).deleted = True

    def _organizer(self, organizer_id: str) -> str:
        known, switches = organizer_id.lower(), self._switches()
        if not self._tenant.is_organizer(known) or switches.organizers == "missing":
            raise not_found("The user does not exist.")
        if known in self._tenant.without_policy or not switches.access_policy:
            raise no_policy(self._ids, varied=switches.policy_refusal == "varied")
        return known

    def _of(self, organizer_id: str) -> list[Venue]:
        return [
            venue
            for venue in self.venues
            if venue.meeting.organizer_id == organizer_id and not venue.deleted
        ]
