"""What holds for every caller, beside the table of tokens: clocks, lengths, tenants, policy."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from call_callback.caller import (
    FETCH_PAUSE,
    KEPT,
    LEEWAY,
    LONGEST_TOKEN,
    REFRESHED_AFTER,
    Caller,
    FetchKeys,
    NotYet,
    Refused,
)
from tests.fixtures.callers import (
    CLAIMS,
    KEYS,
    NOW,
    POLICY,
    TENANT,
    URI_TENANT,
    claims,
    judged,
    token,
)

GRAPH = Caller(tenant_id=TENANT)
OTHER = "24701998-1a73-4d42-8085-bf46ed0ae039"


def bearer(**changed: Any) -> str:
    """Return the Authorization header of a genuine token, but for these claims."""
    return f"Bearer {token(claims(**changed))}"


def test_the_longest_token_is_taken_and_a_longer_one_is_refused() -> None:
    """Both are Graph's, and fit but for their length."""
    room = LONGEST_TOKEN - len(token(claims(padding="")))
    longest = token(claims(padding="x" * (room * 3 // 4)))  # three bytes are four characters
    longer = token(claims(padding="x" * (room * 3 // 4 + 2)))

    assert LONGEST_TOKEN - 1 <= len(longest) <= LONGEST_TOKEN < len(longer)
    assert judged(f"Bearer {longest}") == GRAPH
    assert judged(f"Bearer {longer}") == Refused(reason="malformed")


def test_clocks_may_differ_by_the_leeway_and_no_more() -> None:
    """Expiry, not-before and issued-at are judged by the time that is given."""
    begins = datetime.fromtimestamp(CLAIMS["nbf"], UTC)
    expires = datetime.fromtimestamp(CLAIMS["exp"], UTC)
    second, keys = timedelta(seconds=1), replace(KEYS, read_at=NOW - LEEWAY - timedelta(minutes=1))

    def at(now: datetime, read_at: datetime) -> Any:
        return judged(bearer(), now=now, keys=replace(keys, read_at=read_at))

    assert at(begins - LEEWAY, begins - LEEWAY) == GRAPH
    assert at(begins - LEEWAY - second, begins - LEEWAY) == Refused(reason="not_yet_valid")
    assert at(expires + LEEWAY, expires) == GRAPH
    assert at(expires + LEEWAY + second, expires) == Refused(reason="expired")


@pytest.mark.parametrize("year", [1971, 2999])
def test_only_the_time_that_is_given_counts(year: int) -> None:
    """The clock of the machine would find the one token long over and the other far ahead."""
    now = NOW.replace(year=year)
    begins, ends = int(now.timestamp()), int((now + timedelta(hours=1)).timestamp())

    made = bearer(iat=begins, nbf=begins, exp=ends)

    assert judged(made, now=now, keys=replace(KEYS, read_at=now)) == GRAPH


@pytest.mark.parametrize(
    ("back", "known", "unknown"),
    [
        (timedelta(seconds=1), GRAPH, NotYet(wait=FETCH_PAUSE)),
        (FETCH_PAUSE, GRAPH, FetchKeys()),
        (REFRESHED_AFTER, FetchKeys(), FetchKeys()),
        (KEPT, FetchKeys(), FetchKeys()),
    ],
)
def test_a_clock_that_is_set_back_refuses_no_caller(
    back: timedelta, known: Any, unknown: Any
) -> None:
    """Keys that were read at a later moment than now are no proof that a key is not there."""
    keys = replace(KEYS, read_at=NOW + back)

    assert judged(bearer(), keys=keys) == known
    assert judged(f"Bearer {token(header={'kid': 'new'})}", keys=keys) == unknown


def test_of_several_tenants_a_token_names_one() -> None:
    """A token whose two names of the tenant differ is refused, even if both are served."""
    policy = replace(POLICY, tenants=frozenset({TENANT, OTHER}))

    assert judged(bearer(), policy=policy) == GRAPH
    assert judged(bearer(tid=OTHER), policy=policy) == Caller(tenant_id=OTHER)
    assert judged(bearer(**{URI_TENANT: TENANT.upper()}), policy=policy) == GRAPH
    assert judged(bearer(**{URI_TENANT: OTHER}), policy=policy) == Refused(reason="tenant")


def test_a_policy_without_tenants_lets_no_caller_in() -> None:
    """Fails closed: a missing setting is no open door."""
    closed = replace(POLICY, tenants=frozenset())

    assert judged(bearer(), policy=closed) == Refused(reason="tenant")


@given(st.one_of(st.text(max_size=80), st.builds("Bearer {}.{}.{}".format, *[st.text()] * 3)))
def test_no_header_at_all_makes_the_check_fail(authorization: str) -> None:
    """Each is answered with a reason, never with an exception."""
    assert isinstance(judged(authorization), Refused)


@given(
    st.dictionaries(
        st.sampled_from([*CLAIMS, "sub", "jti", "crit"]),
        st.none() | st.integers() | st.text() | st.lists(st.text()),
    ),
)
def test_odd_claims_under_a_true_signature_are_refused(made_up: dict[str, Any]) -> None:
    """The signature is Graph's; the claims may still be anything."""
    assert isinstance(judged(f"Bearer {token(made_up)}"), Refused)
