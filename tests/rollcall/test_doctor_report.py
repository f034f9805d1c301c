"""How findings are printed: 80 columns, nothing behind them, commands that a shell takes."""

import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rollcall.doctor import of_app, of_bus, of_outside, of_tenant
from rollcall.doctor.finding import Check, Finding, Place, Verdict, exit_code
from rollcall.doctor.report import folded, lines, summary
from rollcall.doctor.seen import BotSeen, BusSeen, EntitySeen
from shared.settings_table import SETTINGS
from tests.rollcall.doctored import (
    LOCAL,
    PLACE,
    WEBHOOK,
    app_seen,
    bot_seen,
    bus_seen,
    callback_seen,
    described,
    examination,
    knock,
    probe,
)


def findings(place: Place) -> list[Finding]:
    """Return what may be wrong, all at once."""
    wrong = examination(
        settings={"missing": [one.name for one in SETTINGS if one.default is None]},
        token={"roles": ["Sites.Read.All"]},
        organizer={"enabled": False, "teams": False},
        policy=[probe(made=False, code="organizer_not_allowed", status=403), probe(left="x")],
        signingKeys={"error": "they could not be fetched"},
        store={"error": "the tables did not answer"},
        clock={"graphAheadSeconds": 4000},
    )
    queue = EntitySeen(
        name="create-meeting",
        send="unauthorized",
        receive="unauthorized",
        dead_letters=7,
        described=described(active=False, duplicate_detection=True),
    )
    strangers = callback_seen(first=knock(200), foreign=knock(200))
    return [
        *(one for status in (None, 401, 404, 500) for one in of_outside.app(
            app_seen(status, error="refused"), place
        )),
        *(one for check in of_app.OF_APP.values() for one in check(wrong, place)),
        *of_tenant.token(examination(token={"error": "none"}), place),
        *of_tenant.organizer(examination(organizer={"status": 403}), place),
        *of_tenant.organizer(examination(organizer={"status": 404}), place),
        *of_outside.callback(strangers, place),
        *of_bus.service_bus(bus_seen(queue), place),
        *of_bus.service_bus(BusSeen(error="down"), place),
        *of_outside.bot(None, place, WEBHOOK),
        *of_outside.bot(BotSeen(status=404), place, WEBHOOK),
        *of_outside.bot(bot_seen(enableCalling=False), place, WEBHOOK),
    ]  # fmt: skip


@pytest.mark.parametrize("place", [PLACE, LOCAL])
def test_no_line_is_wider_than_80_columns_but_a_word_that_is(place: Place) -> None:
    """And none ends in a space."""
    for line, _ in lines(findings(place)):
        assert line == line.rstrip()
        assert len(line) <= 80 or line.startswith("      ")


def test_what_is_ok_is_one_line() -> None:
    """A sound deployment is read at a glance."""
    sound = [one for check in of_app.OF_APP.values() for one in check(examination(), PLACE)]
    sound += of_bus.service_bus(bus_seen(), PLACE)
    sound += of_outside.callback(callback_seen(), PLACE)
    sound += of_outside.bot(bot_seen(), PLACE, WEBHOOK)

    assert len(list(lines(sound))) == len(sound)
    assert summary(sound) == f"{len(sound)} ok"


BRACKETS = replace(PLACE, bot=PLACE.bot.replace("rg-rollcall", "rg(rollcall)"))
"""Azure allows them in the name of a resource group."""


@pytest.mark.parametrize("place", [PLACE, LOCAL, BRACKETS])
def test_a_shell_takes_each_command_as_it_is_printed(place: Place, tmp_path: Path) -> None:
    """With placeholders filled in; those of PowerShell are none of its."""
    commands = [
        "\n".join(folded(command)).translate({ord("<"): None, ord(">"): None})
        for one in findings(place)
        for command in one.mend
        if not command.startswith(("#", "New-Cs", "Grant-Cs"))
    ]
    script = tmp_path / "mends.sh"
    script.write_text("#!/bin/bash\n" + "\n".join(commands) + "\n")

    checked = subprocess.run(  # noqa: S603 - bash reads it and runs nothing
        ["/bin/bash", "-n", str(script)], capture_output=True, text=True, check=False
    )

    assert checked.stderr == ""
    assert len(commands) > 20


def test_a_long_command_is_broken_where_a_shell_goes_on() -> None:
    """It is the same command, before its options alone."""
    command = "az functionapp config appsettings set --name " + "n" * 40 + " --settings A=b C=d"

    broken = list(folded(command))

    assert len(broken) == 2
    assert shlex.split("\n".join(broken).replace("\\\n", "")) == shlex.split(command)


def test_power_shell_has_a_mark_of_its_own() -> None:
    """A backtick."""
    command = (
        f'New-CsApplicationAccessPolicy -Identity Rollcall -AppIds "{"a" * 36}" -Description R'
    )

    first, second = folded(command)

    assert first.endswith(" `")
    assert second.strip().startswith("-AppIds ")


def test_only_a_failure_is_one_for_scripts() -> None:
    """A warning is read by people."""

    def found(verdict: Verdict) -> Finding:
        return Finding(check=Check.APP, verdict=verdict, seen="")

    assert exit_code((found(Verdict.OK), found(Verdict.WARN))) == 0
    assert exit_code((found(Verdict.OK), found(Verdict.FAIL))) == 1


def test_json_has_five_members_and_a_link_always() -> None:
    """Of the check's own section, where nothing else is said."""
    shown = Finding(check=Check.SERVICE_BUS, verdict=Verdict.OK, seen="well").as_json()

    assert shown == {
        "check": "serviceBus",
        "verdict": "ok",
        "seen": "well",
        "mend": [],
        "link": "docs/doctor.md#servicebus",
    }


def test_without_an_address_it_is_wrong_usage(tmp_path: Path) -> None:
    """Exit code 2, and how to give one."""
    done = subprocess.run(
        [sys.executable, "-m", "rollcall", "doctor"],
        env={"DEVSTACK_FOLDER": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert "--url" in done.stderr


def test_each_check_has_its_row_in_the_document() -> None:
    """Where the link of a finding leads that names no other page."""
    document = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text()

    for check in Check:
        assert f'<a name="{check.lower()}"></a>`{check}`' in document
