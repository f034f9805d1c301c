"""Reads from Azure Resource Manager: the Azure Bot, its channel of Teams, names of app settings.

Sources: https://learn.microsoft.com/rest/api/botservice/channels/get and
https://learn.microsoft.com/rest/api/appservice/web-apps/list-application-settings
"""

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError

from rollcall.doctor.gathering.answers import Answer, NoAnswer, requested, said
from rollcall.doctor.seen import BotSeen
from rollcall.doctor.shapes import BOT, CHANNEL, SETTING_NAMES, fits
from rollcall.http import open_http

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

PUBLIC = "https://management.azure.com"
BOT_VERSION, SITE_VERSION = "2022-09-15", "2024-04-01"
WITHIN = 30.0
OK, NOT_FOUND = 200, 404


class NotRead(Exception):
    """Azure Resource Manager did not answer, or there is no token for it; the text says why."""


class ResourceManager:
    """Azure Resource Manager of one cloud, at `url`. Used as a context manager."""

    def __init__(self, url: str, credential: "Callable[[], TokenCredential]", *, of: str) -> None:
        """Request a token of the cloud whose Azure Resource Manager is `of`. Raises `NotRead`."""
        try:
            token = credential().get_token(f"{of}/.default").token
        except (AzureError, ValueError) as error:
            raise NotRead(said(error)) from error
        self.url = url
        self._http = open_http(headers={"Authorization": f"Bearer {token}"})

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
        if shown.status != OK:
            return BotSeen(status=shown.status)
        if channel.status not in (OK, NOT_FOUND):
            return BotSeen(status=channel.status)
        about, of_channel = shown.members, channel.members if channel.status == OK else None
        if about is None or not fits(about, BOT):
            return BotSeen(error="Azure Resource Manager answers with no Azure Bot")
        if channel.status == OK and not fits(of_channel, CHANNEL):
            return BotSeen(error="Azure Resource Manager answers with no channel of Teams")
        return BotSeen(
            status=OK,
            app_id=about["properties"]["msaAppId"],
            channel=of_channel["properties"]["properties"] if of_channel else None,
        )

    def setting_names(self, site: str) -> frozenset[str]:
        """Return the names of a function app's settings; no value is kept. Raises `NotRead`."""
        answer = self._ask("POST", f"{site}/config/appsettings/list", SITE_VERSION)
        if answer.status != OK:
            raise NotRead(f"Azure Resource Manager answers {answer.status}")
        listed = answer.members
        if listed is None or not fits(listed, SETTING_NAMES):
            raise NotRead("Azure Resource Manager answers with no settings")
        return frozenset(name for name, value in listed["properties"].items() if value)

    def _ask(self, method: str, path: str, version: str) -> Answer:
        parameters = {"api-version": version}
        try:
            return requested(
                self._http, method, f"{self.url}{path}", within=WITHIN, params=parameters
            )
        except NoAnswer as error:
            raise NotRead(str(error)) from error


def signed_in() -> "TokenCredential":
    """Return the identity of this machine, or of `az login`."""
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential()


def resource_manager(
    url: str, local: Mapping[str, Any], *, own: "Callable[[], TokenCredential]" = signed_in
) -> ResourceManager:
    """Return the one at `url`, read with an identity of our `own`. Raises `NotRead`.

    A stack on this machine has a Resource Manager of its own, which gets a token of that stack's
    identity and of no other.
    """
    if "resourceManager" not in local or "identityEndpoint" not in local:
        return ResourceManager(url, own, of=url)
    from azure.identity import ManagedIdentityCredential

    # azure-identity takes these from the environment alone.
    named = {"IDENTITY_ENDPOINT": "identityEndpoint", "IDENTITY_HEADER": "identityHeader"}
    os.environ.update({name: str(local[of]) for name, of in named.items()})  # noqa: TID251
    client_id = local.get("identityClientId") or None
    return ResourceManager(
        str(local["resourceManager"]),
        lambda: ManagedIdentityCredential(client_id=client_id),
        of=PUBLIC,
    )
