"""local.settings.json.example starts the app on the official emulators and the local Graph."""

import json

from devstack.endpoints import Endpoints, app_settings, tables_connection
from devstack.graph import identities
from devstack.plan import plan_from_environment
from shared.settings import Settings
from shared.settings_table import SETTINGS
from tests.deployment.reading import ROOT

EXAMPLE = json.loads((ROOT / "local.settings.json.example").read_text())
VALUES: dict[str, str] = EXAMPLE["Values"]
NOT_OURS = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "FUNCTIONS_WORKER_RUNTIME": "python",
}
"""Settings of the Functions host."""
PLAN = plan_from_environment(ROOT, {})
EMULATOR = (
    "Endpoint=sb://localhost;SharedAccessKeyName=RootManageSharedAccessKey;"
    "SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;"
)
"""As azure-service-bus-emulator-installer's README gives it."""


def test_the_app_starts_with_it() -> None:
    """Every setting that has no default is there, and none is refused."""
    settings = Settings.from_env(VALUES)

    assert settings.policy.public_url == f"http://127.0.0.1:{EXAMPLE['Host']['LocalHttpPort']}"


def test_every_required_setting_stands_in_it() -> None:
    """Also one that may be derived where the app is deployed."""
    assert {setting.name for setting in SETTINGS if setting.default is None} <= VALUES.keys()


def test_its_values_are_those_of_a_local_stack_on_its_usual_ports() -> None:
    """With these the tests run the app, so that a setting which moves is noticed here."""
    endpoints = Endpoints(
        functions=f"http://127.0.0.1:{PLAN.functions_port}",
        service_bus=EMULATOR,
        graph=f"http://localhost:{PLAN.graph_port}",
        tables=tables_connection(PLAN.tables_port),
        control="",
        bus_lab="",
        function_key="",
        identity_header=identities.IDENTITY_HEADER,
    )
    stack = app_settings(endpoints, own={})

    ours = {name: value for name, value in VALUES.items() if name not in NOT_OURS}
    assert ours == {name: stack.get(name) for name in ours}


def test_the_functions_host_finds_its_storage_and_worker() -> None:
    """Core Tools read the runtime from here, and from nowhere else."""
    assert {name: VALUES.get(name) for name in NOT_OURS} == NOT_OURS
    assert EXAMPLE["IsEncrypted"] is False


def test_it_is_never_committed_once_copied() -> None:
    """A developer puts real secrets there."""
    assert "local.settings.json" in (ROOT / ".gitignore").read_text().splitlines()
