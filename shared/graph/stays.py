"""Who was there and when, as attendance reports and call records write it. Core.

Both name each person by one identity, and moments to the millisecond. An entry that cannot be read
is left out and counted.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.graph.documents import moment_of, object_of, text_of
from shared.graph.roster import BOT_KINDS, person_of
from shared.words.ids import directory_id
from shared.words.observations import Person
from shared.words.sources import Attended, Stay

MOST_STAYS = 10_000
"""How many stays of one report or record are read; the others count as unread."""
KINDS: Mapping[str, str] = {
    "communicationsuseridentity": "user",
    "useridentity": "user",
    "communicationsguestidentity": "guest",
    "communicationsphoneidentity": "phone",
    "azurecommunicationservicesuseridentity": "acsUser",
    "communicationsapplicationidentity": "application",
    "communicationsapplicationinstanceidentity": "applicationInstance",
}
"""Types of identity, in lower case, as the kinds by which rosters name the same people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One readable entry of a report, or one session of a record."""

    person: Person
    stays: tuple[Stay, ...]
    role: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """What the entries of one report or record say together; `unread` as in `Source`."""

    attended: tuple[Attended, ...]
    unread: int

    @property
    def first(self) -> datetime | None:
        """The first moment at which a person was there."""
        return min((stay.joined_at for one in self.attended for stay in one.stays), default=None)


def attendance_in(entries: Iterable[Entry], *, ours: frozenset[str], unread: int) -> Attendance:
    """Return who was there: each id once, in the order of first entries.

    `ours` are our application and how legs of ours are named, as `directory_id` spells them;
    `unread` is what was left out so far.
    """
    merged: dict[str | int, Attended] = {}
    room = MOST_STAYS
    for number, entry in enumerate(entries):
        user_id = entry.person.user_id
        key = number if user_id is None else user_id
        kept = entry.stays[:room]
        room -= len(kept)
        unread += len(entry.stays) - len(kept)
        if not kept:
            continue
        known = merged.get(key)
        merged[key] = Attended(
            person=entry.person if known is None else known.person,
            stays=kept if known is None else (*known.stays, *kept),
            role=entry.role if known is None else known.role or entry.role,
            is_application=entry.person.kind in BOT_KINDS or key in ours,
        )
    return Attendance(attended=tuple(merged.values()), unread=unread)


def ours_of(bot_app_id: str, own_ids: frozenset[str]) -> frozenset[str]:
    """Return how sources name our application and legs of ours, as `directory_id` spells them."""
    return frozenset(directory_id(one) for one in (bot_app_id, *own_ids))


def person_in(identity: Any, *, show_names: bool) -> Person | None:
    """Return the person that an identity names; None where it is none, or cannot be kept.

    Its type says the kind. Without one that is known: `phone` for a number, `user` for another id,
    and `guest` without an id.
    """
    if not isinstance(identity, dict):
        return None
    user_id = text_of(identity.get("id"))
    named = (text_of(identity.get("@odata.type")) or "").rpartition(".")[2].lower()
    kind = KINDS.get(named)
    if kind is None:
        unnamed = "phone" if (user_id or "").startswith("+") else "user"
        kind = "guest" if user_id is None else unnamed
    return person_of(kind, identity, show_names=show_names)


def stay_in(entry: Any, joined: str, left: str) -> Stay | None:
    """Return the stay between two members of an entry; None where it has no start, or ends before.

    An end that is missing, or is no moment, leaves the stay without one.
    """
    members = object_of(entry)
    start, end = moment_of(members.get(joined)), moment_of(members.get(left))
    if start is None or (end is not None and end < start):
        return None
    return Stay(joined_at=start, left_at=end)
