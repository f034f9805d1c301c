"""What is done about a join-meeting request, given what the ledger knows of the meeting.

Core. Graph's calls POST is never idempotent, so the right to send it is claimed first: one bot a
meeting, and after a crash nobody tries again before the claim's lease is over.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from shared.coordinates import Coordinates
from shared.delivery import AT_START, QueueMessage, kept_copy
from shared.domain import CallId, LegKey, LegSeen, MeetingId, leg_key_for
from shared.errors import Rejected
from shared.events import Fact, event_message, refusal_data, reply_message, tell
from shared.facts import bot_joining
from shared.journal import Observations
from shared.meeting import Change, LegClaim, Meeting
from shared.recording import RecordingRules, bind, observe, with_claim

ANSWERED_KEPT = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """The claim is ours: send the POST that `body` is, and record what comes of it."""

    claim: LegClaim
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt:
    """A leg of ours is there already: answer with it."""

    leg_key: LegKey
    call_id: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Somebody may be putting the bot in right now: try again after this long."""

    pause: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class NotYet:
    """The bot is to join when the meeting starts, and it starts later than it did when asked."""

    start: datetime


type Decision = Join | Adopt | Wait | NotYet


def plan(
    meeting: Meeting | None,
    message: QueueMessage,
    *,
    meeting_id: MeetingId,
    now: datetime,
    lease: timedelta,
    bot_app_id: str,
    public_url: str,
) -> Decision:
    """Return what to do; raise `Rejected` where no such meeting is known."""
    if meeting is None or meeting.online is None:
        raise Rejected(
            code="meeting_not_found",
            message=f"No meeting {meeting_id} is known here.",
            next_step="Send the meetingId of a meeting.created event of this deployment.",
        )
    start = meeting.asked.start_date_time if meeting.asked else None
    if AT_START in message.properties and start is not None and now < start:
        return NotYet(start=start)
    live = _live_claim(meeting)
    if live is not None and live.call_id is not None:
        return Adopt(leg_key=live.leg_key, call_id=live.call_id)
    if live is not None and now < live.lease_until:
        return Wait(pause=live.lease_until - now)
    attempt = len(meeting.claims) + 1
    claim = LegClaim(
        leg_key=leg_key_for(meeting_id=meeting_id, attempt=attempt),
        attempt=attempt,
        request_id=message.origin_id,
        claimed_at=now,
        lease_until=now + lease,
    )
    callback = f"{public_url.rstrip('/')}/api/calls/{meeting_id}/{claim.leg_key}"
    return Join(claim=claim, body=_graph_body(meeting.online.coordinates, callback, bot_app_id))


def record_claim(meeting: Meeting, join: Join) -> Change:
    """Return the change that takes the claim, before Graph is asked."""
    return Change(meeting=with_claim(meeting, join.claim))


def record_joining(
    meeting: Meeting,
    join: Join,
    call_id: CallId,
    message: QueueMessage,
    *,
    answered_at: datetime,
    now: datetime,
    rules: RecordingRules,
    everything: Observations,
) -> Change:
    """Return the change that records Graph's acceptance and answers with `bot.joining`.

    A callback may have been here first; the leg is bound to the call all the same.
    """
    leg_key = join.claim.leg_key
    bound = bind(meeting, leg_key, call_id) or meeting
    return observe(
        _told(bound, leg_key, message),
        [LegSeen(at=answered_at, leg_key=leg_key, phase="joining")],
        now=now,
        rules=rules,
        facts=[bot_joining(leg_key, call_id, at=answered_at)],
        reply=message.reply,
        everything=everything,
    )


