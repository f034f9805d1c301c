"""Findings of the app's own examination: settings, signing keys, store, clock. Pure.

`OF_APP` has those of its tenant, too (of_tenant.py). Each function takes the answer of
`POST /api/health/doctor`, whose shape docs/openapi.json has.
"""

from collections.abc import Callable, Mapping

from rollcall.doctor.finding import Check, Finding, Place, Seen, Verdict, fail, ok, warn
from rollcall.doctor.of_tenant import organizer, policy, token

REQUIRED = (
    ("SERVICE_BUS", "SERVICE_BUS__fullyQualifiedNamespace"),
    ("TABLES",),
    ("TENANT_ID",),
    ("BOT_APP_ID",),
    ("ORGANIZER_ID",),
)
"""Settings without which the app does not start: one of each."""
OK_APART, FAIL_APART = 2.0, 300.0
"""Seconds that two clocks may be apart: what SETTLE_SECONDS bears, and the leeway for tokens."""
TABLES_ROLE = (
    '--role "Storage Table Data Contributor"'
    " --assignee <client id of the identity> --scope <id of the storage account>"
)
TABLES_PAGE = "https://learn.microsoft.com/azure/storage/tables/assign-azure-role-data-access"


def settings(seen: Seen, place: Place) -> tuple[Finding, ...]:
    """Every required setting is given; each missing one is named."""
    found = seen["settings"]
    missing = found["missing"]
    if not missing:
        others = len(set(found["given"]) - set(found["required"]))
        text = f"every required setting is given, and {others} others"
        return (ok(Check.SETTINGS, text),)
    return (missing_settings(missing, place),)


def settings_of_site(names: frozenset[str], place: Place) -> Finding:
    """Return the same of the names that Azure lists: an app that lacks one does not start."""
    missing = [either[0] for either in REQUIRED if not any(one in names for one in either)]
    if missing:
        return missing_settings(missing, place)
    return ok(Check.SETTINGS, "every required setting is given, as Azure lists them")


def missing_settings(missing: list[str], place: Place) -> Finding:
    """Return the finding that settings are not given."""
    values = " ".join(f"{name}=<value>" for name in missing)
    return fail(
        Check.SETTINGS,
        f"not given: {', '.join(missing)}",
        place.az("config appsettings set", f"--settings {values}"),
    )


def signing_keys(seen: Seen, _: Place) -> tuple[Finding, ...]:
    """The keys that verify Graph's callbacks can be fetched."""
    found = seen["signingKeys"]
    if found["error"] is None:
        return (
            ok(Check.SIGNING_KEYS, f"the keys of Graph's signer were fetched ({found['count']})"),
        )
    return (
        fail(
            Check.SIGNING_KEYS,
            f"{found['error']}; without them every callback is answered 503",
            f"curl --fail {found['url']}",
            "# From the app's network: a firewall has to let it through.",
        ),
    )


def store(seen: Seen, place: Place) -> tuple[Finding, ...]:
    """The tables are read and written, and hold a writer to what it has read."""
    error = seen["store"]["error"]
    if error is None:
        return (ok(Check.STORE, "a row was written, claimed, changed and deleted"),)
    if place.is_local:
        return (fail(Check.STORE, error, "make up", link=TABLES_PAGE),)
    named = "--query \"[?starts_with(name, 'TABLE')].name\""
    return (
        fail(
            Check.STORE,
            error,
            place.az("config appsettings list", named),
            f"az role assignment create {TABLES_ROLE}",
            link=TABLES_PAGE,
        ),
    )


def clock(seen: Seen, place: Place) -> tuple[Finding, ...]:
    """The app's clock and Graph's are no further apart than callbacks and records bear."""
    ahead, within = seen["clock"]["graphAheadSeconds"], seen["clock"]["withinSeconds"]
    if ahead is None or within is None:
        text = "Graph gave no answer whose time could be compared"
        return (warn(Check.CLOCK, text),)
    apart = max(abs(ahead) - within, 0)
    if apart <= OK_APART:
        return (ok(Check.CLOCK, f"the app's clock is within {within + OK_APART:.1f} s of Graph's"),)
    word = "behind" if ahead > 0 else "ahead of"
    verdict, why = (
        (Verdict.FAIL, "its callbacks are refused as expired or not yet valid")
        if apart > FAIL_APART
        else (Verdict.WARN, "times that are read are wrong by as much")
    )
    mend = "sudo timedatectl set-ntp true" if place.is_local else place.az("restart")
    text = f"the app's clock is {abs(ahead):.0f} s {word} Graph's: {why}"
    return (Finding(check=Check.CLOCK, verdict=verdict, seen=text, mend=(mend,)),)


type AppCheck = Callable[[Seen, Place], tuple[Finding, ...]]
OF_APP: Mapping[Check, AppCheck] = {
    Check.SETTINGS: settings,
    Check.TOKEN: token,
    Check.ORGANIZER: organizer,
    Check.POLICY: policy,
    Check.SIGNING_KEYS: signing_keys,
    Check.STORE: store,
    Check.CLOCK: clock,
}
