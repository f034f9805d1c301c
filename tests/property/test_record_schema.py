"""Whatever the ledger may hold of a meeting, its record is as the schema in docs/schemas says."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from docs.contract.record_data import RECORD
from meeting_record.view import record_view
from shared.calls.record import GroupCall, SessionPage
from shared.legs.leg import Leg
from shared.meeting.meeting import Meeting
from shared.words.outgoing import Outgoing
from shared.words.rules import Shown
from tests.property.stored import Strategies, words

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schemas/record.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


def base32(length: int) -> st.SearchStrategy[str]:
    """Return a strategy of ids."""
    return st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=length, max_size=length)


# Ids have their alphabet, and calls are counted from 1: the ledger's types do not say so.
kept = Strategies(
    {
        (Outgoing, "body"): words,
        (Meeting, "meeting_id"): base32(26),
        (Leg, "key"): base32(16),
        (GroupCall, "number"): st.integers(min_value=1, max_value=10**6),
    }
)


@given(
    kept.of(Meeting),
    st.lists(kept.of(SessionPage), max_size=2),
    st.builds(
        Shown, names=st.booleans(), within=st.sampled_from([timedelta(0), timedelta(days=1)])
    ),
)
def test_a_record_is_as_its_schema_says(
    meeting: Meeting, pages: list[SessionPage], shown: Shown
) -> None:
    """Held to the model, which takes no other members, and to the schema that readers get."""
    text = json.dumps(record_view(meeting, pages, shown=shown))

    RECORD.validate_json(text)
    found: list[Any] = list(VALIDATOR.iter_errors(json.loads(text)))

    assert found == []


def test_the_schema_notices_what_a_record_lacks() -> None:
    """Else it would hold for everything."""
    record = {"meeting": {}, "calls": [{}], "bot": {"state": "lost"}}

    paths = {error.json_path for error in VALIDATOR.iter_errors(record)}

    assert paths == {"$.meeting", "$.calls[0]", "$.bot"}
