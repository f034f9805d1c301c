"""What to do about a request to join, given what the ledger knows of the meeting.

Core. Graph's calls POST is never idempotent, so the right to send it is claimed first: one bot a
meeting. After a crash no process retries before the claim's lease is over. outcome.py records what
comes of the POST.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from join_meeting.join.body import call_body
from join_meeting.join.decision import Adopt, Decision, Done, Join, NotYet, Wait
from join_meeting.repeats import Wish, granted_before
from shared.inbox.message import AT_START, read_moment
from shared.legs.claim import FIRST_PAUSE, Claim
from shared.legs.leg import Leg
from shared.meeting.legs import Standing, standing
from shared.meeting.meeting import Meeting
from shared.meeting.retention import begun
from shared.words.coordinates import ByJoinId, ByThread, JoinTarget, alias_of, target_of
from shared.words.ids import leg_key_for
from shared.words.problems import rejected
from shared.words.rules import Policy

LEAVING_PAUSE = timedelta(seconds=12)
"""After this, a leg that was hung up is known to be gone, even without its notification."""


Met = Literal["none", "awaited", "leaving", "in another meeting?", "there"]
"""`awaited`: a process may be waiting for Graph's answer. `in another meeting?`: Graph has not yet
named the leg's thread; the next look reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a request to join meets.

    `there` is the leg that was granted to this request before (then `granted` is true), else the
    leg that stays. `legs` are those that are not over.
    """

    meeting: Meeting
    where: JoinTarget
    there: Leg | None
    granted: bool
    legs: Standing
    now: datetime

    @property
    def leg(self) -> Met:
        """The state of our leg, for this request."""
        if self.there is not None and self.there.call_id is not None:
            return "in another meeting?" if self.there.place == "unknown" else "there"
        if self.legs.bound:
            return "leaving"
        return "awaited" if self.legs.held else "none"


def plan(known: Meeting | None, wish: Wish, *, now: datetime, policy: Policy) -> Decision:
    """Return what to do; raise `Rejected` if the meeting is not known, or must not be joined."""
    meeting = _if_known(known, newcomer(wish, tenant_id=policy.tenant_id))
    where = _where(meeting, wish)
    if (settled := _before_any_leg(meeting, wish, now=now)) is not None:
        return settled
    granted, legs = granted_before(meeting, wish), standing(meeting, now=now)
    met = Situation(
        meeting=meeting,
        where=where,
        there=granted or legs.staying,
        granted=granted is not None,
        legs=legs,
        now=now,
    )
    return BY_LEG[met.leg](met, wish, policy)


def _where(meeting: Meeting, wish: Wish) -> JoinTarget:
    """Return how to join: by what Graph said, else by a thread, else as the request says.

    A thread needs no passcode, and nothing has to be found out of where it leads.
    """
    if meeting.online is not None:
        return target_of(meeting.online.coordinates)
    by_thread = (one for one in (wish.target, meeting.target) if isinstance(one, ByThread))
    where = next(by_thread, None) or wish.target or meeting.target
    if where is None:
        raise rejected("meeting_not_found", what=wish.request.named)
    return where


def _before_any_leg(meeting: Meeting, wish: Wish, *, now: datetime) -> Decision | None:
    """Return the decision that does not depend on our legs; None where it does."""
    message, sent_for = wish.message, wish.message.properties.get(AT_START)
    start = meeting.asked.start_date_time if meeting.asked else None
    if message.delivery_id in meeting.answered:
        return Done()
    if meeting.cancellation is not None:
        if sent_for is not None:
            return Done()
        raise rejected("meeting_cancelled", meeting_id=wish.meeting_id)
    if meeting.leave_asked is not None and message.asked_at < meeting.leave_asked:
        raise rejected("leave_asked")
    if sent_for is None or start is None:
        return None
    if meeting.asked is not None and meeting.asked.join != "atStart":
        return Done()
    if start < (read_moment(sent_for) or start):
        return Done()
    return NotYet(start=start) if now < start else None


def _send(met: Situation, wish: Wish, policy: Policy) -> Join:
    meeting = met.meeting
    attempt, lease = meeting.next_attempt, met.now + policy.claim_lease
    leg = Leg(
        key=leg_key_for(meeting_id=wish.meeting_id, attempt=attempt, lives=meeting.lives),
        claim=Claim(attempt=attempt, claimed_at=met.now, lease_until=lease),
        guest_name=wish.request.guest_name,
        without_host=wish.request.without_host,
        asked=wish.asked(),
        asked_at=wish.message.asked_at,
        place="unknown" if isinstance(met.where, ByJoinId) and meeting.thread is None else "here",
        callers=(wish.message.reply,) if wish.message.reply is not None else (),
    )
    target = met.where if meeting.online is None else None
    stay, context = wish.stay(meeting.stay), _context(meeting, wish)
    known = replace(meeting, target=target, context=context, stay=stay)
    if meeting.target is not None:
        known = known.found_by(alias_of(meeting.target))
    path = f"/api/calls/{wish.meeting_id}/{leg.key}"
    return Join(
        meeting=known.with_leg(leg),
        leg=leg,
        body=call_body(
            met.where,
            callback=policy.public_url + path,
            bot_app_id=policy.bot_app_id,
            leg_key=leg.key,
            guest_name=leg.guest_name,
            without_host=leg.without_host,
        ),
    )


def _adopt(met: Situation, wish: Wish, policy: Policy) -> Adopt | Wait:
    there = met.there
    if there is None or there.call_id is None:
        return _await_exit(met, wish, policy)  # never: "there" means a leg with a call
    return Adopt(
        leg_key=there.key,
        call_id=there.call_id,
        unsure=not met.granted and not _fresh(there, now=met.now),
    )


def _await_answer(met: Situation, wish: Wish, _: Policy) -> Wait:
    """Wait for Graph's answer to a POST: a little at first, then until the lease is over."""
    awaited = met.there or met.legs.held[0]
    return Wait(pause=awaited.claim.pause(met.now, attempt=wish.message.attempt))


