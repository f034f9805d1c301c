"""What a notification of Graph's says about our legs: body to observations.

Core: parses, never stores. Kinds that Rollcall does not read are kept as shapes, never refused;
only a body that is no `commsNotifications` envelope is.
Source: https://learn.microsoft.com/graph/api/resources/commsnotification
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeIs

from shared.domain import (
    CallId,
    LegKey,
    LegSeen,
    Observation,
    Phase,
    RosterPushed,
    Unparsed,
    same_id,
)
from shared.errors import RollcallError
from shared.roster import read_roster

CALL_PATH = re.compile(r"/(?:communications|app)/calls/([^/?]+)((?:/[^?]*)?)", re.IGNORECASE)
PHASES: Mapping[str, Phase] = {
    "establishing": "joining",
    "ringing": "joining",
    "established": "in",
    "terminated": "gone",
}


class MalformedNotification(RollcallError):
    """The body is not a notification envelope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedNotifications:
    """The items of one envelope, in order: which call each is about, and what it says."""

    observations: tuple[tuple[CallId, Observation], ...]


def parse_notifications(
    body: bytes,
    *,
    leg_key: LegKey,
    bot_app_id: str,
    received_at: datetime,
    my_participant_ids: frozenset[str] = frozenset(),
) -> ParsedNotifications:
    """Return what `body` says; raise `MalformedNotification` where it is no envelope.

    Items without a call in their resource are left out: they are about no leg of ours.
    """
    try:
        envelope = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedNotification("the body is not JSON") from error
    items = envelope.get("value") if isinstance(envelope, dict) else None
    if not isinstance(items, list):
        raise MalformedNotification("the body has no array `value`")
    found: list[tuple[CallId, Observation]] = []
    for item in items:
        if not isinstance(item, dict):
            continue
        match = CALL_PATH.search(_text(item, "resourceUrl") or _text(item, "resource"))
        if match is None:
            continue
        observation = _observation(
            item,
            match[2].strip("/").lower(),
            leg_key=leg_key,
            bot_app_id=bot_app_id,
            mine=my_participant_ids,
            at=received_at,
        )
        found.append((CallId(same_id(match[1])), observation))
    return ParsedNotifications(observations=tuple(found))


def _observation(
    item: Mapping[str, Any],
    tail: str,
    *,
    leg_key: LegKey,
    bot_app_id: str,
    mine: frozenset[str],
    at: datetime,
) -> Observation:
    data = item.get("resourceData")
    if tail == "participants" and isinstance(data, list):
        roster = read_roster(data, bot_app_id=bot_app_id, my_participant_ids=mine)
        if roster.in_lobby and not roster.people:
            return LegSeen(at=at, leg_key=leg_key, phase="lobby")
        return RosterPushed(
            at=at,
            leg_key=leg_key,
            people=roster.people,
            lists_ourselves=roster.lists_ourselves,
        )
    if tail == "":
        phase = _phase(item, data)
        if phase == "gone":
            code, subcode = _result(data)
            return LegSeen(at=at, leg_key=leg_key, phase="gone", code=code, subcode=subcode)
        if phase is not None:
            return LegSeen(at=at, leg_key=leg_key, phase=phase)
    return Unparsed(
        at=at,
        leg_key=leg_key,
        resource=tail.partition("/")[0] or "call",
        change_type=_text(item, "changeType")[:32],
        members=tuple(sorted(str(name)[:64] for name in data)[:64]) if _is_object(data) else (),
        size=len(json.dumps(data)),
    )


def _phase(item: Mapping[str, Any], data: Any) -> Phase | None:
    # After a reject the end comes without any state: the deletion of the call is the end.
    if _text(item, "changeType").lower() == "deleted":
        return "gone"
    return PHASES.get(_text(data, "state").lower()) if _is_object(data) else None


def _result(data: Any) -> tuple[int | None, int | None]:
    """Return code and subcode: integers on the wire, strings or `subCode` in some samples."""
    result = data.get("resultInfo") if _is_object(data) else None
    if not _is_object(result):
        return None, None
    return _number(result.get("code")), _number(result.get("subcode", result.get("subCode")))


def _number(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None


def _text(item: Any, name: str) -> str:
    value = item.get(name) if _is_object(item) else None
    return value if isinstance(value, str) else ""


def _is_object(value: Any) -> TypeIs[dict[str, Any]]:
    return isinstance(value, dict)
