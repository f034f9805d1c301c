"""The right to send a POST that Graph cannot recognise when it comes again. Core.

Neither `POST /communications/calls` nor `POST /onlineMeetings` is idempotent. So the right to send
one is committed first, for one holder at a time, and after a crash no other process sends it before
the lease is over.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

FIRST_PAUSE = timedelta(seconds=2)
"""Graph's answer to another process's POST comes sooner than that, or much later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to send one POST: its holder may await Graph's answer until `lease_until`.

    `claimed_at` is when the first `attempt` was claimed.
    """

    attempt: int
    claimed_at: datetime
    lease_until: datetime

    def is_held(self, now: datetime) -> bool:
        """Return whether a process may be waiting for Graph's answer at `now`."""
        return now < self.lease_until

    def is_young(self, now: datetime) -> bool:
        """Return whether Graph's answer to another POST at `now` would come within the lease.

        Two thirds of the lease, 40 s of the default 60, are as long as a request to Graph may take.
        """
        return now - self.claimed_at < (self.lease_until - self.claimed_at) / 3

    def pause(self, now: datetime, *, attempt: int) -> timedelta:
        """Return how long another request waits: a little on its first `attempt`, then it all."""
        left = self.lease_until - now
        return min(left, FIRST_PAUSE) if attempt == 1 else left

    def taken_over(self, now: datetime, *, lease: timedelta) -> "Claim":
        """Return the claim of the next holder, once the lease is over."""
        return replace(self, attempt=self.attempt + 1, lease_until=now + lease)

    def ended(self, now: datetime) -> "Claim":
        """Return the claim whose lease ends at once."""
        return replace(self, lease_until=now)
