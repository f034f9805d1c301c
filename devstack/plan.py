"""What of the local stack to start, and where: as code asks, or environment variables."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devstack.graph.switches import DOCUMENTED
from devstack.switches import World

TUNABLE = ("SETTLE_SECONDS", "CLAIM_LEASE_SECONDS", "SHOW_NAMES")
"""Settings of the app that the stack chooses for one machine: the environment's values win.

All others the app inherits from the environment, but for those that say where it runs.
"""
SWITCHED = ("graph", "bus", "functions")
"""The parts that have switches of their own."""

CALL_RECORDS, RECORDS = "CALL_RECORDS", "CallRecords.Read.All"
"""The setting by which the app reads call records, and the permission that it then needs."""

type PartSwitches = Mapping[str, Mapping[str, Any]]


class PlanMistake(Exception):
    """What was given makes no plan; the message says what of it, and what it may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`folder` takes the logs and `endpoints.json`; a port 0 is any free one.

    `switches`: those of a part that differ from the world's, by the part's name. `flex`: a process
    for each group of functions, as Flex Consumption runs them. `restarts`: a part that ends by
    itself is started again. `identities`: the app proves itself as a deployed one does, by a
    managed identity; no key of the bus or the tables is among its settings. `settings` are the
    app's own.
    """

    app: Path
    folder: Path
    world: World = World.DOCUMENTED
    switches: PartSwitches = field(default_factory=dict)
    flex: bool = False
    restarts: bool = True
    functions_port: int = 0
    bus_port: int = 0
    tables_port: int = 0
    graph_port: int = 0
    control_port: int = 0
    bus_config: Path | None = None
    identities: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def function_keys(self) -> bool:
        """Whether functions want a key, as Azure's do."""
        return self.world is not World.KIND

    def arguments(self, part: str) -> list[str]:
        """Return the options that give a part its world and switches."""
        switches = self.switches.get(part, {}).items()
        return [
            f"--world={self.world}",
            *(f"--switch={name}={json.dumps(value)}" for name, value in switches),
        ]


def plan_from_environment(app: Path, environment: Mapping[str, str]) -> Plan:
    """Return what `make up` starts: the documented ports, each changed by its variable."""
    config = environment.get("DEVSTACK_BUS_CONFIG")
    switches = _switches_in(environment)
    return Plan(
        app=app,
        folder=Path(environment.get("DEVSTACK_FOLDER", ".devstack")),
        world=_world_in(environment),
        switches=switches | {"graph": {**_needed(environment), **switches.get("graph", {})}},
        flex=_is_on("DEVSTACK_FLEX", environment, usual="0"),
        restarts=_is_on("DEVSTACK_RESTARTS", environment, usual="1"),
        functions_port=int(environment.get("DEVSTACK_FUNCTIONS_PORT", "7071")),
        bus_port=int(environment.get("DEVSTACK_BUS_PORT", "5672")),
        tables_port=int(environment.get("DEVSTACK_TABLES_PORT", "10002")),
        graph_port=int(environment.get("DEVSTACK_GRAPH_PORT", "7072")),
        control_port=int(environment.get("DEVSTACK_CONTROL_PORT", "7073")),
        bus_config=Path(config) if config else None,
        identities=_is_on("DEVSTACK_IDENTITIES", environment, usual="0"),
        settings={name: environment[name] for name in TUNABLE if name in environment},
    )


def plan_of_a_run(
    app: Path, environment: Mapping[str, str], settings: Mapping[str, str], harsh: PartSwitches
) -> Plan:
    """Return what `make run` starts: on free ports, in the world of the environment.

    `harsh`: switches of a harsh world, unless the environment names others.
    """
    world, named = _world_in(environment), _switches_in(environment)
    usual = harsh if world is World.HARSH else {}
    return Plan(
        app=app,
        folder=Path(environment.get("DEVSTACK_FOLDER", ".devstack")) / "run",
        world=world,
        switches={
            part: {**usual.get(part, {}), **named.get(part, {})} for part in {**usual, **named}
        },
        flex=_is_on("DEVSTACK_FLEX", environment, usual="0"),
        identities=_is_on("DEVSTACK_IDENTITIES", environment, usual="0"),
        settings=settings,
    )


def _needed(environment: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the switch of Graph that gives the bot what the app needs, and nothing else."""
    if environment.get(CALL_RECORDS, "").lower() == "on":
        return {}
    return {"granted": [one for one in DOCUMENTED.granted if one != RECORDS]}


def _world_in(environment: Mapping[str, str]) -> World:
    named = environment.get("DEVSTACK_WORLD") or World.DOCUMENTED
    try:
        return World(named)
    except ValueError:
        raise PlanMistake(f"DEVSTACK_WORLD is {named}; it may be {', '.join(World)}") from None


def _is_on(name: str, environment: Mapping[str, str], *, usual: str) -> bool:
    value = environment.get(name) or usual
    if value not in ("0", "1"):
        raise PlanMistake(f"{name} is {value}; it may be 0 or 1")
    return value == "1"


def _switches_in(environment: Mapping[str, str]) -> dict[str, Mapping[str, Any]]:
    try:
        read = json.loads(environment.get("DEVSTACK_SWITCHES") or "{}")
    except ValueError as error:
        raise PlanMistake(f"DEVSTACK_SWITCHES is not JSON: {error}") from error
    if not isinstance(read, dict) or not all(
        part in SWITCHED and isinstance(switches, dict) for part, switches in read.items()
    ):
        raise PlanMistake(
            f"DEVSTACK_SWITCHES must hold an object for each of {', '.join(SWITCHED)} that it names"
        )
    return read
