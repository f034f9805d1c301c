"""What of the local stack to start, and where: as code asks, or environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

TUNABLE = ("SETTLE_SECONDS", "CLAIM_LEASE_SECONDS", "SHOW_NAMES")
"""Settings of the app that the stack chooses for one machine: the environment's values win.

All others the app inherits from the environment, but for those that say where it runs.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to start: ports (0 is any free one), where files go, and settings of the app to add.

    `identities`: the app proves itself as a deployed one does, by a managed identity; no key of the
    bus or the tables is among its settings.
    """

    app: Path
    folder: Path
    functions_port: int = 0
    bus_port: int = 0
    tables_port: int = 0
    graph_port: int = 0
    bus_config: Path | None = None
    function_keys: bool = False
    identities: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)


def plan_from_environment(app: Path, environment: Mapping[str, str]) -> Plan:
    """Return what `make up` starts: the documented ports, each changed by its variable."""
    config = environment.get("DEVSTACK_BUS_CONFIG")
    return Plan(
        app=app,
        folder=Path(environment.get("DEVSTACK_FOLDER", ".devstack")),
        functions_port=int(environment.get("DEVSTACK_FUNCTIONS_PORT", "7071")),
        bus_port=int(environment.get("DEVSTACK_BUS_PORT", "5672")),
        tables_port=int(environment.get("DEVSTACK_TABLES_PORT", "10002")),
        graph_port=int(environment.get("DEVSTACK_GRAPH_PORT", "7072")),
        bus_config=Path(config) if config else None,
        function_keys=environment.get("DEVSTACK_FUNCTION_KEYS", "off") == "on",
        identities=environment.get("DEVSTACK_IDENTITIES", "off") == "on",
        settings={name: environment[name] for name in TUNABLE if name in environment},
    )
