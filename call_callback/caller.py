"""Decide whether Graph signed a callback's bearer token for our bot and our tenant.

Core: keys and time are arguments. Fails closed: a token with a missing, unknown or odd part is
refused.
Source: https://learn.microsoft.com/microsoftteams/platform/bots/calls-and-meetings/call-notifications
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeIs

import jwt

ALGORITHM = "RS256"
"""The only algorithm accepted. The signer's own metadata gives it another name."""
LEEWAY = timedelta(minutes=5)
"""How far our clock and the signer's may be apart."""
LONGEST_TOKEN = 8 * 1024
LATEST = 2**53
"""The latest moment, in seconds; a larger number is not a time."""
TENANT_CLAIMS = ("tid", "http://schemas.microsoft.com/identity/claims/tenantid")
"""The claims that name the tenant: as documented, and as Microsoft's own samples read it."""
UNREADABLE = (jwt.PyJWTError, ValueError, RecursionError)
"""What reading a token raises. The library lets some errors of its parsers through."""

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
    """Graph, speaking for a tenant."""

    tenant_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Not Graph, or not for us. `reason` is for logs and counts; the answer does not say it."""

    reason: Reason


def read_key_id(authorization: str | None) -> str | Refused:
    """Return the id of the key that the token names as its signer's. Follow no link to a key."""
    token = _token(authorization)
    if isinstance(token, Refused):
        return token
    try:
        header = jwt.get_unverified_header(token)
    except UNREADABLE:
        return Refused(reason="malformed")
    if header.get("alg") != ALGORITHM:
        return Refused(reason="algorithm")
    key_id = header.get("kid")
    return key_id if isinstance(key_id, str) and key_id else Refused(reason="unknown_key")


def verify_caller(
    authorization: str | None, *, key: Any | None, policy: CallerPolicy, now: datetime
) -> Caller | Refused:
    """Return the caller whose token `key` verifies; `key` None means that the key is unknown."""
    token = _token(authorization)
    if isinstance(token, Refused):
        return token
    if key is None:
        return Refused(reason="unknown_key")
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            # Audience, issuer and times are checked below, against arguments. The library checks
            # the issuer only where it gets the expected one.
            options={
                "verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False,
            },
        )  # fmt: skip
    except jwt.InvalidAlgorithmError:
        return Refused(reason="algorithm")
    except jwt.InvalidSignatureError:
        return Refused(reason="signature")
    except UNREADABLE:
        return Refused(reason="malformed")
    return _judge(claims, policy, now)


def _judge(claims: dict[str, Any], policy: CallerPolicy, now: datetime) -> Caller | Refused:
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
    return Caller(tenant_id=named.pop())


def _is_time(value: Any) -> TypeIs[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LATEST


def _token(authorization: str | None) -> str | Refused:
    if not authorization:
        return Refused(reason="missing")
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > LONGEST_TOKEN:
        return Refused(reason="malformed")
    return token
