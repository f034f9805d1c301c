"""Laws of who is taken for Graph: one token is, and nothing that can be made of it."""

import json
import string
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import assume, example, given
from hypothesis import strategies as st

from call_callback.caller import Caller, CallerPolicy, Refused, read_key_id, verify_caller

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BOT, TENANT = "0efc74f7-41c3-47a4-8775-7259bfef4241", "1fdd12d0-4620-44ed-baec-459b611f84b2"
POLICY = CallerPolicy(
    audience=BOT,
    issuers=frozenset({"https://graph.microsoft.com", "https://api.botframework.com"}),
    tenants=frozenset({TENANT}),
)
GRAPHS = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CLAIMS: dict[str, Any] = {
    "aud": BOT,
    "iss": "https://api.botframework.com",
    "tid": TENANT,
    "nbf": int(NOW.timestamp()),
    "exp": int((NOW + timedelta(minutes=65)).timestamp()),
}


def signed(claims: Any) -> str:
    """Return a token of these claims that Graph signed, odd ones too."""
    return jwt.PyJWS().encode(
        json.dumps(claims).encode(), GRAPHS, algorithm="RS256", headers={"kid": "the-key"}
    )


GOOD = signed(CLAIMS)
LAST = len(GOOD) - 1
ODD = st.sampled_from([*string.ascii_letters, *string.digits, *"-_.=+/!~ \t\n", "é", "\x00"])
EXTREME = st.sampled_from(
    [0, -1, 2**53, 2**63, 10**30, 10**400, -(10**400), 1e308, float("inf"), float("nan"), True]
)


def verdict(token: str) -> Caller | Refused:
    """Return what becomes of a caller with this token."""
    authorization = f"Bearer {token}"
    key_id = read_key_id(authorization)
    if isinstance(key_id, Refused):
        return key_id
    key = GRAPHS.public_key() if key_id == "the-key" else None
    return verify_caller(authorization, key=key, policy=POLICY, now=NOW)


def test_the_token_is_good() -> None:
    """What the laws start from."""
    assert verdict(GOOD) == Caller(tenant_id=TENANT)


@pytest.mark.parametrize("last", sorted({*string.ascii_letters, *string.digits, *"-_"}))
def test_no_other_last_character_of_the_signature_will_do(last: str) -> None:
    """Some of its bits say nothing: a lenient decoder takes sixteen spellings for one."""
    changed = GOOD[:-1] + last

    assert isinstance(verdict(changed), Caller) is (changed == GOOD)


@given(place=st.integers(0, LAST), put=ODD)
def test_no_other_character_anywhere_will_do(place: int, put: str) -> None:
    """One character changed, in header, claims or signature."""
    mutated = GOOD[:place] + put + GOOD[place + 1 :]
    assume(mutated.strip(" ") != GOOD)

    assert isinstance(verdict(mutated), Refused)


@given(place=st.integers(1, LAST), put=ODD)
@example(place=LAST, put="!")
@example(place=LAST, put="\n")
def test_no_character_too_many_will_do(place: int, put: str) -> None:
    """A decoder that skips what it does not know would not notice."""
    assert isinstance(verdict(GOOD[:place] + put + GOOD[place:]), Refused)


@given(start=st.integers(0, LAST), length=st.integers(1, 400))
def test_no_piece_of_it_will_do(start: int, length: int) -> None:
    """Cut at either end, or in the middle."""
    assert isinstance(verdict(GOOD[:start] + GOOD[start + length :]), Refused)


@given(st.permutations(GOOD.split(".")), st.sampled_from(["", ".", "..", ".."]))
def test_its_parts_in_another_order_will_not_do(parts: list[str], end: str) -> None:
    """Nor one part more."""
    mutated = ".".join(parts) + end
    assume(mutated != GOOD)

    assert isinstance(verdict(mutated), Refused)


@given(st.sampled_from(sorted(CLAIMS)), EXTREME)
def test_no_extreme_claim_makes_the_check_fail(name: str, value: Any) -> None:
    """The signature is good; a number that no clock knows is refused, not tripped over."""
    extreme_end_is_far = name == "exp" and value == 2**53
    extreme_start_is_long_ago = name == "nbf" and value in (0, -1)

    taken = isinstance(verdict(signed(CLAIMS | {name: value})), Caller)

    assert taken is (extreme_end_is_far or extreme_start_is_long_ago)
