"""Every setting by its name: what it is for, and its default. settings.py reads them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of the table in the README. `default` None: it has to be set.

    `follows` says, in words, what the default of a setting follows from. `fills` names the field of
    the rules (words/rules.py) that its value is, read as the field's type says; settings.py reads
    the rows without one.
    """

    name: str
    meaning: str
    default: str | None = None
    follows: str = ""
    fills: str = ""


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
        fills="TendingRules.leave_when_alone",
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
        fills="TendingRules.poll",
    ),
    Setting(
        name="NOBODY_CAME_SECONDS",
        meaning="how long the bot waits for the first person, from the meeting's start on",
        default="1800",
        fills="TendingRules.nobody_came",
    ),
    Setting(
        name="LOBBY_SECONDS",
        meaning="how long the bot waits in the lobby before it gives up",
        default="1800",
        fills="TendingRules.lobby",
    ),
    Setting(
        name="MAX_DURATION_SECONDS",
        meaning="how long the bot stays in a meeting at most",
        default="86400",
        fills="TendingRules.max_duration",
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
        fills="TendingRules.assume_after",
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
        fills="TendingRules.silent",
    ),
    Setting(
        name="LAPSE_SECONDS",
        meaning="after how long without any answer about the bot its call counts as over; Graph "
        "ends one after 45 minutes without keepAlive",
        default="3000",
        fills="TendingRules.lapse",
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
        fills="Policy.claim_lease",
    ),
    Setting(
        name="OUTBOX_GRACE_SECONDS",
        meaning="how old an unsent message must be before another process sends it; the one that "
        "wrote it begins its tries in the first quarter of that",
        default="40",
        fills="TendingRules.grace",
    ),
    Setting(
        name="BACKSTOP_SECONDS",
        meaning="how long a meeting may be overdue before the backstop timer mends it",
        default="120",
        fills="TendingRules.backstop",
    ),
    Setting(
        name="RETRY_ATTEMPTS",
        meaning="how often a message is tried in all",
        default="8",
        fills="RetryPolicy.attempts",
    ),
    Setting(
        name="RETRY_TOTAL_SECONDS",
        meaning="for how long a message is tried",
        default="1800",
        fills="RetryPolicy.total",
    ),
    Setting(
        name="RETRY_BASE_SECONDS",
        meaning="the first pause between two tries",
        default="2",
        fills="RetryPolicy.base",
    ),
    Setting(
        name="RETRY_CEILING_SECONDS",
        meaning="the longest pause between two tries",
        default="300",
        fills="RetryPolicy.ceiling",
    ),
    Setting(
        name="SHOW_NAMES",
        meaning="`true`: events and records show people's display names",
        default="false",
        fills="RecordingRules.show_names",
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
