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
    """What one roster says. `skipped` counts entries that say nobody can tell who is there."""

    people: tuple[Present, ...]
    lists_ourselves: bool
    in_lobby: bool
    skipped: int = 0


def read_roster(
    participants: Sequence[Any], *, bot_app_id: str, my_participant_ids: frozenset[str]
) -> Roster:
    """Return who is there, by session id. `in_lobby`: we are waiting to be let in.

    We are the participant with our application's identity, or one that `my_participant_ids` name:
    by its own id, or by the id of its guest identity.
    """
    people: dict[SessionId, Present] = {}
    lists_ourselves = in_lobby = False
    skipped = 0
    mine = {same_id(one) for one in my_participant_ids}
    for participant in participants:
        if isinstance(participant, dict) and participant.get("removedState") is not None:
            continue
        found = _identified(participant)
        if found is None:
            skipped += 1
            continue
        session_id, identities = found
        waiting = participant.get("isInLobby") is True
        if (
            session_id in mine
            or _is_guest_of(mine, identities)
            or _has_application(identities, bot_app_id)
        ):
            lists_ourselves = lists_ourselves or not waiting
            in_lobby = in_lobby or waiting
            continue
        person = _person(identities)
        if person is not None and not waiting:
            people[session_id] = Present(session_id=session_id, person=person)
    return Roster(
        people=tuple(people[session_id] for session_id in sorted(people)),
        lists_ourselves=lists_ourselves,
        in_lobby=in_lobby and not lists_ourselves,
        skipped=skipped,
    )


def _identified(participant: Any) -> tuple[SessionId, Identities] | None:
    if not isinstance(participant, dict):
        return None
    session_id, info = _text(participant.get("id")), participant.get("info")
    named = info.get("identity") if isinstance(info, dict) else None
    if session_id is None or not isinstance(named, dict):
        return None
    identities = {kind: one for kind, one in named.items() if isinstance(one, dict)}
    return (SessionId(same_id(session_id)), identities) if identities else None


def _is_guest_of(mine: set[str], identities: Identities) -> bool:
    return "guest" in identities and same_id(str(identities["guest"].get("id"))) in mine


def _has_application(identities: Identities, app_id: str) -> bool:
    return any(
        same_id(str(identity.get("id"))) == same_id(app_id)
        for kind, identity in identities.items()
        if kind in BOT_KINDS
    )


def _person(identities: Identities) -> Person | None:
    """Return who this is; None for a bot: whatever is not said to be one is taken for a person."""
    kinds = [kind for kind in identities if kind not in BOT_KINDS]
    if not kinds:
        return None
    kind = next((kind for kind in TELLING_KINDS if kind in kinds), kinds[0])
    identity = identities[kind]
    return Person(
        kind=kind,
        user_id=_text(identity.get("id")),
        display_name=_text(identity.get("displayName")),
        tenant_id=_text(identity.get("tenantId")),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
