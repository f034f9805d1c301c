"""Sorts the indexed functions by what triggers them, with all that each needs to run. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from devstack.functions import ncrontab
from devstack.functions.app_settings import is_disabled
from devstack.functions.bindings import (
    BindingError,
    HttpTrigger,
    QueueTrigger,
    TimerTrigger,
    trigger_of,
)
from devstack.functions.bus_slots import QueueFunction
from devstack.functions.host_json import HostJson
from devstack.functions.http_front import HttpFunction
from devstack.functions.invocation import IndexedFunction
from devstack.functions.timers import TimerFunction

# Source: https://learn.microsoft.com/azure/azure-functions/extension-bundles
_NO_BUNDLE = (
    "host.json names no extension bundle, which holds the Service Bus trigger: add "
    '"extensionBundle": {"id": "Microsoft.Azure.Functions.ExtensionBundle", '
    '"version": "[4.0.0, 5.0.0)"}'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """The functions of an app, by trigger."""

    queues: tuple[QueueFunction, ...]
    http: tuple[HttpFunction, ...]
    timers: tuple[TimerFunction, ...]
    disabled: tuple[str, ...]
    """The names of those that a setting disables: HTTP functions among the others, too."""

    def lines(self, prefix: str) -> list[str]:
        """Say in a line each what triggers which function."""
        return [
            *(f"{each.name}: {each.trigger.source}" for each in self.queues),
            *(f"{each.name}: {_path(prefix, each.trigger.route)}" for each in self.http),
            *(f"{each.name}: {each.trigger.schedule}" for each in self.timers),
            *(f"{name}: disabled" for name in self.disabled),
        ]


def wire(
    functions: Sequence[IndexedFunction], host: HostJson, settings: Mapping[str, str]
) -> Wiring:
    """Return the wiring of `functions`; those that are disabled have no queue and no schedule.

    Raises BindingError, SettingError, ScheduleError.
    """
    queues: list[QueueFunction] = []
    http: list[HttpFunction] = []
    timers: list[TimerFunction] = []
    for function in functions:
        name, key = function.name, function.function_id
        trigger = trigger_of(name, function.raw_bindings, settings)
        disabled = is_disabled(name, settings)
        if disabled and not isinstance(trigger, HttpTrigger):
            continue
        match trigger:
            case QueueTrigger():
                if not host.has_extensions:
                    raise BindingError(f"function {name}: {_NO_BUNDLE}")
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
                http.append(
                    HttpFunction(name=name, function_id=key, trigger=trigger, disabled=disabled)
                )
            case TimerTrigger():
                schedule = ncrontab.parse(trigger.schedule)
                timers.append(
                    TimerFunction(name=name, function_id=key, trigger=trigger, schedule=schedule)
                )
            case _:
                assert_never(trigger)
    return Wiring(
        queues=tuple(queues),
        http=tuple(http),
        timers=tuple(timers),
        disabled=tuple(each.name for each in functions if is_disabled(each.name, settings)),
    )


def _path(prefix: str, route: str) -> str:
    return "/" + "/".join(part.strip("/") for part in (prefix, route) if part.strip("/"))
