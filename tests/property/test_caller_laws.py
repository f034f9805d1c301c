"""Laws of who is taken for Graph: one token is, and nothing that can be made of it."""

import string
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from call_callback.caller import Caller, FetchKeys, NotYet, Refused
from tests.fixtures.callers import CLAIMS, TENANT, judged, token

GOOD = token()
LAST = len(GOOD) - 1
ODD = st.sampled_from([*string.ascii_letters, *string.digits, *"-_.=+/!~ \t\n", "é", "\x00"])
EXTREME = st.sampled_from(
    [0, -1, 2**53, 2**63, 10**30, 10**400, -(10**400), 1e308, float("inf"), float("nan"), True]
)


def verdict(text: str) -> Caller | Refused | FetchKeys | NotYet:
    """Return what becomes of a caller with this token."""
    return judged(f"Bearer {text}")


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
    extreme_start_is_long_ago = name in ("nbf", "iat") and value in (0, -1)

    taken = isinstance(verdict(token(CLAIMS | {name: value})), Caller)

    assert taken is (extreme_end_is_far or extreme_start_is_long_ago)
