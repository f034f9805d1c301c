"""The claim to POST a meeting: which handler has it, and the meeting that an earlier one got.

Core. `POST /onlineMeetings` is never idempotent, and nothing finds the meeting of a POST whose
answer was lost. So only the holder of a claim that the ledger keeps sends it. A lost answer leaves
one meeting behind of which no caller has the link.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from create_meeting.decision import Create, newcomer
from create_meeting.meaning import differences_between, require_same
from shared.inbox.message import QueueMessage
from shared.journal.step import Step
from shared.legs.claim import Claim
from shared.meeting.meeting import Meeting, PostClaim
from shared.meeting.retention import begun
from shared.words.answers import GivenMeeting


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """This handler has the claim."""

    post: PostClaim


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """Another handler has the claim and may be waiting for Graph: retry after the pause."""

    pause: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The meeting exists already."""


type Decision = Posting | Busy | Made


def plan_post(
    known: Meeting | None,
    create: Create,
    message: QueueMessage,
    *,
    now: datetime,
    lease: timedelta,
) -> Decision:
    """Return whether to send the POST; raise `Rejected` if the id belongs to another request."""
    if known is not None and known.asked is not None:
        require_same(known.asked, create.asked)
        return Made()
    before = known.post_claim if known is not None else None
    if before is None:
        claim = Claim(attempt=1, claimed_at=now, lease_until=now + lease)
        return Posting(post=PostClaim(claim=claim, asked=create.asked))
    if before.claim.is_held(now):
        require_same(before.asked, create.asked)
        return Busy(pause=before.claim.pause(now, attempt=message.attempt))
    same = not differences_between(before.asked, create.asked)
    return Posting(
        post=PostClaim(
            claim=before.claim.taken_over(now, lease=lease),
            asked=create.asked,
            given=before.given if same else None,
        )
    )


def record_claim(known: Meeting | None, create: Create, posting: Posting) -> Step:
    """Return the step that takes the claim, before the first request to Graph."""
    meeting = begun(known, newcomer(create.identity))
    return Step(meeting=replace(meeting, post_claim=posting.post))


def record_posted(meeting: Meeting, posting: Posting, answer: GivenMeeting) -> Step | None:
    """Return the step that keeps Graph's meeting until it is published."""
    if not _holds(meeting, posting):
        return None
    return Step(meeting=replace(meeting, post_claim=replace(posting.post, given=answer)))


def record_failed(meeting: Meeting, posting: Posting, *, now: datetime) -> Step | None:
    """Return the step after a try that failed: the next one begins at once.

    It takes over what Graph gave. Without that the claim is given back, and the id is free.
    """
    post = meeting.post_claim
    if post is None or not _holds(meeting, posting):
        return None
    left = None if post.given is None else replace(post, claim=post.claim.ended(now))
    return Step(meeting=replace(meeting, post_claim=left))


def _holds(known: Meeting, posting: Posting) -> bool:
    mine, post = posting.post.claim, known.post_claim
    return post is not None and (post.claim.attempt, post.claim.claimed_at) == (
        mine.attempt,
        mine.claimed_at,
    )
