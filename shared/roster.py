"""Who a roster of Graph's says is there: people, ourselves, or nobody.

Core. Bots, people in the lobby and people marked as removed are not in the meeting. Members Graph
adds without documenting them are never refused.
Source: https://learn.microsoft.com/graph/api/resources/participant
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.domain import Person, Present, SessionId, same_id

BOT_KINDS = frozenset({"application", "applicationInstance", "acsApplicationInstance"})
ANNOTATION = "@odata"


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """What one roster says. `skipped` counts entries that are no participants at all."""

    people: tuple[Present, ...]
    lists_ourselves: bool
    in_lobby: bool
    skipped: int = 0


def read_roster(
    participants: Sequence[Any], *, bot_app_id: str, my_participant_ids: frozenset[str]
) -> Roster:
    """Return who is there, by session id. `in_lobby`: we are waiting to be let in.

    We are the participant with our application's identity, or one of `my_participant_ids`.
    """
    people: dict[SessionId, Present] = {}
    lists_ourselves = in_lobby = False
    skipped = 0
    for participant in participants:
        found = _identified(participant)
        if found is None:
            skipped += 1
            continue
        session_id, kind, identity = found
        waiting = participant.get("isInLobby") is True
        if participant.get("removedState"):
            continue
        if _is_ourselves(kind, identity, bot_app_id) or session_id in my_participant_ids:
            lists_ourselves = lists_ourselves or not waiting
            in_lobby = in_lobby or waiting
        elif kind not in BOT_KINDS and not waiting:
            people[session_id] = Present(session_id=session_id, person=_person(kind, identity))
    return Roster(
        people=tuple(people[session_id] for session_id in sorted(people)),
        lists_ourselves=lists_ourselves,
        in_lobby=in_lobby and not lists_ourselves,
        skipped=skipped,
    )


def _identified(participant: Any) -> tuple[SessionId, str, Mapping[str, Any]] | None:
    if not isinstance(participant, dict) or not isinstance(participant.get("id"), str):
        return None
    info = participant.get("info")
    identities = info.get("identity") if isinstance(info, dict) else None
    if not isinstance(identities, dict):
        return None
    for kind, identity in identities.items():
        if not kind.startswith(ANNOTATION) and isinstance(identity, dict):
            return SessionId(same_id(participant["id"])), kind, identity
    return None


def _is_ourselves(kind: str, identity: Mapping[str, Any], bot_app_id: str) -> bool:
    return kind in BOT_KINDS and same_id(str(identity.get("id"))) == same_id(bot_app_id)


def _person(kind: str, identity: Mapping[str, Any]) -> Person:
    return Person(
        kind=kind,
        user_id=_text(identity.get("id")),
        display_name=_text(identity.get("displayName")),
        tenant_id=_text(identity.get("tenantId")),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
