"""One HTTP callback of Graph's: verify, parse, one transaction, flush, answer.

Answers fast and fails closed: nothing is read of a body whose sender is not proven. What cannot be
stored is answered 503; what cannot be sent now stays in the outbox.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from itertools import batched
from typing import Any

from call_callback.caller import Caller, CallerPolicy, Refused, read_key_id, verify_caller
from call_callback.notification import MalformedNotification, parse_items, read_envelope
from call_callback.plan import record_notifications
from shared.domain import LEG_KEY, MEETING_ID, LegKey, MeetingId
from shared.errors import Transient
from shared.journal import Receipt
from shared.services import Services

logger = logging.getLogger("rollcall.callback")

FLUSH_WITHIN = 0.25
"""Seconds a callback waits for its events to be sent. They are committed: a bus that is slow, or
down, must not make Graph think that we are."""
ITEMS_TOGETHER = 30
"""How many items of one envelope are recorded in one transaction."""
ACCEPTED, BAD_REQUEST, UNAUTHORIZED, UNAVAILABLE = 202, 400, 401, 503


async def receive_notification(
    *, meeting_id: str, leg_key: str, authorization: str | None, body: bytes, services: Services
) -> int:
    """Take one notification about one of our legs; return the HTTP status to answer with."""
    received_at = services.clock.now()
    try:
        if not await _is_graph(authorization, services):
            return UNAUTHORIZED
        items = read_envelope(body)
        if not (MEETING_ID.fullmatch(meeting_id) and LEG_KEY.fullmatch(leg_key)):
            logger.info("callback.unknown_leg")
            return ACCEPTED
        receipts = [
            await _record(part, MeetingId(meeting_id), LegKey(leg_key), received_at, services)
            for part in batched(items, ITEMS_TOGETHER, strict=False)
        ]
    except MalformedNotification:
        return BAD_REQUEST
    except Transient as error:
        logger.warning("callback.not_stored: %s", error)
        return UNAVAILABLE
    meeting = receipts[-1].meeting if receipts else None
    if meeting is None or meeting.claim(LegKey(leg_key)) is None:
        logger.info("callback.unknown_leg")
        return ACCEPTED
    await asyncio.wait({receipt.sent for receipt in receipts}, timeout=FLUSH_WITHIN)
    return ACCEPTED


async def _record(
    items: Sequence[Any],
    meeting_id: MeetingId,
    leg_key: LegKey,
    received_at: datetime,
    services: Services,
) -> Receipt:
    return await services.journal.change(
        meeting_id,
        lambda known, now: record_notifications(
            known,
            leg_key,
            lambda own_ids: (
                parse_items(
                    items,
                    leg_key=leg_key,
                    bot_app_id=services.policy.bot_app_id,
                    received_at=received_at,
                    my_participant_ids=own_ids,
                    show_names=services.policy.recording.show_names,
                ).observations
            ),
            now=now,
            rules=services.policy.recording,
        ),
    )


async def receive_incoming(*, authorization: str | None, body: bytes, services: Services) -> int:
    """Take a notification at the bot's registered webhook: incoming calls are not answered."""
    try:
        if not await _is_graph(authorization, services):
            return UNAUTHORIZED
        read_envelope(body)
    except MalformedNotification:
        return BAD_REQUEST
    except Transient:
        return UNAVAILABLE
    logger.info("callback.incoming_ignored")
    return ACCEPTED


async def _is_graph(authorization: str | None, services: Services) -> bool:
    policy = services.policy
    caller = await _caller(
        authorization,
        CallerPolicy(
            audience=policy.bot_app_id,
            issuers=policy.callback_issuers,
            tenants=frozenset({policy.tenant_id}),
        ),
        services,
    )
    if isinstance(caller, Refused):
        logger.warning("callback.refused: %s", caller.reason)
        return False
    return True


async def _caller(
    authorization: str | None, policy: CallerPolicy, services: Services
) -> Caller | Refused:
    key_id = read_key_id(authorization)
    if isinstance(key_id, Refused):
        return key_id
    key = await services.keys.key(key_id)
    return verify_caller(authorization, key=key, policy=policy, now=services.clock.now())
