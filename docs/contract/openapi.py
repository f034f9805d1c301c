"""docs/openapi.json: what is read over HTTP, as OpenAPI 3.1. Pure: writes no file.

Graph's callbacks are left out: they are Microsoft's contract, and no caller of ours sends them.
Source: https://spec.openapis.org/oas/v3.1.1.html
"""

from typing import Any, Literal

from pydantic import AwareDatetime, TypeAdapter

from docs.contract.event_data import ABSENT, Id, Part
from docs.contract.json_schema import opened, schema_of

type Json = dict[str, Any]

KEYS: list[Json] = [{"functionKey": []}, {"functionKeyInQuery": []}]
REF = "#/components/schemas/{model}"
NO_SUCH_MEETING = "No such meeting is known."
NOT_NOW = "The record cannot be read now."
PURGED = "Its record was purged."


class Message(Part):
    """Why there is no answer, in one sentence."""

    message: str


class Health(Part):
    """Whether all is well."""

    status: Literal["ok", "degraded"]


class Walk(Part):
    """When the backstop timer was last done with a walk."""

    at: AwareDatetime
    age_seconds: float


class HealthDetails(Health):
    """Each part is `ok`, or what is wrong with it. `lastWalk` is null where none is known."""

    tables: str
    service_bus: str
    graph_token: str
    backstop: str
    last_walk: Walk | None
    examined_at: AwareDatetime
    version: str = ABSENT


def openapi(version: str) -> Json:
    """Return the document. Records and schemas are described by the files of docs/schemas."""
    record = {"$ref": "schemas/record.json"}
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Rollcall",
            "version": version,
            "description": "Records of meetings, schemas of messages, and the health of the app. "
            "Requests are sent over Service Bus: asyncapi.json. Graph's callbacks under "
            "/api/calls are left out.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [
            {
                "url": "https://{app}.azurewebsites.net/api",
                "variables": {"app": {"default": "rollcall", "description": "The function app."}},
            }
        ],
        "paths": {
            "/meetings/{meetingId}": {
                "get": {
                    "operationId": "meeting_record",
                    "summary": "Read the record of a meeting.",
                    "security": KEYS,
                    "parameters": [_in_path("meetingId", TypeAdapter(Id).json_schema())],
                    "responses": _record(record),
                }
            },
            "/meetings": {
                "get": {
                    "operationId": "find_meeting",
                    "summary": "Read the record of the meeting that a request made or joined.",
                    "security": KEYS,
                    "parameters": [
                        {
                            "name": "requestId",
                            "in": "query",
                            "required": True,
                            "schema": {"type": "string", "minLength": 1},
                        }
                    ],
                    "responses": {
                        "400": _answer("No request is named.", _model(Message)),
                        **_record(record),
                    },
                }
            },
            "/schemas/{file}": {
                "get": {
                    "operationId": "schemas",
                    "summary": "Read a JSON Schema: of a request, an event, its data, or a record.",
                    "security": [],
                    "parameters": [_in_path("file", {"type": "string"})],
                    "responses": {
                        "200": _answer(
                            "The schema, under its `$id`.",
                            {"type": "object"},
                            kind="application/schema+json",
                        ),
                        "404": _answer("No such schema is served.", _model(Message)),
                    },
                }
            },
            "/health": {
                "get": {
                    "operationId": "health",
                    "summary": "Whether all is well.",
                    "security": [],
                    "responses": _health(Health),
                }
            },
            "/health/details": {
                "get": {
                    "operationId": "health_details",
                    "summary": "How each part is.",
                    "security": KEYS,
                    "responses": {**_health(HealthDetails), "401": _refused()},
                }
            },
        },
        "components": {
            "schemas": _models(Message, Health, HealthDetails),
            "securitySchemes": {
                "functionKey": {"type": "apiKey", "in": "header", "name": "x-functions-key"},
                "functionKeyInQuery": {
                    "type": "apiKey",
                    "in": "query",
                    "name": "code",
                    "description": "Lands in the logs of proxies: prefer the header.",
                },
            },
        },
    }


def _record(record: Json) -> Json:
    return {
        "200": _answer("The record.", record),
        "401": _refused(),
        "404": _answer(NO_SUCH_MEETING, _model(Message)),
        "410": _answer(PURGED, _model(Message)),
        "503": _answer(NOT_NOW, _model(Message)),
    }


def _health(kind: type[Part]) -> Json:
    return {
        "200": _answer("All is well.", _model(kind)),
        "503": _answer("Something is wrong.", _model(kind)),
    }


def _refused() -> Json:
    return {"description": "No function key, or a wrong one. Azure answers before the app runs."}


def _answer(description: str, schema: Json, *, kind: str = "application/json") -> Json:
    return {"description": description, "content": {kind: {"schema": schema}}}


def _in_path(name: str, schema: Json) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _model(kind: type[Part]) -> Json:
    return {"$ref": REF.format(model=kind.__name__)}


def _models(*kinds: type[Part]) -> Json:
    found: Json = {}
    for kind in kinds:
        schema = opened(schema_of(TypeAdapter(kind), ref=REF))
        found |= {**schema.pop("$defs", {}), kind.__name__: schema}
    return found
