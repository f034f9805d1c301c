"""Alerts and workbook ask for what the app emits, and each alert has its place in the manual."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from shared.telemetry import LEVELS
from shared.words.entities import REJECTED_QUEUE
from tests.fixtures.emitted import EMITTED, FUNCTIONS

ROOT = Path(__file__).parents[2]
ALERTS = (ROOT / "infra/app/alerts.bicep").read_text()
WORKBOOK: dict[str, Any] = json.loads((ROOT / "infra/workbook.json").read_text())
MANUAL = (ROOT / "docs/operations.md").read_text()
TABLES = {"AppExceptions", "AppMetrics", "AppRequests", "AppTraces"}
ALERT_QUERIES = re.findall(r"'''(.+?)'''", ALERTS, re.DOTALL)
CHARTS = [one["content"] for one in WORKBOOK["items"] if one["type"] == 3]
MANUAL_QUERIES = [
    block for block in re.findall(r"```\n(.+?)```", MANUAL, re.DOTALL) if "App" in block
]
QUERIES = [*ALERT_QUERIES, *(chart["query"] for chart in CHARTS), *MANUAL_QUERIES]


def test_the_queries_are_found() -> None:
    """The tests below look at all of them."""
    assert len(ALERT_QUERIES) == len(re.findall(r"^ +query: '''", ALERTS, re.MULTILINE)) > 5
    assert len(CHARTS) > 5
    assert len(MANUAL_QUERIES) > 5
    assert {"call_callback", "mend_meetings"} < FUNCTIONS


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_asks_for_what_is_emitted(query: str) -> None:
    """Metrics, log lines and functions by their names; a name that is not emitted never fires."""
    named = set(re.findall(r"\b[a-z_]+(?:\.[a-z_]+)+\b", query))
    functions = re.findall(r"\bName contains '(\w+)'", query)
    tables = set(re.findall(r"\bApp[A-Z]\w+", query))

    assert named <= EMITTED
    assert all(any(part in name for name in FUNCTIONS) for part in functions)
    assert tables
    assert tables <= TABLES


@pytest.mark.parametrize("query", ALERT_QUERIES)
def test_the_query_of_an_alert_answers_one_value(query: str) -> None:
    """The rule holds `value` against its threshold."""
    assert "summarize" in query
    assert " value = " in query.splitlines()[-1]


def test_the_functions_with_call_in_their_names_are_those_that_graph_calls() -> None:
    """The alerts on callbacks look for them by that."""
    assert {one for one in FUNCTIONS if "call" in one} == {"call_callback", "incoming_call"}


def test_every_alert_has_a_heading_and_every_heading_an_alert() -> None:
    """An alert's description points to the heading by the alert's name."""
    alerts = re.findall(r"^ +name: '([\w-]+)'\n +means: '[A-Z].+\.'$", ALERTS, re.MULTILINE)
    section = re.search(r"^## Alerts\n(.+?)^## ", MANUAL, re.MULTILINE | re.DOTALL)

    assert section is not None
    assert re.findall(r"^### (.+)$", section[1], re.MULTILINE) == alerts
    assert len(re.findall(r"^ +means: ", ALERTS, re.MULTILINE)) == len(alerts)
    assert ALERTS.count("description: '${alert.means} ${manual}${alert.name}'") == 2
    assert "var manual = 'See docs/operations.md#'" in ALERTS


def test_every_alert_says_what_it_means_and_what_to_do() -> None:
    """In these words, for who is called at night."""
    texts = MANUAL.partition("\n## Alerts\n")[2].partition("\n## ")[0].split("\n### ")[1:]

    for text in texts:
        assert all(word in text for word in ("**Means**", "**Look at**", "**Do**")), text[:40]


def test_the_workbook_names_resources_as_the_template_fills_them_in() -> None:
    """Its queries go to the workspace, its metrics to the namespace."""
    metrics = [one["content"] for one in WORKBOOK["items"] if one["type"] == 10]

    assert all(chart["crossComponentResources"] == ["WORKSPACE_ID"] for chart in CHARTS)
    assert metrics
    assert all(metric["resourceIds"] == ["NAMESPACE_ID"] for metric in metrics)
    for placeholder in ("WORKSPACE_ID", "NAMESPACE_ID"):
        assert f"'{placeholder}', " in ALERTS


def test_every_line_that_is_an_error_raises_an_alert() -> None:
    """Alert and manual look for the same lines, and for all of that level."""
    errors = {line for line, level in LEVELS.items() if level >= logging.ERROR}

    for text in (ALERTS, MANUAL):
        [named] = re.findall(r"'\^\((backstop\.failed[^)]*)\)'", text)
        assert set(named.split("|")) == errors


def test_the_alert_on_refusals_names_their_queue() -> None:
    """The other alerts on Service Bus look at each entity."""
    assert set(re.findall(r"entities: \['([\w*-]+)'\]", ALERTS)) == {"*", REJECTED_QUEUE}
