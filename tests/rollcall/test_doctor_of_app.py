"""What doctor makes of the app's own examination: each finding, and what mends it."""

from dataclasses import replace
from typing import Any

import pytest

from rollcall.doctor import of_app, of_tenant
from rollcall.doctor.finding import Check, Finding, Verdict
from shared.settings_table import SETTINGS
from tests.rollcall.doctored import (
    BOT_APP,
    LOCAL,
    NEEDED,
    ORGANIZER,
    PLACE,
    examination,
    mended,
    probe,
)


def only(check: Check, **changes: Any) -> Finding:
    """Return the one finding of a check where one thing is changed."""
    (found,) = of_app.OF_APP[check](examination(**changes), PLACE)
    assert found.check is check
    return found


@pytest.mark.parametrize("check", of_app.OF_APP)
def test_a_sound_app_is_ok(check: Check) -> None:
    """One line, with nothing to mend."""
    found = only(check)

    assert (found.verdict, found.mend) == (Verdict.OK, ())


def test_each_missing_setting_is_named_in_the_command_that_sets_it() -> None:
    """With the app's name, from its address, and the bot's resource group."""
    found = only(Check.SETTINGS, settings={"missing": ["TABLES", "TENANT_ID"]})

    assert (found.verdict, found.seen) == (Verdict.FAIL, "not given: TABLES, TENANT_ID")
    assert found.mend == (
        (
            "az functionapp config appsettings set --name func-rollcall "
            "--resource-group rg-rollcall --settings TABLES=<value> TENANT_ID=<value>"
        ),
    )


def test_of_an_app_that_does_not_answer_azure_lists_the_settings() -> None:
    """By name; the namespace stands for the connection string. The resource id names the app."""
    place = replace(PLACE, site="/subscriptions/s/resourceGroups/rg-2/providers/x/sites/func-2")
    names = frozenset({"SERVICE_BUS__fullyQualifiedNamespace", "TABLES", "BOT_APP_ID"})

    found = of_app.settings_of_site(names, place)
    sound = of_app.settings_of_site(names | {"TENANT_ID", "ORGANIZER_ID"}, place)

    assert found.seen == "not given: TENANT_ID, ORGANIZER_ID"
    assert "--name func-2 --resource-group rg-2" in mended(found)
    assert sound.verdict is Verdict.OK


def test_the_settings_that_are_required_are_those_of_the_app() -> None:
    """The command line knows them by itself."""
    required = [one.name for one in SETTINGS if one.default is None]

    assert [either[0] for either in of_app.REQUIRED] == required


def test_no_token_fails() -> None:
    """The federated credential is what may be missing."""
    found = only(Check.TOKEN, token={"error": "no token for Graph: AADSTS700213"})

    assert found.verdict is Verdict.FAIL
    assert "AADSTS700213" in found.seen
    assert f"az ad app federated-credential list --id {BOT_APP}" in found.mend


def test_a_missing_role_fails_and_is_given() -> None:
    """Added, consented to, and taken up by a restart."""
    found = only(Check.TOKEN, token={"roles": NEEDED[:1]})

    assert (found.verdict, found.seen) == (Verdict.FAIL, f"its token lacks {NEEDED[1]}")
    assert f"az ad app permission add --id {BOT_APP}" in found.mend[0]
    assert f"appRoles[?value=='{NEEDED[1]}'].id" in found.mend[0]
    assert found.mend[1] == f"az ad app permission admin-consent --id {BOT_APP}"
    assert found.mend[-1].startswith("az functionapp restart")


def test_an_extra_role_warns_and_is_withdrawn() -> None:
    """But for the one that lets the check of the organizer see."""
    found = only(Check.TOKEN, token={"roles": [*NEEDED, "Sites.Read.All", "User.Read.All"]})

    assert found.verdict is Verdict.WARN
    assert found.seen.endswith(": Sites.Read.All")
    assert "appRoles[?value=='Sites.Read.All']" in mended(found)
    assert "--method delete" in mended(found)


def test_missing_and_extra_roles_are_two_findings() -> None:
    """Neither hides the other."""
    token = {"roles": ["Sites.Read.All"]}

    found = of_tenant.token(examination(token=token), PLACE)

    assert [one.verdict for one in found] == [Verdict.FAIL, Verdict.WARN]


def test_roles_that_cannot_be_read_warn() -> None:
    """Graph's tokens are not ours to read; the probe says more."""
    assert only(Check.TOKEN, token={"roles": None}).verdict is Verdict.WARN


