"""Findings of the app's own examination: settings, token, organizer, policy, keys, store. Pure.

Each function takes the answer of `POST /api/health/doctor`, whose shape docs/openapi.json has.
"""

from collections.abc import Callable, Mapping
from typing import Any

from rollcall.doctor.finding import Check, Finding, Place, Verdict

type Seen = Mapping[str, Any]

REQUIRED = (
    ("SERVICE_BUS", "SERVICE_BUS__fullyQualifiedNamespace"),
    ("TABLES",),
    ("TENANT_ID",),
    ("BOT_APP_ID",),
    ("ORGANIZER_ID",),
)
"""Settings without which the app does not start: one of each."""
GRAPH = "00000003-0000-0000-c000-000000000000"
"""Microsoft Graph, in every tenant."""
READS_USERS = "User.Read.All"
"""A permission that the app does not need; with it check `organizer` sees more."""
OK_APART, FAIL_APART = 2.0, 300.0
"""Seconds that two clocks may be apart: what SETTLE_SECONDS bears, and the leeway for tokens."""
POLICY_PAGE = (
    "https://learn.microsoft.com/graph/cloud-communication-online-meeting-application-access-policy"
)
PERMISSIONS_PAGE = "https://learn.microsoft.com/graph/permissions-reference"
TABLES_ROLE = (
    '--role "Storage Table Data Contributor"'
    " --assignee <client id of the identity> --scope <id of the storage account>"
)
IDENTITY_PAGE = (
    "https://learn.microsoft.com/entra/workload-id/"
    "workload-identity-federation-config-app-trust-managed-identity"
)
NEW_POLICY = "New-CsApplicationAccessPolicy -Identity Rollcall"
BY_WHOM = (
    "# In Teams PowerShell, as a Teams administrator, after Connect-MicrosoftTeams."
    " It may take 30 minutes until the policy works."
)
USERS = "https://graph.microsoft.com/v1.0/users"
LICENCES = (
    "az rest --url https://graph.microsoft.com/v1.0/subscribedSkus"
    ' --query "value[].[skuPartNumber, skuId]" --output table'
)
ASSIGNED = """--body '{"addLicenses": [{"skuId": "<skuId>"}], "removeLicenses": []}'"""
USER_PAGE = "https://learn.microsoft.com/graph/api/user-get"
TABLES_PAGE = "https://learn.microsoft.com/azure/storage/tables/assign-azure-role-data-access"


def settings(seen: Seen, place: Place) -> tuple[Finding, ...]:
    """Every required setting is given; each missing one is named."""
    found = seen["settings"]
    missing = found["missing"]
    if not missing:
        others = len(set(found["given"]) - set(found["required"]))
        text = f"every required setting is given, and {others} others"
        return (_ok(Check.SETTINGS, text),)
    return (missing_settings(missing, place),)


def settings_of_site(names: frozenset[str], place: Place) -> Finding:
    """Return the same of the names that Azure lists: an app that lacks one does not start."""
    missing = [either[0] for either in REQUIRED if not any(one in names for one in either)]
    if missing:
        return missing_settings(missing, place)
    return _ok(Check.SETTINGS, "every required setting is given, as Azure lists them")


def missing_settings(missing: list[str], place: Place) -> Finding:
    """Return the finding that settings are not given."""
    values = " ".join(f"{name}=<value>" for name in missing)
    return Finding(
        check=Check.SETTINGS,
        verdict=Verdict.FAIL,
        seen=f"not given: {', '.join(missing)}",
        mend=(place.az("config appsettings set", f"--settings {values}"),),
    )


