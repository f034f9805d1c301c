"""Sorts the indexed functions by what triggers them, with all that each needs to run. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from devstack.functions import ncrontab
from devstack.functions.bindings import HttpTrigger, QueueTrigger, TimerTrigger, trigger_of
from devstack.functions.bus_slots import QueueFunction
from devstack.functions.host_json import HostJson
from devstack.functions.http_front import HttpFunction
from devstack.functions.invocation import IndexedFunction
from devstack.functions.timers import TimerFunction


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """The functions of an app, by trigger."""

    queues: tuple[QueueFunction, ...]
    http: tuple[HttpFunction, ...]
    timers: tuple[TimerFunction, ...]

    def lines(self, prefix: str) -> list[str]:
        """Say in a line each what triggers which function."""
        return [
            *(f"{each.name}: {each.trigger.source}" for each in self.queues),
            *(f"{each.name}: {_path(prefix, each.trigger.route)}" for each in self.http),
            *(f"{each.name}: {each.trigger.schedule}" for each in self.timers),
        ]


def wire(
    functions: Sequence[IndexedFunction], host: HostJson, settings: Mapping[str, str]
) -> Wiring:
    """Return the wiring of `functions`.

    Raises BindingError, SettingError, ScheduleError.
    """
    queues: list[QueueFunction] = []
    http: list[HttpFunction] = []
    timers: list[TimerFunction] = []
    for function in functions:
        name, key = function.name, function.function_id
        trigger = trigger_of(name, function.raw_bindings, settings)
        match trigger:
            case QueueTrigger():
                complete = trigger.auto_complete
                queues.append(
                    QueueFunction(
                        name=name,
                        function_id=key,
                        trigger=trigger,
                        auto_complete=host.auto_complete if complete is None else complete,
                        longest_renewal=host.max_auto_lock_renewal,
                    )
                )
            case HttpTrigger():
                http.append(HttpFunction(name=name, function_id=key, trigger=trigger))
            case TimerTrigger():
                schedule = ncrontab.parse(trigger.schedule)
                timers.append(
                    TimerFunction(name=name, function_id=key, trigger=trigger, schedule=schedule)
                )
            case _:
                assert_never(trigger)
    return Wiring(queues=tuple(queues), http=tuple(http), timers=tuple(timers))


def _path(prefix: str, route: str) -> str:
    return "/" + "/".join(part.strip("/") for part in (prefix, route) if part.strip("/"))
