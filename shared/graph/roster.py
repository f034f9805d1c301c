"""Who a roster of Graph's says is there: which people, and whether our own bot.

Core. Bots, people in the lobby and people marked as removed are not in the meeting. Members that
Graph adds without documenting them are never refused.
Source: https://learn.microsoft.com/graph/api/resources/participant
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from shared.graph.documents import text_of
from shared.words.answers import Roster
from shared.words.ids import SessionId, directory_id, same_id
from shared.words.observations import Person, Present
from shared.words.outside import (
    LONGEST_ID,
    LONGEST_KIND,
    LONGEST_NAME,
    MOST_ENTRIES,
    held_kind,
    held_name,
    usable_id,
)

ROOM = 960_000
"""How much the people of one message may weigh together. One row of the ledger holds as much, even
where it cannot be compressed. 5,000 people with GUIDs and short names weigh as much."""
WEIGHT_OF_ONE = 64
"""What a person weighs besides the bytes of their ids and names."""
REMEMBERED = 8_192
"""How many ids and people are cached as read."""

BOT_KINDS = frozenset(
    {
        "application",
        "applicationInstance",
        "acsApplicationInstance",
        "azureApplicationInstance",
    }
)
TELLING_KINDS = ("user", "guest", "phone")
"""Kinds of identity, best first. The best one of a participant says who it is."""

type Identities = Mapping[str, Mapping[str, Any]]


def read_roster(
    participants: Sequence[Any],
    *,
    bot_app_id: str,
    my_participant_ids: frozenset[str],
    show_names: bool = False,
    room: int = ROOM,
) -> Roster:
    """Return who is there, by session id.

    Display names are read only where `show_names` is set. People are hidden from the one on with
    whom the weight exceeds `room`.

    Our bot is the participant with our application's identity, or one that `my_participant_ids`
    name by its own id or by the id of its guest identity.
    """
    people: dict[SessionId, Present] = {}
    whole = room
    lists_ourselves = in_lobby = False
    unread = hidden = 0
    mine = {same_id(one) for one in my_participant_ids}
    for participant in islice(participants, MOST_ENTRIES):
        if isinstance(participant, dict) and participant.get("removedState") is not None:
            continue
        session_id, identities = _identified(participant)
        person = _person(identities, show_names=show_names) if identities else None
        unread += session_id is None or person is None
        waiting = isinstance(participant, dict) and participant.get("isInLobby") is True
        if (
            session_id in mine
            or _is_guest_of(mine, identities)
            or _has_application(identities, bot_app_id)
        ):
            lists_ourselves = lists_ourselves or not waiting
            in_lobby = in_lobby or waiting
        elif waiting or not BOT_KINDS.isdisjoint(identities):
            continue
        elif session_id is None or person is None:
            hidden += 1
        else:
            present, weight = _present(session_id, person)
            room -= weight
            if room >= 0:
                people[session_id] = present
            else:
                unread, hidden = unread + 1, hidden + 1
    return Roster(
        people=tuple(people[session_id] for session_id in sorted(people)),
        lists_ourselves=lists_ourselves,
        in_lobby=in_lobby and not lists_ourselves,
        entries=len(participants),
        unread=unread,
        hidden=hidden,
        weight=whole - room,
    )


def person_of(kind: str, identity: Mapping[str, Any], *, show_names: bool) -> Person | None:
    """Return the person that an identity of a kind names; None where an id cannot be kept."""
    user_id, tenant_id = text_of(identity.get("id")), text_of(identity.get("tenantId"))
    if len(user_id or "") > LONGEST_ID or len(tenant_id or "") > LONGEST_ID:
        return None
    name = text_of(identity.get("displayName")) if show_names else None
    return _known_person(
        kind[:LONGEST_KIND], user_id, tenant_id, None if name is None else name[:LONGEST_NAME]
    )


def weight_of(present: Present) -> int:
    """Return how much of a message's `ROOM` a person takes."""
    person = present.person
    texts = (present.session_id, person.kind, person.user_id, person.display_name, person.tenant_id)
    weight = WEIGHT_OF_ONE
    for text in texts:
        if text is not None:
            weight += len(text) if text.isascii() else len(text.encode(errors="replace"))
    return weight


def _identified(participant: Any) -> tuple[SessionId | None, Identities]:
    if not isinstance(participant, dict):
        return None, {}
    session_id, info = text_of(participant.get("id")), participant.get("info")
    named = info.get("identity") if isinstance(info, dict) else None
    identities = named.items() if isinstance(named, dict) else ()
    return (
        None if session_id is None or len(session_id) > LONGEST_ID else _session_id(session_id),
        {kind: one for kind, one in identities if isinstance(one, dict)},
    )


def _is_guest_of(mine: set[str], identities: Identities) -> bool:
    if "guest" not in identities:
        return False
    guest_id = identities["guest"].get("id")
    return isinstance(guest_id, str) and bool(guest_id) and same_id(guest_id) in mine


def _has_application(identities: Identities, app_id: str) -> bool:
    if BOT_KINDS.isdisjoint(identities):
        return False
    return any(
        same_id(str(identity.get("id"))) == same_id(app_id)
        for kind, identity in identities.items()
        if kind in BOT_KINDS
    )


def _person(identities: Identities, *, show_names: bool) -> Person | None:
    """Return the person that the best identity names; None where an id of it cannot be kept."""
    kind = next((kind for kind in TELLING_KINDS if kind in identities), next(iter(identities)))
    return person_of(kind, identities[kind], show_names=show_names)


# Each roster names all people there: mostly the same as the roster before.
@lru_cache(maxsize=REMEMBERED)
def _session_id(text: str) -> SessionId | None:
    session_id = same_id(text)
    return SessionId(session_id) if usable_id(session_id) else None


@lru_cache(maxsize=REMEMBERED)
def _known_person(
    kind: str, user_id: str | None, tenant_id: str | None, name: str | None
) -> Person | None:
    ids = [None if one is None else directory_id(one) for one in (user_id, tenant_id)]
    if not all(one is None or usable_id(one) for one in ids):
        return None
    user_id, tenant_id = ids
    return Person(
        kind=held_kind(kind),
        user_id=user_id,
        display_name=None if name is None else held_name(name),
        tenant_id=tenant_id,
    )


@lru_cache(maxsize=REMEMBERED)
def _present(session_id: SessionId, person: Person) -> tuple[Present, int]:
    present = Present(session_id=session_id, person=person)
    return present, weight_of(present)
