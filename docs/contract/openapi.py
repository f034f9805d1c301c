"""docs/openapi.json: what is read over HTTP, as OpenAPI 3.1. Pure: writes no file.

Graph's callbacks are left out: they are Microsoft's contract, and no caller of ours sends them.
Source: https://spec.openapis.org/oas/v3.1.1.html
"""

from typing import Any

from pydantic import TypeAdapter

from docs.contract.event_data import Id, Part
from docs.contract.health_data import Examination, Health, HealthDetails, Organizers
from docs.contract.json_schema import opened, schema_of
from docs.contract.reading_data import AttendanceLine, BadParameters, Day, LogLine, Now
from meeting_record.asked import FORMATS, MEDIA

type Json = dict[str, Any]

KEYS: list[Json] = [{"functionKey": []}, {"functionKeyInQuery": []}]
REF = "#/components/schemas/{model}"
CSV, NDJSON = MEDIA["csv"], MEDIA["ndjson"]
HTML = "text/html"
NO_SUCH_MEETING = "No such meeting is known."
NOT_NOW = "The record cannot be read now."
PURGED = "Its record was purged."


class Message(Part):
    """Why there is no answer, in one sentence."""

    message: str


def _in_path(name: str, schema: Json) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _in_query(name: str, schema: Json, description: str) -> Json:
    return {"name": name, "in": "query", "schema": schema, "description": description}


MEETING = _in_path("meetingId", TypeAdapter(Id).json_schema())
TEXT: Json = {"type": "string", "minLength": 1}
FORM: list[Json] = [
    _in_query(
        "format",
        {"enum": list(FORMATS), "default": "json"},
        "The record, or a line for each person of each call. It counts before `Accept`.",
    ),
    _in_query("tz", TEXT, "With `format=csv`: an IANA time zone for the times; without it UTC."),
]
OF_LIST: list[Json] = [
    _in_query("open", {"type": "boolean"}, "With `day`: only open calls."),
    _in_query("continuation", TEXT, "With `day`: that of the page before, as it came."),
]
PAGE_ZONE = _in_query("tz", TEXT, "An IANA time zone for the times; without it UTC.")
KNOWN: Json = {
    "name": "If-None-Match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "The `ETag` of an answer that is known: 304 where it still is the answer.",
}


