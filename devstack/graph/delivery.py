"""How callbacks travel: doubled, lost, delayed, shuffled. Pure; the courier does the sending."""

from dataclasses import dataclass
from random import Random

from devstack.graph.json_values import JsonObject
from devstack.graph.lab_requests import number, optional_count, switch

RETRIES = 6
"""Attempts at a callback that was not taken, after the first: enough for a host to restart."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 3.2
DELIVERY_MEMBERS = frozenset(
    {
        "duplicate", "drop", "dropNth", "shuffle", "delaySeconds", "late", "lateSeconds", "retries",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPolicy:
    """`duplicate` and `drop` are probabilities per notification, `delay_seconds` is per copy.

    `drop_nth` is the number, from 1, of the one notification that is lost whatever the luck.
    `late` is the probability per roster that one further copy comes, `late_seconds` after the
    others; also where those are lost. `retries` is how often a copy that nobody took is sent again.
    """

    duplicate: float = 0.0
    drop: float = 0.0
    drop_nth: int | None = None
    shuffle: bool = False
    delay_seconds: float = 0.0
    late: float = 0.0
    late_seconds: float = 0.0
    retries: int = RETRIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One notification that was made, also if it was lost on its way.

    `kind`: what it holds, a NotificationKind; those of a bundle joined by a plus sign.
    """

    kind: str
    call_id: str
    dropped: bool


def parse_delivery(wanted: JsonObject) -> DeliveryPolicy:
    """Read the policy's members of POST /lab/delivery; an absent one goes back to its default."""
    return DeliveryPolicy(
        duplicate=number(wanted, "duplicate", 0, 1, default=0),
        drop=number(wanted, "drop", 0, 1, default=0),
        drop_nth=optional_count(wanted, "dropNth"),
        shuffle=switch(wanted, "shuffle"),
        delay_seconds=number(wanted, "delaySeconds", 0, 3600, default=0),
        late=number(wanted, "late", 0, 1, default=0),
        late_seconds=number(wanted, "lateSeconds", 0, 3600, default=0),
        retries=int(number(wanted, "retries", 0, 100, default=RETRIES)),
    )


def copies(policy: DeliveryPolicy, chance: Random, *, number: int = 0) -> tuple[float, ...]:
    """Return the delay in seconds of each copy to send: none when lost, two when doubled.

    `number` counts the notifications since the policy holds, from 1. Which one is lost by its
    number changes nothing in the luck of the others.
    """
    delays = _by_luck(policy, chance)
    return () if number == policy.drop_nth else delays


def _by_luck(policy: DeliveryPolicy, chance: Random) -> tuple[float, ...]:
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


def retry_pauses(policy: DeliveryPolicy) -> tuple[float, ...]:
    """Return the seconds before each further attempt at a copy, growing."""
    return tuple(
        min(_FIRST_PAUSE * 2**attempt, _LONGEST_PAUSE) for attempt in range(policy.retries)
    )


def is_worth_retrying(status: int | None) -> bool:
    """Say whether a callback is sent again: nobody answered (None), or a server error."""
    return status is None or status >= 500
