"""Decide whether Graph signed a callback's bearer token for our bot and our tenant.

Core: keys and time are arguments. Fails closed: a token with a missing, unknown or odd part is
refused. All that can be judged without the signer's key is judged first, so that only a token that
might be Graph's has the keys fetched. Such a token can be forged but for its signature: so fetches
have a pause between them, and while an unknown key may be a new one, Graph is to send again.
Source: https://learn.microsoft.com/microsoftteams/platform/bots/calls-and-meetings/call-notifications
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeIs

import jwt

from shared.ports import KnownKeys

ALGORITHM = "RS256"
"""The only algorithm accepted. The signer's own metadata gives it another name."""
_RS256 = jwt.get_algorithm_by_name(ALGORITHM)
LEEWAY = timedelta(minutes=5)
"""How far our clock and the signer's may be apart."""
LONGEST_TOKEN = 8 * 1024
COMPACT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]*", re.ASCII)
"""The compact form of a signed token, the only one that a header can carry."""
LATEST = 2**53
"""The latest moment, in seconds; a larger number is not a time."""
TENANT_CLAIMS = ("tid", "http://schemas.microsoft.com/identity/claims/tenantid")
"""The claims that name the tenant: as documented, and as Microsoft's own samples read it."""
UNREADABLE = (jwt.PyJWTError, ValueError, RecursionError)
"""What reading a token raises. The library lets some errors of its parsers through."""
FETCH_PAUSE = timedelta(seconds=30)
"""The least time between two fetches of the keys, for any number of callers."""
REFRESHED_AFTER = timedelta(hours=1)
"""The age of keys from which they are fetched again before the next caller is believed."""
KEPT = timedelta(hours=24)
"""The age from which keys do not count any more, because every fetch since has failed."""

Reason = Literal[
    "missing", "malformed", "algorithm", "unknown_key", "signature", "audience", "issuer",
    "expired", "not_yet_valid", "tenant",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerPolicy:
    """Whose tokens count: our bot's app id, the signers' names, the tenants served."""

    audience: str
    issuers: frozenset[str]
    tenants: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Graph, speaking for a tenant. `keys_due`: the keys are to be fetched, without waiting."""

    tenant_id: str
    keys_due: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Not Graph, or not for us. `reason` is for logs and counts; the answer does not say it."""

    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchKeys:
    """The keys have to be fetched before the caller can be judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotYet:
    """The key may be a new one, and the keys cannot be fetched for `wait` yet."""

    wait: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    """A token of which all is right but perhaps the signature."""

    key_id: str
    tenant_id: str
    signed: bytes  # header and payload, as they came
    signature: bytes


def verify_caller(
    authorization: str | None,
    *,
    keys: KnownKeys,
    policy: CallerPolicy,
    arrived_at: datetime,
    now: datetime,
) -> Caller | Refused | FetchKeys | NotYet:
    """Return who calls, or what has to happen before that is known.

    `arrived_at`: when the token arrived. After `FetchKeys` is done, judge again with the keys and
    the time of then; a second `FetchKeys` means that it took too long.
    """
    token = _read(authorization, policy, now)
    if isinstance(token, Refused):
        return token
    key = keys.by_id.get(token.key_id) if _within(keys.read_at, KEPT, now) else None
    if key is not None:
        if not _RS256.verify(token.signed, key, token.signature):
            return Refused(reason="signature")
        if _within(keys.read_at, REFRESHED_AFTER, now):
            return Caller(tenant_id=token.tenant_id)
        if _within(keys.failed_at, REFRESHED_AFTER, now):
            # The signer does not answer: no further caller is to wait for it.
            return Caller(tenant_id=token.tenant_id, keys_due=not _pause(keys, now))
        return FetchKeys()
    if keys.read_at is not None and arrived_at <= keys.read_at <= now:
        return Refused(reason="unknown_key")
    pause = _pause(keys, now)
    return NotYet(wait=pause) if pause else FetchKeys()


def _read(authorization: str | None, policy: CallerPolicy, now: datetime) -> _Token | Refused:
    """Return the token of a header if everything but its signature is right."""
    if not authorization:
        return Refused(reason="missing")
    scheme, _, text = authorization.partition(" ")
    text = text.strip(" ")
    if scheme.lower() != "bearer" or len(text) > LONGEST_TOKEN or not COMPACT.fullmatch(text):
        return Refused(reason="malformed")
    try:
        unverified = jwt.decode_complete(text, options={"verify_signature": False})
    except UNREADABLE:
        return Refused(reason="malformed")
    header = unverified["header"]
    if header.get("alg") != ALGORITHM:
        return Refused(reason="algorithm")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not key_id:
        return Refused(reason="unknown_key")
    if "crit" in header:  # extensions that have to be understood, and none is
        return Refused(reason="malformed")
    tenant_id = _judge(unverified["payload"], policy, now)
    if isinstance(tenant_id, Refused):
        return tenant_id
    return _Token(
        key_id=key_id,
        tenant_id=tenant_id,
        signed=text.rpartition(".")[0].encode(),
        signature=unverified["signature"],
    )


def _judge(claims: dict[str, Any], policy: CallerPolicy, now: datetime) -> str | Refused:
    """Return the tenant that the claims speak for, if they are for us and of now."""
    audience, issuer = claims.get("aud"), claims.get("iss")
    if not isinstance(audience, str) or audience.lower() != policy.audience.lower():
        return Refused(reason="audience")
    if not isinstance(issuer, str) or issuer not in policy.issuers:
        return Refused(reason="issuer")
    expires = claims.get("exp")
    begins = [claims[name] for name in ("nbf", "iat") if name in claims]
    moment, leeway = now.timestamp(), LEEWAY.total_seconds()
    if not _is_time(expires) or moment > expires + leeway:
        return Refused(reason="expired")
    if not begins or not all(_is_time(one) and moment >= one - leeway for one in begins):
        return Refused(reason="not_yet_valid")
    named = {str(claims[name]).lower() for name in TENANT_CLAIMS if name in claims}
    if len(named) != 1 or not named <= {tenant.lower() for tenant in policy.tenants}:
        return Refused(reason="tenant")
    return named.pop()


def _pause(keys: KnownKeys, now: datetime) -> timedelta:
    """Return how long no fetch may begin yet; nothing if one may."""
    begun = [at for at in (keys.read_at, keys.failed_at) if at is not None]
    last = max(begun, default=None)
    if last is None or not _within(last, FETCH_PAUSE, now):
        return timedelta()
    return min(last + FETCH_PAUSE - now, FETCH_PAUSE)


def _within(since: datetime | None, span: timedelta, now: datetime) -> bool:
    # A moment ahead is a clock that was set back: by less than the span it makes no difference.
    return since is not None and abs(now - since) < span


def _is_time(value: Any) -> TypeIs[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LATEST
