"""Microsoft's clouds in which a bot can call, and where Graph and its callers are in each. Core.

Their tokens do not open each other's doors, so all of it is chosen at once.
Sources: https://learn.microsoft.com/graph/deployments (Graph, and who signs in there),
https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity
(audiences of the exchange). Storage and Service Bus have one audience for all, which the SDKs know.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType
from urllib.parse import urlsplit

NO_DEMAND = '{"access_token":{}}'
"""Claims that demand nothing of a token. A credential that is given claims requests a token, even
while it keeps one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """One cloud. `graph` and `authority` are https origins without a path.

    `authority`: where Entra ID gives tokens. `exchange`: the audience of the token with which a
    managed identity stands for the bot. `openid_config`: where the keys that sign callbacks are
    found, and `issuers`: whose name their tokens may bear. `teams`: hosts of links to meetings.
    """

    graph: str
    authority: str
    exchange: str
    openid_config: str
    issuers: tuple[str, ...]
    teams: frozenset[str]

    @property
    def graph_scope(self) -> str:
        """What a token for Graph is requested for."""
        return f"{self.graph}/.default"

    @property
    def exchange_scope(self) -> str:
        """What the managed identity's token is requested for, where it stands for the bot."""
        return f"{self.exchange}/.default"


_GOVERNMENT = "https://login.microsoftonline.us"
_OF_THE_GOVERNMENT = ("https://api.botframework.us", "https://api.botframework.com/")
"""Who issues a callback's token in the government clouds is not documented.

The first is the issuer of the bot's other channels; the second was seen, with its slash, and with
keys that the document below does not list:
https://github.com/microsoftgraph/microsoft-graph-comms-samples/issues/865
"""
CLOUDS: Mapping[str, Cloud] = MappingProxyType(
    {
        "public": Cloud(
            graph="https://graph.microsoft.com",
            authority="https://login.microsoftonline.com",
            exchange="api://AzureADTokenExchange",
            openid_config="https://api.aps.skype.com/v1/.well-known/OpenIdConfiguration",
            issuers=("https://graph.microsoft.com", "https://api.botframework.com"),
            teams=frozenset({"teams.microsoft.com", "teams.cloud.microsoft"}),
        ),
        "usgov": Cloud(
            graph="https://graph.microsoft.us",
            authority=_GOVERNMENT,
            exchange="api://AzureADTokenExchangeUSGov",
            openid_config="https://apigcch.botframework.azure.us/v1/.well-known/OpenIdConfiguration",
            issuers=("https://graph.microsoft.us", *_OF_THE_GOVERNMENT),
            teams=frozenset({"gov.teams.microsoft.us"}),
        ),
        "usdod": Cloud(
            graph="https://dod-graph.microsoft.us",
            authority=_GOVERNMENT,
            exchange="api://AzureADTokenExchangeUSGov",
            openid_config="https://apidod.botframework.azure.us/v1/.well-known/OpenIdConfiguration",
            issuers=("https://dod-graph.microsoft.us", *_OF_THE_GOVERNMENT),
            teams=frozenset({"dod.teams.microsoft.us"}),
        ),
    }
)
"""By the name that `CLOUD` has for it. The first that fits is taken."""
CHINA = frozenset(
    {
        "china",
        "microsoftgraph.chinacloudapi.cn",
        "login.chinacloudapi.cn",
        "login.partner.microsoftonline.cn",
    }
)
"""Names and hosts of the cloud in which Graph has neither calls nor online meetings."""
NO_CALLS = (
    "is in China's cloud (21Vianet), where Microsoft Graph has no API for calls and online meetings"
)


def host_of(address: str) -> str:
    """Return the host of a URL, or of what stands in place of one (`login.microsoftonline.us`)."""
    try:
        return urlsplit(address if "://" in address else f"https://{address}").hostname or ""
    except ValueError:
        return ""


def cloud_for(said: Mapping[str, str]) -> Cloud | tuple[str, ...]:
    """Return the cloud that all of `said` agree on, or what is wrong, one text a problem.

    `said`: settings, and the name of a cloud or the host that each gives. A host that is in no
    cloud, a proxy for example, says nothing. Where nothing is said it is the public cloud.
    """
    china = tuple(f"{name} ({host}) {NO_CALLS}" for name, host in said.items() if host in CHINA)
    if china:
        return china
    meant = {name: found for name, host in said.items() if (found := _with(host))}
    apart = tuple(
        f"{one} ({said[one]}) and {other} ({said[other]}) belong to different clouds"
        for one, other in combinations(meant, 2)
        if not meant[one] & meant[other]
    )
    if apart:
        return apart
    return next(
        cloud for name, cloud in CLOUDS.items() if all(name in found for found in meant.values())
    )


def _with(host: str) -> frozenset[str]:
    """Return the names of the clouds that a host, or a name, may mean."""
    return frozenset(
        name
        for name, cloud in CLOUDS.items()
        if host in (name, host_of(cloud.graph), host_of(cloud.authority))
    )
