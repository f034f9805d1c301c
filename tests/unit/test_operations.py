"""What the operators' manual names exists: settings, log lines, metrics, events, codes."""

import re
from pathlib import Path
from typing import get_args

from bench.counts import counted_steps, with_counts
from docs.contract.events import EVENTS
from shared.journal.settle import LIMITED, SILENT, UNREADABLE
from shared.settings_table import SETTINGS
from shared.words.problems import Code
from tests.fixtures.emitted import EMITTED, FUNCTIONS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/operations.md").read_text()
PROSE = re.sub(r"```.+?```", "", TEXT, flags=re.DOTALL)
NAMED = set(re.findall(r"`([^`\n]+)`", PROSE))
"""What stands between backticks."""
OF_THE_TEMPLATE = {
    "ALERT_EMAIL",
    "ALWAYS_READY_HTTP",
    "ALWAYS_READY_TEND",
    "MAXIMUM_INSTANCE_COUNT",
    "PER_INSTANCE_CONCURRENCY",
}
"""Parameters of the deployment that are no settings of the app."""
MEMBERS_OF_THE_RECORD = {"bot.legs", "bot.state"}
FIELDS_OF_A_MESSAGE = {"reply_to"}


def those(pattern: str) -> set[str]:
    """Return the names between backticks that look like this."""
    return {one for one in NAMED if re.fullmatch(pattern, one)}


def test_every_setting_exists() -> None:
    """Under the name by which it is set."""
    named = those(r"[A-Z]+(_[A-Z]+)+")

    assert "RETENTION_DAYS" in named
    assert named <= {one.name for one in SETTINGS} | OF_THE_TEMPLATE


def test_every_dotted_name_is_a_line_a_metric_an_event_or_a_member() -> None:
    """An operator looks for it in the logs, in the metrics, or on the topic."""
    named = those(r"[a-z_]+(\.[a-z_]+)+")

    assert "outbox.not_sent" in named
    assert named <= EMITTED | set(EVENTS) | MEMBERS_OF_THE_RECORD


def test_every_code_and_every_function_exists() -> None:
    """A code is of a refusal or of a warning."""
    codes = {*get_args(Code.__value__), SILENT, LIMITED, UNREADABLE}
    named = those(r"[a-z]+(_[a-z]+)+")

    assert "consent_missing" in named
    assert named <= codes | FUNCTIONS | FIELDS_OF_A_MESSAGE


async def test_what_it_costs_is_what_is_counted() -> None:
    """Otherwise: python -m bench --counts."""
    assert with_counts(TEXT, await counted_steps()) == TEXT
