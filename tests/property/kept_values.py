"""Strategies of what the ledger may hold of a meeting, with ids as the app makes them."""

from datetime import timedelta
from typing import get_args

from hypothesis import strategies as st

from shared.calls.history import LogEntry, LoggedEvent
from shared.calls.record import GroupCall
from shared.legs.leg import Leg
from shared.meeting.meeting import Meeting
from shared.sources.kept import Found
from shared.words.observations import Observation
from shared.words.outgoing import Outgoing
from shared.words.rules import Shown
from tests.property.stored import Strategies, words


def base32(length: int) -> st.SearchStrategy[str]:
    """Return a strategy of ids."""
    return st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=length, max_size=length)


OBSERVED = get_args(Observation.__value__)
# Ids have their alphabet, and calls are counted from 1: the ledger's types do not say so.
kept = Strategies(
    {
        (Outgoing, "body"): words,
        (Meeting, "meeting_id"): base32(26),
        (Leg, "key"): base32(16),
        (GroupCall, "number"): st.integers(min_value=1, max_value=10**6),
        (Found, "number"): st.integers(min_value=1, max_value=10**6),
        (LoggedEvent, "sequence"): st.integers(min_value=1, max_value=10**6),
        (LogEntry, "version"): st.integers(min_value=1, max_value=10**6),
        **{(kind, "leg_key"): base32(16) for kind in OBSERVED},
    }
)


shows = st.builds(
    Shown, names=st.booleans(), within=st.sampled_from([timedelta(0), timedelta(days=1)])
)
