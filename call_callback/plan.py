"""What a parsed notification changes in a meeting. Core.

A leg's key is bound to the first call seen under it; another call under the same key is a surplus
leg, which is sent away and never recorded.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from shared.domain import CallId, LegKey, LegSeen, Observation, Unparsed
from shared.legs import bind, hang_up
from shared.meeting import Change, Meeting, Outgoing
from shared.recording import RecordingRules, observe


def record_notifications(
    meeting: Meeting | None,
    leg_key: LegKey,
    read: Callable[[frozenset[str]], Iterable[tuple[CallId | None, Observation]]],
    *,
    now: datetime,
    rules: RecordingRules,
) -> Change | None:
    """Return the change that records what arrived for a leg; None where that is no news.

    `read` says what arrived, given the ids by which rosters may name legs of ours. Of a leg that no
    claim knows nothing is recorded.
    """
    if meeting is None or meeting.claim(leg_key) is None:
        return None
    known = meeting
    observations: list[Observation] = []
    surplus: dict[CallId, Outgoing] = {}
    for call_id, observation in read(meeting.own_ids()):
        if call_id is None:
            observations.append(observation)
            continue
        bound = bind(meeting, leg_key, call_id)
        if bound is not None:
            meeting = bound
            observations.append(observation)
        elif not (isinstance(observation, LegSeen) and observation.phase == "gone"):
            surplus[call_id] = hang_up(meeting, call_id)
    if not observations and not surplus:
        return None
    change = observe(meeting, observations, now=now, rules=rules)
    change = replace(change, outgoing=(*change.outgoing, *surplus.values()))
    return change if _is_news(known, change) else None


def _is_news(known: Meeting, change: Change) -> bool:
    """Tell whether anything but the freshness of the record changes, or a kind is to be kept.

    An exact copy of a shorter roster is news: it raises the question anew.
    """
    return (
        bool(change.outgoing or change.pages)
        or any(isinstance(one.observation, Unparsed) for one in change.heard)
        or replace(change.meeting, record=known.record) != known
        or change.meeting.record.but_for_freshness != known.record.but_for_freshness
    )