def token(seen: Seen, place: Place) -> tuple[Finding, ...]:
    """A token for Graph is obtained, and names the needed roles and no others."""
    found, app = seen["token"], place.bot_app_id
    if found["error"] is not None:
        return (
            Finding(
                check=Check.TOKEN,
                verdict=Verdict.FAIL,
                seen=f"no token: {found['error']}",
                mend=(
                    f"az ad app federated-credential list --id {app}",
                    place.az("identity show"),
                    "azd hooks run postprovision",
                ),
                link=IDENTITY_PAGE,
            ),
        )
    if found["roles"] is None:
        text = "the token's roles cannot be read; the probe of check policy uses them"
        return (Finding(check=Check.TOKEN, verdict=Verdict.WARN, seen=text, link=PERMISSIONS_PAGE),)
    missing = [one for one in found["needed"] if one not in found["roles"]]
    extra = [one for one in found["roles"] if one not in (*found["needed"], READS_USERS)]
    findings = []
    if missing:
        findings.append(
            Finding(
                check=Check.TOKEN,
                verdict=Verdict.FAIL,
                seen=f"its token lacks {', '.join(missing)}",
                mend=(
                    *(
                        f"az ad app permission add --id {app} --api {GRAPH} --api-permissions "
                        f'"{_role_id(one)}=Role"'
                        for one in missing
                    ),
                    f"az ad app permission admin-consent --id {app}",
                    "# A process keeps its token for up to a day. So then:",
                    place.az("restart"),
                ),
                link=PERMISSIONS_PAGE,
            )
        )
    if extra:
        findings.append(
            Finding(
                check=Check.TOKEN,
                verdict=Verdict.WARN,
                seen=f"its token has more than is needed: {', '.join(extra)}",
                mend=tuple(_withdrawal(one, app) for one in extra),
                link=PERMISSIONS_PAGE,
            )
        )
    return tuple(findings) or (
        _ok(Check.TOKEN, f"a fresh token has the {len(found['needed'])} needed roles"),
    )


def organizer(seen: Seen, place: Place) -> tuple[Finding, ...]:
    """The organizer exists, is enabled, and has a plan of Teams; or why that cannot be read."""
    found = seen["organizer"]
    who = found["id"]
    if found["error"] is not None:
        text = f"not read: {found['error']}"
        return (Finding(check=Check.ORGANIZER, verdict=Verdict.WARN, seen=text),)
    match found["status"]:
        case 200:
            return _account(found, who)
        case 404:
            return (
                Finding(
                    check=Check.ORGANIZER,
                    verdict=Verdict.FAIL,
                    seen=f"the directory has no user {who} (ORGANIZER_ID)",
                    mend=(
                        "az ad user show --id <name@domain of the organizer> --query id",
                        place.az("config appsettings set", "--settings ORGANIZER_ID=<that id>"),
                    ),
                    link=USER_PAGE,
                ),
            )
        case status:
            text = (
                f"account and licence cannot be read: Graph answers {status}, for the bot has no"
                f" {READS_USERS}. It works without; check policy makes a meeting. By hand:"
            )
            return (
                Finding(
                    check=Check.ORGANIZER,
                    verdict=Verdict.WARN,
                    seen=text,
                    mend=(_user_request(who),),
                    link=USER_PAGE,
                ),
            )


def policy(seen: Seen, _: Place) -> tuple[Finding, ...]:
    """A probe meeting was made and deleted for each organizer."""
    probes, app = seen["policy"], seen["botAppId"]
    findings = [one for probe in probes for one in _probe(probe, app)]
    made = f"a probe meeting was made and deleted for {len(probes)} organizer"
    return tuple(findings) or (_ok(Check.POLICY, made if len(probes) == 1 else f"{made}s"),)


def signing_keys(seen: Seen, _: Place) -> tuple[Finding, ...]:
    """The keys that verify Graph's callbacks can be fetched."""
    found = seen["signingKeys"]
    if found["error"] is None:
        return (
            _ok(Check.SIGNING_KEYS, f"the keys of Graph's signer were fetched ({found['count']})"),
        )
    return (
        Finding(
            check=Check.SIGNING_KEYS,
            verdict=Verdict.FAIL,
            seen=f"{found['error']}; without them every callback is answered 503",
            mend=(
                f"curl --fail {found['url']}",
                "# From the app's network: a firewall has to let it through.",
            ),
        ),
    )


def store(seen: Seen, place: Place) -> tuple[Finding, ...]:
    """The tables are read and written, and hold a writer to what it has read."""
    error = seen["store"]["error"]
    if error is None:
        return (_ok(Check.STORE, "a row was written, claimed, changed and deleted"),)
    return (
        Finding(
            check=Check.STORE,
            verdict=Verdict.FAIL,
            seen=error,
            mend=(
                place.az(
                    "config appsettings list", "--query \"[?starts_with(name, 'TABLE')].name\""
                ),
                f"az role assignment create {TABLES_ROLE}",
            )
            if not place.is_local
            else ("make up",),
            link=TABLES_PAGE,
        ),
    )


