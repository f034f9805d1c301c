"""What to do about a request for a meeting, given what the ledger knows of it. Core."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from create_meeting.answers.published import created_again, publish_created
from create_meeting.answers.unfilled import is_unfilled, subject_or, time_or
from create_meeting.answers.warnings import Warn, differences, moment_of, past_start
from create_meeting.bodies import TIMES, Members, create_or_get_body, option_parts
from create_meeting.decision import AnswerAgain, Create, Identity, newcomer
from create_meeting.meaning import DEFAULT_LENGTH, meaning_of, require_same
from create_meeting.request import CreateMeeting
from create_meeting.scheduled_join import heard_at, join_message
from shared.inbox.message import QueueMessage
from shared.journal.step import Step
from shared.meeting.meeting import Asked, Meeting, Stay
from shared.meeting.retention import begun
from shared.words.answers import GivenMeeting, MeetingAnswer
from shared.words.coordinates import OnlineMeeting
from shared.words.ids import utc_text


def plan(
    request: CreateMeeting,
    identity: Identity,
    known: Meeting | None,
    *,
    organizer_id: str,
    now: datetime,
) -> Create | AnswerAgain:
    """Return what to do; raise `Rejected` where the id already belongs to another request."""
    start = request.start_date_time or now
    asked = Asked(
        request_id=identity.request_id,
        members=meaning_of(request),
        organizer_id=request.organizer_id or organizer_id,
        start_date_time=start,
        end_date_time=request.end_date_time or start + DEFAULT_LENGTH,
        time_zone=request.time_zone,
        join=request.join,
    )
    if known is not None and known.asked is not None:
        require_same(known.asked, asked)
        return AnswerAgain()
    post = known.post_claim if known is not None else None
    if post is not None and post.claim.is_held(now):
        require_same(post.asked, asked)
    return Create(
        identity=identity,
        request=request,
        asked=asked,
        body=create_or_get_body(request, asked),
        options=option_parts(request),
        post=request.options.post() if request.options else {},
    )


def record_created(
    known: Meeting | None,
    create: Create,
    answer: GivenMeeting,
    refused: Iterable[Warn],
    message: QueueMessage,
    *,
    now: datetime,
) -> Step | None:
    """Return the step that records and publishes the meeting Graph made, and requests the join.

    `answer` is Graph's meeting with its options set. `refused` warns of the options it refused.
    """
    if known is not None and known.asked is not None:
        require_same(known.asked, create.asked)
        return created_again(known, message, now=now)
    warnings = (
        *refused,
        *differences(_sent(create, refused, answer.said), answer.said),
        *past_start(create.request.start_date_time, message.first_enqueued),
    )
    meeting = replace(
        begun(known, newcomer(create.identity)),
        context=create.request.context,
        retention_days=create.request.retention_days,
        asked=create.asked,
        online=kept_meeting(create, answer),
        made_at=min(moment_of(answer.creation_date_time) or message.first_enqueued, now),
        trying=None,
        post_claim=None,
        stay=Stay(watch=create.request.watch, alone_for=_alone_for(create.request)),
    )
    if create.request.join != "never":
        meeting = replace(meeting, asked=replace(create.asked, reply=heard_at(message)))
    change = publish_created(meeting, warnings, message, now=now)
    if create.request.join == "never":
        return change
    join = join_message(change.meeting, at_start=create.request.join == "atStart")
    return replace(change, outgoing=(*change.outgoing, join))


def _alone_for(request: CreateMeeting) -> timedelta | None:
    seconds = request.leave_when_alone_seconds
    return timedelta(seconds=seconds) if seconds else None


def with_join_id(said: MeetingAnswer, read: MeetingAnswer | None) -> MeetingAnswer:
    """Return what Graph said of a meeting, with the join id and the passcode that a read showed."""
    if read is None:
        return said
    return replace(said, join_meeting_id=read.join_meeting_id, passcode=read.passcode)


def kept_meeting(create: Create, answer: GivenMeeting) -> OnlineMeeting:
    """Return what Rollcall keeps of the meeting Graph made."""
    asked = create.asked
    kept = answer.kept(organizer_id=asked.organizer_id, tenant_id=create.identity.tenant_id)
    return replace(
        kept,
        subject=subject_or(create.request.subject, kept.subject),
        start_date_time=time_or(utc_text(asked.start_date_time), kept.start_date_time),
        end_date_time=time_or(utc_text(asked.end_date_time), kept.end_date_time),
    )


def _sent(create: Create, refused: Iterable[Warn], said: MeetingAnswer) -> Members:
    """Return what the caller requested and Graph did not refuse, without the defaults.

    A default time is among it where Graph's is unfilled: then it stands in the answer.
    """
    request = create.request
    options = request.options.every() if request.options else {}
    declined = {str(warning["member"]).removeprefix("/options/") for warning in refused}
    named = {
        name
        for name, text in zip(TIMES, (said.start_date_time, said.end_date_time), strict=True)
        if name in create.asked.members or is_unfilled(text)
    }
    body = {
        name: value for name, value in create.body.items() if name not in TIMES or name in named
    }
    return body | {name: value for name, value in options.items() if name not in declined}
