"""Reads the part of host.json that this host obeys, with Azure's defaults. Pure.

Source: https://learn.microsoft.com/azure/azure-functions/functions-host-json
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

_SPAN = re.compile(r"(-)?(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?")


class HostJsonError(ValueError):
    """host.json is not what Azure would take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostJson:
    """The settings of the host; a duration of None means without limit."""

    route_prefix: str = "api"
    max_concurrent_calls: int = 16
    auto_complete: bool = True
    max_auto_lock_renewal: timedelta | None = timedelta(minutes=5)
    function_timeout: timedelta | None = timedelta(minutes=30)
    has_extensions: bool = False
    """Whether it names an extension bundle, without which there is no Service Bus trigger."""


def parse(text: str) -> HostJson:
    """Return the settings in the JSON `text`. Raises HostJsonError, naming the member."""
    try:
        root = json.loads(text)
    except ValueError as exc:
        raise HostJsonError(f"host.json is not JSON: {exc}") from exc
    if not isinstance(root, dict) or root.get("version") != "2.0":
        raise HostJsonError('host.json must be an object with "version": "2.0"')
    extensions = _object(root, "extensions")
    http, bus = _object(extensions, "http"), _object(extensions, "serviceBus")
    usual = HostJson()
    calls = bus.get("maxConcurrentCalls", usual.max_concurrent_calls)
    if not isinstance(calls, int) or isinstance(calls, bool) or calls < 1:
        raise HostJsonError("extensions.serviceBus.maxConcurrentCalls must be a positive number")
    complete = bus.get("autoCompleteMessages", usual.auto_complete)
    if not isinstance(complete, bool):
        raise HostJsonError("extensions.serviceBus.autoCompleteMessages must be true or false")
    return HostJson(
        route_prefix=str(http.get("routePrefix", usual.route_prefix)).strip("/"),
        max_concurrent_calls=calls,
        auto_complete=complete,
        max_auto_lock_renewal=_span(bus, "maxAutoLockRenewalDuration", usual.max_auto_lock_renewal),
        function_timeout=_span(root, "functionTimeout", usual.function_timeout),
        has_extensions=_names_bundle(root),
    )


def _names_bundle(root: Mapping[str, object]) -> bool:
    if "extensionBundle" not in root:
        return False
    bundle = _object(root, "extensionBundle")
    for member in ("id", "version"):
        if not isinstance(bundle.get(member), str):
            raise HostJsonError(f"extensionBundle.{member} must be a text")
    return True


def _object(parent: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = parent.get(name, {})
    if not isinstance(value, dict):
        raise HostJsonError(f"{name} must be an object")
    return value


def _span(parent: Mapping[str, object], name: str, usual: timedelta | None) -> timedelta | None:
    """Read a .NET TimeSpan; negative ones (and `-1`) are how Azure spells "without limit"."""
    if name not in parent:
        return usual
    text = str(parent[name])
    if text == "-1":
        return None
    span = _SPAN.fullmatch(text)
    if span is None:
        raise HostJsonError(f"{name} must look like 00:05:00, not {text!r}")
    sign, days, hours, minutes, seconds, fraction = span.groups()
    if sign:
        return None
    return timedelta(
        days=int(days or 0),
        hours=int(hours),
        minutes=int(minutes),
        seconds=int(seconds),
        microseconds=int((fraction or "0").ljust(7, "0")) // 10,
    )
