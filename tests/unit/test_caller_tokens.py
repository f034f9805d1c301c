"""Which bearer tokens prove that Graph is calling, and why the others are refused."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from call_callback.caller import (
    LEEWAY,
    LONGEST_TOKEN,
    Caller,
    CallerPolicy,
    Reason,
    Refused,
    read_key_id,
    verify_caller,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BOT = "0efc74f7-41c3-47a4-8775-7259bfef4241"
TENANT = "1fdd12d0-4620-44ed-baec-459b611f84b2"
URI_TENANT = "http://schemas.microsoft.com/identity/claims/tenantid"
POLICY = CallerPolicy(
    audience=BOT,
    issuers=frozenset({"https://graph.microsoft.com", "https://api.botframework.com"}),
    tenants=frozenset({TENANT}),
)
GRAPHS = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SOMEBODYS = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CLAIMS: dict[str, Any] = {
    "aud": BOT,
    "iss": "https://api.botframework.com",
    "tid": TENANT,
    "iat": int(NOW.timestamp()),
    "nbf": int(NOW.timestamp()),
    "exp": int((NOW + timedelta(minutes=65)).timestamp()),
}


def bearer(
    claims: Mapping[str, Any],
    *,
    key: rsa.RSAPrivateKey = GRAPHS,
    headers: Mapping[str, Any] | None = None,
) -> str:
    """Return the Authorization header of a token of these claims."""
    headers = {"kid": "the-key"} if headers is None else dict(headers)
    return "Bearer " + jwt.encode(dict(claims), key, algorithm="RS256", headers=headers)


def handmade(header: Any, claims: Any, signature: bytes = b"") -> str:
    """Return the Authorization header of a token that no library would make."""
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return "Bearer " + ".".join(
        base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts
    )


def verdict(authorization: str | None, *, now: datetime = NOW) -> Caller | Refused:
    """Return what becomes of a caller when the signer has the one key `the-key`."""
    key_id = read_key_id(authorization)
    if isinstance(key_id, Refused):
        return key_id
    key = GRAPHS.public_key() if key_id == "the-key" else None
    return verify_caller(authorization, key=key, policy=POLICY, now=now)


@pytest.mark.parametrize("issuer", sorted(POLICY.issuers))
@pytest.mark.parametrize("tenant_claim", ["tid", URI_TENANT])
def test_graph_is_known_by_either_issuer_and_either_name_of_the_tenant(
    issuer: str, tenant_claim: str
) -> None:
    """Microsoft's page and its samples differ in both; each has been seen."""
    claims = {name: value for name, value in CLAIMS.items() if name != "tid"}

    assert verdict(bearer({**claims, "iss": issuer, tenant_claim: TENANT})) == Caller(
        tenant_id=TENANT
    )


def test_guids_are_compared_whatever_their_case() -> None:
    """Graph writes ids in either case."""
    shouted = {**CLAIMS, "tid": TENANT.upper(), "aud": BOT.upper()}

    assert verdict(bearer(shouted)) == Caller(tenant_id=TENANT)


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        (None, "missing"),
        ("", "missing"),
        ("Bearer", "malformed"),
        ("Bearer ", "malformed"),
        ("Basic dXNlcjpwYXNz", "malformed"),
        ("Bearer not.a.token", "malformed"),
        ("Bearer " + "a" * (LONGEST_TOKEN + 1), "malformed"),
        (handmade({"alg": "none", "kid": "the-key"}, CLAIMS), "algorithm"),
        (handmade({"alg": "None", "kid": "the-key"}, CLAIMS), "algorithm"),
        (handmade({"alg": "RS512", "kid": "the-key"}, CLAIMS), "algorithm"),
        (handmade({"alg": "RS256"}, CLAIMS), "unknown_key"),
        (handmade({"alg": "RS256", "kid": ""}, CLAIMS), "unknown_key"),
        (handmade({"alg": "RS256", "kid": "nobody's"}, CLAIMS), "unknown_key"),
        (handmade({"alg": "RS256", "kid": "the-key"}, CLAIMS, b"unsigned"), "signature"),
        (handmade([], CLAIMS), "malformed"),
        ("Bearer " + "é" * 40, "malformed"),
        ("Bearer \ud800.\ud800.\ud800", "malformed"),
    ],
)
def test_what_is_no_token_of_graphs_is_refused(authorization: str | None, reason: Reason) -> None:
    """None, another scheme, alg none, other algorithms, no or unknown key id, no signature."""
    assert verdict(authorization) == Refused(reason=reason)


def test_a_token_signed_with_the_public_key_as_a_shared_secret_is_refused() -> None:
    """The classic confusion: HS256 with what everybody can read."""
    public = GRAPHS.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signer = jwt.get_algorithm_by_name("HS256")
    unsigned = handmade({"alg": "HS256", "kid": "the-key"}, CLAIMS).removesuffix(".")
    signature = signer.sign(unsigned.removeprefix("Bearer ").encode(), public)
    forged = f"{unsigned}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"

    assert verdict(forged) == Refused(reason="algorithm")
    assert verify_caller(forged, key=GRAPHS.public_key(), policy=POLICY, now=NOW) == Refused(
        reason="algorithm"
    )


