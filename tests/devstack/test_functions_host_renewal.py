"""When a lock is renewed, and what a renewal that fails costs."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusReceiver

from devstack.functions.lock_renewal import kept_locked, renew_after

NOW = datetime(2026, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "expected"), [(60, 50), (30, 20), (20, 10), (10, 5), (5, 2.5), (0, 0), (-3, 0)]
)
def test_renewed_ten_seconds_before_the_end_or_at_half(left: float, expected: float) -> None:
    """The buffer is 10 s, or half of what is left where that is shorter."""
    assert renew_after(NOW + timedelta(seconds=left), NOW) == timedelta(seconds=expected)


@dataclass(slots=True)
class FakeMessage:
    """A message whose lock ends soon."""

    locked_until_utc: datetime


class FakeReceiver:
    """Renews nothing: it fails, and says when it has."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def renew_message_lock(self, _message: object) -> None:
        self.asked.set()
        raise ValueError("the link was closed")


async def test_renewal_that_fails_leaves_the_invocation_alone() -> None:
    """Whatever the SDK raises: the outcome counts, and settling tells of the lock."""
    receiver = FakeReceiver()
    message = FakeMessage(datetime.now(UTC) + timedelta(milliseconds=300))

    async with kept_locked(
        cast("ServiceBusReceiver", receiver), cast("ServiceBusReceivedMessage", message), None
    ):
        async with asyncio.timeout(10):
            await receiver.asked.wait()
        outcome = "done"

    assert outcome == "done"
