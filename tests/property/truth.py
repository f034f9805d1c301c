"""Recorded calls beside the true ones of a history's room."""

from datetime import datetime, timedelta

from devstack.graph.room import GroupCall as TrueCall
from shared.calls.record import GroupCall
from tests.property.histories import READ, SETTLE, History

ONE_READ = timedelta(seconds=SETTLE + READ)


def true_calls(history: History, call: GroupCall) -> list[TrueCall]:
    """Return the true calls that the sessions of a recorded one were in."""
    names = {name for one in call.sessions.values() for name in (one.session_id, *one.aliases)}
    there = {history.truly[name] for name in names}
    return [true for true in history.room.calls if there & set(true.participant_ids)]


def lies(
    lower: datetime | None, true: datetime | None, upper: datetime | None, apart: timedelta
) -> bool:
    """Tell whether a moment lies within its bounds, as far as clocks agree; None bounds nothing."""
    assert true is not None
    return (lower is None or lower - apart <= true) and (upper is None or true <= upper + apart)
