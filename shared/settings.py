"""The settings of the app: read once from the environment, checked whole, then only read.

Nothing else reads the environment. What is wrong is named all at once, and secrets are never shown.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from shared.calls.sight import IN_FLIGHT
from shared.environment import LOOPBACK, Environment, seconds, url
from shared.inbox.patience import RetryPolicy
from shared.journal.settle import RecordingRules
from shared.meeting.looks import TendingRules
from shared.meeting.retention import LEAST_DAYS, MOST_DAYS
from shared.meeting.sourcing import SourceRules
from shared.services import Policy
from shared.words.clouds import CLOUDS, Cloud, cloud_for, host_of
from shared.words.outside import MOST_ENTRIES

CLOUDS_EXPECTED = f"one of {', '.join(CLOUDS)}"
ISSUERS_EXPECTED = "one issuer or more, with commas between"
LATEST_KEEP_ALIVE = timedelta(minutes=40)
"""Graph ends a leg after 45 minutes without."""
TRUE_FOR_THE_WORKER = frozenset({"1", "true", "t", "yes", "y"})
"""Source: is_true_like in azure_functions_runtime 1.3.0."""
ONE_OF = ("GRAPH_CLIENT_SECRET", "GRAPH_CERTIFICATE_PATH", "GRAPH_FEDERATED")
"""Ways to be the bot for Graph; at most one is set."""
PLATFORM_HOST = "WEBSITE_HOSTNAME"
"""The app's host name, as Azure says it to the app; not ours to set.

Source: https://learn.microsoft.com/azure/app-service/reference-app-settings#app-environment
"""


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
            "retry": self._retry(),
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
                show_names=self.flag("SHOW_NAMES"),
            ),
            claim_lease=self.seconds("CLAIM_LEASE_SECONDS"),
            retention_days=self.whole("RETENTION_DAYS", least=LEAST_DAYS, most=MOST_DAYS),
            namespace=_host(self._service_bus()),
        )

    def _tending(self) -> TendingRules:
        return TendingRules(
            settle=self.seconds("SETTLE_SECONDS", most=IN_FLIGHT),
            grace=self.seconds("OUTBOX_GRACE_SECONDS"),
            backstop=self.seconds("BACKSTOP_SECONDS"),
            keep_alive=self.seconds("KEEP_ALIVE_SECONDS", most=LATEST_KEEP_ALIVE),
            poll=self.seconds("POLL_SECONDS"),
            silent=self.seconds("SILENT_SECONDS"),
            lapse=self.seconds("LAPSE_SECONDS"),
            leave_when_alone=self.seconds("LEAVE_WHEN_ALONE_SECONDS"),
            nobody_came=self.seconds("NOBODY_CAME_SECONDS"),
            lobby=self.seconds("LOBBY_SECONDS"),
            max_duration=self.seconds("MAX_DURATION_SECONDS"),
            rejoin=self.read("REJOIN_SECONDS", _pauses, "numbers of seconds, with commas between"),
            assume_after=self.seconds("ASSUME_AFTER_SECONDS"),
            sources=SourceRules(
                after=self.read("SOURCES_AFTER_SECONDS", _rising, RISING_EXPECTED),
                call_records=self.read("CALL_RECORDS", _switch, "on or off"),
            ),
        )

    def _retry(self) -> RetryPolicy:
        return RetryPolicy(
            attempts=self.whole("RETRY_ATTEMPTS"),
            total=self.seconds("RETRY_TOTAL_SECONDS"),
            base=self.seconds("RETRY_BASE_SECONDS"),
            ceiling=self.seconds("RETRY_CEILING_SECONDS"),
        )

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of the settings table in the README. `default` None: it has to be set.

    `follows` says, in words, what the default of a setting follows from.
    """

    name: str
    meaning: str
    default: str | None = None
    follows: str = ""


SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="SERVICE_BUS",
        meaning="connection string of Service Bus; deployed, instead, "
        "`SERVICE_BUS__fullyQualifiedNamespace` (and `SERVICE_BUS__clientId`)",
    ),
    Setting(name="TABLES", meaning="connection string or https endpoint of Table Storage"),
    Setting(name="TABLE_NAME", meaning="the table everything is kept in", default="rollcall"),
    Setting(
        name="CLOUD",
        meaning="the tenant's cloud: `public` (GCC too), `usgov` (GCC High) or `usdod`",
        default="",
        follows="that of `GRAPH_URL` and `AZURE_AUTHORITY_HOST`, else `public`",
    ),
    Setting(
        name="GRAPH_URL", meaning="base of Microsoft Graph", default="", follows="that of `CLOUD`"
    ),
    Setting(
        name="AZURE_AUTHORITY_HOST",
        meaning="where Entra ID gives tokens",
        default="",
        follows="that of `CLOUD`",
    ),
    Setting(
        name="PUBLIC_URL",
        meaning="base under which Graph reaches this app: https, or http on loopback",
        default="",
        follows="the platform's host name (`WEBSITE_HOSTNAME`); where there is none: required",
    ),
    Setting(name="TENANT_ID", meaning="the tenant served"),
    Setting(name="BOT_APP_ID", meaning="app id of the bot: who joins, and whom callbacks address"),
    Setting(name="ORGANIZER_ID", meaning="object id of the organizer where a request names none"),
    Setting(
        name="OPENID_CONFIG_URL",
        meaning="where the keys that sign Graph's callbacks are found",
        default="",
        follows="that of `CLOUD`",
    ),
    Setting(
        name="CALLBACK_ISSUERS",
        meaning="who may have issued a callback's token, separated by commas",
        default="",
        follows="those of `CLOUD`",
    ),
    Setting(
        name="SETTLE_SECONDS",
        meaning="how long after a hint the roster is read to confirm it; at most 10",
        default="1",
    ),
    Setting(
        name="ROSTER_CAP",
        meaning="rosters of so many entries may have been cut by Graph, and prove presence only; "
        "at most 5000",
        default="100",
    ),
    Setting(
        name="LEAVE_WHEN_ALONE_SECONDS",
        meaning="how long the bot stays once people have all left",
        default="300",
    ),
    Setting(
        name="KEEP_ALIVE_SECONDS",
        meaning="how often the bot's call is kept alive; at most 2400",
        default="900",
    ),
    Setting(
        name="POLL_SECONDS",
        meaning="how often the roster is read without a hint: for so long a lost push is unknown",
        default="300",
    ),
    Setting(
        name="NOBODY_CAME_SECONDS",
        meaning="how long the bot waits for the first person, from the meeting's start on",
        default="1800",
    ),
    Setting(
        name="LOBBY_SECONDS",
        meaning="how long the bot waits in the lobby before it gives up",
        default="1800",
    ),
    Setting(
        name="MAX_DURATION_SECONDS",
        meaning="how long the bot stays in a meeting at most",
        default="86400",
    ),
    Setting(
        name="REJOIN_SECONDS",
        meaning="pauses before the bot comes back where a fault threw it out while people talk: "
        "one for each time within an hour, and not more often an hour",
        default="10,60,300,900",
    ),
    Setting(
        name="ASSUME_AFTER_SECONDS",
        meaning="how long a call may go on that no bot hears before it is taken for over",
        default="14400",
    ),
    Setting(
        name="SOURCES_AFTER_SECONDS",
        meaning="how long after the end of a call each look comes at what Graph says of it "
        "afterwards; the last one makes the call final",
        default="300,900,2700,10800,28800,86400,172800",
    ),
    Setting(
        name="CALL_RECORDS",
        meaning="`on`: the call records of calls in which the bot was are read too; that takes the "
        "permission `CallRecords.Read.All`, for the whole tenant",
        default="off",
    ),
    Setting(
        name="SILENT_SECONDS",
        meaning="after how long without a callback the app asks Graph whether the bot got in",
        default="60",
    ),
    Setting(
        name="LAPSE_SECONDS",
        meaning="after how long without any answer about the bot its call counts as over; Graph "
        "ends one after 45 minutes without keepAlive",
        default="3000",
    ),
    Setting(
        name="RETENTION_DAYS",
        meaning="how many days a meeting's record is kept after its last sign of life, from 3 to "
        "3650; `retentionDays` of a request counts instead",
        default="90",
    ),
    Setting(
        name="CLAIM_LEASE_SECONDS",
        meaning="how long a bot whose answer was lost is waited for before another is sent",
        default="60",
    ),
    Setting(
        name="OUTBOX_GRACE_SECONDS",
        meaning="how old an unsent message must be before another process sends it; the one that "
        "wrote it begins its tries in the first quarter of that",
        default="40",
    ),
    Setting(
        name="BACKSTOP_SECONDS",
        meaning="how long a meeting may be overdue before the backstop timer mends it",
        default="120",
    ),
    Setting(name="RETRY_ATTEMPTS", meaning="how often a message is tried in all", default="8"),
    Setting(name="RETRY_TOTAL_SECONDS", meaning="for how long a message is tried", default="1800"),
    Setting(name="RETRY_BASE_SECONDS", meaning="the first pause between two tries", default="2"),
    Setting(
        name="RETRY_CEILING_SECONDS", meaning="the longest pause between two tries", default="300"
    ),
    Setting(
        name="SHOW_NAMES",
        meaning="`true`: events and records show people's display names",
        default="false",
    ),
    Setting(
        name="AZURE_CLIENT_ID",
        meaning="client id of the user-assigned managed identity; empty: the app's own",
        default="",
    ),
    Setting(
        name="GRAPH_CLIENT_SECRET",
        meaning="the bot's secret, where it has no managed identity",
        default="",
    ),
    Setting(
        name="GRAPH_CERTIFICATE_PATH",
        meaning="the bot's certificate (PEM with key), instead of a secret",
        default="",
    ),
    Setting(
        name="GRAPH_FEDERATED",
        meaning="`true`: the managed identity is federated to the bot's app registration; `false`: "
        "it is the bot itself",
        default="",
        follows="`true` with `AZURE_CLIENT_ID` and neither secret nor certificate, else `false`",
    ),
)


def as_markdown() -> str:
    """Return the settings as the table that the README shows."""
    rows = [f"| `{one.name}` | {_shown(one)} | {one.meaning} |" for one in SETTINGS]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *rows])


def _shown(setting: Setting) -> str:
    if setting.default is None:
        return "required"
    return f"`{setting.default}`" if setting.default else setting.follows
