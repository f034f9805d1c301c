"""One HTTP callback of Graph's: verify, parse, one transaction, flush, answer.

Answers fast and fails closed: the body is read only once its sender is proven. A callback that
cannot be stored now, or whose sender cannot be proven yet, is answered 503. Of a callback that no
row can hold, only what it says of the leg is stored, and the room is read. Messages that cannot be
sent now stay in the outbox.
"""

import asyncio
import math
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Literal

from call_callback.caller import Caller, CallerPolicy, FetchKeys, NotYet, Refused, verify_caller
from call_callback.incoming import read_incoming
from call_callback.notification import (
    NO_CALL,
    Envelope,
    MalformedNotification,
    ParsedNotifications,
    parse_envelope,
    read_envelope,
)
from call_callback.plan import MOST_HANG_UPS, record_notifications, sort_out
from shared.journal.step import Step
from shared.meeting.meeting import Meeting
from shared.services import Services
from shared.telemetry import correlate, count, log, measure, milliseconds
from shared.tracing.work import of_callback
from shared.words.errors import Rejected, Transient, Unavailable
from shared.words.ids import LEG_KEY, MEETING_ID, CallId, LegKey, MeetingId
from shared.words.observations import Unparsed

FLUSH_WITHIN = 0.25
"""Seconds a callback waits for its events to be sent. They are committed: a bus that is slow or
down must not make Rollcall look so to Graph."""
RECORDED_WITHIN = 20.0
"""Seconds a callback waits to be recorded, lost races included; then Graph is to send it again."""
REJECTED_WITHIN = 10.0
"""Seconds a callback waits for Graph to reject the calls that came in; they ring for 15.

Source: https://learn.microsoft.com/graph/api/call-reject
"""
KNOWN_KINDS = frozenset(
    {
        NO_CALL,
        "call",
        "participants",
        "operations",
        "audioroutinggroups",
        "contentsharingsessions",
    }
)
"""The kinds of unread notifications that are counted by name.

Source: https://learn.microsoft.com/graph/api/resources/call#relationships
"""
type Arrived = tuple[ParsedNotifications, tuple[CallId, ...]]
"""What came for a leg that the head knows, and which calls under its key are surplus ones."""
type Rejection = Literal["rejected", "refused", "failed"]
"""What became of one rejection: Graph did it, refused it for good, or did not answer."""
SHORTEST_PAUSE = timedelta(seconds=5)
"""The pause before Graph is to send again, where nothing says how long the trouble lasts."""
ACCEPTED, NO_CONTENT, BAD_REQUEST, UNAUTHORIZED, FAILED, UNAVAILABLE = 202, 204, 400, 401, 500, 503


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The HTTP status to answer with, and after how many seconds Graph is to send again."""

    status: int
    retry_after: int | None = None


async def receive_notification(
    *,
    meeting_id: str,
    leg_key: str,
    authorization: str | None,
    body: bytes,
    services: Services,
    recorded_within: float = RECORDED_WITHIN,
) -> Answer:
    """Take one notification about one of our legs; return what to answer."""
    received_at = services.clock.now()
    with of_callback():
        answer = await _receive(
            meeting_id=meeting_id,
            leg_key=leg_key,
            authorization=authorization,
            body=body,
            received_at=received_at,
            services=services,
            recorded_within=recorded_within,
        )
    if answer.status == ACCEPTED:
        waited = services.clock.now() - received_at
        measure("rollcall.callback.delay", waited.total_seconds())
    return answer


async def _receive(
    *,
    meeting_id: str,
    leg_key: str,
    authorization: str | None,
    body: bytes,
    received_at: datetime,
    services: Services,
    recorded_within: float,
) -> Answer:
    try:
        if not await _is_graph(authorization, services):
            return Answer(status=UNAUTHORIZED)
        envelope = read_envelope(body)
    except MalformedNotification:
        return Answer(status=BAD_REQUEST)
    except Transient as error:
        return _not_stored(error)
    if not (MEETING_ID.fullmatch(meeting_id) and LEG_KEY.fullmatch(leg_key)):
        log("callback.unknown_leg")
        return Answer(status=ACCEPTED)
    correlate(meetingId=meeting_id, legKey=leg_key)
    try:
        async with asyncio.timeout(recorded_within):
            known_leg = await _record(
                envelope, MeetingId(meeting_id), LegKey(leg_key), received_at, services
            )
    except (Transient, TimeoutError) as error:
        return _not_stored(error)
    except ValueError as error:
        log("callback.fits_no_row", error=error)
        return Answer(status=FAILED)
    if not known_leg:
        log("callback.unknown_leg")
    return Answer(status=ACCEPTED)


def _not_stored(error: Transient | TimeoutError) -> Answer:
    log("callback.not_stored", error)
    return _send_again(error)


def _send_again(error: Transient | TimeoutError | None = None) -> Answer:
    known = error.retry_after if isinstance(error, Transient) else None
    pause = math.ceil((known or SHORTEST_PAUSE).total_seconds())
    return Answer(status=UNAVAILABLE, retry_after=pause)


async def _record(
    envelope: Envelope,
    meeting_id: MeetingId,
    leg_key: LegKey,
    received_at: datetime,
    services: Services,
) -> bool:
    """Record what an envelope says in one change; return whether the head knows the leg."""

    @cache  # a lost race decides again, and mostly reads the same
    def read(own_ids: frozenset[str]) -> ParsedNotifications:
        return parse_envelope(
            envelope,
            leg_key=leg_key,
            bot_app_id=services.policy.bot_app_id,
            received_at=received_at,
            my_participant_ids=own_ids,
            show_names=services.policy.recording.show_names,
        )

    opened = services.journal.unread(meeting_id)

    async def record(*, brief: bool) -> Arrived | None:
        def decide(known: Meeting | None, _: datetime) -> tuple[Step | None, Arrived | None]:
            # A leg that was never claimed, or is long over, is not recorded.
            if known is None or known.leg(leg_key) is None:
                return None, None
            parsed = read(known.own_ids())
            found = sort_out(known, leg_key, parsed)
            step = record_notifications(found, leg_key, received_at=received_at, brief=brief)
            return step, (parsed, found.surplus)

        return await opened.change(decide, within=FLUSH_WITHIN)

    try:
        arrived = await record(brief=False)
    except ValueError as error:
        # Without this, Graph would send it again for ever.
        log("callback.fits_no_row", error=error)
        arrived = await record(brief=True)
    if arrived is None:
        return False
    parsed, surplus = arrived
    _count(parsed, news=opened.written)
    if parsed.left:
        log("callback.left_unread", read=len(envelope.items), left=parsed.left)
    if opened.written:
        log("callback.recorded", tookMs=milliseconds(services.clock.now() - received_at))
    if surplus:
        log("callback.surplus", calls=len(surplus), hungUp=min(len(surplus), MOST_HANG_UPS))
    return True


def _count(parsed: ParsedNotifications, *, news: bool) -> None:
    count("rollcall.pushes", news=str(news).lower())
    for _, one in parsed.observations:
        if isinstance(one, Unparsed):
            kind = one.resource if one.resource in KNOWN_KINDS else "other"
            count("rollcall.unparsed", one.count, kind=kind)


async def receive_incoming(
    *,
    authorization: str | None,
    body: bytes,
    services: Services,
    rejected_within: float = REJECTED_WITHIN,
) -> Answer:
    """Take one notification at the bot's registered webhook; return what to answer.

    Incoming calls are rejected: no request invited them. 204 asks Graph to send a
    notification in Skype's format again in its own. Nothing is stored.
    """
    try:
        if not await _is_graph(authorization, services):
            return Answer(status=UNAUTHORIZED)
    except Transient as error:
        log("callback.incoming_not_rejected", error)
        return _send_again(error)

    incoming = read_incoming(body)

    if incoming.legacy:
        count("rollcall.incoming", outcome="legacy")
        log("callback.incoming_legacy")
        return Answer(status=NO_CONTENT)
    if incoming.left or incoming.other:
        log("callback.incoming_ignored", left=incoming.left, other=incoming.other)
    rejections = await asyncio.gather(
        *(_reject(one, services, within=rejected_within) for one in incoming.calls)
    )
    outcomes = Counter({"left": incoming.left, "other": incoming.other}) + Counter(rejections)
    for outcome, times in outcomes.items():
        count("rollcall.incoming", times, outcome=outcome)
    return _send_again() if outcomes["failed"] else Answer(status=ACCEPTED)


async def _reject(call_id: CallId, services: Services, *, within: float) -> Rejection:
    try:
        async with asyncio.timeout(within):
            await services.graph.reject_call(call_id)
    except (Transient, TimeoutError) as error:
        log("callback.incoming_not_rejected", error, callId=call_id)
        return "failed"
    except Rejected as error:
        # Graph would refuse it again for each copy of the notification that we ask for.
        log("callback.incoming_not_rejected", error.code, callId=call_id)
        return "refused"
    log("callback.incoming_rejected", callId=call_id)
    return "rejected"


async def _is_graph(authorization: str | None, services: Services) -> bool:
    """Return whether Graph calls; raise `Unavailable` while that cannot be known yet."""
    caller = await _caller(authorization, services)
    match caller:
        case Caller():
            if caller.keys_due:
                services.keys.fetch()
            return True
        case Refused():
            log("callback.refused", caller.reason)
            return False
        case NotYet():
            raise Unavailable("the token's key is not known yet", retry_after=caller.wait)
        case FetchKeys():
            raise Unavailable("the signer's keys took too long")


async def _caller(
    authorization: str | None, services: Services
) -> Caller | Refused | FetchKeys | NotYet:
    policy, arrived_at = services.policy, services.clock.now()

    def judged() -> Caller | Refused | FetchKeys | NotYet:
        return verify_caller(
            authorization,
            keys=services.keys.known(),
            policy=CallerPolicy(
                audience=policy.bot_app_id,
                issuers=policy.callback_issuers,
                tenants=frozenset({policy.tenant_id}),
            ),
            arrived_at=arrived_at,
            now=services.clock.now(),
        )

    caller = judged()
    if isinstance(caller, FetchKeys):
        await services.keys.fetch()
        caller = judged()
    return caller
