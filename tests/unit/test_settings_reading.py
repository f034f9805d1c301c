"""Settings: read whole, every problem named at once, secrets never shown."""

import inspect
import re
from dataclasses import fields
from datetime import timedelta

import pytest

from docs.contract.render import settings_table
from shared import settings as settings_module
from shared.settings import Settings, SettingsError, export_role
from shared.settings_table import SETTINGS
from shared.words.rules import Policy, RecordingRules, RetryPolicy, TendingRules

TENANT = "6C5E9A3E-1F0B-4F3A-9D57-2B8F4F6D1A01"
ENOUGH = {
    "SERVICE_BUS": "Endpoint=sb://127.0.0.1;SharedAccessKey=bus-secret;",
    "TABLES": "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=tables-secret;",
    "PUBLIC_URL": "http://127.0.0.1:7071/",
    "TENANT_ID": TENANT,
    "BOT_APP_ID": TENANT,
    "ORGANIZER_ID": TENANT,
}


def problems(**changes: str) -> str:
    """Return what is wrong with settings changed like this."""
    with pytest.raises(SettingsError) as error:
        Settings.from_env(ENOUGH | changes)
    return str(error.value)


def test_what_is_required_is_enough() -> None:
    """Everything else has a default; ids in any case are one id; URLs have no last slash."""
    settings = Settings.from_env(ENOUGH)

    assert settings.graph_url == "https://graph.microsoft.com"
    assert settings.authority_host == "https://login.microsoftonline.com"
    assert settings.policy.public_url == "http://127.0.0.1:7071"
    assert settings.policy.tenant_id == TENANT.lower()
    assert settings.policy.callback_issuers == {
        "https://graph.microsoft.com",
        "https://api.botframework.com",
    }
    assert settings.policy.recording.settle == timedelta(seconds=1)
    assert settings.policy.claim_lease == timedelta(seconds=60)
    assert (settings.table_name, settings.retry.attempts) == ("rollcall", 8)
    assert settings.policy.recording.roster_cap == 100
    assert not settings.policy.recording.show_names
    assert not settings.graph_federated


def test_durations_may_have_fractions_and_flags_any_case() -> None:
    """Tests and the local story shorten what production waits for."""
    settings = Settings.from_env(ENOUGH | {"SETTLE_SECONDS": "0.25", "SHOW_NAMES": "True"})

    assert settings.policy.recording.settle == timedelta(milliseconds=250)
    assert settings.policy.recording.show_names


def test_deployed_connections_need_no_secret() -> None:
    """A namespace and an endpoint instead of connection strings."""
    deployed = {name: value for name, value in ENOUGH.items() if name != "SERVICE_BUS"} | {
        "SERVICE_BUS__fullyQualifiedNamespace": "rollcall.servicebus.windows.net",
        "SERVICE_BUS__clientId": "the-identity",
        "TABLES": "https://rollcall.table.core.windows.net/",
    }

    settings = Settings.from_env(deployed)

    assert settings.service_bus == "rollcall.servicebus.windows.net"
    assert settings.service_bus_client_id == "the-identity"
    assert settings.tables == "https://rollcall.table.core.windows.net"


def test_every_problem_is_named_at_once() -> None:
    """One start shows everything that is to be done."""
    with pytest.raises(SettingsError) as error:
        Settings.from_env({"SETTLE_SECONDS": "soon", "TENANT_ID": "contoso"})

    missing = [one.name for one in SETTINGS if one.default is None and one.name != "TENANT_ID"]
    assert all(f"{name} is not set" in str(error.value) for name in missing)
    assert "TENANT_ID must be a GUID" in str(error.value)
    assert "SETTLE_SECONDS must be a positive number of seconds" in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SERVICE_BUS", "rollcall.servicebus.windows.net"),
        ("TABLES", "rollcall"),
        ("TABLES", "http://rollcall.table.core.windows.net"),
        ("PUBLIC_URL", "http://rollcall.example.com"),
        ("PUBLIC_URL", "ftp://127.0.0.1"),
        ("PUBLIC_URL", "https://"),
        ("PUBLIC_URL", "https://host:port"),
        ("GRAPH_URL", "https://[::1"),
        ("OPENID_CONFIG_URL", "http://api.aps.skype.com/v1/.well-known/OpenIdConfiguration"),
        ("TENANT_ID", "6c5e9a3e1f0b4f3a9d572b8f4f6d1a01"),
        ("BOT_APP_ID", "6c5e9a3e-1f0b-4f3a-9d57-2b8f4f6d1a0g"),
        ("ORGANIZER_ID", "ada@example.com"),
        ("CALLBACK_ISSUERS", " , "),
        ("SETTLE_SECONDS", "0"),
        ("SETTLE_SECONDS", "3600"),
        ("ROSTER_CAP", "0"),
        ("ROSTER_CAP", "99.5"),
        ("ROSTER_CAP", "5001"),
        ("CLAIM_LEASE_SECONDS", "-1"),
        ("CLAIM_LEASE_SECONDS", "nan"),
        ("CLAIM_LEASE_SECONDS", "inf"),
        ("RETRY_ATTEMPTS", "0"),
        ("RETRY_ATTEMPTS", "1.5"),
        ("RETENTION_DAYS", ""),
        ("RETENTION_DAYS", "2"),
        ("RETENTION_DAYS", "3651"),
        ("SHOW_NAMES", "yes"),
        ("GRAPH_FEDERATED", "1"),
        ("CLOUD", "gcc"),
        ("AZURE_AUTHORITY_HOST", "http://login.microsoftonline.com"),
        ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com/contoso"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name: str, value: str) -> None:
    """By the name of its setting, with what it has to be."""
    assert name in problems(**{name: value})


