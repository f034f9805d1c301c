"""The settings of the app: read once from the environment, checked whole, then only read.

Nothing else reads the environment. What is wrong is named all at once, and secrets are never shown.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from shared.environment import LOOPBACK, Environment, seconds, url
from shared.settings_table import SETTINGS
from shared.words.clouds import CLOUDS, Cloud, cloud_for, host_of
from shared.words.outside import MOST_ENTRIES
from shared.words.rules import (
    IN_FLIGHT,
    LEAST_DAYS,
    MOST_DAYS,
    Deployment,
    Policy,
    RecordingRules,
    RetryPolicy,
    SourceRules,
    TendingRules,
)

CLOUDS_EXPECTED = f"one of {', '.join(CLOUDS)}"
ISSUERS_EXPECTED = "one issuer or more, with commas between"
LATEST_KEEP_ALIVE = timedelta(minutes=40)
"""Graph ends a leg after 45 minutes without."""
TRUE_FOR_THE_WORKER = frozenset({"1", "true", "t", "yes", "y"})
"""Source: is_true_like in azure_functions_runtime 1.3.0."""
ONE_OF = ("GRAPH_CLIENT_SECRET", "GRAPH_CERTIFICATE_PATH", "GRAPH_FEDERATED")
"""Ways to be the bot for Graph; at most one is set."""
NAMES = tuple(one.name for one in SETTINGS)
CONNECTION = ("SERVICE_BUS__fullyQualifiedNamespace", "SERVICE_BUS__clientId")
"""What stands for `SERVICE_BUS` where the app is deployed."""
PLATFORM_HOST = "WEBSITE_HOSTNAME"
"""The app's host name, as Azure says it to the app; not ours to set.

