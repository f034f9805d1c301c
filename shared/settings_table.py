"""Names, defaults and meanings of the app's settings: what settings.py reads, README shows."""

from dataclasses import dataclass


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
        meaning="how long the bot stays alone in a meeting (not yet used)",
        default="300",
    ),
    Setting(
        name="KEEP_ALIVE_SECONDS",
        meaning="how often a leg is kept alive (not yet used)",
        default="900",
    ),
    Setting(
        name="RETENTION_DAYS",
        meaning="how long records are kept (not yet used)",
        default="90",
    ),
    Setting(
        name="CLAIM_LEASE_SECONDS",
        meaning="how long a bot whose answer was lost is waited for before another is sent",
        default="60",
    ),
    Setting(
        name="OUTBOX_GRACE_SECONDS",
        meaning="how old an unsent message must be before another handler sends it",
        default="5",
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
