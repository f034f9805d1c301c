"""Which of Microsoft's clouds the app is in, by what its settings say."""

from collections.abc import Callable
from typing import Any

import pytest
from azure.core.credentials import AccessToken

from join_meeting.wrapped_links import TEAMS_HOSTS
from shared.identity import FederatedCredential
from shared.settings import Settings, SettingsError
from shared.words.clouds import CLOUDS, cloud_for

PUBLIC_LOGIN = "https://login.microsoftonline.com"
US_LOGIN = "https://login.microsoftonline.us"
AN_ID = "6c5e9a3e-1f0b-4f3a-9d57-2b8f4f6d1a01"
ENOUGH = {
    "SERVICE_BUS": "Endpoint=sb://127.0.0.1;SharedAccessKey=bus-secret;",
    "TABLES": "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=tables-secret;",
    "PUBLIC_URL": "https://rollcall.example",
    "TENANT_ID": AN_ID,
    "BOT_APP_ID": AN_ID,
    "ORGANIZER_ID": AN_ID,
}
US_EXCHANGE = "api://AzureADTokenExchangeUSGov"


def settings(**said: str) -> Settings:
    """Return the settings of an app with these."""
    return Settings.from_env(ENOUGH | said)


@pytest.mark.parametrize(
    ("name", "graph", "authority", "exchange"),
    [
        ("public", "https://graph.microsoft.com", PUBLIC_LOGIN, "api://AzureADTokenExchange"),
        ("usgov", "https://graph.microsoft.us", US_LOGIN, US_EXCHANGE),
        ("usdod", "https://dod-graph.microsoft.us", US_LOGIN, US_EXCHANGE),
        ("USGov", "https://graph.microsoft.us", US_LOGIN, US_EXCHANGE),
    ],
)
def test_one_setting_chooses_graph_its_tokens_and_its_callers(
    name: str, graph: str, authority: str, exchange: str
) -> None:
    """All that a cloud has of its own, as Microsoft documents it."""
    found = settings(CLOUD=name)

    assert (found.graph_url, found.cloud.graph_scope) == (graph, f"{graph}/.default")
    assert found.authority_host == authority
    assert found.cloud.exchange_scope == f"{exchange}/.default"
    assert found.openid_config_url == found.cloud.openid_config
    assert found.policy.callback_issuers == set(found.cloud.issuers)
    assert graph in found.policy.callback_issuers


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({}, "public"),
        ({"AZURE_AUTHORITY_HOST": US_LOGIN}, "usgov"),
        ({"AZURE_AUTHORITY_HOST": "login.microsoftonline.us"}, "usgov"),
        ({"AZURE_AUTHORITY_HOST": f"{US_LOGIN}/", "CLOUD": "usdod"}, "usdod"),
        ({"GRAPH_URL": "https://graph.microsoft.us"}, "usgov"),
        ({"GRAPH_URL": "https://dod-graph.microsoft.us/"}, "usdod"),
        (
            {"GRAPH_URL": "https://DOD-graph.microsoft.us", "AZURE_AUTHORITY_HOST": US_LOGIN},
            "usdod",
        ),
        ({"GRAPH_URL": "http://127.0.0.1:4010"}, "public"),
        ({"GRAPH_URL": "http://127.0.0.1:4010", "CLOUD": "usgov"}, "usgov"),
        ({"AZURE_AUTHORITY_HOST": "https://127.0.0.1:4011"}, "public"),
    ],
)
def test_a_host_that_is_in_one_cloud_alone_says_which(said: dict[str, str], name: str) -> None:
    """So settings from before `CLOUD` mean what they meant; a host that is in none says nothing."""
    assert settings(**said).cloud == CLOUDS[name]


async def test_a_government_bot_is_proven_with_the_governments_audience() -> None:
    """Entra ID refuses the public cloud's there, whatever else is right."""
    found = settings(
        GRAPH_FEDERATED="true",
        AZURE_AUTHORITY_HOST=US_LOGIN,
        GRAPH_URL="https://graph.microsoft.us",
    )
    identity, bot = Recording(), Recording()

    def open_bot(assertion: Callable[[], str]) -> Recording:
        return bot

    async with FederatedCredential(
        identity, open_bot, exchange_scope=found.cloud.exchange_scope
    ) as credential:
        await credential.get_token(found.cloud.graph_scope)

    assert identity.scopes == ["api://AzureADTokenExchangeUSGov/.default"]
    assert bot.scopes == ["https://graph.microsoft.us/.default"]


