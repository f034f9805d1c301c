"""The HTTP bindings of the record and of the health report."""

import json
from typing import TYPE_CHECKING, Any

import azure.functions as func

from shared.edge import at_edge

if TYPE_CHECKING:
    from meeting_record.view import Found

bp = func.Blueprint()


@bp.function_name("meeting_record")
@bp.route(route="meetings/{meetingId}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@at_edge
async def meeting_record(req: func.HttpRequest) -> func.HttpResponse:
    """Answer one meeting's record."""
    from meeting_record.handler import read_record
    from shared.bootstrap import services
    from shared.words.errors import Unavailable

    try:
        record = await read_record(req.route_params["meetingId"], services())
    except Unavailable as error:
        return _problem(503, f"The record cannot be read now: {error}")
    return _found(record)


@bp.function_name("find_meeting")
@bp.route(route="meetings", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@at_edge
async def find_meeting(req: func.HttpRequest) -> func.HttpResponse:
    """Answer the record of the meeting that a request id requested."""
    from meeting_record.handler import find_record
    from shared.bootstrap import services
    from shared.words.errors import Unavailable

    request_id = req.params.get("requestId")
    if not request_id:
        return _problem(400, "Name the request: /api/meetings?requestId=…")
    try:
        record = await find_record(request_id, services())
    except Unavailable as error:
        return _problem(503, f"The record cannot be read now: {error}")
    return _found(record)


@bp.function_name("schemas")
@bp.route(route="schemas/{file}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@at_edge
async def schemas(req: func.HttpRequest) -> func.HttpResponse:
    """Answer one JSON Schema, which says nothing of any meeting; no key is needed."""
    from meeting_record.schemas import served_schema
    from shared.bootstrap import services

    public_url = services().policy.public_url
    schema = served_schema(req.route_params["file"], public_url=public_url)
    if schema is None:
        return _problem(404, "No such schema is served here.")
    return _json(schema, 200, mimetype="application/schema+json")


@bp.function_name("health")
@bp.route(route="health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@at_edge
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """Answer whether all is well, to anybody."""
    from meeting_record.handler import health as read
    from shared.bootstrap import services

    return _health(await read(services()))


@bp.function_name("health_details")
@bp.route(route="health/details", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@at_edge
async def health_details(req: func.HttpRequest) -> func.HttpResponse:
    """Answer how each part is, to callers with a function key."""
    from meeting_record.handler import health_details as read
    from shared.bootstrap import services

    return _health(await read(services()))


def _health(report: dict[str, Any]) -> func.HttpResponse:
    return _json(report, 200 if report["status"] == "ok" else 503)


def _found(record: "Found") -> func.HttpResponse:
    from meeting_record.view import answer_of

    status, body = answer_of(record)
    return _json(body, status)


def _problem(status: int, message: str) -> func.HttpResponse:
    return _json({"message": message}, status)


def _json(
    body: dict[str, Any], status: int, *, mimetype: str = "application/json"
) -> func.HttpResponse:
    return func.HttpResponse(
        json.dumps(body, ensure_ascii=False), status_code=status, mimetype=mimetype
    )
