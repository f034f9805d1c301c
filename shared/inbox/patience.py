"""How long a message is retried: whether again, when, and whether to wait inside the invocation.

Core. Two kinds of failure can pass. A component did not answer (`Transient`): every message is
retried. A problem heals once an administrator has acted (problems.py): only a message with
`retryForSeconds` is retried. If Service Bus takes neither the copy nor the refusal, the message
goes back to it, after a pause.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from shared.inbox.message import QueueMessage
from shared.inbox.models import read_members
from shared.words.errors import Rejected, Transient
from shared.words.problems import heals
from shared.words.rules import RetryPolicy

LONGEST_PATIENCE = timedelta(days=1)
HEALING_CEILING = timedelta(minutes=2)
"""The longest pause while something heals. An access policy takes up to 30 minutes to work."""
HEALING_TRIES = 60
"""A message with hours of patience is retried about this often, with longer pauses."""
LEAST_PAUSE = timedelta(seconds=1)
"""The least pause before the last try, at the end of a message's patience."""
WAITS_HERE = 2
LONGEST_WAIT_HERE = timedelta(seconds=5)
LONGEST_STAY = timedelta(seconds=12)
"""How long an invocation may run, waits included: well within the lock (30 s)."""
FIRST_HOLD = timedelta(seconds=10)
LONGEST_HOLD = timedelta(seconds=30)
"""The longest pause before a message goes back. The host renews its lock meanwhile."""


def patience_of(body: bytes) -> timedelta:
    """Return the `retryForSeconds` of a message; zero for a message that cannot be read."""
    named = read_members(body).get("retryForSeconds")
    if isinstance(named, bool) or not isinstance(named, int | float) or not named > 0:
        return timedelta()
    return timedelta(seconds=min(named, LONGEST_PATIENCE.total_seconds()))


def next_try(
    message: QueueMessage,
    failed: Transient | Rejected,
    *,
    now: datetime,
    policy: RetryPolicy,
    jitter: Callable[[float], float],
) -> datetime | None:
    """Return when to retry `message`; None when it has been tried enough.

    Its patience counts from its first try. `jitter(most)` is a random number of seconds from 0 to
    `most`. It moves the time, but never decides whether a refusal is retried.
    """
    if isinstance(failed, Rejected):
        return _once_healed(message, failed, now=now, policy=policy, jitter=jitter)
    return _once_answered(message, failed, now=now, policy=policy, jitter=jitter)


def fits_here(due: datetime, *, now: datetime, began: datetime, waits: int) -> bool:
    """Return whether an invocation that `began` and waited `waits` times may wait until `due`."""
    return waits < WAITS_HERE and due - now <= LONGEST_WAIT_HERE and due - began <= LONGEST_STAY


def hold_before(delivery_count: int, *, jitter: Callable[[float], float]) -> timedelta:
    """Return how long to keep a message that has to go back, delivered for the nth time.

    What goes back is delivered again at once, and dead-lettered after its tenth delivery. With
    the nine pauses before that one, it is tried for two to four minutes.
    """
    return _grown(FIRST_HOLD, delivery_count - 1, LONGEST_HOLD, jitter)


def _once_answered(
    message: QueueMessage,
    failed: Transient,
    *,
    now: datetime,
    policy: RetryPolicy,
    jitter: Callable[[float], float],
) -> datetime | None:
    """Return when to retry: after the failure's `retry_after`, else after a pause that doubles.

    Half of a doubled pause is random, so messages that failed together do not come back together.
    """
    if message.failures + 1 >= policy.attempts:
        return None
    if failed.retry_after is not None:
        pause = failed.retry_after + timedelta(seconds=jitter(policy.base.total_seconds() / 4))
    else:
        pause = _grown(policy.base, message.failures, policy.ceiling, jitter)
    due = now + pause
    patience = max(policy.total, patience_of(message.body))
    return due if due <= message.first_tried(now=now) + patience else None


def _once_healed(
    message: QueueMessage,
    refused: Rejected,
    *,
    now: datetime,
    policy: RetryPolicy,
    jitter: Callable[[float], float],
) -> datetime | None:
    """Return a moment within the message's patience, at the latest its end; None after that."""
    if not heals(refused.code):
        return None
    patience = patience_of(message.body)
    end = message.first_tried(now=now) + patience
    if end - now < min(LEAST_PAUSE, policy.base):
        return None
    ceiling = max(HEALING_CEILING, patience / HEALING_TRIES)
    return min(now + _grown(policy.base, message.attempt, ceiling, jitter), end)


def _grown(
    base: timedelta, times: int, ceiling: timedelta, jitter: Callable[[float], float]
) -> timedelta:
    grown = min(base * (1 << min(times, 20)), ceiling)
    return grown / 2 + timedelta(seconds=jitter(grown.total_seconds() / 2))