@pytest.mark.parametrize(
    ("organizer", "verdict", "mend"),
    [
        ({"status": 404}, Verdict.FAIL, "--settings ORGANIZER_ID=<that id>"),
        ({"enabled": False}, Verdict.FAIL, f"az ad user update --id {ORGANIZER}"),
        ({"teams": False}, Verdict.FAIL, f"users/{ORGANIZER}/assignLicense"),
        ({"status": 403}, Verdict.WARN, "az rest --url 'https://graph.microsoft.com/v1.0/users/"),
        ({"teams": None}, Verdict.WARN, "accountEnabled,assignedPlans"),
    ],
)
def test_an_organizer_that_is_not_sound(
    organizer: dict[str, Any], verdict: Verdict, mend: str
) -> None:
    """Missing, disabled, without a licence; or not to be read, which is no fault."""
    found = only(Check.ORGANIZER, organizer=organizer)

    assert found.verdict is verdict
    assert mend in mended(found)


def test_an_organizer_that_graph_says_nothing_of_warns() -> None:
    """With the reason."""
    found = only(Check.ORGANIZER, organizer={"error": "Graph did not answer"})

    assert (found.verdict, found.seen) == (Verdict.WARN, "not read: Graph did not answer")


def test_an_organizer_may_be_disabled_and_without_a_licence() -> None:
    """Both are said."""
    organizer = {"enabled": False, "teams": False}

    found = of_tenant.organizer(examination(organizer=organizer), PLACE)

    assert [one.verdict for one in found] == [Verdict.FAIL, Verdict.FAIL]


def test_a_missing_policy_is_mended_by_two_lines_of_power_shell() -> None:
    """Filled in, and with the half hour that it may take."""
    refused = probe(made=False, code="organizer_not_allowed", status=403, message="none")

    found = only(Check.POLICY, policy=[probe(), refused])

    assert found.verdict is Verdict.FAIL
    assert "403" in found.seen
    assert found.mend[:2] == (
        (
            f'New-CsApplicationAccessPolicy -Identity Rollcall -AppIds "{BOT_APP}" '
            "-Description Rollcall"
        ),
        f'Grant-CsApplicationAccessPolicy -PolicyName Rollcall -Identity "{ORGANIZER}"',
    )
    assert "30 minutes" in mended(found)


def test_another_refusal_of_the_probe_leads_to_its_next_step() -> None:
    """By its code, where it has one."""
    refused = probe(made=False, code="organizer_quota", message="the month is used up", status=403)

    found = only(Check.POLICY, policy=[refused])
    other = only(Check.POLICY, policy=[probe(made=False, message="Graph did not answer")])

    assert found.link == "docs/problems.md#organizer_quota"
    assert other.seen.endswith("Graph did not answer")
    assert {found.verdict, other.verdict} == {Verdict.FAIL}


def test_a_probe_that_is_left_warns() -> None:
    """It was made, so the policy works."""
    assert only(Check.POLICY, policy=[probe(left="not now")]).verdict is Verdict.WARN


def test_keys_that_cannot_be_fetched_fail() -> None:
    """With the address that the app has to reach."""
    found = only(Check.SIGNING_KEYS, signingKeys={"error": "they could not be fetched"})

    assert found.verdict is Verdict.FAIL
    assert found.mend[0] == "curl --fail https://keys.example"


def test_a_store_that_does_not_write_fails() -> None:
    """On a stack of this machine it is started again."""
    broken = {"error": "the tables refused our credentials (403)"}

    found = only(Check.STORE, store=broken)
    (local,) = of_app.store(examination(store=broken), LOCAL)

    assert (found.verdict, found.seen) == (Verdict.FAIL, broken["error"])
    assert "Storage Table Data Contributor" in mended(found)
    assert local.mend == ("make up",)


@pytest.mark.parametrize(
    ("ahead", "verdict"),
    [
        (2.6, Verdict.OK),
        (-2.6, Verdict.OK),
        (2.7, Verdict.WARN),
        (-300.6, Verdict.WARN),
        (300.7, Verdict.FAIL),
        (-3600, Verdict.FAIL),
        (None, Verdict.WARN),
    ],
)
def test_how_far_clocks_may_be_apart(ahead: float | None, verdict: Verdict) -> None:
    """Beyond what the header's whole seconds hide: two seconds; five minutes for tokens."""
    found = only(Check.CLOCK, clock={"graphAheadSeconds": ahead})

    assert found.verdict is verdict


def test_the_finding_says_which_clock_is_ahead() -> None:
    """Of the two."""
    behind = only(Check.CLOCK, clock={"graphAheadSeconds": 600})
    ahead = only(Check.CLOCK, clock={"graphAheadSeconds": -600})

    assert "600 s behind Graph's" in behind.seen
    assert "600 s ahead of Graph's" in ahead.seen
    assert behind.mend == (
        "az functionapp restart --name func-rollcall --resource-group rg-rollcall",
    )
