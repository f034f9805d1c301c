"""The trouble that the broker makes: by its switches, and by faults that a test orders. Pure.

Luck is seeded, so one order of events meets the same trouble each time.
"""

import random
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from devstack.bus.limits import Refusal
from devstack.bus.switches import BusSwitches
from devstack.switches import SwitchMistake

_READ_AT_START = ("bounds", "dead_letter_locks_count")
type Operation = Literal["transfer", "attach"]

SERVER_BUSY = "com.microsoft:server-busy"
_TEXTS = {
    SERVER_BUSY: "The request was terminated because the namespace sbemulatorns is being throttled."
    " Error code : 50009. Please wait 2 seconds and try again.",
    "amqp:unauthorized-access": "Unauthorized access. The claims required to perform this operation"
    " are missing. Resource: {entity}.",
    "amqp:internal-error": "The service was unable to process the request; please retry the"
    " operation.",
    "amqp:resource-limit-exceeded": "The maximum entity size has been reached or exceeded for"
    " {entity}.",
}


class Fault(BaseModel):
    """What `POST /lab/faults` orders: that the next operations on an entity fail."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    entity: str = Field(min_length=1)
    """The path, such as `replies` or `meeting-events/Subscriptions/all`; case does not count."""

    operation: Operation | None = None
    """A `transfer` is a client's message; an `attach` a client's link, of either direction."""

    condition: str = Field(min_length=1, pattern=r"^[!-~]+$")
    """An AMQP error condition, such as `com.microsoft:server-busy`."""

    description: str | None = None
    """None: what the service says of that condition."""

    times: int = Field(default=1, ge=1)
    """How many operations fail."""

    def strikes(self, path: str, operation: Operation) -> bool:
        """Return whether it is meant for this operation on this entity."""
        same = self.entity.lower() == path.lower()
        return same and self.operation in (None, operation)

    def refusal(self, path: str) -> Refusal:
        """Return the error that the client gets."""
        text = self.description or _TEXTS.get(self.condition, "A fault of the local Service Bus.")
        return Refusal(condition=self.condition, description=text.replace("{entity}", path))


class Trouble:
    """The switches in force, the faults that are left, and luck."""

    def __init__(self, switches: BusSwitches, *, seed: int) -> None:
        self.switches = switches
        self._luck = random.Random(seed)  # noqa: S311 - luck, not secrets
        self._faults: list[Fault] = []
        self._busy: set[str] = set()

    def change(self, members: Mapping[str, Any]) -> None:
        """Set switches by their names in JSON; raise SwitchMistake and change none."""
        switches = self.switches.changed(members)
        for name in _READ_AT_START:
            if getattr(switches, name) != getattr(self.switches, name):
                raise SwitchMistake(f"{to_camel(name)}: read at the start alone, as --switch")
        self.switches = switches

    def order(self, members: Mapping[str, Any]) -> None:
        """Add a fault; raise SwitchMistake naming every problem of it."""
        try:
            self._faults.append(Fault.model_validate(members))
        except ValidationError as error:
            problems = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise SwitchMistake("; ".join(problems)) from error

    def faults(self) -> list[Fault]:
        """Return the faults that are left, in the order they were ordered."""
        return list(self._faults)

    def forget(self) -> None:
        """Drop every fault that is left."""
        self._faults.clear()

    def of(self, path: str, operation: Operation) -> Refusal | None:
        """Return how this operation fails, or None; the first fault that fits is used up."""
        for place, fault in enumerate(self._faults):
            if fault.strikes(path, operation):
                left = fault.model_copy(update={"times": fault.times - 1})
                self._faults[place : place + 1] = [left] if left.times else []
                return fault.refusal(path)
        if operation == "transfer" and self._is_busy(path):
            return Fault(entity=path, condition=SERVER_BUSY).refusal(path)
        return None

    def lateness(self) -> float:
        """Return how many seconds after its time the next scheduled message becomes active."""
        return self._luck.uniform(0, self.switches.scheduled_late_seconds)

    def _is_busy(self, path: str) -> bool:
        if path in self._busy:
            self._busy.discard(path)
            return False
        busy = self._luck.random() < self.switches.busy_share
        if busy:
            self._busy.add(path)
        return busy
