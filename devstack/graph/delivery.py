"""How callbacks travel: doubled, lost, delayed, shuffled. Pure; the courier does the sending."""

from dataclasses import dataclass
from random import Random

from devstack.graph.json_values import JsonObject
from devstack.graph.lab_requests import number, switch

RETRY_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""Seconds between attempts at a callback that was not taken: enough for a host to restart."""
DELIVERY_MEMBERS = frozenset(
    {"duplicate", "drop", "shuffle", "delaySeconds", "late", "lateSeconds"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPolicy:
    """`duplicate` and `drop` are probabilities per notification, `delay_seconds` is per copy.

    `late` is the probability per roster that one further copy comes, `late_seconds` after the
    others; also where those are lost.
    """

    duplicate: float = 0.0
    drop: float = 0.0
    shuffle: bool = False
    delay_seconds: float = 0.0
    late: float = 0.0
    late_seconds: float = 0.0


def parse_delivery(wanted: JsonObject) -> DeliveryPolicy:
    """Read the policy's members of POST /lab/delivery; an absent one goes back to its default."""
    return DeliveryPolicy(
        duplicate=number(wanted, "duplicate", 0, 1, default=0),
        drop=number(wanted, "drop", 0, 1, default=0),
        shuffle=switch(wanted, "shuffle"),
        delay_seconds=number(wanted, "delaySeconds", 0, 3600, default=0),
        late=number(wanted, "late", 0, 1, default=0),
        late_seconds=number(wanted, "lateSeconds", 0, 3600, default=0),
    )


def copies(policy: DeliveryPolicy, chance: Random) -> tuple[float, ...]:
    """Return the delay in seconds of each copy to send: none when lost, two when doubled."""
    if chance.random() < policy.drop:
        return ()
    count = 2 if chance.random() < policy.duplicate else 1
    if policy.shuffle:
        return tuple(chance.uniform(0, policy.delay_seconds) for _ in range(count))
    return (policy.delay_seconds,) * count


def late_copy(policy: DeliveryPolicy, chance: Random) -> float | None:
    """Return the delay in seconds of a roster's late copy; None where there is none."""
    if chance.random() >= policy.late:
        return None
    return policy.delay_seconds + policy.late_seconds


def is_worth_retrying(status: int | None) -> bool:
    """Say whether a callback is sent again: nobody answered (None), or a server error."""
    return status is None or status >= 500
