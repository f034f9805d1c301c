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


def token_with_padding(size: int) -> str:
    """Return a token of Graph's that fits, with a claim of `size` bytes that says nothing."""
    return bearer(CLAIMS | {"padding": "x" * size}).removeprefix("Bearer ")


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


@pytest.mark.parametrize("spaces", ["  ", "    "])
def test_spaces_around_the_token_are_no_part_of_it(spaces: str) -> None:
    """RFC 9110, 11.4: one space or more stands between the scheme and the token."""
    scheme, token = bearer(CLAIMS).split(" ")

    assert verdict(f"{scheme}{spaces}{token}{spaces}") == Caller(tenant_id=TENANT)


@pytest.mark.parametrize("scheme", ["Basic", "Token", ""])
def test_a_true_token_under_another_scheme_is_refused(scheme: str) -> None:
    """Only a bearer's token counts, however good it is."""
    authorization = bearer(CLAIMS).replace("Bearer", scheme)

    assert verdict(authorization) == Refused(reason="malformed")


def test_the_longest_token_is_taken_and_a_longer_one_is_refused() -> None:
    """Both are Graph's, and fit but for their length."""
    room = LONGEST_TOKEN - len(token_with_padding(0))
    longest = token_with_padding(room * 3 // 4)  # three bytes of claims are four characters
    longer = token_with_padding(room * 3 // 4 + 1)

    assert len(longest) == LONGEST_TOKEN
    assert verdict(f"Bearer {longest}") == Caller(tenant_id=TENANT)
    assert verdict(f"Bearer {longer}") == Refused(reason="malformed")


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


@pytest.mark.parametrize(
    ("header", "answer"),
    [
        ({"kid": "the-key"}, "the-key"),
        ({"kid": "nobody's"}, "nobody's"),
        ({}, Refused(reason="unknown_key")),
        ({"kid": ""}, Refused(reason="unknown_key")),
        ({"kid": None}, Refused(reason="malformed")),
        ({"kid": 7}, Refused(reason="malformed")),
        ({"kid": ["the-key"]}, Refused(reason="malformed")),
        ({"kid": "the-key", "alg": "RS512"}, Refused(reason="algorithm")),
    ],
)
def test_the_id_of_the_key_is_a_text_that_says_something(
    header: dict[str, Any], answer: str | Refused
) -> None:
    """No key is looked up for a token that names none, or is signed in another way."""
    assert read_key_id(handmade({"alg": "RS256", **header}, CLAIMS)) == answer


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        (None, "missing"),
        ("Basic dXNlcjpwYXNz", "malformed"),
        ("Bearer not.a.token", "malformed"),
        (handmade([], CLAIMS), "malformed"),
        (handmade({"alg": "RS512", "kid": "the-key"}, CLAIMS), "algorithm"),
        (handmade({"alg": "RS256", "kid": "the-key"}, CLAIMS, b"unsigned"), "signature"),
    ],
)
def test_the_check_does_not_rely_on_the_header_having_been_read(
    authorization: str | None, reason: Reason
) -> None:
    """With a key at hand it refuses by itself what `read_key_id` refuses."""
    key = GRAPHS.public_key()

    assert verify_caller(authorization, key=key, policy=POLICY, now=NOW) == Refused(reason=reason)


@pytest.mark.parametrize("content", [b"", b"not json", b"[]", b'"text"', b"\xff"])
def test_a_token_whose_content_is_no_object_is_refused(content: bytes) -> None:
    """The signature is Graph's; there are no claims to judge."""
    token = jwt.PyJWS().encode(content, GRAPHS, algorithm="RS256", headers={"kid": "the-key"})

    assert verdict(f"Bearer {token}") == Refused(reason="malformed")


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
        ({"aud": "00000000-0000-0000-0000-000000000000"}, "audience"),
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
        ({"exp": 2**53 + 1}, "expired"),
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


@pytest.mark.parametrize("year", [1971, 2999])
def test_only_the_time_that_is_given_counts(year: int) -> None:
    """The clock of the machine would find the one token long over and the other far ahead."""
    now = NOW.replace(year=year)
    begins, ends = int(now.timestamp()), int((now + timedelta(hours=1)).timestamp())

    token = bearer(CLAIMS | {"iat": begins, "nbf": begins, "exp": ends})

    assert verdict(token, now=now) == Caller(tenant_id=TENANT)


@pytest.mark.parametrize("only", ["nbf", "iat"])
def test_either_claim_of_the_beginning_will_do_alone(only: str) -> None:
    """Each is judged where it stands; one must."""
    claims = {name: CLAIMS[name] for name in ("aud", "iss", "tid", "exp", only)}

    assert verdict(bearer(claims)) == Caller(tenant_id=TENANT)
    assert verdict(bearer(claims), now=NOW - LEEWAY - timedelta(seconds=1)) == Refused(
        reason="not_yet_valid"
    )


def test_a_token_issued_in_the_future_is_refused_even_if_it_says_it_is_valid() -> None:
    """`iat` counts besides `nbf`."""
    future = int((NOW + timedelta(hours=1)).timestamp())

    assert verdict(bearer({**CLAIMS, "iat": future})) == Refused(reason="not_yet_valid")


def test_of_several_tenants_a_token_names_one() -> None:
    """A token whose two names of the tenant differ is refused, even if both are served."""
    other = "24701998-1a73-4d42-8085-bf46ed0ae039"
    policy = replace(POLICY, tenants=frozenset({TENANT, other}))

    def judged(claims: dict[str, Any]) -> Caller | Refused:
        return verify_caller(
            bearer(CLAIMS | claims), key=GRAPHS.public_key(), policy=policy, now=NOW
        )

    assert judged({}) == Caller(tenant_id=TENANT)
    assert judged({"tid": other}) == Caller(tenant_id=other)
    assert judged({URI_TENANT: TENANT.upper()}) == Caller(tenant_id=TENANT)
    assert judged({URI_TENANT: other}) == Refused(reason="tenant")


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
