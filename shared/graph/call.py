"""What Graph's `call` says of one of our legs: how far it is, and why it ended.

Core. Source: https://learn.microsoft.com/graph/api/resources/call
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.calls.fold import GONE
from shared.words.ids import LegKey
from shared.words.observations import LegSeen, ReadFailed

CODE = re.compile("[0-9]{1,9}", re.ASCII)
LARGEST_CODE = 2**31 - 1


def evidence_of(
    call: Mapping[str, Any] | None, *, leg_key: LegKey, at: datetime
) -> LegSeen | ReadFailed | None:
    """Return what GET call says, as evidence like a callback's; None where it says nothing new.

    `call` None is Graph's 404: the leg is gone.
    """
    if call is None:
        return ReadFailed(at=at, leg_key=leg_key, status=GONE)
    state = str(call.get("state")).lower()
    if state == "terminated":
        code, subcode = result_of(call)
        return LegSeen(at=at, leg_key=leg_key, phase="gone", code=code, subcode=subcode)
    return LegSeen(at=at, leg_key=leg_key, phase="in") if state == "established" else None


def result_of(call: Any) -> tuple[int | None, int | None]:
    """Return code and subcode: integers on the wire, strings or `subCode` in some samples."""
    result = call.get("resultInfo") if isinstance(call, dict) else None
    if not isinstance(result, dict):
        return None, None
    return _number(result.get("code")), _number(result.get("subcode", result.get("subCode")))


def _number(value: Any) -> int | None:
    if isinstance(value, str) and CODE.fullmatch(value):
        return int(value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and abs(value) <= LARGEST_CODE else None
