"""What is done about a request for a meeting, given what the ledger knows of it.

Core. Identity comes first: the request id leads to the meeting's id before Graph is asked, so a
request that comes again, in whatever way, meets its own record.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from create_meeting.answers.published import created_again, publish_created
from create_meeting.answers.warnings import Warn, differences, moment_of
from create_meeting.bodies import TIMES, Members, create_or_get_body, option_parts
from create_meeting.request import CreateMeeting
from create_meeting.scheduled_join import join_message
from shared.inbox.message import QueueMessage
from shared.journal.step import Step
from shared.meeting.meeting import Asked, Meeting
from shared.meeting.retention import begun
from shared.words.answers import GivenMeeting
from shared.words.coordinates import OnlineMeeting
from shared.words.errors import Problem
from shared.words.ids import MeetingId, meeting_id_for
from shared.words.problems import rejected

DEFAULT_LENGTH = timedelta(hours=1)
IDENTITY = frozenset({"requestId", "action"})
"""Members that say which request it is, and not what it asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which meeting a message asks for."""

    request_id: str
    meeting_id: MeetingId
    tenant_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """Ask Graph for the meeting, set its options, then record what it gave.

    `options` is what one PATCH sets, in parts; `post` what nothing but a POST can set.
    """

    identity: Identity
    request: CreateMeeting
    asked: Asked
    body: Members
    options: tuple[Members, ...] = ()
    post: Members


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerAgain:
    """The meeting is there; whoever asks again is told so once more."""


def identify(request_id: str | None, message: QueueMessage, *, tenant_id: str) -> Identity:
    """Return whose meeting this is: by the request's own id, else by the message's identity."""
    found = request_id or message.origin_id
    return Identity(
        request_id=found,
        meeting_id=meeting_id_for(tenant_id=tenant_id, request_id=found),
        tenant_id=tenant_id,
    )


def plan(
    request: CreateMeeting,
    members: dict[str, Any],
    identity: Identity,
    known: Meeting | None,
    *,
    organizer_id: str,
    now: datetime,
) -> Create | AnswerAgain:
    """Return what to do; raise `Rejected` where the id stands for another request already."""
    members = {name: value for name, value in members.items() if name not in IDENTITY}
    if known is not None and known.asked is not None:
        require_same(known.asked, members)
        return AnswerAgain()
    post = known.post_claim if known is not None else None
    if post is not None and post.claim.is_held(now):
        require_same(post.asked, members)
    start = request.start_date_time or now
    asked = Asked(
        request_id=identity.request_id,
        members=members,
        organizer_id=request.organizer_id or organizer_id,
        start_date_time=start,
        end_date_time=request.end_date_time or start + DEFAULT_LENGTH,
    )
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
    """Return the step that records the meeting Graph gave, tells it, and asks for the join.

    `answer` is Graph's meeting with its options set; `refused` warns of those it did not take.
    """
    if known is not None and known.asked is not None:
        require_same(known.asked, create.asked.members)
        return created_again(known, message, now=now)
    warnings = (*refused, *differences(_sent(create, refused), answer.said))
    meeting = replace(
        begun(known, newcomer(create.identity)),
        context=create.request.context,
        retention_days=create.request.retention_days,
        asked=create.asked,
        online=kept_meeting(create, answer),
        made_at=min(moment_of(answer.creation_date_time) or message.first_enqueued, now),
        post_claim=None,
    )
    change = publish_created(meeting, warnings, message, now=now)
    if create.request.join == "never":
        return change
    join = join_message(change.meeting, at_start=create.request.join == "atStart")
    return replace(change, outgoing=(*change.outgoing, join))


def kept_meeting(create: Create, answer: GivenMeeting) -> OnlineMeeting:
    """Return what is kept of the meeting Graph gave."""
    return answer.kept(organizer_id=create.asked.organizer_id, tenant_id=create.identity.tenant_id)


def newcomer(identity: Identity) -> Meeting:
    """Return a meeting of which nothing is known but what it is called."""
    return Meeting(
        meeting_id=identity.meeting_id,
        tenant_id=identity.tenant_id,
        correlation_id=identity.request_id,
    )


def require_same(asked: Asked, members: dict[str, Any]) -> None:
    """Return if `members` ask for what was asked first; raise `Rejected` naming what differs."""
    found = differing(asked, members)
    if found:
        raise rejected(
            "request_conflict",
            request_id=asked.request_id,
            problems=[
                Problem(member=name, message="differs from the first request under this id")
                for name in found
            ],
        )


def differing(asked: Asked, members: dict[str, Any]) -> list[str]:
    """Return the names of the members that are not as they were asked first."""
    return sorted(
        name
        for name in asked.members.keys() | members.keys()
        if _canonical(asked.members.get(name)) != _canonical(members.get(name))
        or (name in asked.members) != (name in members)
    )


def _canonical(value: Any) -> str:
    """Return one text for one JSON value: to Python, true is 1 and 1.0 too."""
    return json.dumps(value, sort_keys=True)


def _sent(create: Create, refused: Iterable[Warn]) -> Members:
    """Return what the caller asked of Graph and Graph did not refuse; defaults are not asked."""
    request = create.request
    options = request.options.every() if request.options else {}
    declined = {str(warning["member"]).removeprefix("options.") for warning in refused}
    named = {name for name in TIMES if name in create.asked.members}
    body = {
        name: value for name, value in create.body.items() if name not in TIMES or name in named
    }
    return body | {name: value for name, value in options.items() if name not in declined}
