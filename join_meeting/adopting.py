"""Asks Graph whether a leg is still there, before somebody is answered with it."""

from join_meeting.outcome import record_gone
from join_meeting.plan import Adopt
from join_meeting.wish import Wish
from shared.errors import Rejected, Transient
from shared.services import Services


async def ended_unheard(adopt: Adopt, wish: Wish, services: Services) -> bool:
    """Tell whether the leg is gone though nobody told us, and record its end if so.

    Where Graph does not say, the leg counts as there: it was, when we last heard of it.
    """
    try:
        call = await services.graph.read_call(adopt.call_id)
    except (Transient, Rejected):
        return False
    if call is not None and str(call.get("state")).lower() != "terminated":
        return False
    at = services.clock.now()
    receipt = await services.journal.change(
        wish.meeting_id,
        lambda known, now, everything: (
            None
            if known is None
            else record_gone(
                known,
                adopt.leg_key,
                at=at,
                now=now,
                rules=services.policy.recording,
                everything=everything,
            )
        ),
    )
    await receipt.sent
    return True
