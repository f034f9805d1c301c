"""Lets the app examine itself, and knocks at its callback URL as a stranger."""

import base64
import json
import secrets
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx

from rollcall.doctor.seen import AppSeen, CallbackSeen, Knock

EXAMINED_WITHIN = 60.0
"""Seconds for the examination: 20 for each of two requests in a row, and a cold start."""
KNOCKED_WITHIN = 20.0
MORE_KNOCKS = 3
NOT_FOUND = 404


def examined(url: str, key: str, organizers: Sequence[str]) -> AppSeen:
    """Request the examination; return how it was answered."""
    headers = {"x-functions-key": key} if key else {}
    body = {"organizerIds": list(organizers)} if organizers else None
    try:
        with httpx.Client(headers=headers, timeout=EXAMINED_WITHIN) as client:
            answer = client.post(f"{url}/api/health/doctor", json=body)
            if answer.status_code == NOT_FOUND:
                healthy = client.get(f"{url}/api/health").status_code
                return AppSeen(status=NOT_FOUND, healthy=healthy)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return AppSeen(status=None, error=_said(error))
    return AppSeen(status=answer.status_code, answer=_object(answer))


def callback(public_url: str, *, tenant_id: str, now: datetime) -> CallbackSeen:
    """Knock at the webhook for calls: without a token, and with one for another audience.

    A caller without a token of Graph's is refused before the body is read, so nothing happens.
    """
    url = f"{public_url}/api/calls"
    foreign = {"Authorization": f"Bearer {foreign_token(tenant_id, now)}"}
    with httpx.Client(verify=ssl.create_default_context(), timeout=KNOCKED_WITHIN) as client:
        first = _knock(client, url)
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
    began = time.monotonic()
    try:
        answer = client.post(url, json={}, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Knock(status=None, error=_said(error))
    took = timedelta(seconds=time.monotonic() - began)
    return Knock(status=answer.status_code, took=took)


def _expires(url: str) -> datetime | None:
    """Return when the certificate of a server expires; None where none can be read."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        return None
    context = ssl.create_default_context()
    address = (parts.hostname, parts.port or 443)
    try:
        with (
            socket.create_connection(address, timeout=KNOCKED_WITHIN) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname) as secured,
        ):
            shown = secured.getpeercert() or {}
    except OSError:
        return None  # the knocks have said why
    until = str(shown.get("notAfter", ""))
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC) if until else None


def _object(answer: httpx.Response) -> Mapping[str, Any] | None:
    if answer.status_code != httpx.codes.OK:
        return None
    try:
        found = answer.json()
    except ValueError:
        return None
    return found if isinstance(found, dict) and "version" in found else None


def _said(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
