"""Each row of the table of tokens and headers is judged as it says there."""

import pytest

from call_callback.caller import Caller, Refused
from tests.fixtures.callers import TENANT, judged
from tests.fixtures.token_corpus import HEADERS, ROWS, Outcome


def expected(outcome: Outcome) -> Caller | Refused:
    """Return what the check says where the table says `outcome`."""
    return Caller(tenant_id=TENANT) if outcome == "taken" else Refused(reason=outcome)


@pytest.mark.parametrize(("text", "outcome"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS])
def test_a_token_is_taken_if_it_is_graphs_and_refused_for_its_own_reason(
    text: str, outcome: Outcome
) -> None:
    """Each row; no exception, and no key is fetched for any of them."""
    assert judged(f"Bearer {text}") == expected(outcome)


@pytest.mark.parametrize(
    ("authorization", "outcome"), HEADERS, ids=[repr(one[0])[:24] for one in HEADERS]
)
def test_a_token_counts_in_the_header_of_a_bearer_alone(
    authorization: str | None, outcome: Outcome
) -> None:
    """The shape of the header around a genuine token, or around none."""
    assert judged(authorization) == expected(outcome)


def test_the_table_has_no_row_twice_and_enough_of_them() -> None:
    """A row that vanishes would not be missed otherwise."""
    names = [name for name, _, _ in ROWS]

    assert len(names) == len(set(names))
    assert len(names) >= 300
    assert {outcome for _, _, outcome in ROWS} >= {"taken", "signature", "unknown_key", "tenant"}
