"""The switches of the Service Bus: what each imitates, and its value in each world. Pure."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from devstack.switches import Switches, World


class BusSwitches(Switches):
    """How hard the broker is on its clients; in a kind world nothing goes wrong by itself."""

    bounds: Literal["emulator", "azure"] = "emulator"
    """Which values a Config.json may have, and which stand for absent ones: see bounds.py.

    Read at the start alone. Under `azure` a message whose queue says nothing of its life lives for
    ever, so one that is parked for hours is there afterwards.
    """

    head_quotas: bool = False
    """Refuse message and session ids over 128 characters, a property over 32 KB, and a head over
    64 KB. Source: the article service-bus-quotas, "Message quotas"; limits.py has the texts.
    """

    idle_link_seconds: float = Field(default=0, ge=0)
    """Detach a link after so long without a transfer, a settlement or new credit; 0: never.

    A connection without links is closed after half as long. In Azure these are 10 and 5 minutes,
    whatever keep-alives a client sends. Source: the article service-bus-amqp-troubleshoot, "Link is
    closed"; azure-sdk-for-python issues 10127 and 38627, azure-sdk-for-java issue 25787.
    """

    scheduled_late_seconds: float = Field(default=0, ge=0)
    """Make scheduled messages active late, each by a random time up to this.

    Source: the article message-sequencing: the time given is when a message is to be enqueued at
    the earliest; when it really is depends on the load of the queue.
    """

    busy_share: float = Field(default=0, ge=0, le=1)
    """The share of transfers answered with `com.microsoft:server-busy`, 50009.

    Never twice in a row for one entity, so that a client that sends once more gets through.
    Source: the article service-bus-throttling; azure-sdk-for-python issues 19376 and 20308.
    """

    dead_letter_locks_count: bool = True
    """Count the delivery of a dead-lettered message whose lock ends.

    Azure was seen not to. Read at the start alone. Source: azure-sdk-for-net issue 53437.
    """


_DOCUMENTED = BusSwitches(bounds="azure", head_quotas=True, idle_link_seconds=600)

WORLDS: Mapping[World, BusSwitches] = {
    World.KIND: BusSwitches(),
    World.DOCUMENTED: _DOCUMENTED,
    World.HARSH: _DOCUMENTED.model_copy(
        update={
            "scheduled_late_seconds": 30.0,
            "busy_share": 0.01,
            "dead_letter_locks_count": False,
        }
    ),
}
