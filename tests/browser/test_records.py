"""The records that the pages are shown with are such as the app answers."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from docs.contract.render import schemas
from tests.browser import records

# An attack stands where the app has an id, so the attacked record is none that it could answer.
RECORDS = (
    *(records.empty, records.held, records.running, records.unwatched, records.failed),
    *(records.in_progress, records.crowd, records.many_calls),
    records.in_the_night_of_the_clock_change,
)


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_is_such_as_the_app_answers(record: Callable[[], records.Json]) -> None:
    """By the schema that readers get."""
    schema: dict[str, Any] = schemas()["record"]

    assert list(Draft202012Validator(schema).iter_errors(json.loads(json.dumps(record())))) == []
