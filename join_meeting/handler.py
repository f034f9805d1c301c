"""Carry out one join-meeting message, or refuse it: which meeting it is about, and which action."""

from dataclasses import replace

from join_meeting.join.act import join
from join_meeting.leave.act import leave
from join_meeting.repeats import Wish
from join_meeting.request import JoinMeeting, read_request
from shared.inbox.message import QueueMessage
from shared.inbox.models import read_members, readable_request_id
from shared.inbox.requests import refusal_event
from shared.inbox.trying import note
from shared.meeting.meeting import Trying
from shared.services import Services
from shared.telemetry import correlate
from shared.words.coordinates import JoinTarget, alias_of
from shared.words.errors import Transient
from shared.words.ids import MeetingId, linked_meeting_id_for

ROUNDS = 12
"""How often a request begins again: the meeting changed since it was read, or is another."""


async def join_meeting(message: QueueMessage, services: Services) -> None:
    """Carry out one message to its verdict; raise only if the host is to abandon the message."""
    tenant_id = services.policy.tenant_id
    correlate(requestId=readable_request_id(read_members(message.body)))
    await services.inbox.handle(
        message,
        lambda one: _carry_out(one, services),
        lambda one, refused, at: refusal_event(
            "bot.failed", one, refused, at=at, tenant_id=tenant_id
        ),
        lambda one, trying: _note(one, trying, services),
    )


async def _carry_out(message: QueueMessage, services: Services) -> None:
    request = read_request(message.body)
    target = request.target(tenant_id=services.policy.tenant_id, hosts=services.policy.teams_hosts)
    wish = Wish(
        message=message,
        request=request,
        members=read_members(message.body),
        target=target,
        meeting_id=await _meeting_id(request, target, services),
    )
    for _ in range(ROUNDS):
        again = await _tried(wish, services)
        if again is None:
            return
        wish = again
    raise Transient("the legs of the bot in this meeting change too fast")


async def _tried(wish: Wish, services: Services) -> Wish | None:
    """Decide and act; return the request as it begins again: the meeting changed, or is another."""
    message, request, target = wish.message, wish.request, wish.target
    # A leg that left the head may be the answer to this request: only its own id shows that.
    whole = request.action == "leave" or bool(wish.asked())
    opened = await services.journal.open(wish.meeting_id, for_message=message, whole=whole)
    if opened.meeting is not None and opened.meeting.purged is not None:
        # What led to it was purged with it, perhaps after it was claimed above.
        wish = replace(wish, meeting_id=await _meeting_id(request, target, services))
        if wish.meeting_id != opened.meeting_id:
            raise Transient("the meeting was purged meanwhile")
    if opened.meeting is not None and opened.meeting.same_as is not None:
        return replace(wish, meeting_id=opened.meeting.same_as)
    carry_out = leave if request.action == "leave" else join
    return None if await carry_out(wish, opened, services) else wish


async def _meeting_id(
    request: JoinMeeting, target: JoinTarget | None, services: Services
) -> MeetingId:
    """Return the meeting's id. A join by a new link claims the link's alias for a new meeting."""
    if target is None:
        return request.own_meeting(tenant_id=services.policy.tenant_id)
    alias = alias_of(target)
    own = linked_meeting_id_for(tenant_id=target.tenant_id, alias=alias)
    if request.action == "leave":
        return await services.ledger.resolve_alias(alias) or own
    return await services.ledger.claim_alias(alias, own)


async def _note(message: QueueMessage, trying: Trying, services: Services) -> None:
    """Let readers find how far a request to join is, if it has an id of its own."""
    members = read_members(message.body)
    request_id = readable_request_id(members)
    if request_id is None or members.get("action") not in (None, "join"):
        return
    tenant_id = services.policy.tenant_id
    await note(trying, request_id, journal=services.journal, tenant_id=tenant_id)
