"""The people of one meeting, and the rosters that Graph pushes and answers of them.

Each person is rendered once, by the simulator: a roster of 1,000 people costs the benchmark little.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from devstack.graph.calls import Leg
from devstack.graph.identities import new_guid, seeded
from devstack.graph.notifications import render_state
from devstack.graph.participants import pushed_participants
from devstack.graph.room import Room

T0 = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
NAMES = ("Ada Lovelace", "Bo Ek", "Chidi Anagonye", "Dolores Huerta", "Émilie du Châtelet")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """One entry of a roster: as a value, and as text, unmuted and muted."""

    entry: dict[str, Any]
    texts: tuple[bytes, bytes]


class Crowd:
    """Who is in a meeting beside the bot's leg. The person who leaves is the one who came first."""

    def __init__(self, *, people: int = 0, seed: int) -> None:
        """Begin with so many people; the same `seed` makes the same ones."""
        self._ids: Random = seeded(seed)
        self.leg = Leg(
            call_id=new_guid(self._ids),
            participant_id=new_guid(self._ids),
            callback_uri="https://rollcall.example/calls",
        )
        alone = Room(self._ids)
        alone.enter(self.leg)
        self._ourselves = _listed(alone, self._ids)
        self._here: list[_Listed] = []
        self._muted: set[int] = set()
        self._came = 0
        for _ in range(people):
            self.join()

    def __len__(self) -> int:
        return len(self._here)

    def join(self) -> None:
        """Let one more person in."""
        room = Room(self._ids)
        name = f"{NAMES[self._came % len(NAMES)]} {self._came}"
        room.join(user_id=new_guid(self._ids), at=T0, display_name=name)
        self._came += 1
        self._here.append(_listed(room, self._ids))

    def leave(self) -> None:
        """Let one person go."""
        del self._here[0]
        self._muted.clear()

    def mute(self) -> None:
        """Mute one of the people, or unmute: everybody stays."""
        self._muted ^= {self._ids.randrange(len(self._here))}

    def established(self) -> bytes:
        """Return the notification that the bot's leg got in."""
        return json.dumps(render_state(self.leg, "established", self._ids)).encode()

    def roster(self) -> bytes:
        """Return the notification that names exactly who is there."""
        path = f"calls/{self.leg.call_id}/participants"
        entries = [one.texts[number in self._muted] for number, one in enumerate(self._here)]
        head = (
            '{"@odata.type":"#microsoft.graph.commsNotifications","value":['
            '{"@odata.type":"#microsoft.graph.commsNotification","changeType":"updated",'
            f'"resource":"/app/{path}","resourceUrl":"/communications/{path}","resourceData":['
        )
        return head.encode() + b",".join([self._ourselves.texts[0], *entries]) + b"]}]}"

    def read(self) -> list[dict[str, Any]]:
        """Return what Graph answers to who is there."""
        return [self._ourselves.entry, *(one.entry for one in self._here)]


def _listed(room: Room, ids: Random) -> _Listed:
    (entry,) = pushed_participants(room, ids)
    texts = tuple(json.dumps(entry | {"isMuted": muted}).encode() for muted in (False, True))
    return _Listed(entry=dict(entry), texts=(texts[0], texts[1]))