def test_a_token_that_brings_its_own_key_is_refused() -> None:
    """`jku`, `x5u` and `jwk` are never followed: only the signer's own keys count."""
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(SOMEBODYS.public_key()))
    links = {"jku": "http://127.0.0.1:1/keys", "x5u": "http://127.0.0.1:1/cert", "jwk": jwk}

    posing = bearer(CLAIMS, key=SOMEBODYS, headers={"kid": "the-key", **links})
    unknown = bearer(CLAIMS, key=SOMEBODYS, headers={"kid": "my-own", **links})

    assert verdict(posing) == Refused(reason="signature")
    assert verdict(unknown) == Refused(reason="unknown_key")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"aud": "24701998-1a73-4d42-8085-bf46ed0ae039"}, "audience"),
        ({"aud": "https://api.botframework.com"}, "audience"),
        ({"aud": [BOT]}, "audience"),
        ({"aud": None}, "audience"),
        ({"iss": "https://api.botframework.com/"}, "issuer"),
        ({"iss": "https://login.microsoftonline.com/common"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"exp": None}, "expired"),
        ({"exp": "2030-01-01"}, "expired"),
        ({"exp": True}, "expired"),
        ({"exp": float("nan")}, "expired"),
        ({"nbf": None, "iat": None}, "not_yet_valid"),
        ({"nbf": "yesterday"}, "not_yet_valid"),
        ({"tid": "24701998-1a73-4d42-8085-bf46ed0ae039"}, "tenant"),
        ({"tid": None}, "tenant"),
        ({"tid": [TENANT]}, "tenant"),
        ({URI_TENANT: "24701998-1a73-4d42-8085-bf46ed0ae039"}, "tenant"),
    ],
)
def test_a_token_that_is_not_for_us_is_refused(changed: dict[str, Any], reason: Reason) -> None:
    """Wrong or missing audience, issuer, times and tenant; None leaves the claim out."""
    claims = {name: value for name, value in (CLAIMS | changed).items() if value is not None}

    # Signed by hand: the library refuses to sign what it would refuse to read.
    token = jwt.PyJWS().encode(
        json.dumps(claims).encode(), GRAPHS, algorithm="RS256", headers={"kid": "the-key"}
    )

    assert verdict(f"Bearer {token}") == Refused(reason=reason)


def test_clocks_may_differ_by_the_leeway_and_no_more() -> None:
    """Expiry, not-before and issued-at are judged by the time that is given."""
    token = bearer(CLAIMS)
    begins = datetime.fromtimestamp(CLAIMS["nbf"], UTC)
    expires = datetime.fromtimestamp(CLAIMS["exp"], UTC)
    second = timedelta(seconds=1)

    assert isinstance(verdict(token, now=begins - LEEWAY), Caller)
    assert verdict(token, now=begins - LEEWAY - second) == Refused(reason="not_yet_valid")
    assert isinstance(verdict(token, now=expires + LEEWAY), Caller)
    assert verdict(token, now=expires + LEEWAY + second) == Refused(reason="expired")


def test_a_token_issued_in_the_future_is_refused_even_if_it_says_it_is_valid() -> None:
    """`iat` counts besides `nbf`."""
    future = int((NOW + timedelta(hours=1)).timestamp())

    assert verdict(bearer({**CLAIMS, "iat": future})) == Refused(reason="not_yet_valid")


def test_a_policy_without_tenants_lets_nobody_in() -> None:
    """Fails closed: a missing setting is no open door."""
    closed = replace(POLICY, tenants=frozenset())

    assert verify_caller(
        bearer(CLAIMS), key=GRAPHS.public_key(), policy=closed, now=NOW
    ) == Refused(reason="tenant")


def test_a_header_nested_without_end_is_refused() -> None:
    """What breaks the parser is malformed, not a crash."""
    deep = base64.urlsafe_b64encode(b"[" * 6000).decode()

    assert verdict(f"Bearer {deep}.e30.e30") == Refused(reason="malformed")


@given(st.one_of(st.text(max_size=80), st.builds("Bearer {}.{}.{}".format, *[st.text()] * 3)))
def test_no_header_at_all_makes_the_check_fail(authorization: str) -> None:
    """Whatever somebody sends is answered with a reason, never with an exception."""
    assert isinstance(verdict(authorization), Refused)


@given(
    st.dictionaries(
        st.sampled_from([*CLAIMS, "sub", "jti", "crit"]),
        st.none() | st.integers() | st.text() | st.lists(st.text()),
    ),
)
def test_odd_claims_under_a_true_signature_are_refused_or_fit(claims: dict[str, Any]) -> None:
    """The signature is Graph's; the claims may still be anything."""
    token = jwt.PyJWS().encode(
        json.dumps(claims).encode(), GRAPHS, algorithm="RS256", headers={"kid": "the-key"}
    )

    assert isinstance(verdict(f"Bearer {token}"), Refused)