def record_adopted(
    meeting: Meeting, adopt: Adopt, message: QueueMessage, *, now: datetime
) -> Change | None:
    """Return the change that answers a request with the leg that is there already.

    Where a crash lost Graph's answer to our own POST, nobody has been told of the leg yet.
    """
    if message.origin_id in meeting.answered:
        return None
    leg = meeting.history.record().legs.get(adopt.leg_key)
    seen = min(leg.phases.values(), default=now) if leg else now
    fact = bot_joining(adopt.leg_key, adopt.call_id, at=seen)
    claim = meeting.claim(adopt.leg_key)
    meeting = _told(meeting, adopt.leg_key, message)
    if claim is not None and not claim.told:
        meeting, events = tell(meeting, [fact], now=now, reply=message.reply)
        return Change(meeting=meeting, outgoing=events)
    if message.reply is None:
        return None
    event = event_message(meeting, fact, sequence=meeting.sequence, now=now)
    return Change(meeting=meeting, outgoing=(reply_message(event, message.reply),))


def record_released(meeting: Meeting, join: Join) -> Change | None:
    """Return the change that gives back a claim whose POST certainly did nothing."""
    claim = meeting.claim(join.claim.leg_key)
    if claim is None or claim.call_id is not None:
        return None
    return Change(meeting=with_claim(meeting, replace(claim, state="failed")))


def record_failed(
    meeting: Meeting, join: Join, refused: Rejected, message: QueueMessage, *, now: datetime
) -> Change:
    """Return the change that ends the claim and tells `bot.failed` with what Graph said."""
    leg_key = join.claim.leg_key
    claim = meeting.claim(leg_key) or join.claim
    fact = Fact(
        name="bot.failed",
        at=now,
        key=(leg_key, "refused"),
        data={"legKey": leg_key, "reason": refused.code, **refusal_data(refused)},
    )
    meeting = with_claim(_answering(meeting, message), replace(claim, state="failed"))
    meeting, events = tell(meeting, [fact], now=now, reply=message.reply)
    kept = kept_copy(message, refused)
    return Change(
        meeting=meeting,
        outgoing=(*events, replace(kept, body=message.body.decode())),
    )


def _live_claim(meeting: Meeting) -> LegClaim | None:
    legs = meeting.history.record().legs
    for claim in meeting.claims:
        leg = legs.get(claim.leg_key)
        if claim.state != "failed" and (leg is None or "gone" not in leg.phases):
            return claim
    return None


def _told(meeting: Meeting, leg_key: LegKey, message: QueueMessage) -> Meeting:
    claim = meeting.claim(leg_key)
    if claim is not None and not claim.told:
        meeting = with_claim(meeting, replace(claim, told=True))
    return _answering(meeting, message)


def _answering(meeting: Meeting, message: QueueMessage) -> Meeting:
    answered = (*meeting.answered, message.origin_id)[-ANSWERED_KEPT:]
    return replace(meeting, answered=answered)


def _graph_body(where: Coordinates, callback: str, bot_app_id: str) -> dict[str, Any]:
    """Return the call to create: organizer's meeting, service-hosted media, tenant at the top.

    A tenant left out, or put anywhere else, is refused with 7505.
    Source: https://learn.microsoft.com/graph/api/application-post-calls
    """
    return {
        "@odata.type": "#microsoft.graph.call",
        "callbackUri": callback,
        "requestedModalities": ["audio"],
        "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
        "source": {
            "@odata.type": "#microsoft.graph.participantInfo",
            "identity": {
                "@odata.type": "#microsoft.graph.identitySet",
                "application": {"@odata.type": "#microsoft.graph.identity", "id": bot_app_id},
            },
        },
        "chatInfo": {
            "@odata.type": "#microsoft.graph.chatInfo",
            "threadId": where.thread_id,
            "messageId": where.message_id,
        },
        "meetingInfo": {
            "@odata.type": "#microsoft.graph.organizerMeetingInfo",
            "organizer": {
                "@odata.type": "#microsoft.graph.identitySet",
                "user": {
                    "@odata.type": "#microsoft.graph.identity",
                    "id": where.organizer_id,
                    "tenantId": where.tenant_id,
                },
            },
            "allowConversationWithoutHost": True,
        },
        "tenantId": where.tenant_id,
    }
