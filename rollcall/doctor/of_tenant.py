"""Findings of what an administrator of the tenant gives: permissions, organizer, policy. Pure.

The app has seen it. Each function takes its answer, as those of of_app.py do.
"""

from rollcall.doctor.finding import Check, Finding, Place, Seen, fail, ok, warn

GRAPH = "00000003-0000-0000-c000-000000000000"
"""Microsoft Graph, in every tenant."""
READS_USERS = "User.Read.All"
"""A permission that the app does not need; with it check `organizer` sees more."""
POLICY_PAGE = (
    "https://learn.microsoft.com/graph/cloud-communication-online-meeting-application-access-policy"
)
PERMISSIONS_PAGE = "https://learn.microsoft.com/graph/permissions-reference"
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


def token(seen: Seen, place: Place) -> tuple[Finding, ...]:
    """A token for Graph is obtained, and names the needed roles and no others."""
    found, app = seen["token"], place.bot_app_id
    if found["error"] is not None:
        return (
            fail(
                Check.TOKEN,
                f"no token: {found['error']}",
                f"az ad app federated-credential list --id {app}",
                place.az("identity show"),
                "azd hooks run postprovision",
                link=IDENTITY_PAGE,
            ),
        )
    if found["roles"] is None:
        text = "the token's roles cannot be read; the probe of check policy uses them"
        return (warn(Check.TOKEN, text, link=PERMISSIONS_PAGE),)
    missing = [one for one in found["needed"] if one not in found["roles"]]
    extra = [one for one in found["roles"] if one not in (*found["needed"], READS_USERS)]
    findings = []
    if missing:
        findings.append(
            fail(
                Check.TOKEN,
                f"its token lacks {', '.join(missing)}",
                *(
                    f"az ad app permission add --id {app} --api {GRAPH} --api-permissions "
                    f'"{_role_id(one)}=Role"'
                    for one in missing
                ),
                f"az ad app permission admin-consent --id {app}",
                "# A process keeps its token for up to a day. So then:",
                place.az("restart"),
                link=PERMISSIONS_PAGE,
            )
        )
    if extra:
        findings.append(
            warn(
                Check.TOKEN,
                f"its token has more than is needed: {', '.join(extra)}",
                *(_withdrawal(one, app) for one in extra),
                link=PERMISSIONS_PAGE,
            )
        )
    return tuple(findings) or (
        ok(Check.TOKEN, f"a fresh token has the {len(found['needed'])} needed roles"),
    )


def organizer(seen: Seen, place: Place) -> tuple[Finding, ...]:
    """The organizer exists, is enabled, and has a plan of Teams; or why that cannot be read."""
    found = seen["organizer"]
    who = found["id"]
    if found["error"] is not None:
        text = f"not read: {found['error']}"
        return (warn(Check.ORGANIZER, text),)
    match found["status"]:
        case 200:
            return _account(found, who)
        case 404:
            return (
                fail(
                    Check.ORGANIZER,
                    f"the directory has no user {who} (ORGANIZER_ID)",
                    "az ad user show --id <name@domain of the organizer> --query id",
                    place.az("config appsettings set", "--settings ORGANIZER_ID=<that id>"),
                    link=USER_PAGE,
                ),
            )
        case status:
            text = (
                f"account and licence cannot be read: Graph answers {status}, for the bot has no"
                f" {READS_USERS}. It works without; check policy makes a meeting. By hand:"
            )
            return (warn(Check.ORGANIZER, text, _user_request(who), link=USER_PAGE),)


def policy(seen: Seen, _: Place) -> tuple[Finding, ...]:
    """A probe meeting was made and deleted for each organizer."""
    probes, app = seen["policy"], seen["botAppId"]
    findings = [one for probe in probes for one in _probe(probe, app)]
    made = f"a probe meeting was made and deleted for {len(probes)} organizer"
    return tuple(findings) or (ok(Check.POLICY, made if len(probes) == 1 else f"{made}s"),)


def _account(found: Seen, who: str) -> tuple[Finding, ...]:
    findings = []
    if found["enabled"] is False:
        findings.append(
            fail(
                Check.ORGANIZER,
                f"the account of {who} is disabled",
                f"az ad user update --id {who} --account-enabled true",
                link=USER_PAGE,
            )
        )
    if found["teams"] is False:
        findings.append(
            fail(
                Check.ORGANIZER,
                f"{who} has no licence with Teams",
                LICENCES,
                f"az rest --method post --url {USERS}/{who}/assignLicense {ASSIGNED}",
                link="https://learn.microsoft.com/graph/api/user-assignlicense",
            )
        )
    if not findings and None in (found["enabled"], found["teams"]):
        text = "Graph's answer says not whether the account is enabled, or has Teams"
        return (warn(Check.ORGANIZER, text, _user_request(who), link=USER_PAGE),)
    return tuple(findings) or (ok(Check.ORGANIZER, f"{who} is enabled, with Teams"),)


def _probe(probe: Seen, app: str) -> tuple[Finding, ...]:
    who = probe["organizerId"]
    if probe["left"] is not None:
        return (
            warn(
                Check.POLICY,
                f"the probe meeting of {who} could not be deleted: {probe['left']}",
                "rollcall doctor",
                "# It finds the same meeting again, and deletes it.",
            ),
        )
    if probe["made"]:
        return ()
    if probe["code"] == "organizer_not_allowed":
        answered = f"Graph answers {probe['status']}: " if probe["status"] else ""
        return (
            fail(
                Check.POLICY,
                f"{answered}no application access policy lets the bot organize for {who}",
                f'{NEW_POLICY} -AppIds "{app}" -Description Rollcall',
                f'Grant-CsApplicationAccessPolicy -PolicyName Rollcall -Identity "{who}"',
                BY_WHOM,
                link=POLICY_PAGE,
            ),
        )
    code = f"{probe['code']}: " if probe["code"] else ""
    return (
        fail(
            Check.POLICY,
            f"no probe meeting was made for {who}: {code}{probe['message']}",
            "# docs/problems.md has the next step of each code.",
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
