"""Reads from Azure Resource Manager: the Azure Bot, its channel of Teams, names of app settings.

Sources: https://learn.microsoft.com/rest/api/botservice/channels/get and
https://learn.microsoft.com/rest/api/appservice/web-apps/list-application-settings
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
from azure.core.exceptions import AzureError

from rollcall.doctor.finding import LOOPBACK
from rollcall.doctor.seen import BotSeen

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

PUBLIC = "https://management.azure.com"
BOT_VERSION, SITE_VERSION = "2022-09-15", "2024-04-01"
WITHIN = 30.0
OK, NOT_FOUND = 200, 404


class NotRead(Exception):
    """Azure Resource Manager did not answer, or there is no token for it; the text says why."""


class ResourceManager:
    """Azure Resource Manager of one cloud. Used as a context manager."""

    def __init__(self, url: str, credential: "TokenCredential") -> None:
        """Request a token. Raises `NotRead`."""
        parts = urlsplit(url)
        local = parts.hostname in LOOPBACK
        if parts.scheme != "https" and not local:
            raise NotRead(f"{url} is not https: no token is sent there")
        scope = PUBLIC if local else url.rstrip("/")
        try:
            token = credential.get_token(f"{scope}/.default").token
        except (AzureError, ValueError) as error:
            raise NotRead(_said(error)) from error
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=WITHIN)

    def __enter__(self) -> "ResourceManager":
        """Open it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close its connections."""
        self._http.close()

    def bot(self, bot: str) -> BotSeen:
        """Return what is said of the Azure Bot under this resource id."""
        try:
            shown = self._ask("GET", bot, BOT_VERSION)
            channel = self._ask("GET", f"{bot}/channels/MsTeamsChannel", BOT_VERSION)
        except NotRead as error:
            return BotSeen(error=str(error))
        if shown.status_code != OK:
            return BotSeen(status=shown.status_code)
        if channel.status_code not in (OK, NOT_FOUND):
            return BotSeen(status=channel.status_code)
        return BotSeen(
            status=OK,
            app_id=str(_properties(shown).get("msaAppId")),
            channel=_properties(channel).get("properties") if channel.status_code == OK else None,
        )

    def setting_names(self, site: str) -> frozenset[str]:
        """Return the names of a function app's settings; no value is kept. Raises `NotRead`."""
        answer = self._ask("POST", f"{site}/config/appsettings/list", SITE_VERSION)
        if answer.status_code != OK:
            raise NotRead(f"Azure Resource Manager answers {answer.status_code}")
        return frozenset(name for name, value in _properties(answer).items() if value)

    def _ask(self, method: str, path: str, version: str) -> httpx.Response:
        try:
            return self._http.request(method, path, params={"api-version": version})
        except httpx.HTTPError as error:
            raise NotRead(_said(error)) from error


def credential_for(local: Mapping[str, Any]) -> "TokenCredential":
    """Return who reads: the local stack's identity, else that of this machine or of `az login`."""
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

    if "identityEndpoint" not in local:
        return DefaultAzureCredential()
    # azure-identity takes these from the environment alone.
    named = {"IDENTITY_ENDPOINT": "identityEndpoint", "IDENTITY_HEADER": "identityHeader"}
    os.environ.update({name: str(local[said]) for name, said in named.items()})  # noqa: TID251
    return ManagedIdentityCredential()


def _properties(answer: httpx.Response) -> Mapping[str, Any]:
    found = answer.json().get("properties")
    return found if isinstance(found, dict) else {}


def _said(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