def test_what_is_set_itself_counts_and_the_cloud_says_the_rest() -> None:
    """A proxy in front of Graph, another signer: the tokens stay those of the cloud."""
    found = settings(
        CLOUD="usgov",
        GRAPH_URL="https://graph.proxy.example",
        OPENID_CONFIG_URL="https://keys.example/config",
        CALLBACK_ISSUERS="https://api.botframework.us",
        AZURE_AUTHORITY_HOST="https://login.proxy.example:8443",
    )

    assert found.graph_url == "https://graph.proxy.example"
    assert found.cloud.graph_scope == "https://graph.microsoft.us/.default"
    assert found.openid_config_url == "https://keys.example/config"
    assert found.policy.callback_issuers == {"https://api.botframework.us"}
    assert found.authority_host == "https://login.proxy.example:8443"


@pytest.mark.parametrize(
    ("said", "named"),
    [
        (
            {"CLOUD": "public", "GRAPH_URL": "https://graph.microsoft.us"},
            "CLOUD (public) and GRAPH_URL (graph.microsoft.us) belong to different clouds",
        ),
        (
            {"CLOUD": "usdod", "GRAPH_URL": "https://graph.microsoft.us"},
            "CLOUD (usdod) and GRAPH_URL (graph.microsoft.us) belong to different clouds",
        ),
        (
            {"CLOUD": "usgov", "AZURE_AUTHORITY_HOST": PUBLIC_LOGIN},
            "CLOUD (usgov) and AZURE_AUTHORITY_HOST (login.microsoftonline.com) belong to",
        ),
        (
            {"AZURE_AUTHORITY_HOST": US_LOGIN, "GRAPH_URL": "https://graph.microsoft.com"},
            "GRAPH_URL (graph.microsoft.com) and AZURE_AUTHORITY_HOST (login.microsoftonline.us)",
        ),
    ],
)
def test_clouds_that_contradict_are_a_problem_that_names_both(
    said: dict[str, str], named: str
) -> None:
    """Tokens of one cloud open nothing in another: it could not work, however it was meant."""
    assert named in problem(said)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLOUD", "china"),
        ("GRAPH_URL", "https://microsoftgraph.chinacloudapi.cn"),
        ("AZURE_AUTHORITY_HOST", "https://login.chinacloudapi.cn"),
        ("AZURE_AUTHORITY_HOST", "login.partner.microsoftonline.cn"),
    ],
)
def test_china_is_refused_with_the_reason(name: str, value: str) -> None:
    """Nothing that is set there could make a bot call."""
    said = problem({name: value})

    assert name in said
    assert "China" in said
    assert "no API for calls" in said


def test_a_cloud_of_another_name_is_refused_with_the_names_there_are() -> None:
    """GCC, for example, is in the public cloud."""
    assert "CLOUD must be one of public, usgov, usdod" in problem({"CLOUD": "gcc"})


def test_credentials_in_an_url_are_not_quoted() -> None:
    """The error ends in logs."""
    said = problem({"CLOUD": "usgov", "GRAPH_URL": "https://ada:s3cret@graph.microsoft.com"})

    assert "s3cret" not in said


def test_nothing_said_is_the_public_cloud() -> None:
    """Most tenants are in it."""
    assert cloud_for({}) == CLOUDS["public"]


def problem(said: dict[str, str]) -> str:
    """Return what is wrong with settings like these."""
    with pytest.raises(SettingsError) as error:
        settings(**said)
    return str(error.value)


class Recording:
    """An async credential that notes what it is requested for."""

    def __init__(self) -> None:
        self.scopes: list[str] = []

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        self.scopes += scopes
        return AccessToken("token", 4_102_444_800)

    async def close(self) -> None: ...

    async def __aenter__(self) -> "Recording":
        return self

    async def __aexit__(self, *error: object) -> None: ...


def test_each_cloud_has_its_own_links_and_each_link_its_cloud() -> None:
    """A link is refused by the name of the cloud that it leads to."""
    of_a_cloud = [host for cloud in CLOUDS.values() for host in cloud.teams]

    assert len(of_a_cloud) == len(set(of_a_cloud))
    assert set(of_a_cloud) < TEAMS_HOSTS.keys()
