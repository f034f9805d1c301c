"""Reads the Azure Bot and its channel of Teams from Azure Resource Manager.

Source: https://learn.microsoft.com/rest/api/botservice/channels/get
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
VERSION = "2022-09-15"
WITHIN = 30.0
OK, NOT_FOUND = 200, 404


def looked_at(bot: str, manager: str, credential: "TokenCredential") -> BotSeen:
    """Return what Azure Resource Manager at `manager` says of the resource id `bot`."""
    parts = urlsplit(manager)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        return BotSeen(error=f"{manager} is not https: no token is sent there")
    scope = PUBLIC if parts.hostname in LOOPBACK else manager.rstrip("/")
    try:
        token = credential.get_token(f"{scope}/.default").token
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=manager, headers=headers, timeout=WITHIN) as client:
            shown = _read(client, bot)
            channel = _read(client, f"{bot}/channels/MsTeamsChannel")
    except (AzureError, httpx.HTTPError, ValueError) as error:
        return BotSeen(error=str(error).partition("\n")[0] or type(error).__name__)
    if shown.status_code != OK:
        return BotSeen(status=shown.status_code)
    if channel.status_code not in (OK, NOT_FOUND):
        return BotSeen(status=channel.status_code)
    return BotSeen(
        status=OK,
        app_id=str(_properties(shown).get("msaAppId")),
        channel=_properties(channel).get("properties") if channel.status_code == OK else None,
    )


def credential_for(local: Mapping[str, Any]) -> "TokenCredential":
    """Return who reads: the local stack's identity, else that of this machine or of `az login`."""
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

    if "identityEndpoint" not in local:
        return DefaultAzureCredential()
    # azure-identity takes these from the environment alone.
    named = {"IDENTITY_ENDPOINT": "identityEndpoint", "IDENTITY_HEADER": "identityHeader"}
    os.environ.update({name: str(local[said]) for name, said in named.items()})  # noqa: TID251
    return ManagedIdentityCredential()


def _read(client: httpx.Client, path: str) -> httpx.Response:
    return client.get(path, params={"api-version": VERSION})


def _properties(answer: httpx.Response) -> Mapping[str, Any]:
    found = answer.json().get("properties")
    return found if isinstance(found, dict) else {}