def _await_exit(_: Situation, wish: Wish, __: Policy) -> Wait:
    return Wait(pause=soon(wish))


def soon(wish: Wish) -> timedelta:
    """Return how long a request waits for a look, or for the end of a leg: little at first."""
    return FIRST_PAUSE if wish.message.attempt == 1 else LEAVING_PAUSE


BY_LEG: Mapping[Met, Callable[[Situation, Wish, Policy], Decision]] = {
    "none": _send,
    "awaited": _await_answer,
    "leaving": _await_exit,
    "in another meeting?": _await_exit,
    "there": _adopt,
}


def _fresh(leg: Leg, *, now: datetime) -> bool:
    """Return whether the leg was sent so lately that it may still be on its way in."""
    return leg.claim.is_held(now) and not leg.came_in


def _context(meeting: Meeting, wish: Wish) -> dict[str, Any] | None:
    """Return the meeting's context: that of the request that made it known, for good.

    Otherwise the same event could be published again with another content under the same id.
    """
    unknown = meeting.asked is None and not meeting.legs and not meeting.sequence
    return wish.request.context if unknown and meeting.context is None else meeting.context


def _if_known(known: Meeting | None, stranger: Meeting) -> Meeting:
    """Return the meeting; `stranger` if it is purged, or only a request to leave it is kept."""
    if known is None or known.purged is not None:
        return begun(known, stranger)
    if not known.known and known.leave_asked is not None:
        return replace(
            stranger,
            leave_asked=known.leave_asked,
            version=known.version,
            sequence=known.sequence,
            lives=known.lives,
            answered=known.answered,
        )
    return known


def newcomer(wish: Wish, *, tenant_id: str) -> Meeting:
    """Return a meeting of which only the request's ids and context are known."""
    return Meeting(
        meeting_id=wish.meeting_id,
        tenant_id=tenant_id,
        correlation_id=wish.request_id,
        traceparent=wish.message.traceparent,
        context=wish.request.context,
    )