def clock(seen: Seen, place: Place) -> tuple[Finding, ...]:
    """The app's clock and Graph's are no further apart than callbacks and records bear."""
    ahead, within = seen["clock"]["graphAheadSeconds"], seen["clock"]["withinSeconds"]
    if ahead is None:
        text = "Graph gave no answer whose time could be compared"
        return (Finding(check=Check.CLOCK, verdict=Verdict.WARN, seen=text),)
    apart = max(abs(ahead) - within, 0)
    if apart <= OK_APART:
        return (
            _ok(Check.CLOCK, f"the app's clock is within {within + OK_APART:.1f} s of Graph's"),
        )
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


def _account(found: Seen, who: str) -> tuple[Finding, ...]:
    findings = []
    if found["enabled"] is False:
        findings.append(
            Finding(
                check=Check.ORGANIZER,
                verdict=Verdict.FAIL,
                seen=f"the account of {who} is disabled",
                mend=(f"az ad user update --id {who} --account-enabled true",),
                link=USER_PAGE,
            )
        )
    if found["teams"] is False:
        findings.append(
            Finding(
                check=Check.ORGANIZER,
                verdict=Verdict.FAIL,
                seen=f"{who} has no licence with Teams",
                mend=(
                    LICENCES,
                    f"az rest --method post --url {USERS}/{who}/assignLicense {ASSIGNED}",
                ),
                link="https://learn.microsoft.com/graph/api/user-assignlicense",
            )
        )
    if not findings and None in (found["enabled"], found["teams"]):
        text = "Graph's answer says not whether the account is enabled, or has Teams"
        return (
            Finding(
                check=Check.ORGANIZER,
                verdict=Verdict.WARN,
                seen=text,
                mend=(_user_request(who),),
                link=USER_PAGE,
            ),
        )
    return tuple(findings) or (_ok(Check.ORGANIZER, f"{who} is enabled, with Teams"),)


def _probe(probe: Seen, app: str) -> tuple[Finding, ...]:
    who = probe["organizerId"]
    if probe["left"] is not None:
        return (
            Finding(
                check=Check.POLICY,
                verdict=Verdict.WARN,
                seen=f"the probe meeting of {who} could not be deleted: {probe['left']}",
                mend=("rollcall doctor", "# It finds the same meeting again, and deletes it."),
            ),
        )
    if probe["made"]:
        return ()
    if probe["code"] == "organizer_not_allowed":
        answered = f"Graph answers {probe['status']}: " if probe["status"] else ""
        return (
            Finding(
                check=Check.POLICY,
                verdict=Verdict.FAIL,
                seen=f"{answered}no application access policy lets the bot organize for {who}",
                mend=(
                    f'{NEW_POLICY} -AppIds "{app}" -Description Rollcall',
                    f'Grant-CsApplicationAccessPolicy -PolicyName Rollcall -Identity "{who}"',
                    BY_WHOM,
                ),
                link=POLICY_PAGE,
            ),
        )
    code = f"{probe['code']}: " if probe["code"] else ""
    return (
        Finding(
            check=Check.POLICY,
            verdict=Verdict.FAIL,
            seen=f"no probe meeting was made for {who}: {code}{probe['message']}",
            mend=("# docs/problems.md has the next step of each code.",),
            link=f"docs/problems.md#{probe['code']}" if probe["code"] else "",
        ),
    )


def _role_id(role: str) -> str:
    return f"$(az ad sp show --id {GRAPH} --query \"appRoles[?value=='{role}'].id\" --output tsv)"


def _withdrawal(role: str, app: str) -> str:
    assignments = (
        "https://graph.microsoft.com/v1.0/servicePrincipals(appId='" + app + "')/appRoleAssignments"
    )
    return (
        f'az rest --url "{assignments}" --query "value[?appRoleId==\'{_role_id(role)}\'].id" '
        f'--output tsv | xargs -I ID az rest --method delete --url "{assignments}/ID"'
    )


def _user_request(who: str) -> str:
    selected = "accountEnabled,assignedPlans"
    return f"az rest --url '{USERS}/{who}?$select={selected}'"


def _ok(check: Check, seen: str) -> Finding:
    return Finding(check=check, verdict=Verdict.OK, seen=seen)
