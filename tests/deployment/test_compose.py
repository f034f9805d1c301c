"""compose.yaml holds the official emulators, and nothing of them leaves this machine."""

import json
import re
from typing import Any

from tests.deployment.reading import ROOT, complaints, yaml_at

COMPOSE = ROOT / "compose.yaml"
SERVICES: dict[str, dict[str, Any]] = yaml_at(COMPOSE)["services"]
PORTS = [port for service in SERVICES.values() for port in service.get("ports", ())]
EXAMPLE = (ROOT / ".env.example").read_text()


def test_compose_reads_it() -> None:
    """It follows the specification's own schema."""
    assert complaints("compose-spec", COMPOSE) == ""


def test_every_port_is_on_loopback_under_its_own_number() -> None:
    """The emulators want no password from those who reach them."""
    assert {port.rpartition(":")[0] for port in PORTS} == {
        f"127.0.0.1:{number}" for number in (5672, 5300, 10000, 10001, 10002)
    }
    assert all(port.split(":")[1] == port.split(":")[2] for port in PORTS)


def test_the_emulator_reads_the_entities_of_the_local_stack() -> None:
    """One file says which queues and topics there are."""
    source, target, mode = SERVICES["servicebus"]["volumes"][0].split(":")

    assert ROOT / source == ROOT / "devstack/bus/Config.json"
    assert target == "/ServiceBus_Emulator/ConfigFiles/Config.json"
    assert mode == "ro"


def test_azurite_is_that_of_the_local_stack() -> None:
    """A difference between the two is never one of versions."""
    package = json.loads((ROOT / "devstack/azurite/package.json").read_text())

    assert SERVICES["azurite"]["image"].endswith(f":{package['dependencies']['azurite']}")


def test_the_bus_waits_for_its_database() -> None:
    """A condition can only wait for a service that has a health check."""
    assert SERVICES["servicebus"]["depends_on"] == {"sql": {"condition": "service_healthy"}}
    assert "healthcheck" in SERVICES["sql"]


def test_the_license_and_the_password_are_left_to_the_user() -> None:
    """Without them compose stops and says what is missing; the example gives no value."""
    variables = re.findall(r"(?<!\$)\$\{(\w+)(:\?)?", COMPOSE.read_text())

    assert {mark for _, mark in variables} == {":?"}
    assert {name for name, _ in variables} == set(re.findall(r"^(\w+)=$", EXAMPLE, re.MULTILINE))
    assert re.findall(r"^\w+=.+$", EXAMPLE, re.MULTILINE) == []


def test_git_ignores_the_password() -> None:
    """The copy of the example that holds it."""
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()
