"""What a parsed notification changes in a meeting. Core.

A leg's key is bound to the first call seen under it. Another call under the same key is a surplus
leg, which is sent away and never recorded. What one callback records and sends is bounded. If part
of a callback is left unread, the room is read.
"""

from dataclasses import dataclass
from datetime import datetime

from call_callback.gathering import gathered
from call_callback.notification import Notified, ParsedNotifications
from shared.journal.step import Step
from shared.meeting.legs import bind, hang_up
from shared.meeting.meeting import Meeting
from shared.words.ids import CallId, LegKey
from shared.words.observations import LegSeen, RosterPushed

MOST_HANG_UPS = 4
"""How many surplus legs one callback sends away. Each of the others has callbacks of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """What one callback says, sorted by the leg it is about: the leg itself, or surplus legs.

    `meeting` has the leg's call bound. `left` counts the items that were not read.
    """

    meeting: Meeting
    observations: tuple[Notified, ...]
    surplus: tuple[CallId, ...]
    left: int


def record_notifications(
    found: Sorted, leg_key: LegKey, *, received_at: datetime, brief: bool = False
) -> Step | None:
    """Return the step that records what arrived for a leg, where it is news; None if none arrived.

    `brief`: record only what it says of the leg; in place of the rest, the room is read.
    """
    observations, left = found.observations, found.left
    if brief:
        observations = tuple(one for one in observations if isinstance(one, LegSeen))
        left = max(left, 1)
    if left:
        observations = (*observations, unread(left, leg_key=leg_key, at=received_at))
    if not observations and not found.surplus:
        return None
    return Step(
        meeting=found.meeting,
        observed=observations,
        outgoing=tuple(hang_up(found.meeting, one) for one in found.surplus[:MOST_HANG_UPS]),
        only_news=True,
    )


def sort_out(meeting: Meeting, leg_key: LegKey, parsed: ParsedNotifications) -> Sorted:
    """Return what arrived for a claimed leg, sorted by the leg it is about."""
    own: list[Notified] = []
    surplus: dict[CallId, None] = {}
    for call_id, observation in parsed.observations:
        if call_id is None:
            own.append(observation)
            continue
        bound = bind(meeting, leg_key, call_id)
        if bound is not None:
            meeting = bound
            own.append(observation)
        elif not (isinstance(observation, LegSeen) and observation.phase == "gone"):
            surplus[call_id] = None
    return Sorted(
        meeting=meeting, observations=gathered(own), surplus=tuple(surplus), left=parsed.left
    )


def unread(count: int, *, leg_key: LegKey, at: datetime) -> RosterPushed:
    """Return the unread rest of a callback for the fold: a roster that cannot be read.

    The fold then requests a read. No person comes or leaves by it.
    """
    return RosterPushed(
        at=at,
        leg_key=leg_key,
        people=(),
        lists_ourselves=False,
        entries=count,
        unread=count,
        hidden=count,
    )
