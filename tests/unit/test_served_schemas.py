"""What is served under /api/schemas: each schema under the URL that its `$id` says."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from docs.contract.events import EVENTS
from docs.contract.render import REQUESTS, event_schema, schemas
from meeting_record.schemas import served_schema

URL = "https://rollcall.example"
FILES = [f"{name}.json" for name in schemas()] + [f"{name}.data.json" for name in EVENTS]


@pytest.mark.parametrize("file", FILES)
def test_a_schema_is_served_with_the_url_it_is_read_at(file: str) -> None:
    """And it is a schema: references lead to what it has itself."""
    schema = served_schema(file, public_url=URL)

    assert schema is not None
    assert schema["$id"] == f"{URL}/api/schemas/{file}"
    Draft202012Validator.check_schema(schema)
    assert list(Draft202012Validator(schema).iter_errors(None))


def test_what_is_served_is_what_the_documents_have() -> None:
    """But for the `$id`, which is relative there."""
    served = served_schema("call.started.json", public_url=URL)

    assert served is not None
    assert served | {"$id": "call.started.json"} == event_schema("call.started")


def test_the_schema_of_the_data_takes_the_data_alone() -> None:
    """As CloudEvents says of `dataschema`."""
    whole = json.loads((Path(__file__).parents[2] / "docs/schemas/bot.joined.json").read_text())
    schema = served_schema("bot.joined.data.json", public_url=URL)
    data = {
        "meetingId": "a" * 26,
        "context": None,
        "recordedAt": "2026-09-14T08:00:00Z",
        "legKey": "b" * 16,
    }

    assert schema is not None
    assert list(Draft202012Validator(schema).iter_errors(data)) == []
    assert list(Draft202012Validator(whole).iter_errors(data)) != []


@pytest.mark.parametrize(
    "file",
    [
        "",
        ".json",
        "call.started",
        "call.started.yaml",
        "call.vanished.json",
        "call.started.data.data.json",
        "record.data.json",
        "../host.json",
        *(f"{name}.data.json" for name in REQUESTS),
    ],
)
def test_no_other_file_is_served(file: str) -> None:
    """Only names of schemas lead anywhere."""
    assert served_schema(file, public_url=URL) is None
