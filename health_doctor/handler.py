"""Examines what only the app can see of its deployment. Application: through ports.

Changes nothing that stays: a probe meeting is made and deleted for each organizer, a row of its own
written and deleted. A fresh token is requested. No secret and no value of a setting is answered but
ids and addresses.
"""

import asyncio
from collections.abc import Awaitable
from datetime import datetime

from health_doctor.plan import (
    Json,
    Probed,
    clock_shown,
    needed_roles,
    organizer_shown,
    organizers_in,
    probe_body,
    settings_shown,
)
from shared import VERSION
from shared.services import Services
from shared.words.answers import UserAnswer
from shared.words.errors import Rejected, RollcallError

WITHIN = 20.0
"""Seconds a part has to answer."""


async def examine(body: bytes, services: Services) -> Json:
    """Return what was seen. Raises `plan.BadRequest`."""
    policy, deployment = services.policy, services.deployment
    organizers = organizers_in(body, policy.organizer_id)

    async with asyncio.TaskGroup() as group:
        asking_token = group.create_task(_answer(services.graph.granted()))
        asking_user = group.create_task(_user(policy.organizer_id, services))
        fetching = group.create_task(_keys(services))
        writing = group.create_task(_answer(services.ledger.probe()))
        probing = [group.create_task(_probe(one, services)) for one in organizers]

    token = asking_token.result()
    granted = None if isinstance(token, str) else token
    user, asked, answered = asking_user.result()
    return {
        "version": VERSION,
        "publicUrl": policy.public_url,
        "tenantId": policy.tenant_id,
        "botAppId": policy.bot_app_id,
        "serviceBus": policy.namespace,
        "settings": settings_shown(deployment.given),
        "token": {
            "error": token if isinstance(token, str) else None,
            "needed": list(needed_roles(deployment)),
            "roles": None if granted is None else sorted(granted),
        },
        "organizer": organizer_shown(policy.organizer_id, user),
        "policy": [one.result().shown() for one in probing],
        "signingKeys": fetching.result(),
        "store": {"error": writing.result()},
        "clock": clock_shown(user, asked=asked, answered=answered),
    }


async def _user(
    organizer_id: str, services: Services
) -> tuple[UserAnswer | str, datetime, datetime]:
    """Return Graph's answer, and when it was requested and came: its `Date` lies between."""
    asked = services.clock.now()
    found = await _answer(services.graph.read_user(organizer_id))
    return found, asked, services.clock.now()


async def _keys(services: Services) -> Json:
    await services.keys.fetch()
    known = services.keys.known()
    failed = known.failed_at is not None
    return {
        "url": services.deployment.openid_config_url,
        "error": "they could not be fetched" if failed else None,
        "count": len(known.by_id),
    }


async def _probe(organizer_id: str, services: Services) -> Probed:
    graph = services.graph
    body = probe_body(services.policy.bot_app_id, services.clock.now())
    try:
        async with asyncio.timeout(WITHIN):
            made = await graph.create_or_get_meeting(organizer_id, body)
    except Rejected as refused:
        return Probed(organizer_id=organizer_id, refused=refused)
    except (RollcallError, TimeoutError) as error:
        return Probed(organizer_id=organizer_id, refused=_said(error))
    left = await _answer(graph.delete_meeting(organizer_id, made.online_meeting_id))
    return Probed(organizer_id=organizer_id, left=left)


async def _answer[T](asked: Awaitable[T]) -> T | str:
    """Return what a part answers; text: why it does not."""
    try:
        async with asyncio.timeout(WITHIN):
            return await asked
    except (RollcallError, TimeoutError) as error:
        return _said(error)


def _said(error: RollcallError | TimeoutError) -> str:
    if isinstance(error, TimeoutError):
        return f"it did not answer within {WITHIN:g} seconds"
    return str(error)