Source: https://learn.microsoft.com/azure/app-service/reference-app-settings#app-environment
"""
type Rules = Policy | RecordingRules | RetryPolicy | TendingRules


class SettingsError(Exception):
    """The settings cannot be used; the message names every problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting, parsed. Connection strings and secrets are kept out of its text form."""

    service_bus: str = field(repr=False)
    service_bus_client_id: str
    tables: str = field(repr=False)
    table_name: str
    cloud: Cloud
    graph_url: str
    authority_host: str
    openid_config_url: str
    azure_client_id: str
    graph_client_secret: str = field(repr=False)
    graph_certificate_path: str
    graph_federated: bool
    policy: Policy
    tending: TendingRules
    retry: RetryPolicy
    deployment: Deployment

    @classmethod
    def load(cls) -> "Settings":
        """Return the settings of this process; raise `SettingsError` naming every problem."""
        return cls.from_env(os.environ)

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> "Settings":
        """Return the settings in `environment`; raise `SettingsError` naming every problem."""
        return _Reader(environment).settings()


def export_role(environment: Mapping[str, str] | None = None) -> str | None:
    """Return the name under which this process exports its telemetry; None: it exports none.

    The platform's own settings say so. While they do, the worker passes no log line to the host.
    Source: https://learn.microsoft.com/azure/azure-functions/opentelemetry-howto
    """
    found = os.environ if environment is None else environment
    switched_on = found.get("PYTHON_ENABLE_OPENTELEMETRY", "").lower().strip()
    if switched_on not in TRUE_FOR_THE_WORKER:
        return None
    if not found.get("APPLICATIONINSIGHTS_CONNECTION_STRING"):
        return None
    return found.get("WEBSITE_SITE_NAME") or "rollcall"


class _Reader(Environment):
    """Reads the settings of one environment; the defaults of some follow from others."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        defaults = {one.name: one.default for one in SETTINGS if one.default is not None}
        super().__init__(defaults | dict(environment))
        self._given = frozenset(
            name for name in (*NAMES, *CONNECTION) if environment.get(name, "").strip()
        )

    def settings(self) -> Settings:
        cloud = self._cloud()
        values: dict[str, Any] = {
            "service_bus": self._service_bus(),
            "service_bus_client_id": self.text("SERVICE_BUS__clientId"),
            "tables": self.read("TABLES", _tables, "a connection string or an https endpoint"),
            "table_name": self.required("TABLE_NAME"),
            "cloud": cloud,
            "graph_url": self.url("GRAPH_URL"),
            "authority_host": self.read("AZURE_AUTHORITY_HOST", _authority, "an https host"),
            "openid_config_url": self.url("OPENID_CONFIG_URL"),
            "azure_client_id": self.text("AZURE_CLIENT_ID"),
            "graph_client_secret": self.text("GRAPH_CLIENT_SECRET"),
            "graph_certificate_path": self.text("GRAPH_CERTIFICATE_PATH"),
            "graph_federated": self._federated(),
            "policy": self._policy(cloud),
            "tending": self._tending(),
            "retry": RetryPolicy(**self._filled(RetryPolicy)),
            "deployment": Deployment(
                given=self._given,
                call_records=self.read("CALL_RECORDS", _switch, "on or off") is True,
                openid_config_url=self.url("OPENID_CONFIG_URL"),
            ),
        }
        if self.problems:
            raise SettingsError("The settings cannot be used: " + "; ".join(self.problems))
        return Settings(**values)

    def _cloud(self) -> Cloud:
        """Return the cloud; what it says holds for each setting that is not set itself."""
        named = self.text("CLOUD").lower()
        hosts = {name: host_of(self.text(name)) for name in ("GRAPH_URL", "AZURE_AUTHORITY_HOST")}
        found = cloud_for({"CLOUD": named, **hosts})
        if isinstance(found, Cloud):
            if named and named not in CLOUDS:
                self.note(f"CLOUD must be {CLOUDS_EXPECTED}")
        else:
            for problem in found:
                self.note(problem)
            found = CLOUDS["public"]
        self.presume("GRAPH_URL", found.graph)
        self.presume("AZURE_AUTHORITY_HOST", found.authority)
        self.presume("OPENID_CONFIG_URL", found.openid_config)
        self.presume("CALLBACK_ISSUERS", ",".join(found.issuers))
        return found

    def _federated(self) -> Any:
        """Return whether an identity stands for the bot: the default where nothing else can."""
        given = [name for name in ONE_OF if self.text(name).lower() not in ("", "false")]
        if len(given) > 1:
            self.note(f"{' and '.join(given)} exclude each other")
        alone = self.text("AZURE_CLIENT_ID") and not given
        self.presume("GRAPH_FEDERATED", "true" if alone else "false")
        return self.flag("GRAPH_FEDERATED")

    def _public_url(self) -> Any:
        """Return where Graph reaches the app: by default at the platform's name for it."""
        host = self.text(PLATFORM_HOST)
        if host and host_of(host) not in LOOPBACK:
            self.presume("PUBLIC_URL", f"https://{host}")
        if not self.text("PUBLIC_URL"):
            self.note(
                "PUBLIC_URL is not set, and the platform names no host in its place "
                f"({PLATFORM_HOST})"
            )
            return None
        return self.url("PUBLIC_URL")

    def _policy(self, cloud: Cloud) -> Policy:
        return Policy(
            public_url=self._public_url(),
            teams_hosts=cloud.teams,
            tenant_id=self.guid("TENANT_ID"),
            bot_app_id=self.guid("BOT_APP_ID"),
            organizer_id=self.guid("ORGANIZER_ID"),
            callback_issuers=self.read("CALLBACK_ISSUERS", _issuers, ISSUERS_EXPECTED),
            recording=RecordingRules(
                settle=self.seconds("SETTLE_SECONDS", most=IN_FLIGHT),
                roster_cap=self.whole("ROSTER_CAP", most=MOST_ENTRIES),
                **self._filled(RecordingRules),
            ),
            retention_days=self.whole("RETENTION_DAYS", least=LEAST_DAYS, most=MOST_DAYS),
            namespace=_host(self._service_bus()),
            **self._filled(Policy),
        )

    def _tending(self) -> TendingRules:
        return TendingRules(
            settle=self.seconds("SETTLE_SECONDS", most=IN_FLIGHT),
            keep_alive=self.seconds("KEEP_ALIVE_SECONDS", most=LATEST_KEEP_ALIVE),
            rejoin=self.read("REJOIN_SECONDS", _pauses, "numbers of seconds, with commas between"),
            sources=SourceRules(
                after=self.read("SOURCES_AFTER_SECONDS", _rising, RISING_EXPECTED),
                call_records=self.read("CALL_RECORDS", _switch, "on or off"),
            ),
            **self._filled(TendingRules),
        )

    def _filled(self, rules: type[Rules]) -> dict[str, Any]:
        """Return the fields of `rules` that rows of the table fill, each read by its type."""
        readers: dict[Any, Callable[[str], Any]] = {
            timedelta: self.seconds,
            int: self.whole,
            bool: self.flag,
        }
        rows = {one.fills: one.name for one in SETTINGS}
        return {
            one.name: readers[one.type](rows[filled])
            for one in fields(rules)
            if (filled := f"{rules.__name__}.{one.name}") in rows
        }

    def _service_bus(self) -> str:
        namespace = self.text("SERVICE_BUS__fullyQualifiedNamespace")
        if namespace:
            return namespace
        return str(self.read("SERVICE_BUS", _connection_string, "a connection string"))


def _host(service_bus: str) -> str:
    """Return the host name of a namespace, or of the endpoint in a connection string."""
    _, endpoint, rest = service_bus.partition("Endpoint=")
    return (urlsplit(rest.partition(";")[0]).hostname or "") if endpoint else service_bus.lower()


def _connection_string(text: str) -> str:
    if "Endpoint=" not in text:
        raise ValueError
    return text


def _tables(text: str) -> str:
    return text if "AccountName=" in text else url(text)


def _authority(text: str) -> str:
    """Return an origin; azure-identity takes a host without a scheme too."""
    origin = urlsplit(text if "://" in text else f"https://{text}")
    if origin.scheme != "https" or not origin.hostname or origin.path.strip("/"):
        raise ValueError(text)
    return f"https://{origin.netloc}"


def _issuers(text: str) -> frozenset[str]:
    issuers = frozenset(issuer.strip() for issuer in text.split(",") if issuer.strip())
    if not issuers:
        raise ValueError(text)
    return issuers


def _pauses(text: str) -> tuple[timedelta, ...]:
    return tuple(seconds(one) for one in text.split(","))


RISING_EXPECTED = "rising numbers of seconds, with commas between"


def _rising(text: str) -> tuple[timedelta, ...]:
    """Return moments after an end, each later than the one before."""
    moments = _pauses(text)
    if sorted(set(moments)) != list(moments):
        raise ValueError(text)
    return moments


def _switch(text: str) -> bool:
    if text.lower() not in ("on", "off"):
        raise ValueError(text)
    return text.lower() == "on"
