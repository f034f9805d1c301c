"""Each thing that a deployment may lack is taken from a stack on purpose, and doctor finds it.

One stack for all of them: what is lacking is switched at run time, and given back.
"""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import pytest_asyncio
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient

from devstack.process import Part, start
from tests.stack.connections import bus_at
from tests.stack.process import StackProcess
from tests.system.doctor import Doctored, doctor, ended, start_doctor
from tests.system.lab import Lab, eventually
from tests.system.second_host import settings_of
from tests.system.stack import ROOT, Endpoints, Up

pytestmark = [pytest.mark.long, pytest.mark.asyncio(loop_scope="session")]

NEEDED = [
    "OnlineMeetings.ReadWrite.All",
    "Calls.JoinGroupCall.All",
    "Calls.JoinGroupCallAsGuest.All",
    "OnlineMeetingArtifact.Read.All",
]
GRANTED = [*NEEDED, "User.Read.All"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sound(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Up]:
    """Return a stack with exactly what Rollcall needs, and the right to read users."""
    switches = {"graph": {"granted": GRANTED}}
    async with Up.serving(
        tmp_path_factory.mktemp("sound"), {"DEVSTACK_SWITCHES": json.dumps(switches)}
    ) as up:
        yield up


@pytest_asyncio.fixture(loop_scope="session")
async def lab(sound: Up) -> AsyncIterator[Lab]:
    """Return the lab of that stack; what a test switches is back as it was after it."""
    async with aiohttp.ClientSession() as http:
        lab = Lab(http, (await sound.ready()).graph)
        yield lab
        await lab.forget()


@pytest_asyncio.fixture(loop_scope="session")
async def endpoints_there(sound: Up) -> Endpoints:
    """Return where that stack is."""
    return await sound.ready()


def mended(found: Doctored, check: str) -> str:
    """Return all that mends what a check found."""
    return "\n".join(line for one in found.of(check) for line in one["mend"])


async def test_a_sound_stack_is_ok_with_a_canary(sound: Up, lab: Lab) -> None:
    """Every check, and nothing left: no meeting, no leg."""
    found = await doctor(sound.folder, "--canary")

    assert found.not_ok == {}
    assert found.code == 0
    assert [one["check"] for one in found.findings] == [
        "app", "settings", "token", "organizer", "policy", "callback", "signingKeys",
        "serviceBus", "store", "bot", "canary", "clock",
    ]  # fmt: skip
    await nothing_is_left(lab)


async def nothing_is_left(lab: Lab) -> None:
    """See that each meeting is deleted, and each leg gone."""
    for meeting in await lab.all_meetings():
        assert meeting["deleted"], meeting["subject"]
        assert [leg for leg in meeting["legs"] if leg["state"] != "terminated"] == []


type Lack = tuple[dict[str, Any], dict[str, str], str, str]
"""The switches that take something away, the verdicts then, and one check's mend in part."""

LACKING: list[Lack] = [
    ({"granted": GRANTED[1:]}, {"token": "fail", "policy": "fail"}, "token",
     "appRoles[?value=='OnlineMeetings.ReadWrite.All']"),
    ({"granted": [*GRANTED, "Sites.Read.All"]}, {"token": "warn"}, "token",
     "appRoles[?value=='Sites.Read.All']"),
    ({"granted": NEEDED}, {"organizer": "warn"}, "organizer", "accountEnabled"),
    ({"consent": False}, {"token": "fail"}, "token", "az ad app permission admin-consent"),
    ({"accessPolicy": False}, {"policy": "fail"}, "policy", "New-CsApplicationAccessPolicy"),
    ({"organizers": "missing"}, {"organizer": "fail", "policy": "fail"}, "organizer",
     "ORGANIZER_ID="),
    ({"organizers": "disabled"}, {"organizer": "fail"}, "organizer", "--account-enabled true"),
    ({"organizers": "unlicensed"}, {"organizer": "fail"}, "organizer", "assignLicense"),
    ({"signingKeys": False}, {"signingKeys": "fail"}, "signingKeys", "OpenIdConfiguration"),
    ({"teamsChannel": False}, {"bot": "fail"}, "bot", "az bot msteams create"),
    ({"calling": False}, {"bot": "fail"}, "bot", "--enable-calling true"),
    ({"callingWebhook": "https://old.example/api/calls"}, {"bot": "fail"}, "bot",
     "--calling-web-hook"),
    ({"dateSkewSeconds": 60}, {"clock": "warn"}, "clock", "timedatectl"),
    ({"dateSkewSeconds": -600}, {"clock": "fail"}, "clock", "timedatectl"),
]  # fmt: skip


@pytest.mark.parametrize(
    "case",
    LACKING,
    ids=["-".join(map(str, one[0].items())).replace(" ", "")[:40] for one in LACKING],
)
async def test_what_the_tenant_lacks_is_found(sound: Up, lab: Lab, case: Lack) -> None:
    """By its check, and by those alone that need it; with the command that gives it."""
    switches, verdicts, check, mend = case
    await lab.switches(**switches)

    found = await doctor(sound.folder)

    assert found.not_ok == verdicts
    assert found.code == int("fail" in verdicts.values())
    assert mend in mended(found, check)


async def test_an_organizer_without_a_policy_is_named(sound: Up, lab: Lab) -> None:
    """One of two that are asked for; the other's probe is made."""
    without = "e13c7f90-2b6d-4e8f-b5a1-4c0d7e9f2b04"
    with_policy = "b7a4de52-6c1e-4c57-9a7b-0d9e8f2c1a03"

    found = await doctor(sound.folder, "--organizer", without, "--organizer", with_policy)

    assert found.not_ok == {"policy": "fail"}
    assert f'Grant-CsApplicationAccessPolicy -PolicyName Rollcall -Identity "{without}"' in mended(
        found, "policy"
    )


async def test_a_wrong_key_is_found(sound: Up, tmp_path: Path) -> None:
    """What needs no key of the app is looked at all the same."""
    there = json.loads((sound.folder / "endpoints.json").read_text())
    (tmp_path / "endpoints.json").write_text(json.dumps(there | {"functionKey": "wrong"}))

    found = await doctor(tmp_path)

    assert found.code == 1
    assert found.not_ok.pop("app") == "fail"
    assert "ROLLCALL_KEY" in mended(found, "app")
    assert [found.of(check)[0]["verdict"] for check in ("callback", "serviceBus", "bot")] == [
        "ok", "ok", "ok",
    ]  # fmt: skip


async def test_dead_letters_are_found_and_nothing_else_is_moved(
    sound: Up, endpoints_there: Endpoints
) -> None:
    """A message that waits is neither locked nor counted as delivered by looking at it."""
    async with ServiceBusClient.from_connection_string(endpoints_there.service_bus) as bus:
        sender, receiver = (
            bus.get_queue_sender("rejected-requests"),
            bus.get_queue_receiver("rejected-requests", max_wait_time=5),
        )
        async with sender, receiver:
            await sender.send_messages([ServiceBusMessage("dead"), ServiceBusMessage("waiting")])
            (dead,) = await receiver.receive_messages(max_message_count=1)
            await receiver.dead_letter_message(dead, reason="a test")

            found = await doctor(sound.folder)

            (waiting,) = await receiver.receive_messages(max_message_count=1)
            assert (str(waiting), waiting.delivery_count) == ("waiting", 0)
            await receiver.complete_message(waiting)
        await _empty(bus)

    assert found.not_ok == {"serviceBus": "warn"}
    assert found.of("serviceBus")[0]["seen"] == "rejected-requests has a dead letter"


async def _empty(bus: ServiceBusClient) -> None:
    dead = bus.get_queue_receiver("rejected-requests", sub_queue="deadletter", max_wait_time=5)
    async with dead:
        for message in await dead.receive_messages(max_message_count=10):
            await dead.complete_message(message)


WRONG = {
    "LockDuration": ("PT10S", "--lock-duration PT1M"),
    "MaxDeliveryCount": (3, "--max-delivery-count 10"),
    "RequiresDuplicateDetection": (True, "--enable-duplicate-detection false"),
    "RequiresSession": (True, "az servicebus queue delete"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_queue_that_is_set_up_wrong_is_found(
    sound: Up, endpoints_there: Endpoints, tmp_path: Path, name: str
) -> None:
    """In another namespace, which the app does not use."""
    value, mend = WRONG[name]
    config = json.loads((ROOT / "devstack" / "bus" / "Config.json").read_text())
    queue = config["UserConfig"]["Namespaces"][0]["Queues"][1]
    queue["Properties"][name] = value
    if name == "RequiresDuplicateDetection":
        queue["Properties"]["DuplicateDetectionHistoryTimeWindow"] = "PT1M"
    changed = tmp_path / "Config.json"
    changed.write_text(json.dumps(config))

    with StackProcess("bus", "--config", str(changed)) as bus:
        said = json.loads((sound.folder / "endpoints.json").read_text())
        said["serviceBus"] = bus_at(bus.port)
        said["busManagement"] = f"http://127.0.0.1:{bus.ready['lab']}"
        (tmp_path / "endpoints.json").write_text(json.dumps(said))
        found = await doctor(tmp_path)

    assert found.not_ok == {"serviceBus": "fail"}
    assert "--name join-meeting" in mended(found, "serviceBus")
    assert mend in mended(found, "serviceBus")


@pytest_asyncio.fixture(loop_scope="session")
async def unreachable(sound: Up, tmp_path: Path) -> AsyncIterator[Part]:
    """Return a host of that stack whose PUBLIC_URL leads nowhere; it takes no messages."""
    host = await start(
        "unreachable",
        "devstack.functions",
        ["--app", str(ROOT), "--port", "0", "--only", "health_doctor,health"],
        logs=tmp_path,
        environment=settings_of(sound) | {"PUBLIC_URL": "http://127.0.0.1:9"},
    )
    yield host
    await host.stop()


async def test_a_callback_url_that_leads_nowhere_is_found(
    sound: Up, unreachable: Part, tmp_path: Path
) -> None:
    """By a client; the app itself does not know."""
    said = json.loads((sound.folder / "endpoints.json").read_text())
    said["functions"] = f"http://127.0.0.1:{unreachable.port}"
    (tmp_path / "endpoints.json").write_text(json.dumps(said))

    found = await doctor(tmp_path)

    assert found.not_ok == {"callback": "fail", "bot": "fail"}
    assert "PUBLIC_URL" in mended(found, "callback")


async def test_a_canary_that_fails_half_way_leaves_nothing(sound: Up, lab: Lab) -> None:
    """Graph refuses the bot when the meeting is made: it is cancelled, and no copy stays."""
    await lab.fault(method="POST", path="/communications/calls", status=403, code="7503", times=9)

    found = await doctor(sound.folder, "--canary")

    assert found.not_ok == {"canary": "fail"}
    assert "calling_not_enabled" in found.of("canary")[0]["seen"]
    await nothing_is_left(lab)
    assert await rejected(sound) == []


async def test_a_canary_that_would_be_refused_is_not_sent(sound: Up, lab: Lab) -> None:
    """Its refusal would leave a copy."""
    await lab.switches(accessPolicy=False)

    found = await doctor(sound.folder, "--canary")

    assert found.not_ok == {"policy": "fail", "canary": "fail"}
    assert "mend check policy first" in found.of("canary")[0]["seen"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_canary_that_is_interrupted_leaves_nothing(
    sound: Up, lab: Lab, number: signal.Signals
) -> None:
    """While the bot is on its way into the meeting."""
    await lab.switches(establishSeconds=30)
    running = await start_doctor(sound.folder, "--canary")
    await eventually(partial(sent, lab), "the canary's bot is on its way")
    running.send_signal(number)
    found = await ended(running)

    assert found.not_ok == {"canary": "fail"}
    assert "interrupted" in found.of("canary")[0]["seen"]
    await nothing_is_left(lab)
    assert await rejected(sound) == []


async def sent(lab: Lab) -> bool | None:
    """Return whether a bot is in a meeting, or on its way; None: not yet."""
    return any(one["legs"] for one in await lab.all_meetings() if not one["deleted"]) or None


async def test_a_canary_whose_bus_falls_silent_says_what_is_left(
    sound: Up, lab: Lab, endpoints_there: Endpoints
) -> None:
    """It takes connections, and says nothing any more; each wait for it has a bound."""
    running = await start_doctor(sound.folder, "--canary")
    await eventually(partial(sent, lab), "the canary's bot is on its way")
    await part(endpoints_there, "bus", "hold")
    try:
        found = await ended(running)
    finally:
        await part(endpoints_there, "bus", "resume")

    canary = found.of("canary")
    assert [one["verdict"] for one in canary] == ["fail", "fail", "warn"]
    assert "says nothing for 10 s" in canary[0]["seen"]
    assert '"action": "cancel"' in "\n".join(canary[1]["mend"])
    assert "rejected-requests" in canary[2]["seen"]


async def rejected(up: Up) -> list[str]:
    """Return what lies in the queue of refused requests."""
    said = (await up.ready()).service_bus
    async with (
        ServiceBusClient.from_connection_string(said) as bus,
        bus.get_queue_receiver("rejected-requests") as receiver,
    ):
        return [str(one) for one in await receiver.peek_messages(max_message_count=9)]


async def part(endpoints: Endpoints, name: str, action: str) -> None:
    """Let the stack's control do something with one part."""
    async with httpx.AsyncClient(timeout=60, trust_env=False) as control:
        (await control.post(f"{endpoints.control}/parts/{name}/{action}")).raise_for_status()


async def test_tables_that_are_down_are_found(sound: Up, endpoints_there: Endpoints) -> None:
    """By the app, which says what it was doing."""
    await part(endpoints_there, "tables", "stop")
    try:
        found = await doctor(sound.folder)
    finally:
        await part(endpoints_there, "tables", "start")

    assert found.not_ok == {"store": "fail"}
    assert "the tables did not answer" in found.of("store")[0]["seen"]
    assert mended(found, "store") == "make up"


async def test_a_service_bus_that_is_down_is_found(sound: Up, endpoints_there: Endpoints) -> None:
    """In seconds."""
    await part(endpoints_there, "bus", "stop")
    try:
        async with asyncio.timeout(60):
            found = await doctor(sound.folder)
    finally:
        await part(endpoints_there, "bus", "start")

    assert found.not_ok == {"serviceBus": "fail"}
    assert mended(found, "serviceBus") == "make up"


async def test_an_app_that_is_stopped_is_found(
    sound: Up, lab: Lab, endpoints_there: Endpoints
) -> None:
    """And its callback URL with it, and the setting without which it does not start."""
    await lab.switches(appSettings=["SERVICE_BUS", "TABLES", "TENANT_ID", "BOT_APP_ID"])
    await part(endpoints_there, "functions", "stop")
    try:
        found = await doctor(sound.folder)
    finally:
        await part(endpoints_there, "functions", "start")

    assert {one["check"] for one in found.findings if one["verdict"] == "fail"} == {
        "app", "callback", "settings",
    }  # fmt: skip
    assert mended(found, "app").startswith("make up")
    assert found.of("settings")[0]["seen"] == "not given: ORGANIZER_ID"
    assert "--settings ORGANIZER_ID=<value>" in mended(found, "settings")
