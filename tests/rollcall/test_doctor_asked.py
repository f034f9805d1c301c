"""What options of doctor are refused, before anything is requested."""

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from rollcall.cli import app
from rollcall.console import Exit, Failed
from rollcall.doctor.asked import Asked
from rollcall.doctor.gathering.resources import resource_manager
from tests.rollcall.doctored import BOT, ORGANIZER
from tests.rollcall.strange import Credential

SITE = "/subscriptions/s/resourceGroups/rg-1/providers/Microsoft.Web/sites/func-1"
ASKED = Asked(
    canary=False,
    as_json=False,
    bot=BOT,
    site=SITE,
    manager="https://management.azure.com",
    organizers=(ORGANIZER,),
)


def test_what_azure_prints_is_taken() -> None:
    """In any case, as Azure compares it; a slash at the end is dropped; a slot is an app too."""
    spelled = replace(
        ASKED,
        bot=f"{BOT.replace('resourceGroups', 'resourcegroups')}/",
        site=f"{SITE}/slots/staging",
        manager="https://management.usgovcloudapi.net/",
    )

    assert ASKED.checked() == ASKED
    assert spelled.checked().manager == "https://management.usgovcloudapi.net"
    assert not spelled.checked().bot.endswith("/")


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/subscriptions/s",
        "//evil.example/subscriptions/s",
        "@evil.example/subscriptions/s",
        f"{BOT}?api-version=1",
        f"{BOT}#x",
        f"{BOT}/../../x",
        f"{BOT}\n",
        f"{BOT}$(reboot)",
        "http://[::1",
        "bot-1",
    ],
)
def test_what_is_no_resource_id_is_refused_by_name(elsewhere: str) -> None:
    """A token for Azure Resource Manager would go there."""
    for asked in (replace(ASKED, bot=elsewhere), replace(ASKED, site=elsewhere)):
        with pytest.raises(Failed, match=r"--(bot|site).*--query") as refused:
            asked.checked()
        assert refused.value.code == Exit.USAGE


@pytest.mark.parametrize(
    "manager",
    [
        "http://management.azure.com",
        "https://management.azure.com@evil.example",
        "https://management.azure.com/x",
        "https://management.azure.com:8443",
        "management.azure.com",
        "",
    ],
)
def test_a_resource_manager_is_https_and_a_host_name(manager: str) -> None:
    """Nothing else is an address of a cloud's."""
    with pytest.raises(Failed, match="--resource-manager"):
        replace(ASKED, manager=manager).checked()


def test_every_problem_is_named_at_once() -> None:
    """Each with what mends it."""
    asked = replace(ASKED, bot="x", site="y", manager="z", organizers=["ada@example.com"] * 21)

    with pytest.raises(Failed) as refused:
        asked.checked()

    for named in ("--bot", "--site", "--resource-manager", "az ad user show", "20 times"):
        assert named in str(refused.value)


def test_wrong_usage_requests_nothing() -> None:
    """There is no app, no Service Bus and no Azure to reach; exit code 2."""
    options = ["--organizer", "ada@example.com", "--bot", "https://evil.example"]
    run = CliRunner().invoke(
        app, ["--url", "http://127.0.0.1:1", "--service-bus", "x", "doctor", *options]
    )

    assert isinstance(run.exception, Failed)
    assert run.exception.code == Exit.USAGE
    assert "object id" in str(run.exception)


def test_a_stack_on_this_machine_gets_no_token_of_azures() -> None:
    """An `endpoints.json` that names a Resource Manager and no identity is not used."""
    local = {"resourceManager": "http://127.0.0.1:1"}

    with resource_manager("https://management.azure.com", local, own=Credential) as manager:
        assert manager.url == "https://management.azure.com"
