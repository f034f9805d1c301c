"""Lets the app examine itself, and knocks at its callback URL as a stranger."""

import base64
import json
import secrets
import socket
import ssl
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx

from rollcall.doctor.gathering.answers import NoAnswer, requested
from rollcall.doctor.seen import AppSeen, CallbackSeen, Knock
from rollcall.doctor.shapes import EXAMINATION, misfits
from rollcall.http import open_http

EXAMINED_WITHIN = 60.0
"""Seconds for the examination: 20 for each of two requests in a row, and a cold start."""
KNOCKED_WITHIN = 20.0
MORE_KNOCKS = 3
OK, NOT_FOUND = 200, 404


def examined(url: str, key: str, organizers: Sequence[str]) -> AppSeen:
    """Request the examination; return how it was answered. Raises `Failed`."""
    headers = {"x-functions-key": key} if key else {}
    body = {"organizerIds": list(organizers)} if organizers else None
    try:
        with open_http(headers=headers) as client:
            answer = requested(
                client, "POST", f"{url}/api/health/doctor", within=EXAMINED_WITHIN, json=body
            )
            if answer.status == NOT_FOUND:
                health = requested(client, "GET", f"{url}/api/health", within=EXAMINED_WITHIN)
                return AppSeen(status=NOT_FOUND, healthy=health.status)
    except NoAnswer as error:
        return AppSeen(status=None, error=str(error))
    if answer.status != OK:
        return AppSeen(status=answer.status, message=answer.message)
    found = answer.members
    if found is None or "version" not in found:
        return AppSeen(status=OK)
    if wrong := tuple(misfits(found, EXAMINATION)):
        return AppSeen(status=OK, misfits=wrong)
    return AppSeen(status=OK, answer=found)


def callback(public_url: str, *, tenant_id: str, now: datetime) -> CallbackSeen:
    """Knock at the webhook for calls: without a token, and with one for another audience.

    A caller without a token of Graph's is refused before the body is read, so nothing happens.
    """
    url = f"{public_url}/api/calls"
    foreign = {"Authorization": f"Bearer {foreign_token(tenant_id, now)}"}
    with open_http(verify=ssl.create_default_context()) as client:
        first = _knock(client, url)
        if first.status is None:
            # Four more would wait as long, each.
            return CallbackSeen(
                url=url, first=first, again=first, foreign=first, expires=None, at=now
            )
        again = min((_knock(client, url) for _ in range(MORE_KNOCKS)), key=lambda one: one.took)
        other = _knock(client, url, foreign)
    return CallbackSeen(
        url=url, first=first, again=again, foreign=other, expires=_expires(url), at=now
    )


def foreign_token(tenant_id: str, now: datetime) -> str:
    """Return a token in the shape of Graph's, for another app, that no key has signed."""
    moment = int(now.timestamp())
    claims = {
        "aud": "00000000-0000-0000-0000-000000000001",
        "iss": "https://api.botframework.com",
        "tid": tenant_id,
        "iat": moment,
        "nbf": moment,
        "exp": moment + int(timedelta(hours=1).total_seconds()),
    }
    header = {"alg": "RS256", "typ": "JWT", "kid": "rollcall-doctor"}
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), secrets.token_bytes(256)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def _knock(client: httpx.Client, url: str, headers: Mapping[str, str] | None = None) -> Knock:
    try:
        answer = requested(client, "POST", url, within=KNOCKED_WITHIN, json={}, headers=headers)
    except NoAnswer as error:
        return Knock(status=None, error=str(error))
    return Knock(status=answer.status, took=answer.took)


def _expires(url: str) -> datetime | None:
    """Return when the certificate of a server expires; None where none can be read."""
    context = ssl.create_default_context()
    try:
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            return None
        address = (parts.hostname, parts.port or 443)
        with (
            socket.create_connection(address, timeout=KNOCKED_WITHIN) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname) as secured,
        ):
            shown = secured.getpeercert() or {}
    except (OSError, ValueError):
        return None  # the knocks have said why
    until = str(shown.get("notAfter", ""))
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC) if until else None
