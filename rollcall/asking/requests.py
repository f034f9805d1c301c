"""The messages that commands send, made of options and of a file. Pure.

Nothing is checked here that the app checks: it names every problem and the fix at once.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import Any

from rollcall.console import Exit, Failed
from rollcall.plain import is_text

type Body = dict[str, Any]

CREATE_QUEUE, JOIN_QUEUE = "create-meeting", "join-meeting"
LONGEST_MESSAGE_ID = 128
"""Source: https://learn.microsoft.com/azure/service-bus-messaging/service-bus-quotas"""


class Kind(StrEnum):
    """What is requested: the member `action` of the message."""

    CREATE = "create"
    UPDATE = "update"
    CANCEL = "cancel"
    JOIN = "join"
    LEAVE = "leave"


PLANS = frozenset({Kind.CREATE, Kind.UPDATE})
"""They say what a meeting is like, and when the bot joins it."""
OF_A_MEETING = frozenset({Kind.UPDATE, Kind.CANCEL})
"""Their request id is the meeting's own, so none is made up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A message for the app. `correlation_id` is of this sending, not of the request."""

    kind: Kind
    body: Body
    correlation_id: str

    @property
    def queue(self) -> str:
        """Where it is sent to."""
        return JOIN_QUEUE if self.kind in (Kind.JOIN, Kind.LEAVE) else CREATE_QUEUE

    @property
    def id(self) -> str:
        """The request id, as text also where a file has something else there."""
        found = self.body["requestId"]
        return found if isinstance(found, str) else json.dumps(found)

    @property
    def message_id(self) -> str:
        """The request id, or where Service Bus would refuse that one, the correlation id."""
        fits = 0 < len(self.id) <= LONGEST_MESSAGE_ID and is_text(self.id)
        return self.id if fits else self.correlation_id

    @property
    def joins(self) -> bool:
        """Whether a bot is sent at once, so that what becomes of it is an answer, too."""
        return self.kind is Kind.JOIN or self._when_joined == "now"

    @property
    def joins_later(self) -> bool:
        """Whether an answer comes at the start of the meeting only."""
        return self._when_joined == "atStart"

    @property
    def _when_joined(self) -> object:
        return self.body.get("join") if self.kind in PLANS else None


def request(
    kind: Kind, *, file: Mapping[str, Any], options: Mapping[str, Any], new_id: str, new_key: str
) -> Request:
    """Return the message: the members of `file`, and over them the options that are not None.

    `new_id` is the request id where none is given, `new_key` the correlation id. Raises `Failed`.
    """
    given = {name: value for name, value in options.items() if value is not None}
    body: Body = {**file, **given, "action": kind.value}
    if body.get("requestId") is None:
        if kind in OF_A_MEETING:
            raise Failed(
                "Give --request-id, the id under which the meeting was requested.", Exit.USAGE
            )
        body["requestId"] = new_id
    return Request(kind=kind, body=body, correlation_id=new_key)


def attendee(text: str) -> str | Body:
    """Read `upn` or `upn:role`."""
    upn, colon, role = text.rpartition(":")
    return {"upn": upn, "role": role} if colon else text


def members_of(text: str, where: str) -> Body:
    """Read a JSON object; `where` names what it was read from. Raises `Failed`."""
    try:
        found = json.loads(
            text,
            object_pairs_hook=_each_once,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except ValueError as error:
        raise Failed(f"{where} is no JSON: {error}.", Exit.USAGE) from error
    except RecursionError as error:
        raise Failed(f"{where} is nested too deeply.", Exit.USAGE) from error
    if not isinstance(found, dict):
        raise Failed(f"{where} must be a JSON object, such as {{}}.", Exit.USAGE)
    return found


def _no_constant(name: str) -> None:
    """Refuse NaN and Infinity, which Python reads beyond the standard."""
    raise ValueError(f"{name} is no value of it")


def _finite(text: str) -> float:
    """Refuse what Python reads as infinite, and would write as no JSON."""
    if not isfinite(found := float(text)):
        raise ValueError(f"{text} is too large a number")
    return found


def _each_once(pairs: list[tuple[str, Any]]) -> Body:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"{', '.join(twice)} is given twice")
    return found
