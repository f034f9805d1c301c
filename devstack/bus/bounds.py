"""What a Config.json may say, and what it means where it says nothing. Pure.

Sources: the emulator's JSON schema (ServiceBus-Emulator/Schema/Config-schema.json of
Azure/azure-service-bus-emulator-installer); for Azure, the articles service-bus-quotas,
message-expiration, duplicate-detection and message-transfers-locks-settlement.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The lowest and highest value taken, and the one that stands for an absent member."""

    low: float
    high: float
    default: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The bounds of entities; durations in seconds, a life of `math.inf` never ends."""

    queue_lock: Range
    subscription_lock: Range
    deliveries: Range
    life: Range
    duplicate_window: Range


EMULATOR = Bounds(
    queue_lock=Range(low=5, high=5 * _MINUTE, default=_MINUTE),
    subscription_lock=Range(low=_MINUTE, high=5 * _MINUTE, default=_MINUTE),
    deliveries=Range(low=1, high=10, default=3),
    life=Range(low=5 * _MINUTE, high=_HOUR, default=_HOUR),
    duplicate_window=Range(low=5, high=5 * _MINUTE, default=20),
)
AZURE = Bounds(
    queue_lock=Range(low=5, high=5 * _MINUTE, default=_MINUTE),
    subscription_lock=Range(low=5, high=5 * _MINUTE, default=_MINUTE),
    deliveries=Range(low=1, high=2000, default=10),
    life=Range(low=1, high=math.inf, default=math.inf),
    duplicate_window=Range(low=20, high=7 * _DAY, default=10 * _MINUTE),
)
IDLE = Range(low=5 * _MINUTE, high=math.inf, default=math.inf)
"""Of `AutoDeleteOnIdle`, in both; the emulator's Config.json has no such member."""
BOUNDS: Mapping[str, Bounds] = {"emulator": EMULATOR, "azure": AZURE}