def openapi(version: str) -> Json:
    """Return the document. Records and schemas are described by the files of docs/schemas."""
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Rollcall",
            "version": version,
            "description": "Records and pages of meetings, schemas of messages, and the health of "
            "the app. "
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
                    "parameters": [MEETING, *FORM, KNOWN],
                    "responses": _record(),
                }
            },
            "/meetings/{meetingId}/log": {
                "get": {
                    "operationId": "meeting_log",
                    "summary": "Read what was heard of a meeting and what was published, in the "
                    "order it was committed, a page at a time.",
                    "security": KEYS,
                    "parameters": [
                        MEETING,
                        _in_query(
                            "after",
                            {"type": "integer", "minimum": 0},
                            "The `version` of the last line that is known; the page begins behind "
                            "it. The header `Link` of each page but an empty one has the next.",
                        ),
                        KNOWN,
                    ],
                    "responses": _of_meeting(
                        _answer("Lines of JSON.", _model(LogLine), kind=NDJSON)
                    ),
                }
            },
            "/meetings/{meetingId}/now": {
                "get": {
                    "operationId": "meeting_now",
                    "summary": "Read who is in a meeting now.",
                    "security": KEYS,
                    "parameters": [MEETING, KNOWN],
                    "responses": _of_meeting(_answer("Who is there.", _model(Now))),
                }
            },
            "/meetings/{meetingId}/timeline": {
                "get": {
                    "operationId": "meeting_page",
                    "summary": "Read the page of a meeting, in a browser.",
                    "description": "What the record says, and the newest lines of the log. A "
                    "request in progress has a page, too, under the id that its meeting gets.",
                    "security": KEYS,
                    "parameters": [MEETING, PAGE_ZONE, KNOWN],
                    "responses": _page(NO_SUCH_MEETING, PURGED),
                }
            },
            "/timeline": {
                "get": {
                    "operationId": "day_page",
                    "summary": "Read the page of a day's meetings, in a browser.",
                    "security": KEYS,
                    "parameters": [
                        _in_query(
                            "day",
                            {"type": "string", "format": "date"},
                            "The day, of UTC; without it today.",
                        ),
                        *OF_LIST,
                        PAGE_ZONE,
                        KNOWN,
                    ],
                    "responses": _page(),
                }
            },
            "/meetings": {
                "get": {
                    "operationId": "find_meeting",
                    "summary": "Read the record of the meeting that a request made or joined, or "
                    "list the meetings of a day.",
                    "description": "Either `requestId`, or `day`. A day's list has the meetings "
                    "planned for it and those with a call that began on it.",
                    "security": KEYS,
                    "parameters": [
                        _in_query("requestId", TEXT, "Read the record of this request's meeting."),
                        *FORM,
                        _in_query(
                            "day", {"type": "string", "format": "date"}, "List this day, of UTC."
                        ),
                        *OF_LIST,
                        KNOWN,
                    ],
                    "responses": _record(Day),
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
            "/health/doctor": {
                "post": {
                    "operationId": "health_doctor",
                    "summary": "Let the app examine its deployment.",
                    "description": "A probe meeting of each organizer and a row of the table are "
                    "made and deleted. `rollcall doctor` judges what is answered.",
                    "security": KEYS,
                    "requestBody": {
                        "required": False,
                        "content": {"application/json": {"schema": _model(Organizers)}},
                    },
                    "responses": {
                        "200": _answer("What was seen.", _model(Examination)),
                        "400": _answer("The body is wrong.", _model(Message)),
                        "401": _refused(),
                    },
                }
            },
        },
        "components": {
            "schemas": _models(
                Message,
                BadParameters,
                Day,
                Now,
                LogLine,
                AttendanceLine,
                Health,
                HealthDetails,
                Organizers,
                Examination,
            ),
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


def _record(*others: type[Part]) -> Json:
    record: Json = {"$ref": "schemas/record.json"}
    found = {"anyOf": [record, *map(_model, others)]} if others else record
    answer = _answer("The record, or the list." if others else "The record.", found)
    answer["content"] |= {
        CSV: {"schema": {"type": "string"}},
        NDJSON: {"schema": _model(AttendanceLine)},
    }
    return {
        **_of_meeting(answer),
        "406": _answer("`Accept` names no form that there is.", _model(BadParameters)),
    }


def _of_meeting(answer: Json) -> Json:
    return {
        "200": answer | {"headers": {"ETag": {"schema": {"type": "string"}}}},
        "304": {"description": "The answer is the one that `If-None-Match` names."},
        "400": _answer("A parameter is wrong.", _model(BadParameters)),
        "401": _refused(),
        "404": _answer(NO_SUCH_MEETING, _model(Message)),
        "410": _answer(PURGED, _model(Message)),
        "503": _answer(NOT_NOW, _model(Message)),
    }


def _page(not_known: str = "", purged: str = "") -> Json:
    page: Json = {"content": {HTML: {"schema": {"type": "string"}}}}
    tag: Json = {"headers": {"ETag": {"schema": {"type": "string"}}}}
    gone = {"404": {"description": not_known} | page, "410": {"description": purged} | page}
    return {
        "200": {"description": "The page."} | page | tag,
        "304": {"description": "The page is the one that `If-None-Match` names."},
        "400": {"description": "A parameter is wrong."} | page,
        "401": _refused(),
        **(gone if not_known else {}),
        "503": {"description": NOT_NOW} | page,
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


def _model(kind: type[Part]) -> Json:
    return {"$ref": REF.format(model=kind.__name__)}


def _models(*kinds: type[Part]) -> Json:
    found: Json = {}
    for kind in kinds:
        schema = opened(schema_of(TypeAdapter(kind), ref=REF))
        found |= {**schema.pop("$defs", {}), kind.__name__: schema}
    return found
