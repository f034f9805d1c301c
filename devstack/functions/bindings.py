"""Reads the bindings of an indexed function into its one trigger. Pure.

What this host does not imitate is refused here, so that nothing is silently different.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from devstack.functions.app_settings import Connection, connection, substituted

_ANY_METHOD = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"})


class BindingError(ValueError):
    """A binding that this host does not imitate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueTrigger:
    """A Service Bus queue, or a topic with a subscription.

    `connection` is the connection string; `auto_complete` overrides host.json where not None.
    """

    parameter: str
    entity: str
    subscription: str | None
    connection: Connection
    binary: bool
    auto_complete: bool | None

    @property
    def source(self) -> str:
        """Name the entity in words."""
        if self.subscription is None:
            return f"queue {self.entity}"
        return f"topic {self.entity}, subscription {self.subscription}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTrigger:
    """A route template under the prefix, its methods, and whether a key is needed."""

    parameter: str
    route: str
    methods: frozenset[str]
    needs_key: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerTrigger:
    """An NCRONTAB schedule."""

    parameter: str
    schedule: str
    run_on_startup: bool
    use_monitor: bool


type Trigger = QueueTrigger | HttpTrigger | TimerTrigger


def trigger_of(name: str, raw_bindings: Sequence[str], settings: Mapping[str, str]) -> Trigger:
    """Return the trigger of function `name`; `raw_bindings` are the library's JSON texts.

    Raises BindingError for what is not imitated, SettingError for settings that are missing.
    """
    bindings: list[dict[str, Any]] = [json.loads(raw) for raw in raw_bindings]
    for binding in bindings:
        if binding["type"] not in (*_TRIGGERS, "http"):
            raise BindingError(
                f"function {name}: the local host has no binding of type {binding['type']}"
            )
    triggers = [binding for binding in bindings if binding["type"] in _TRIGGERS]
    if len(triggers) != 1:
        raise BindingError(f"function {name} has {len(triggers)} triggers; it must have one")
    (binding,) = triggers
    return _TRIGGERS[binding["type"]](name, binding, settings)


def _queue_trigger(
    name: str, binding: Mapping[str, Any], settings: Mapping[str, str]
) -> QueueTrigger:
    if binding.get("cardinality", "ONE").upper() == "MANY":
        raise BindingError(f"function {name}: the local host has no batches (cardinality many)")
    if binding.get("isSessionsEnabled"):
        raise BindingError(f"function {name}: the local host has no sessions")
    subscription = binding.get("subscriptionName")
    entity = binding["queueName"] if subscription is None else binding["topicName"]
    return QueueTrigger(
        parameter=binding["name"],
        entity=substituted(entity, settings),
        subscription=None if subscription is None else substituted(subscription, settings),
        connection=connection(binding["connection"], settings),
        binary=binding.get("dataType", "").upper() == "BINARY",
        auto_complete=binding.get("autoCompleteMessages"),
    )


def _http_trigger(
    name: str, binding: Mapping[str, Any], settings: Mapping[str, str]
) -> HttpTrigger:
    methods = frozenset(method.upper() for method in binding.get("methods") or ())
    return HttpTrigger(
        parameter=binding["name"],
        route=substituted(binding.get("route") or name, settings),
        methods=methods or _ANY_METHOD,
        needs_key=binding.get("authLevel", "FUNCTION").upper() != "ANONYMOUS",
    )


def _timer_trigger(
    _name: str, binding: Mapping[str, Any], settings: Mapping[str, str]
) -> TimerTrigger:
    return TimerTrigger(
        parameter=binding["name"],
        schedule=substituted(binding["schedule"], settings),
        run_on_startup=bool(binding.get("runOnStartup")),
        use_monitor=bool(binding.get("useMonitor", True)),
    )


_TRIGGERS: dict[str, Callable[[str, Mapping[str, Any], Mapping[str, str]], Trigger]] = {
    "serviceBusTrigger": _queue_trigger,
    "httpTrigger": _http_trigger,
    "timerTrigger": _timer_trigger,
}
