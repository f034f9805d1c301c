"""What a 401 of Graph's demands of the next token."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.graph.tokens import LONGEST_CHALLENGE, challenge_in
from shared.words.clouds import NO_DEMAND

CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}'


def encoded(text: str) -> str:
    """Return a text as a challenge carries it."""
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "header",
    [
        f'Bearer realm="", error="insufficient_claims", claims="{encoded(CLAIMS)}"',
        f'bearer CLAIMS="{encoded(CLAIMS).rstrip("=")}"',
        f'PoP nonce="n", Bearer claims="{encoded(CLAIMS)}", error="x"',
    ],
)
def test_the_claims_of_a_challenge_are_read(header: str) -> None:
    """In any place, with its padding and without."""
    assert challenge_in(header) == CLAIMS


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        'Bearer claims=""',
        'Bearer claims="!"',
        f'Bearer claims="{encoded("[]")}"',
        f'Bearer claims="{encoded("{")}"',
        f'Bearer claims="{encoded("[" * 5000)}"',
        f'Bearer claims="{base64.b64encode(bytes([255])).decode()}"',
        'Bearer claims="' + encoded('{"access_token":7}') + '"',
        " " * LONGEST_CHALLENGE + f'claims="{encoded(CLAIMS)}"',
    ],
)
def test_where_none_can_be_read_any_fresh_token_will_do(header: str) -> None:
    """No challenge, an unreadable one, one that no token request can carry, one too long."""
    assert challenge_in(header) == NO_DEMAND


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: encoded(repr(raw))))
def test_no_header_makes_the_reading_fail(text: str) -> None:
    """What is returned can always be sent."""
    assert challenge_in(f'Bearer claims="{text}"').startswith("{")
