"""The JSON Schemas of requests, events and records, as they are served.

`schemas.json` beside this file comes from the models in docs/contract, which are not deployed.
Each event has two: `call.started.json` of the whole event, and `call.started.data.json` of its
`data`, which is what the event's `dataschema` names.
Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#dataschema
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).with_name("schemas.json")
SUFFIX, OF_DATA = ".json", ".data"


def served_schema(file: str, *, public_url: str) -> dict[str, Any] | None:
    """Return the schema that `file` names, with the URL it is read at as its `$id`.

    None where there is no such schema.
    """
    if not file.endswith(SUFFIX):
        return None
    name = file.removesuffix(SUFFIX)
    schema = _known().get(name.removesuffix(OF_DATA))
    if schema is not None and name.endswith(OF_DATA):
        schema = _of_data(schema)
    if schema is None:
        return None
    return {**schema, "$id": f"{public_url}/api/schemas/{file}"}


@lru_cache(maxsize=1)
def _known() -> dict[str, dict[str, Any]]:
    """Return every schema by its name."""
    known: dict[str, dict[str, Any]] = json.loads(SCHEMAS.read_text(encoding="utf-8"))
    return known


def _of_data(event: dict[str, Any]) -> dict[str, Any] | None:
    """Return the schema of an event's `data`; None for the schema of what is no event."""
    data = event["properties"].get("data")
    return None if data is None else {"$schema": event["$schema"], **data, "$defs": event["$defs"]}
