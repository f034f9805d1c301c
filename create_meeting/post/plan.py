"""The right to POST a meeting: who has it, and what an earlier holder may have left behind.

Core. `POST /onlineMeetings` has no idempotency of any kind, so it is sent only by the holder of a
claim that the ledger keeps, and after a crash Graph is asked before it is sent again.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from create_meeting.answers.warnings import moment_of
from create_meeting.new.plan import Create, differing, newcomer, require_same
from shared.inbox.message import QueueMessage
from shared.journal.step import Step
from shared.meeting.meeting import Meeting, PostClaim
from shared.words.answers import GivenMeeting

FIRST_PAUSE = timedelta(seconds=2)
"""Somebody else's POST is answered sooner than that, or nobody knows when."""
CLOCKS_APART = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """The claim is ours."""

    claim: PostClaim

    @property
    def in_doubt(self) -> bool:
        """Whether an earlier holder may have sent its POST, and nobody knows what came of it."""
        return self.claim.attempt > 1 and self.claim.given is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """Somebody else has the claim and may be waiting for Graph: come again after the pause."""

    pause: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The meeting is there already."""


type Decision = Posting | Busy | Made


def plan_post(
    known: Meeting | None,
    create: Create,
    message: QueueMessage,
    *,
    now: datetime,
    lease: timedelta,
) -> Decision:
    """Return who sends the POST; raise `Rejected` while the id stands for another request."""
    if known is not None and known.asked is not None:
        require_same(known.asked, create.asked.members)
        return Made()
    before = known.post_claim if known is not None else None
    if before is None:
        claim = PostClaim(
            attempt=1, asked=create.asked, first_claimed_at=now, lease_until=now + lease
        )
        return Posting(claim=claim)
    same = not differing(before.asked, create.asked.members)
    if now < before.lease_until:
        require_same(before.asked, create.asked.members)
        left = before.lease_until - now
        return Busy(pause=min(left, FIRST_PAUSE) if message.attempt == 1 else left)
    return Posting(
        claim=replace(
            before,
            attempt=before.attempt + 1,
            asked=create.asked,
            lease_until=now + lease,
            given=before.given if same else None,
        )
    )


def record_claim(known: Meeting | None, create: Create, posting: Posting) -> Step:
    """Return the step that takes the claim, before Graph is asked."""
    meeting = known or newcomer(create.identity)
    return Step(meeting=replace(meeting, post_claim=posting.claim))


def record_posted(meeting: Meeting, posting: Posting, answer: GivenMeeting) -> Step | None:
    """Return the step that keeps what Graph gave until it is told."""
    if not _holds(meeting, posting):
        return None
    return Step(meeting=replace(meeting, post_claim=replace(posting.claim, given=answer)))


def record_released(meeting: Meeting, posting: Posting) -> Step | None:
    """Return the step that gives back a claim whose POST certainly made nothing."""
    if not _holds(meeting, posting):
        return None
    return Step(meeting=replace(meeting, post_claim=None))


def record_yielded(meeting: Meeting, posting: Posting, *, now: datetime) -> Step | None:
    """Return the step that ends the lease at once: the next try finds out what there is."""
    if meeting.post_claim is None or not _holds(meeting, posting):
        return None
    return Step(meeting=replace(meeting, post_claim=replace(meeting.post_claim, lease_until=now)))


def is_what_was_asked(answer: GivenMeeting, create: Create) -> bool:
    """Tell whether a meeting that createOrGet found is the one a POST was to make."""
    template = create.post.get("meetingTemplateId")
    with_passcode = "joinMeetingIdSettings" in create.post
    return (not with_passcode or answer.said.passcode is not None) and (
        template is None or answer.said.options.get("meetingTemplateId") == template
    )


def may_be_deleted(answer: GivenMeeting, posting: Posting) -> bool:
    """Tell whether a meeting came about under this claim, by asking whether there was one.

    One that is older was there before anybody asked us: it is not ours to delete.
    """
    made = moment_of(answer.creation_date_time)
    return made is not None and made >= posting.claim.first_claimed_at - CLOCKS_APART


def _holds(known: Meeting, posting: Posting) -> bool:
    claim = known.post_claim
    return claim is not None and claim.attempt == posting.claim.attempt
