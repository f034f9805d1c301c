"""How bindings refer to app settings: `%NAME%` texts and connection prefixes. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityConnection:
    """A Service Bus namespace that a managed identity opens.

    `client_id` names a user-assigned identity; None is the app's own.
    """

    namespace: str
    client_id: str | None


type Connection = str | IdentityConnection
"""A connection string, or a namespace and an identity."""


def connection(prefix: str, settings: Mapping[str, str]) -> Connection:
    """Return the Service Bus connection that `connection="PREFIX"` means.

    Raises SettingError where there is none, or one that asks for another kind of credential. As in
    the extension, `PREFIX__clientId` counts with `PREFIX__credential=managedidentity` alone;
    without a credential the default one reads `AZURE_CLIENT_ID`.
    Source: https://learn.microsoft.com/azure/azure-functions/functions-reference (common properties
    for identity-based connections); Microsoft.Extensions.Azure, ClientFactory.CreateCredential.
    """
    for name in (prefix, f"AzureWebJobs{prefix}"):
        if settings.get(name):
            return settings[name]
    namespace = settings.get(f"{prefix}__fullyQualifiedNamespace")
    if not namespace:
        raise SettingError(
            f"{prefix} is not set: it must hold the Service Bus connection string, or "
            f"{prefix}__fullyQualifiedNamespace the namespace"
        )
    credential = settings.get(f"{prefix}__credential", "")
    if credential.lower() not in ("", "managedidentity"):
        raise SettingError(
            f"{prefix}__credential is {credential}: the local host knows managedidentity alone"
        )
    named = f"{prefix}__clientId" if credential else "AZURE_CLIENT_ID"
    return IdentityConnection(namespace=namespace, client_id=settings.get(named) or None)
