"""How bindings refer to app settings: `%NAME%` texts and connection prefixes. Pure."""

import re
from collections.abc import Mapping

_REFERENCE = re.compile(r"%([^%]+)%")


class SettingError(ValueError):
    """A setting that a binding names is missing or cannot be used here."""


def substituted(text: str, settings: Mapping[str, str]) -> str:
    """Return `text` with each `%NAME%` replaced by that setting. Raises SettingError."""

    def value(reference: re.Match[str]) -> str:
        name = reference[1]
        if name not in settings:
            raise SettingError(f"%{name}% is used by a binding, but {name} is not set")
        return settings[name]

    return _REFERENCE.sub(value, text)


def is_disabled(function: str, settings: Mapping[str, str]) -> bool:
    """Say whether a setting keeps `function` from running.

    Source: https://learn.microsoft.com/azure/azure-functions/disable-function
    """
    return settings.get(f"AzureWebJobs.{function}.Disabled", "").lower() in {"true", "1"}


def connection_string(prefix: str, settings: Mapping[str, str]) -> str:
    """Return the Service Bus connection string that `connection="PREFIX"` means.

    Raises SettingError where there is none: identity-based connections need Azure.
    """
    for name in (prefix, f"AzureWebJobs{prefix}"):
        if settings.get(name):
            return settings[name]
    by_identity = f"{prefix}__fullyQualifiedNamespace"
    if settings.get(by_identity):
        raise SettingError(
            f"{by_identity} asks for a managed identity, which the local Service Bus does not "
            f"know: set {prefix} to its connection string instead"
        )
    raise SettingError(f"{prefix} is not set: it must hold the Service Bus connection string")
