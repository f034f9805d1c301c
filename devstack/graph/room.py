"""The room of one meeting: who is in it, and the log of who truly was. No I/O, no clock.

People and legs come and go; the log holds each person's session and each group call: from the
first person in to the last one out. Bots, and people waiting in the lobby, are in no group call.
A conference instance is wider: it lasts from the first in, bots and our legs included, to the last
out.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from typing import Literal

from devstack.graph.calls import Leg
from devstack.graph.identities import TENANT_ID, new_guid

type Kind = Literal["user", "guest", "phone", "acsUser", "application"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Somebody in the room or its lobby. `user_id` is the identity's id (a number for a phone)."""

    participant_id: str
    kind: Kind
    user_id: str
    display_name: str | None
    tenant_id: str
    in_lobby: bool
    is_muted: bool = False

    @property
    def counts(self) -> bool:
        """True for a person who is in the conversation."""
        return self.kind != "application" and not self.in_lobby


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Who is in a room at one moment, the lobby included, each in order of arrival."""

    people: tuple[Presence, ...] = ()
    legs: tuple[Leg, ...] = ()
    first_leg: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One person's stay, in truth. Still there while `left_at` is None."""

    participant_id: str
    user_id: str
    display_name: str | None
    joined_at: datetime
    left_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCall:
    """One group call, in truth. `user_ids` in the order of their first arrival, each once."""

    chain_id: str
    """The id of the conference instance that holds it."""
    started_at: datetime
    ended_at: datetime | None = None
    user_ids: tuple[str, ...] = ()
    participant_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """One stay in a conference instance: of a person, another bot or a leg of ours, in truth.

    `kind` and `user_id` are those of the identity; a leg is an `application`, or a `guest`.
    """

    participant_id: str
    kind: Kind
    user_id: str
    display_name: str | None
    tenant_id: str
    joined_at: datetime
    left_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Instance:
    """One conference instance, in truth; it is on while `ended_at` is None."""

    chain_id: str
    started_at: datetime
    ended_at: datetime | None = None
    stays: list[Stay] = field(default_factory=list)
    """In order of arrival."""


