"""The settings of the app: read once from the environment, checked whole, then only read.

Nothing else reads the environment. What is wrong is named all at once, and secrets are never shown.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from shared.calls.sight import IN_FLIGHT
from shared.inbox.patience import RetryPolicy
from shared.journal.settle import RecordingRules
from shared.meeting.looks import TendingRules
from shared.meeting.retention import LEAST_DAYS, MOST_DAYS
from shared.services import Policy
from shared.words.outside import MOST_ENTRIES

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
ISSUERS_EXPECTED = "one issuer or more, with commas between"
LATEST_KEEP_ALIVE = timedelta(minutes=40)
"""Graph ends a leg after 45 minutes without."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
ONE_OF = ("GRAPH_CLIENT_SECRET", "GRAPH_CERTIFICATE_PATH", "GRAPH_FEDERATED")
"""Ways to be the bot for Graph; at most one is set."""


class SettingsError(Exception):
    """The settings cannot be used; the message names every problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting, parsed. Connection strings and secrets are kept out of its text form."""

    service_bus: str = field(repr=False)
    service_bus_client_id: str
    tables: str = field(repr=False)
    table_name: str
    graph_url: str
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


class _Reader:
    """Reads one environment, collecting problems instead of stopping at the first.

    What cannot be read is None until `settings` raises; so its type is Any.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        defaults = {one.name: one.default for one in SETTINGS if one.default is not None}
        self._values: dict[str, str] = defaults | dict(environment)
        self._problems: list[str] = []

    def settings(self) -> Settings:
        values: dict[str, Any] = {
            "service_bus": self._service_bus(),
            "service_bus_client_id": self._values.get("SERVICE_BUS__clientId", ""),
            "tables": self._read("TABLES", _tables, "a connection string or an https endpoint"),
            "table_name": self._required("TABLE_NAME"),
            "graph_url": self._url("GRAPH_URL"),
            "openid_config_url": self._url("OPENID_CONFIG_URL"),
            "azure_client_id": self._values["AZURE_CLIENT_ID"],
            "graph_client_secret": self._values["GRAPH_CLIENT_SECRET"],
            "graph_certificate_path": self._values["GRAPH_CERTIFICATE_PATH"],
            "graph_federated": self._flag("GRAPH_FEDERATED"),
            "policy": self._policy(),
            "tending": self._tending(),
            "retry": self._retry(),
        }
        given = [name for name in ONE_OF if self._values[name].lower() not in ("", "false")]
        if len(given) > 1:
            self._note(f"{' and '.join(given)} exclude each other")
        if self._problems:
            raise SettingsError("The settings cannot be used: " + "; ".join(self._problems))
        return Settings(**values)

    def _policy(self) -> Policy:
        return Policy(
            public_url=self._url("PUBLIC_URL"),
            tenant_id=self._guid("TENANT_ID"),
            bot_app_id=self._guid("BOT_APP_ID"),
            organizer_id=self._guid("ORGANIZER_ID"),
            callback_issuers=self._read("CALLBACK_ISSUERS", _issuers, ISSUERS_EXPECTED),
            recording=RecordingRules(
                settle=self._seconds("SETTLE_SECONDS", most=IN_FLIGHT),
                roster_cap=self._whole("ROSTER_CAP", most=MOST_ENTRIES),
                show_names=self._flag("SHOW_NAMES"),
            ),
            claim_lease=self._seconds("CLAIM_LEASE_SECONDS"),
            retention_days=self._whole("RETENTION_DAYS", least=LEAST_DAYS, most=MOST_DAYS),
            namespace=_host(self._service_bus()),
        )

    def _tending(self) -> TendingRules:
        return TendingRules(
            settle=self._seconds("SETTLE_SECONDS", most=IN_FLIGHT),
            grace=self._seconds("OUTBOX_GRACE_SECONDS"),
            backstop=self._seconds("BACKSTOP_SECONDS"),
            keep_alive=self._seconds("KEEP_ALIVE_SECONDS", most=LATEST_KEEP_ALIVE),
            poll=self._seconds("POLL_SECONDS"),
            silent=self._seconds("SILENT_SECONDS"),
            lapse=self._seconds("LAPSE_SECONDS"),
            leave_when_alone=self._seconds("LEAVE_WHEN_ALONE_SECONDS"),
            nobody_came=self._seconds("NOBODY_CAME_SECONDS"),
            lobby=self._seconds("LOBBY_SECONDS"),
            max_duration=self._seconds("MAX_DURATION_SECONDS"),
            rejoin=self._read("REJOIN_SECONDS", _pauses, "numbers of seconds, with commas between"),
            assume_after=self._seconds("ASSUME_AFTER_SECONDS"),
        )

    def _retry(self) -> RetryPolicy:
        return RetryPolicy(
            attempts=self._whole("RETRY_ATTEMPTS"),
            total=self._seconds("RETRY_TOTAL_SECONDS"),
            base=self._seconds("RETRY_BASE_SECONDS"),
            ceiling=self._seconds("RETRY_CEILING_SECONDS"),
        )

    def _service_bus(self) -> str:
        namespace = self._values.get("SERVICE_BUS__fullyQualifiedNamespace", "").strip()
        if namespace:
            return namespace
        return str(self._read("SERVICE_BUS", _connection_string, "a connection string"))

    def _note(self, problem: str) -> None:
        if problem not in self._problems:
            self._problems.append(problem)

    def _required(self, name: str) -> str:
        value = self._values.get(name, "").strip()
        if not value:
            self._note(f"{name} is not set")
        return value

    def _read(self, name: str, parse: Callable[[str], Any], expected: str) -> Any:
        value = self._required(name)
        if not value:
            return None
        try:
            return parse(value)
        except ValueError:
            self._note(f"{name} must be {expected}")
            return None

    def _guid(self, name: str) -> Any:
        return self._read(name, _guid, "a GUID")

    def _url(self, name: str) -> Any:
        return self._read(name, _url, "an https URL, or an http one on loopback")

    def _seconds(self, name: str, *, most: timedelta = timedelta.max) -> Any:
        found = self._read(name, _seconds, "a positive number of seconds")
        if found is not None and found > most:
            self._note(f"{name} must be at most {most.total_seconds():g}")
        return found

    def _whole(self, name: str, *, least: int = 1, most: int | None = None) -> Any:
        found = self._read(name, lambda text: _whole(text, least), f"a whole number from {least}")
        if found is not None and most is not None and found > most:
            self._note(f"{name} must be at most {most}")
        return found

    def _flag(self, name: str) -> Any:
        return self._read(name, _flag, "true or false")


def _host(service_bus: str) -> str:
    """Return the host name of a namespace, or of the endpoint in a connection string."""
    _, endpoint, rest = service_bus.partition("Endpoint=")
    return (urlsplit(rest.partition(";")[0]).hostname or "") if endpoint else service_bus.lower()


def _connection_string(text: str) -> str:
    if "Endpoint=" not in text:
        raise ValueError
    return text


def _tables(text: str) -> str:
    return text if "AccountName=" in text else _url(text)


def _issuers(text: str) -> frozenset[str]:
    issuers = frozenset(issuer.strip() for issuer in text.split(",") if issuer.strip())
    if not issuers:
        raise ValueError(text)
    return issuers


def _guid(text: str) -> str:
    if GUID.fullmatch(text) is None:
        raise ValueError(text)
    return text.lower()


def _url(text: str) -> str:
    parts = urlsplit(text)
    loopback = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not parts.hostname or not (parts.scheme == "https" or loopback) or parts.port == 0:
        raise ValueError(text)
    return text.rstrip("/")


def _seconds(text: str) -> timedelta:
    seconds = float(text)
    if not 0 < seconds < 10**9:
        raise ValueError(text)
    return timedelta(seconds=seconds)


def _pauses(text: str) -> tuple[timedelta, ...]:
    return tuple(_seconds(one) for one in text.split(","))


def _whole(text: str, least: int) -> int:
    number = int(text)
    if number < least:
        raise ValueError(text)
    return number


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of the settings table in the README. `default` None: it has to be set."""

    name: str
    meaning: str
    default: str | None = None


SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="SERVICE_BUS",
        meaning="connection string of Service Bus; deployed, instead, "
        "`SERVICE_BUS__fullyQualifiedNamespace` (and `SERVICE_BUS__clientId`)",
    ),
    Setting(name="TABLES", meaning="connection string or https endpoint of Table Storage"),
    Setting(name="TABLE_NAME", meaning="the table everything is kept in", default="rollcall"),
    Setting(
        name="GRAPH_URL", meaning="base of Microsoft Graph", default="https://graph.microsoft.com"
    ),
    Setting(
        name="PUBLIC_URL",
        meaning="base under which Graph reaches this app: https, or http on loopback",
    ),
    Setting(name="TENANT_ID", meaning="the tenant served"),
    Setting(name="BOT_APP_ID", meaning="app id of the bot: who joins, and whom callbacks address"),
    Setting(name="ORGANIZER_ID", meaning="object id of the organizer where a request names none"),
    Setting(
        name="OPENID_CONFIG_URL",
        meaning="where the keys that sign Graph's callbacks are found",
        default="https://api.aps.skype.com/v1/.well-known/OpenIdConfiguration",
    ),
    Setting(
        name="CALLBACK_ISSUERS",
        meaning="who may have issued a callback's token, separated by commas",
        default="https://graph.microsoft.com,https://api.botframework.com",
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
        meaning="`true`: the managed identity is federated to the bot's app registration",
        default="false",
    ),
)


def as_markdown() -> str:
    """Return the settings as the table that the README shows."""
    rows = [f"| `{one.name}` | {_shown(one.default)} | {one.meaning} |" for one in SETTINGS]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *rows])


def _shown(default: str | None) -> str:
    if default is None:
        return "required"
    return f"`{default}`" if default else ""
