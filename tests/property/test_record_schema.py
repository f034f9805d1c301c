"""Whatever the ledger may hold of a meeting, what is read of it is as its schema or model says."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from docs.contract.reading_data import ATTENDANCE_LINE, LOG_LINE, NOW
from docs.contract.record_data import RECORD
from meeting_record.attendance import as_csv, as_ndjson
from meeting_record.log_lines import log_lines
from meeting_record.now import now_view
from meeting_record.view import record_view
from shared.calls.history import LogEntry
from shared.calls.record import SessionPage
from shared.meeting.meeting import Meeting
from shared.sources.kept import KeptSource
from shared.words.rules import Shown
from tests.property.kept_values import kept, shows

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schemas/record.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


@given(kept.of(LogEntry), shows)
def test_a_log_line_is_as_its_model_says(entry: LogEntry, shown: Shown) -> None:
    """Whatever was heard."""
    for line in log_lines([entry], {}, shown=shown).splitlines():
        LOG_LINE.validate_json(line)


@given(kept.of(Meeting), shows)
def test_who_is_there_is_as_its_model_says(meeting: Meeting, shown: Shown) -> None:
    """Whatever the head holds."""
    NOW.validate_json(json.dumps(now_view(meeting, shown=shown)))


@given(
    kept.of(Meeting),
    st.lists(kept.of(SessionPage), max_size=2),
    st.lists(kept.of(KeptSource), max_size=2),
    shows,
)
def test_a_record_is_as_its_schema_says(
    meeting: Meeting, pages: list[SessionPage], sources: list[KeptSource], shown: Shown
) -> None:
    """Held to the model, which takes no other members, and to the schema that readers get."""
    record = record_view(meeting, pages, sources, shown=shown, settle=timedelta(seconds=1))
    text = json.dumps(record)

    RECORD.validate_json(text)
    found: list[Any] = list(VALIDATOR.iter_errors(json.loads(text)))
    lines = as_ndjson(record).splitlines()
    for line in lines:
        ATTENDANCE_LINE.validate_json(line)

    assert found == []
    assert len(lines) == sum(len(call["people"]) for call in record["calls"])
    assert as_csv(record, ZoneInfo("Europe/Berlin")).count("\r\n") == 1 + len(lines)


def test_the_schema_notices_what_a_record_lacks() -> None:
    """Else it would hold for everything."""
    record = {"meeting": {}, "calls": [{}], "bot": {"state": "lost"}}

    paths = {error.json_path for error in VALIDATOR.iter_errors(record)}

    assert paths == {"$.meeting", "$.calls[0]", "$.bot"}
