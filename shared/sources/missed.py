"""People whom a source lists elsewhere than they were observed. Core.

They are in the call in which it lists them, also where a better source speaks of that call and does
not list them: each person who was observed is shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shared.calls.record import GroupCall, Session
from shared.sources.people import People, each_by_itself, people_of
from shared.sources.spans import Layer, SourceCall
from shared.words.ids import SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Where a person was observed, and what a source says of the call in which it lists them."""

    layer: Layer
    sessions: tuple[Session, ...]


def missed_in(
    calls: Sequence[tuple[SourceCall, Sequence[Session]]],
) -> Sequence[Mapping[str, Missed]]:
    """Return for each call, by identity, who was observed in others and may be missed in it.

    `calls` are those of sources, each with the sessions that were observed in it.
    """
    found: list[dict[str, Missed]] = [{} for _ in calls]
    for said, sessions in calls:
        best, elsewhere = said.best, dict[str, list[Session]]()
        for session in sessions:
            key = session.person.user_id
            if key in best.named and key not in best.listed:
                elsewhere.setdefault(key, []).append(session)
        for key, own in elsewhere.items():
            for place, (other, _) in enumerate(calls):
                layer = next((one for one in other.layers[1:] if _lists(one, best, key)), None)
                if layer is not None:
                    known = found[place][key].sessions if key in found[place] else ()
                    found[place][key] = Missed(layer=layer, sessions=(*known, *own))
    return found


def missed_people(missed: Mapping[str, Missed], call: GroupCall) -> People:
    """Return those of the `missed` who are not in the call.

    `call` is shown as a better source says: they are in it for as long as it lasts by that.
    """
    there = {one.person.user_id for one in call.sessions.values()}
    sessions, roles = dict[SessionId, Session](), dict[SessionId, str]()
    for key in sorted(missed.keys() - there):
        layer = missed[key].layer
        entries = (one for one in layer.attended if one.person.user_id == key)
        alone = replace(layer, attended=tuple(entries))
        people = people_of(
            call.number, alone, each_by_itself(call.number, missed[key].sessions), ()
        )
        sessions |= {name: _within(one, call) for name, one in people.sessions.items()}
        roles |= people.roles
    return People(sessions=sessions, roles=roles)


def _lists(layer: Layer, best: Layer, key: str) -> bool:
    same = layer.kind == best.kind and not set(best.source_ids).isdisjoint(layer.source_ids)
    return same and key in layer.listed


def _within(session: Session, call: GroupCall) -> Session:
    first, last = call.started_at, call.ended_at or call.heard_at
    joined_at = min(max(session.first_seen, first), last)
    left_at = min(max(session.left_at or joined_at, joined_at), last)
    return replace(
        session,
        first_seen=joined_at,
        joined_not_before=joined_at,
        left_at=left_at,
        left_not_before=left_at,
        left_not_after=left_at,
    )