class Room:
    """Moves people and legs, and keeps the log. Moments must not run backwards."""

    def __init__(self, ids: Random) -> None:
        """Start empty; `ids` is where fresh participant ids come from."""
        self._ids = ids
        self._here: dict[str, Presence] = {}
        self._legs: dict[str, Leg] = {}
        self._staying: dict[str, int] = {}
        self.sessions: list[Session] = []
        self.calls: list[GroupCall] = []
        self.instances: list[Instance] = []
        self.chain_id = new_guid(ids)
        """The id of the conference instance that is on, else of the next one."""
        self.first_leg: str | None = None
        """The call id of the first of our legs that got in."""

    @property
    def sight(self) -> Sight:
        """Who is there now."""
        return Sight(people=self.people, legs=self.legs, first_leg=self.first_leg)

    @property
    def has_people(self) -> bool:
        """True while a person is in the conversation."""
        return any(one.counts for one in self._here.values())

    @property
    def people(self) -> tuple[Presence, ...]:
        """Everybody but our legs, the lobby included, in order of arrival."""
        return tuple(self._here.values())

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The bot's legs that are in the room or its lobby."""
        return tuple(self._legs.values())

    def join(
        self,
        *,
        user_id: str,
        at: datetime,
        display_name: str | None = None,
        kind: Kind = "user",
        in_lobby: bool = False,
        tenant_id: str = TENANT_ID,
    ) -> str:
        """Let somebody in (or into the lobby); return the participant id, fresh each time."""
        somebody = Presence(
            participant_id=new_guid(self._ids),
            kind=kind,
            user_id=user_id,
            display_name=display_name,
            tenant_id=tenant_id,
            in_lobby=in_lobby,
        )
        self._here[somebody.participant_id] = somebody
        self._log_arrival(somebody, at)
        return somebody.participant_id

    def admit(self, participant_id: str, *, at: datetime) -> None:
        """Let somebody in from the lobby: the session begins now. KeyError if not here."""
        somebody = self._here[participant_id]
        if not somebody.in_lobby:
            return
        self._here[participant_id] = replace(somebody, in_lobby=False)
        self._log_arrival(self._here[participant_id], at)

    def mute(self, participant_id: str, *, muted: bool) -> None:
        """Mute or unmute a person: a roster shows it, the log does not. KeyError if not here."""
        self._here[participant_id] = replace(self._here[participant_id], is_muted=muted)

    def leave(self, participant_id: str, *, at: datetime) -> None:
        """Let somebody go; the last person out ends the group call. KeyError if not here."""
        somebody = self._here.pop(participant_id)
        if not somebody.in_lobby:
            self._log_departure(participant_id, at)
        if not somebody.counts:
            return
        self.sessions = [
            replace(session, left_at=at)
            if session.participant_id == participant_id and session.left_at is None
            else session
            for session in self.sessions
        ]
        if not self.has_people:
            self.calls[-1] = replace(self.calls[-1], ended_at=at)

    def enter(self, leg: Leg) -> None:
        """Let a leg in, or in from the lobby. It starts no group call."""
        self._legs[leg.call_id] = leg
        if not leg.in_lobby:
            self._log_stay(leg.call_id, _stay_of(leg))
        if self.first_leg is None and not leg.in_lobby:
            self.first_leg = leg.call_id

    def exit(self, call_id: str, *, at: datetime) -> None:
        """Let a leg go. It ends no group call, but perhaps the conference instance."""
        leg = self._legs.pop(call_id)
        if not leg.in_lobby:
            self._log_departure(call_id, at)
        elif not self._legs and not self._is_on:
            # The next instance has the id that waiting legs were given, but not that of one that
            # left.
            self.chain_id = new_guid(self._ids)

    @property
    def _is_on(self) -> bool:
        return bool(self.instances) and self.instances[-1].ended_at is None

    def _log_stay(self, key: str, stay: Stay) -> None:
        if key in self._staying:
            return
        if not self._is_on:
            self.instances.append(Instance(chain_id=self.chain_id, started_at=stay.joined_at))
        stays = self.instances[-1].stays
        self._staying[key] = len(stays)
        stays.append(stay)

    def _log_departure(self, key: str, at: datetime) -> None:
        instance, place = self.instances[-1], self._staying.pop(key)
        instance.stays[place] = replace(instance.stays[place], left_at=at)
        inside = [one for one in self._here.values() if not one.in_lobby]
        if not inside and all(leg.in_lobby for leg in self._legs.values()):
            instance.ended_at = at
            self.chain_id = new_guid(self._ids)

    def _log_arrival(self, somebody: Presence, at: datetime) -> None:
        if not somebody.in_lobby:
            self._log_stay(
                somebody.participant_id,
                Stay(
                    participant_id=somebody.participant_id,
                    kind=somebody.kind,
                    user_id=somebody.user_id,
                    display_name=somebody.display_name,
                    tenant_id=somebody.tenant_id,
                    joined_at=at,
                ),
            )
        if not somebody.counts:
            return
        self.sessions.append(
            Session(
                participant_id=somebody.participant_id,
                user_id=somebody.user_id,
                display_name=somebody.display_name,
                joined_at=at,
            )
        )
        if not self.calls or self.calls[-1].ended_at is not None:
            self.calls.append(GroupCall(chain_id=self.chain_id, started_at=at))
        call = self.calls[-1]
        known = somebody.user_id in call.user_ids
        self.calls[-1] = replace(
            call,
            user_ids=call.user_ids if known else (*call.user_ids, somebody.user_id),
            participant_ids=(*call.participant_ids, somebody.participant_id),
        )


def _stay_of(leg: Leg) -> Stay:
    guest = leg.guest
    return Stay(
        participant_id=leg.participant_id,
        kind="application" if guest is None else "guest",
        user_id=leg.app_id if guest is None else str(guest.get("id")),
        display_name=leg.display_name if guest is None else str(guest.get("displayName")),
        tenant_id=leg.tenant_id,
        joined_at=leg.entered_at or leg.placed_at,
    )


type Seen = Room | Sight
