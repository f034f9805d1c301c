"""What a notification of Graph's says about our legs: body to observations.

Core: parses, never stores. Kinds that Rollcall does not read are kept as shapes, never refused.
Only a body that is not a `commsNotifications` envelope is refused. A bounded part of each body is
read; the rest is counted.
Source: https://learn.microsoft.com/graph/api/resources/commsnotification
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeIs

from shared.graph.call import result_of
from shared.graph.documents import read_json
from shared.graph.roster import ROOM, read_roster
from shared.words.answers import Roster
from shared.words.errors import RollcallError
from shared.words.ids import CallId, LegKey, same_id
from shared.words.observations import LegSeen, Phase, RosterPushed, Unparsed
from shared.words.outside import CALL_ID, held_kind

CALL_PATH = re.compile(r"/(?:communications|app)/calls/([^/?]+)((?:/[^?]*)?)", re.IGNORECASE)
LONGEST_BODY = 4 * 1024 * 1024
"""Bytes of a body that is read: 5,000 participants as Graph writes them. Graph sends far smaller
bodies. The time to read a body grows with its length."""
MOST_ITEMS = 300
"""How many items of one envelope are read, all for one transaction. Graph sends one or a few, but
promises no bound."""
MOST_NAMES, NAMES_LOOKED_AT = 64, 1_000
"""How many names of members a shape keeps, the first in order of the names that are looked at."""
ROSTER_TAILS = frozenset({"participants", "operations/participants"})
NO_CALL = "none"
"""Stands for the resource of an item that is not about a call."""
PHASES: Mapping[str, Phase] = {
    "establishing": "joining",
    "ringing": "joining",
    "established": "in",
    "terminated": "gone",
}


type Notified = LegSeen | RosterPushed | Unparsed
"""What an item of a notification may say."""


class MalformedNotification(RollcallError):
    """The body is not a notification envelope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The items of one body, unread. `left` counts what is not read: items, or one long body."""

    items: tuple[Any, ...]
    left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedNotifications:
    """The items of one envelope, in order: which call each is about, if any, and what it says.

    `left` counts the items that were not read.
    """

    observations: tuple[tuple[CallId | None, Notified], ...]
    left: int = 0


def read_envelope(body: bytes) -> Envelope:
    """Return the items in `body`; raise `MalformedNotification` if it is not an envelope.

    A body that is too long is not read, so it may be an envelope or not.
    """
    if len(body) > LONGEST_BODY:
        return Envelope(items=(), left=1)
    try:
        envelope = read_json(body)
    except ValueError as error:
        raise MalformedNotification("the body is not JSON") from error
    items = envelope.get("value") if isinstance(envelope, dict) else None
    if not isinstance(items, list):
        raise MalformedNotification("the body has no array `value`")
    return Envelope(items=tuple(items[:MOST_ITEMS]), left=max(0, len(items) - MOST_ITEMS))


def parse_envelope(
    envelope: Envelope,
    *,
    leg_key: LegKey,
    bot_app_id: str,
    received_at: datetime,
    my_participant_ids: frozenset[str],
    show_names: bool,
) -> ParsedNotifications:
    """Return what the items of an envelope say; `read_roster` says how our bot is found in them."""
    found: list[tuple[CallId | None, Notified]] = []
    room = ROOM
    for item in envelope.items:
        about = call_of(item)
        if about is None:
            found.append((None, _unparsed(item, NO_CALL, leg_key=leg_key, at=received_at)))
            continue
        call_id, tail = about
        data = item.get("resourceData")
        if tail in ROSTER_TAILS and _is_roster(data):
            roster = read_roster(
                data,
                bot_app_id=bot_app_id,
                my_participant_ids=my_participant_ids,
                show_names=show_names,
                room=room,
            )
            room -= roster.weight
            observed = _of_roster(roster, leg_key=leg_key, at=received_at)
        else:
            observed = [_of_call(item, tail, leg_key=leg_key, at=received_at)]
        found.extend((call_id, observation) for observation in observed)
    return ParsedNotifications(observations=tuple(found), left=envelope.left)


def call_of(item: Any) -> tuple[CallId, str] | None:
    """Return the call that an item is about, and which part of it; None where it is about none."""
    match = CALL_PATH.search(text_in(item, "resourceUrl")) or CALL_PATH.search(
        text_in(item, "resource")
    )
    if match is None or CALL_ID.fullmatch(match[1]) is None:
        return None
    return CallId(same_id(match[1])), match[2].strip("/").lower()


def text_in(item: Any, name: str) -> str:
    """Return a text of an item; an empty one where there is none."""
    value = item.get(name) if is_object(item) else None
    return value if isinstance(value, str) else ""


def is_object(value: Any) -> TypeIs[dict[str, Any]]:
    """Tell a JSON object from any other value."""
    return isinstance(value, dict)


def _is_roster(data: Any) -> TypeIs[list[Any]]:
    """Return whether this is a full roster; a delta is an array around the participants."""
    return isinstance(data, list) and not any(
        is_object(one) and "participants" in one for one in data
    )


def _of_roster(roster: Roster, *, leg_key: LegKey, at: datetime) -> list[Notified]:
    pushed = RosterPushed(
        at=at,
        leg_key=leg_key,
        people=roster.people,
        lists_ourselves=roster.lists_ourselves,
        entries=roster.entries,
        unread=roster.unread,
        hidden=roster.hidden,
    )
    if not roster.in_lobby:
        return [pushed]
    waiting = LegSeen(at=at, leg_key=leg_key, phase="lobby")
    return [waiting, pushed] if roster.people else [waiting]


def _of_call(item: Mapping[str, Any], tail: str, *, leg_key: LegKey, at: datetime) -> Notified:
    data = item.get("resourceData")
    phase = _phase(item, data) if tail == "" else None
    if phase == "gone":
        code, subcode = result_of(data)
        return LegSeen(at=at, leg_key=leg_key, phase="gone", code=code, subcode=subcode)
    if phase is not None:
        return LegSeen(at=at, leg_key=leg_key, phase=phase)
    return _unparsed(item, tail.partition("/")[0] or "call", leg_key=leg_key, at=at)


def _unparsed(item: Any, resource: str, *, leg_key: LegKey, at: datetime) -> Unparsed:
    data = item.get("resourceData") if is_object(item) else item
    return Unparsed(
        at=at,
        leg_key=leg_key,
        resource=held_kind(resource),
        change_type=held_kind(text_in(item, "changeType")),
        members=_member_names(data),
        size=len(json.dumps(data)),
    )


def _member_names(data: Any) -> tuple[str, ...]:
    entries = data if isinstance(data, list) else [data]
    names = (name for entry in entries if is_object(entry) for name in entry)
    kept = {held_kind(name) for name in islice(names, NAMES_LOOKED_AT)}
    return tuple(sorted(kept)[:MOST_NAMES])


def _phase(item: Mapping[str, Any], data: Any) -> Phase | None:
    # After a reject the end comes without any state: the deletion of the call is the end.
    if text_in(item, "changeType").lower() == "deleted":
        return "gone"
    return PHASES.get(text_in(data, "state").lower()) if is_object(data) else None
