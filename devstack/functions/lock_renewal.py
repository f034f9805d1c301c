"""Keeps the lock of a message while its invocation runs, as the Service Bus processor does."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusReceiver

_LONGEST_BUFFER = timedelta(seconds=10)
_SHORTEST_PAUSE = timedelta(milliseconds=100)

_log = logging.getLogger("functions.host")


def renew_after(locked_until: datetime, now: datetime) -> timedelta:
    """Return how long to wait: to 10 s before expiry, or half of what is left if that is shorter.

    Source: CalculateRenewAfterDuration of the .NET Service Bus processor.
    """
    left = max(locked_until - now, timedelta())
    return left - min(left / 2, _LONGEST_BUFFER)


@asynccontextmanager
async def kept_locked(
    receiver: ServiceBusReceiver, message: ServiceBusReceivedMessage, longest: timedelta | None
) -> AsyncIterator[None]:
    """Renew the lock of `message` until the block ends or `longest` is over (None: no limit).

    A renewal under way is awaited at the end, so that settling never meets it on one receiver.
    """
    done = asyncio.Event()
    renewing = asyncio.create_task(_renew(receiver, message, longest, done))
    try:
        yield
    finally:
        done.set()
        await renewing


async def _renew(
    receiver: ServiceBusReceiver,
    message: ServiceBusReceivedMessage,
    longest: timedelta | None,
    done: asyncio.Event,
) -> None:
    started = datetime.now(UTC)
    while message.locked_until_utc is not None:
        now = datetime.now(UTC)
        if message.locked_until_utc <= now:
            return
        pause = max(renew_after(message.locked_until_utc, now), _SHORTEST_PAUSE)
        if longest is not None and now + pause - started > longest:
            return
        try:
            async with asyncio.timeout(pause.total_seconds()):
                await done.wait()
                return
        except TimeoutError:
            pass  # it is time to renew
        try:
            await receiver.renew_message_lock(message)
        except Exception as exc:  # noqa: BLE001 - the outcome of the invocation must not be lost
            # Tried again while the lock lives; the settlement tells whether it was lost.
            _log.warning("a lock was not renewed: %s", type(exc).__name__)
