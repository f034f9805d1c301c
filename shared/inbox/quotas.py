"""What a copy may carry: Service Bus takes no message whose head or whole is too large.

Core. A caller's message may be at its limits, and a copy has properties of ours on top. So those of
the caller's that fit no more are left out, ours never, and the copy says what was left out.
Source: https://learn.microsoft.com/azure/service-bus-messaging/service-bus-quotas
"""

from collections.abc import Mapping
from dataclasses import replace

from shared.inbox.message import (
    ASKED,
    AT_START,
    ATTEMPT,
    DELIVERY,
    FAILURES,
    FIRST_ENQUEUED,
    FIRST_TRIED,
    HISTORY,
    ORIGIN,
)
from shared.words.outgoing import Outgoing
from shared.words.refused_messages import CODE, QUEUE

LEFT_OUT = "rollcall-left-out"
"""What a copy lacks of its message. Informational: handlers ignore it."""
TRIES = "rollcall-tries"
"""The tries of a refused message. Informational: handlers of the copy ignore it."""

LARGEST_HEAD = 64 * 1024
"""Bytes of all properties of a message, those of the system included."""
LARGEST_MESSAGE = 256 * 1024
LONGEST_QUEUE_NAME = 260
FOREIGN = 16 * 1024
"""Bytes of the caller's properties that a copy carries at most, names included."""
SYSTEM = 2 * 1024
"""Bytes set aside for what the system adds: the id, the subject, the due time, each length."""
EACH = 16
"""Bytes set aside for the encoding of one property."""
SHORT = 512
"""Bytes of a property of ours: 128 characters of any kind, or a moment, a count, a code."""
OURS: Mapping[str, int] = dict.fromkeys(
    (
        ASKED,
        AT_START,
        ATTEMPT,
        CODE,
        DELIVERY,
        FAILURES,
        FIRST_ENQUEUED,
        FIRST_TRIED,
        LEFT_OUT,
        ORIGIN,
        QUEUE,
    ),
    SHORT,
) | {HISTORY: 20 * 1024, TRIES: 20 * 1024}
"""The properties that Rollcall reads or writes, and the bytes that it writes at most into each.

A longer one is of the caller's making, and nothing reads it.
"""
OURS_IN_ALL = sum(OURS.values()) - OURS[TRIES]
"""No copy has both a history and the tries."""


def within_quotas(copy: Outgoing, *, body_may_be_cut: bool = False) -> Outgoing:
    """Return `copy` as Service Bus takes it, with `LEFT_OUT` where it lacks something now.

    The correlation id and the reply queue have their place before the caller's properties; a reply
    queue whose name is longer than any queue's is left out. Where `body_may_be_cut`, the body
    is cut to the bytes that fit.
    """
    to = copy.reply_to
    reply_to = to if to is None or len(to) <= LONGEST_QUEUE_NAME else None
    ours = {
        name: text for name, text in copy.properties.items() if _bytes(text) <= OURS.get(name, -1)
    }
    named = _bytes(copy.correlation_id) + _bytes(reply_to)
    room = min(FOREIGN, LARGEST_HEAD - OURS_IN_ALL - SYSTEM - named)
    foreign: dict[str, str] = {}
    for name, text in copy.properties.items():
        size = _size(name, text)
        if name not in ours and size <= room:
            foreign[name] = text
            room -= size
    missing = [name for name in copy.properties if name not in ours and name not in foreign]
    lacks = [*_named(missing), *(["replyTo"] if reply_to != to else [])]
    body, head = copy.body, _head({**foreign, **ours}) + named + SHORT
    if body_may_be_cut and _bytes(body) > (fits := LARGEST_MESSAGE - SYSTEM - head):
        body = _encoded(body)[:fits]
        lacks.append(f"the body after {fits} bytes")
    said = {LEFT_OUT: _cut("; ".join(lacks))} if lacks else {}
    return replace(copy, body=body, reply_to=reply_to, properties={**foreign, **ours, **said})


def _named(missing: list[str]) -> list[str]:
    return [f"{len(missing)} properties: {', '.join(missing)}"] if missing else []


def _cut(text: str) -> str:
    return _encoded(text)[:SHORT].decode(errors="ignore")


def _head(properties: Mapping[str, str]) -> int:
    return sum(_size(name, text) for name, text in properties.items())


def _size(name: str, text: str) -> int:
    return _bytes(name) + _bytes(text) + EACH


def _bytes(text: str | bytes | None) -> int:
    return len(_encoded(text or b""))


def _encoded(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
