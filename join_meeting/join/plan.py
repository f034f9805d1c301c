"""What is done about a request to join, given what the ledger knows of the meeting.

Core. Graph's calls POST is never idempotent, so the right to send it is claimed first: one bot a
meeting, and after a crash nobody tries again before the claim's lease is over. What comes of the
POST is recorded by outcome.py.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from join_meeting.join.body import call_body
from join_meeting.join.decision import Adopt, Decision, Done, Join, NotYet, Rules, Wait
from join_meeting.repeats import Wish, granted_before
from shared.inbox.message import AT_START, read_moment
from shared.journal.step import Step
from shared.meeting.legs import standing, with_claim
from shared.meeting.meeting import LegClaim, Meeting
from shared.words.coordinates import ByJoinId, target_of
from shared.words.ids import leg_key_for
from shared.words.problems import rejected

FIRST_PAUSE = timedelta(seconds=2)
"""Graph's answer to somebody else's POST comes sooner than that, or nobody knows when."""

LEAVING_PAUSE = timedelta(seconds=12)
"""By then a leg that was hung up is known to be gone, with its notification or without."""


def plan(known: Meeting | None, wish: Wish, *, now: datetime, rules: Rules) -> Decision:
    """Return what to do; raise `Rejected` where no such meeting is known, or nobody may join it.

    What Graph itself said of the meeting is preferred to what the request says of how to join.
    """
    message, meeting_id = wish.message, wish.meeting_id
    meeting = _told_of(known) or replace(
        newcomer(wish, tenant_id=rules.tenant_id), leave_asked=known.leave_asked if known else None
    )
    stated = wish.target or meeting.target
    where = target_of(meeting.online.coordinates) if meeting.online else stated
    if where is None:
        raise rejected("meeting_not_found", what=f"the meetingId {meeting_id}")
    if message.delivery_id in meeting.answered:
        return Done()
    if meeting.cancellation is not None:
        if AT_START in message.properties:
            return Done()
        raise rejected("meeting_cancelled", meeting_id=meeting_id)
    if meeting.leave_asked is not None and message.asked_at < meeting.leave_asked:
        raise rejected("leave_asked")
    start = meeting.asked.start_date_time if meeting.asked else None
    sent_for = message.properties.get(AT_START)
    if sent_for is not None and start is not None:
        if start < (read_moment(sent_for) or start):
            return Done()
        if now < start:
            return NotYet(start=start)
    granted, legs = granted_before(meeting, wish), standing(meeting, now=now)
    there = granted or legs.staying
    if there is not None and there.call_id is not None:
        if may_be_another(meeting, there, now=now):
            left = there.lease_until - now
            return Wait(pause=min(left, FIRST_PAUSE) if message.attempt == 1 else left)
        unsure = granted is None and not _fresh(meeting, there, now=now)
        return Adopt(
            leg_key=there.leg_key,
            call_id=there.call_id,
            unsure=unsure,
            unplaced=_is_unplaced(meeting, there),
        )
    if legs.bound:
        return Wait(pause=FIRST_PAUSE if message.attempt == 1 else LEAVING_PAUSE)
    if legs.held:
        left = legs.held[0].lease_until - now
        return Wait(pause=min(left, FIRST_PAUSE) if message.attempt == 1 else left)
    attempt = meeting.next_attempt
    claim = LegClaim(
        leg_key=leg_key_for(meeting_id=meeting_id, attempt=attempt),
        attempt=attempt,
        request_id=message.delivery_id,
        claimed_at=now,
        lease_until=now + rules.lease,
        asked=wish.asked(),
        asked_at=message.asked_at,
    )
    return Join(
        meeting=with_claim(
            replace(
                meeting,
                target=where if not meeting.online else None,
                context=_context(meeting, wish),
            ),
            claim,
        ),
        claim=claim,
        body=call_body(
            where,
            callback=f"{rules.public_url.rstrip('/')}/api/calls/{meeting_id}/{claim.leg_key}",
            bot_app_id=rules.bot_app_id,
            leg_key=claim.leg_key,
            guest_name=wish.request.guest_name,
            without_host=wish.request.without_host,
        ),
    )


def record_claim(join: Join) -> Step:
    """Return the step that takes the claim, before Graph is asked."""
    return Step(meeting=join.meeting)


def _fresh(meeting: Meeting, claim: LegClaim, *, now: datetime) -> bool:
    """Tell whether the leg was sent so lately that it may still be on its way in."""
    leg = meeting.record.legs.get(claim.leg_key)
    return now < claim.lease_until and (leg is None or "in" not in leg.phases)


def may_be_another(meeting: Meeting, claim: LegClaim, *, now: datetime) -> bool:
    """Tell whether Graph's answer, still to come, may show that the leg is in another meeting.

    A callback that outran it bound the leg; only the answer names the thread behind a join id.
    """
    return _is_unplaced(meeting, claim) and now < claim.lease_until


def _is_unplaced(meeting: Meeting, claim: LegClaim) -> bool:
    return isinstance(meeting.target, ByJoinId) and not claim.told


def _context(meeting: Meeting, wish: Wish) -> dict[str, Any] | None:
    """Return the meeting's context: that of the request that made it known, for good.

    What was told before would be told differently under the same event id otherwise.
    """
    unknown = meeting.asked is None and not meeting.claims and not meeting.sequence
    return wish.request.context if unknown and meeting.context is None else meeting.context


def _told_of(known: Meeting | None) -> Meeting | None:
    """Return the meeting; None where all that is kept of it is that the bot was to leave it."""
    if known is not None and not known.known and known.leave_asked is not None:
        return None
    return known


def newcomer(wish: Wish, *, tenant_id: str) -> Meeting:
    """Return a meeting of which nothing is known but what the request calls it."""
    return Meeting(
        meeting_id=wish.meeting_id,
        tenant_id=tenant_id,
        correlation_id=wish.request_id,
        context=wish.request.context,
    )
