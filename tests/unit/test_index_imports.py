"""The host imports the app to index it, before any message comes: that has to stay quick."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.application.world import BOT, ORGANIZER, TENANT

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "SERVICE_BUS": "Endpoint=sb://ns.example/;SharedAccessKeyName=n;SharedAccessKey=k",
    "TABLES": "https://tables.example",
    "PUBLIC_URL": "https://rollcall.example",
    "TENANT_ID": TENANT,
    "BOT_APP_ID": BOT,
    "ORGANIZER_ID": ORGANIZER,
}
FEATURES = {
    "create_meeting",
    "join_meeting",
    "call_callback",
    "tend_meeting",
    "meeting_record",
    "health_doctor",
}
LIGHT = {
    "shared",
    "shared.edge",
    "shared.environment",
    "shared.settings",
    "shared.settings_table",
    "shared.telemetry",
    "shared.words",
    "shared.words.clouds",
    "shared.words.entities",
    "shared.words.ids",
    "shared.words.outside",
    "shared.words.rules",
}
"""What triggers and settings need."""
HEAVY = (
    "aiohttp",
    "azure.data",
    "azure.identity",
    "azure.servicebus",
    "httpx",
    "jwt",
    "msgraph",
    "opentelemetry",
    "pydantic",
)


def imported() -> set[str]:
    """Return the modules that a new process has after it imported the app."""
    program = "import json, sys, function_app; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | SETTINGS,
        capture_output=True,
        check=True,
        text=True,
    )
    return set(json.loads(done.stdout))


def test_indexing_the_app_imports_triggers_and_settings_alone() -> None:
    """No handler, no fold, no journal; and none of the libraries under them."""
    found = imported()

    ours = {name for name in found if name.split(".")[0] in {"shared", *FEATURES}}
    triggers = {one for room in FEATURES for one in (room, f"{room}.trigger")}
    assert ours - LIGHT == triggers
    assert {name for name in found if name.startswith(HEAVY)} == set()
