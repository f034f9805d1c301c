"""Asks Graph what became of a leg before somebody is answered with it."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from join_meeting.join.decision import Adopt
from join_meeting.join.outcome import record_call, record_moved
from join_meeting.repeats import Wish
from shared.meeting.meeting import Change, Meeting
from shared.services import Services
from shared.words.coordinates import ByJoinId, JoinTarget, thread_alias_of
from shared.words.errors import Rejected, Transient
from shared.words.ids import MeetingId

logger = logging.getLogger("rollcall.join")

type Found = Literal["there", "gone", "elsewhere"]
"""What became of a leg. Its end, or that it is in another meeting, is recorded by then."""


async def look_again(
    adopt: Adopt, target: JoinTarget | None, wish: Wish, services: Services
) -> Found:
    """Read the leg's call and record what it says: it is in, it is over, or in another meeting.

    `target`: how the meeting is joined. Where Graph does not say, the leg counts as there: it was,
    when we last heard of it. Raises `Transient` where that may be in another meeting.
    """
    try:
        call = await services.graph.read_call(adopt.call_id)
    except Transient:
        if adopt.unplaced:
            raise  # whoever is answered with it now could not be led to the other meeting later
        return "there"
    except Rejected:
        return "there"
    if call is None or str(call.get("state")).lower() == "terminated":
        await _record_call(adopt, call, wish, services)
        return "gone"
    owner = await owner_of(call, target, wish.meeting_id, services)
    if owner == wish.meeting_id:
        await _record_call(adopt, call, wish, services)
        return "there"
    await _record_move(adopt, owner, wish, services)
    return "elsewhere"


async def owner_of(
    call: Mapping[str, Any],
    target: JoinTarget | None,
    meeting_id: MeetingId,
    services: Services,
) -> MeetingId:
    """Return whose meeting the thread belongs to that a join id led to: ours from now on, if new.

    Best effort: the bot is on its way already, and that is to be recorded whatever happens here.
    """
    alias = thread_alias_of(call)
    if alias is None or not isinstance(target, ByJoinId):
        return meeting_id
    try:
        return await services.ledger.claim_alias(alias, meeting_id)
    except Transient:
        logger.warning("join.thread_not_noted: meeting=%s", meeting_id)
        return meeting_id


async def _record_call(
    adopt: Adopt, call: Mapping[str, Any] | None, wish: Wish, services: Services
) -> None:
    at = services.clock.now()

    def said(known: Meeting | None, now: datetime) -> Change | None:
        rules = services.policy.recording
        if known is None:
            return None
        return record_call(known, adopt.leg_key, call, at=at, now=now, rules=rules)

    receipt = await services.journal.change(wish.meeting_id, said)
    await receipt.sent


async def _record_move(adopt: Adopt, owner: MeetingId, wish: Wish, services: Services) -> None:
    def moved(known: Meeting | None, now: datetime) -> Change | None:
        rules = services.policy.recording
        if known is None:
            return None
        return record_moved(
            known,
            adopt.leg_key,
            adopt.call_id,
            wish,
            owner,
            now=now,
            rules=rules,
        )

    receipt = await services.journal.change(wish.meeting_id, moved)
    await receipt.sent
