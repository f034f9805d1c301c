"""When a lock is renewed."""

from datetime import UTC, datetime, timedelta

import pytest

from devstack.functions.lock_renewal import renew_after

NOW = datetime(2026, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "expected"), [(60, 50), (30, 20), (20, 10), (10, 5), (5, 2.5), (0, 0), (-3, 0)]
)
def test_renewed_ten_seconds_before_the_end_or_at_half(left: float, expected: float) -> None:
    """The buffer is 10 s, or half of what is left where that is shorter."""
    assert renew_after(NOW + timedelta(seconds=left), NOW) == timedelta(seconds=expected)
