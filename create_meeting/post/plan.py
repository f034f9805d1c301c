"""The claim to POST a meeting: which handler has it, and what an earlier holder may have left.

Core. `POST /onlineMeetings` is never idempotent. So only the holder of a claim that the ledger
keeps sends it. After a crash, the next holder first looks in Graph for the meeting.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from create_meeting.answers.warnings import moment_of
from create_meeting.new.plan import Create, differing, newcomer, require_same
from shared.inbox.message import QueueMessage
from shared.journal.step import Step
from shared.legs.claim import Claim
from shared.meeting.meeting import Meeting, PostClaim
from shared.meeting.retention import begun
from shared.words.answers import GivenMeeting

CLOCKS_APART = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """This handler has the claim."""

    post: PostClaim

    @property
    def in_doubt(self) -> bool:
        """Whether an earlier holder may have sent its POST, with an unknown outcome."""
        return self.post.claim.in_doubt and self.post.given is None


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
        require_same(known.asked, create.asked.members)
        return Made()
    before = known.post_claim if known is not None else None
    if before is None:
        claim = Claim(attempt=1, claimed_at=now, lease_until=now + lease)
        return Posting(post=PostClaim(claim=claim, asked=create.asked))
    if before.claim.is_held(now):
        require_same(before.asked, create.asked.members)
        return Busy(pause=before.claim.pause(now, attempt=message.attempt))
    same = not differing(before.asked, create.asked.members)
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


def record_released(meeting: Meeting, posting: Posting) -> Step | None:
    """Return the step that gives back a claim whose POST certainly made no meeting."""
    if not _holds(meeting, posting):
        return None
    return Step(meeting=replace(meeting, post_claim=None))


def record_yielded(meeting: Meeting, posting: Posting, *, now: datetime) -> Step | None:
    """Return the step that ends the lease at once: the next try finds out what exists."""
    post = meeting.post_claim
    if post is None or not _holds(meeting, posting):
        return None
    ended = replace(post, claim=post.claim.ended(now))
    return Step(meeting=replace(meeting, post_claim=ended))


def is_what_was_asked(answer: GivenMeeting, create: Create) -> bool:
    """Return whether a meeting that createOrGet found is the one the POST was to make."""
    template = create.post.get("meetingTemplateId")
    with_passcode = "joinMeetingIdSettings" in create.post
    return (not with_passcode or answer.said.passcode is not None) and (
        template is None or answer.said.options.get("meetingTemplateId") == template
    )


def may_be_deleted(answer: GivenMeeting, posting: Posting) -> bool:
    """Return whether createOrGet made the meeting under this claim, when it looked for one.

    An older meeting existed before the request: Rollcall must not delete it.
    """
    made = moment_of(answer.creation_date_time)
    return made is not None and made >= posting.post.claim.claimed_at - CLOCKS_APART


def _holds(known: Meeting, posting: Posting) -> bool:
    post = known.post_claim
    return post is not None and post.claim.attempt == posting.post.claim.attempt
