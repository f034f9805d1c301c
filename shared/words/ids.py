"""Ids and moments, and how they are written as text. Core: frozen, compared by value."""

import base64
import hashlib
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import NewType
from uuid import NAMESPACE_URL, UUID, uuid5

MeetingId = NewType("MeetingId", str)
LegKey = NewType("LegKey", str)
CallId = NewType("CallId", str)
SessionId = NewType("SessionId", str)
MEETING_ID = re.compile(r"[a-z2-7]{26}")
LEG_KEY = re.compile(r"[a-z2-7]{16}")
_BARE_GUID = re.compile(r"[0-9a-f]{32}")


def digest(*parts: str, characters: int) -> str:
    """Return `characters` lower-case base32 characters that identify `parts`, in this order."""
    hasher = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        hasher.update(len(encoded).to_bytes(4))
        hasher.update(encoded)
    return base64.b32encode(hasher.digest()).decode().lower()[:characters]


def meeting_id_for(*, tenant_id: str, request_id: str) -> MeetingId:
    """Return the id of a request's meeting, which it has before the first call to Graph."""
    return MeetingId(digest("meeting", tenant_id.lower(), request_id, characters=26))


def linked_meeting_id_for(*, tenant_id: str, alias: str) -> MeetingId:
    """Return the id of a meeting that `alias` made known; an alias already claimed leads elsewhere.

    `alias` is `coordinates.alias_of` the target. No request's meeting can have the same id.
    """
    return MeetingId(digest("linked meeting", tenant_id.lower(), alias, characters=26))


def join_request_alias(request_id: str) -> str:
    """Return the alias by which a request to join, under an id of its own, finds its meeting."""
    return f"join request {request_id}"


def leg_key_for(*, meeting_id: MeetingId, attempt: int, lives: int = 0) -> LegKey:
    """Return the key of the bot's `attempt`-th leg (1, 2, …) in a meeting.

    `lives`: how often the record of the meeting was purged before.
    """
    return LegKey(digest("leg", meeting_id, str(attempt), *life(lives), characters=16))


def life(lives: int) -> tuple[str, ...]:
    """Return what tells the ids of a meeting from those before its record was purged so often."""
    return (f"life {lives + 1}",) if lives else ()


def guest_id_for(leg_key: LegKey) -> str:
    """Return the GUID under which a leg that joins as a guest is known in its meeting."""
    return str(uuid5(NAMESPACE_URL, f"rollcall/legs/{leg_key}"))


@lru_cache(maxsize=16_384)  # a source names each person of a large call several times
def same_id(graph_id: str) -> str:
    """Return one spelling for an id that Graph writes in either case, with and without dashes."""
    lowered = graph_id.lower()
    bare = lowered.replace("-", "")
    return bare if _BARE_GUID.fullmatch(bare) else lowered


def directory_id(graph_id: str) -> str:
    """Return one spelling for the id of a person, a tenant or a conference.

    A GUID has its dashes, as the directory writes it: readers look people up by it. Where it is
    applied, on reading what Graph sends, is the only place that knows of other spellings.
    """
    one = same_id(graph_id)
    return str(UUID(one)) if _BARE_GUID.fullmatch(one) else one


def utc_text(moment: datetime) -> str:
    """Return `moment` as ISO 8601 in UTC with a `Z`, in milliseconds."""
    # Almost every moment is in UTC, in one of several classes of zones: none needs to be moved.
    in_utc = moment.astimezone(UTC) if moment.utcoffset() else moment
    return _text(in_utc.replace(tzinfo=None))


# A record says few moments, each many times. Without a zone they are compared at a fifth the cost.
@lru_cache(maxsize=4_096)
def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds") + "Z"


def utc_text_or_null(moment: datetime | None) -> str | None:
    """Return `moment` as `utc_text` has it; None where it is not known."""
    return None if moment is None else utc_text(moment)


def moment_in(text: str) -> datetime | None:
    """Return the moment that `text` names, in UTC; None unless it is one with an offset.

    The first and the last hours that a text can name are none in UTC.
    """
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


UNCOUNTED = "uncounted"
"""The kind of a person whom the log only counts."""