def test_the_platforms_host_is_where_the_app_is_reached() -> None:
    """A deployment need not say it; what an operator says, a domain of their own, counts."""
    host = {"WEBSITE_HOSTNAME": "func-rollcall.azurewebsites.net"}

    deployed = Settings.from_env(ENOUGH | {"PUBLIC_URL": ""} | host)
    own = Settings.from_env(ENOUGH | {"PUBLIC_URL": "https://rollcall.example"} | host)

    assert deployed.policy.public_url == "https://func-rollcall.azurewebsites.net"
    assert own.policy.public_url == "https://rollcall.example"


@pytest.mark.parametrize("host", ["", "localhost:7071", "127.0.0.1:7071"])
def test_an_app_that_graph_cannot_reach_is_named(host: str) -> None:
    """Core Tools too set the platform's name, to one that only this machine knows."""
    assert "PUBLIC_URL is not set, and the platform names no host" in problems(
        PUBLIC_URL="", WEBSITE_HOSTNAME=host
    )


@pytest.mark.parametrize(
    ("said", "federated"),
    [
        ({"AZURE_CLIENT_ID": "the-identity"}, True),
        ({"AZURE_CLIENT_ID": "the-identity", "GRAPH_FEDERATED": ""}, True),
        ({"AZURE_CLIENT_ID": "the-identity", "GRAPH_FEDERATED": "false"}, False),
        ({"AZURE_CLIENT_ID": "the-identity", "GRAPH_CLIENT_SECRET": "s"}, False),
        ({"AZURE_CLIENT_ID": "the-identity", "GRAPH_CERTIFICATE_PATH": "/c.pem"}, False),
        ({"GRAPH_FEDERATED": "true"}, True),
        ({}, False),
    ],
)
def test_an_identity_with_no_secret_beside_it_is_federated(
    said: dict[str, str], federated: bool
) -> None:
    """So a deployment without secrets has nothing to say; `false` still makes it the bot itself."""
    assert Settings.from_env(ENOUGH | said).graph_federated is federated


def test_two_ways_to_be_the_bot_exclude_each_other() -> None:
    """Nobody should have to guess which one is used."""
    assert "GRAPH_CLIENT_SECRET and GRAPH_FEDERATED exclude each other" in problems(
        GRAPH_CLIENT_SECRET="s3cret", GRAPH_FEDERATED="true"
    )


def test_secrets_are_shown_neither_by_settings_nor_by_their_problems() -> None:
    """Both end in logs."""
    settings = Settings.from_env(ENOUGH | {"GRAPH_CLIENT_SECRET": "s3cret"})
    broken = problems(
        GRAPH_CLIENT_SECRET="s3cret",
        SERVICE_BUS="SharedAccessKey=bus-secret",
        TABLES="AccountKey=x",
    )

    for text in (repr(settings), str(settings), broken):
        for secret in ("s3cret", "bus-secret", "tables-secret", "AccountKey"):
            assert secret not in text


def test_each_setting_is_in_the_table_once_with_its_default() -> None:
    """The README shows this table."""
    names = [one.name for one in SETTINGS]
    shown = settings_table().splitlines()

    assert len(set(names)) == len(names) == len(shown) - 2
    read = re.findall(
        r'"([A-Z]+(?:_[A-Z]+)+|CLOUD|TABLES)"', inspect.getsource(settings_module._Reader)
    )
    filled = [one.name for one in SETTINGS if one.fills]
    assert set(filled).isdisjoint(read)
    assert {*read, *filled} == set(names)
    assert "| `SETTLE_SECONDS` | `1` |" in shown[2 + names.index("SETTLE_SECONDS")]
    assert "| `TENANT_ID` | required |" in shown[2 + names.index("TENANT_ID")]
    assert "| `GRAPH_URL` | that of `CLOUD` |" in shown[2 + names.index("GRAPH_URL")]


def test_each_row_that_fills_a_rule_names_a_field_of_the_rules() -> None:
    """A name that is misspelt would leave the field without a value, or with its default."""
    kinds = (Policy, RecordingRules, RetryPolicy, TendingRules)
    known = {f"{kind.__name__}.{one.name}" for kind in kinds for one in fields(kind)}

    assert {one.fills for one in SETTINGS if one.fills} <= known


ON = {"PYTHON_ENABLE_OPENTELEMETRY": "True ", "APPLICATIONINSIGHTS_CONNECTION_STRING": "a=b"}


@pytest.mark.parametrize(
    ("environment", "role"),
    [
        ({}, None),
        (ON, "rollcall"),
        (ON | {"WEBSITE_SITE_NAME": "func-x"}, "func-x"),
        (ON | {"PYTHON_ENABLE_OPENTELEMETRY": "false"}, None),
        (ON | {"APPLICATIONINSIGHTS_CONNECTION_STRING": ""}, None),
    ],
)
def test_telemetry_is_exported_where_worker_and_platform_say_so(
    environment: dict[str, str], role: str | None
) -> None:
    """Else the worker passes lines on, and they would be there twice, or there is nowhere to go."""
    assert export_role(environment) == role
