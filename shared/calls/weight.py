"""Estimate how many bytes of a head row its calls take; move calls that are over out of it.

Core. The estimate is never too low. It counts what is kept, before compression: ids and names by
their bytes, all else by the most that was measured. tests/unit/test_weight.py compares it with
packed rows.
"""

from dataclasses import replace

from shared.calls.record import GroupCall, Record, Session, SessionPage, page_of
from shared.words.ids import SessionId

CALL = 300
SESSION = 120
"""A session without its texts. With a different time in each member that may hold one, it takes 93
bytes beside the texts of a person with GUIDs, and fewer than 120 beside any texts."""
MARK = 8
"""A mark of an id or of a person: 6.7 bytes, packed."""


def weight_of(call: GroupCall) -> int:
    """Return how many bytes a call takes at most, packed.

    A kind and a tenant that repeat those of the session before cost next to nothing.
    """
    weight = CALL + MARK * (len(call.sealed) + len(call.sealed_people))
    before = None
    for one in call.sessions.values():
        person = one.person
        weight += SESSION + _bytes(one.session_id)
        if person.user_id is not None:
            weight += _bytes(person.user_id)
        if person.display_name is not None:
            weight += _bytes(person.display_name)
        if before is None or (person.kind, person.tenant_id) != before:
            before = person.kind, person.tenant_id
            weight += _bytes(person.kind) + _bytes(person.tenant_id or "")
        for alias in one.aliases:
            weight += weight_of_alias(alias)
    return weight


def weight_of_session(session: Session) -> int:
    """Return how many bytes a session adds to a call at most."""
    person = session.person
    texts = (session.session_id, person.kind, person.user_id, person.display_name, person.tenant_id)
    aliases = sum(weight_of_alias(alias) for alias in session.aliases)
    return SESSION + sum(_bytes(text) for text in texts if text is not None) + aliases


def weight_of_alias(alias: SessionId) -> int:
    """Return how many bytes another id of a session adds to a call at most."""
    return MARK + _bytes(alias)


def relieved(record: Record, room: int) -> tuple[Record, tuple[SessionPage, ...]]:
    """Move calls that are over out of a record that takes more than `room`, the oldest first.

    The newest call stays: the next evidence is weighed against it. Its own weight is bounded.
    """
    if len(record.calls) < 2:
        return record, ()
    weights = [weight_of(call) for call in record.calls]
    weight, leaving = sum(weights), 0
    while weight > room and leaving < len(weights) - 1:
        weight -= weights[leaving]
        leaving += 1
    pages = tuple(page_of(call) for call in record.calls[:leaving])
    return replace(record, calls=record.calls[leaving:], before=record.before + leaving), pages


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="replace"))
