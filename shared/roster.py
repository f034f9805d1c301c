"""Who a roster of Graph's says is there: people, ourselves, or nobody.

Core. Bots, people in the lobby and people marked as removed are not in the meeting. Members Graph
adds without documenting them are never refused.
Source: https://learn.microsoft.com/graph/api/resources/participant
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.domain import Person, Present, SessionId, same_id

BOT_KINDS = frozenset(
    {
        "application",
        "applicationInstance",
        "acsApplicationInstance",
        "azureApplicationInstance",
    }
)
TELLING_KINDS = ("user", "guest", "phone")
"""Of several identities of one participant, the first of these says most about who it is."""

type Identities = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """What one roster says. `entries` counts its whole list.

    `unread` counts the entries without an id or an identity, and `hidden` those of them that may be
    people: all but bots and the lobby.
    """

    people: tuple[Present, ...]
    lists_ourselves: bool
    in_lobby: bool
    entries: int
    unread: int = 0
    hidden: int = 0


def read_roster(
    participants: Sequence[Any],
    *,
    bot_app_id: str,
    my_participant_ids: frozenset[str],
    show_names: bool = False,
) -> Roster:
    """Return who is there, by session id. `in_lobby`: we are waiting to be let in.

    Display names are read only where `show_names` is set.

    We are the participant with our application's identity, or one that `my_participant_ids` name:
    by its own id, or by the id of its guest identity.
    """
    people: dict[SessionId, Present] = {}
    lists_ourselves = in_lobby = False
    unread = hidden = 0
    mine = {same_id(one) for one in my_participant_ids}
    for participant in participants:
        if isinstance(participant, dict) and participant.get("removedState") is not None:
            continue
        session_id, identities = _identified(participant)
        unread += session_id is None or not identities
        waiting = isinstance(participant, dict) and participant.get("isInLobby") is True
        if (
            session_id in mine
            or _is_guest_of(mine, identities)
            or _has_application(identities, bot_app_id)
        ):
            lists_ourselves = lists_ourselves or not waiting
            in_lobby = in_lobby or waiting
        elif identities.keys() & BOT_KINDS or waiting:
            continue
        elif session_id is None or not identities:
            hidden += 1
        else:
            person = _person(identities, show_names=show_names)
            people[session_id] = Present(session_id=session_id, person=person)
    return Roster(
        people=tuple(people[session_id] for session_id in sorted(people)),
        lists_ourselves=lists_ourselves,
        in_lobby=in_lobby and not lists_ourselves,
        entries=len(participants),
        unread=unread,
        hidden=hidden,
    )


def _identified(participant: Any) -> tuple[SessionId | None, Identities]:
    if not isinstance(participant, dict):
        return None, {}
    session_id, info = _text(participant.get("id")), participant.get("info")
    named = info.get("identity") if isinstance(info, dict) else None
    identities = named.items() if isinstance(named, dict) else ()
    return (
        None if session_id is None else SessionId(same_id(session_id)),
        {kind: one for kind, one in identities if isinstance(one, dict)},
    )


def _is_guest_of(mine: set[str], identities: Identities) -> bool:
    return "guest" in identities and same_id(str(identities["guest"].get("id"))) in mine


def _has_application(identities: Identities, app_id: str) -> bool:
    return any(
        same_id(str(identity.get("id"))) == same_id(app_id)
        for kind, identity in identities.items()
        if kind in BOT_KINDS
    )


def _person(identities: Identities, *, show_names: bool) -> Person:
    """Return who this is. A participant with any identity of a bot never comes here."""
    kind = next((kind for kind in TELLING_KINDS if kind in identities), next(iter(identities)))
    identity = identities[kind]
    return Person(
        kind=kind,
        user_id=_text(identity.get("id")),
        display_name=_text(identity.get("displayName")) if show_names else None,
        tenant_id=_text(identity.get("tenantId")),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
