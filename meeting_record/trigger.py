"""The HTTP bindings of the records, lists and logs, and of the health report."""

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import azure.functions as func

from shared.edge import at_edge

if TYPE_CHECKING:
    from meeting_record.answers import Answer
    from meeting_record.asked import Asked
    from shared.services import Services

bp = func.Blueprint()


@bp.function_name("meeting_record")
@bp.route(route="meetings/{meetingId}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@at_edge
async def meeting_record(req: func.HttpRequest) -> func.HttpResponse:
    """Answer one meeting's record."""
    from meeting_record.handler import answer_record

    meeting_id = req.route_params["meetingId"]
    return await _answered(req, lambda asked, on: answer_record(meeting_id, asked, on))


@bp.function_name("meeting_log")
@bp.route(route="meetings/{meetingId}/log", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@at_edge
async def meeting_log(req: func.HttpRequest) -> func.HttpResponse:
    """Answer what was heard of a meeting, and what was published."""
    from meeting_record.handler import answer_log

    meeting_id = req.route_params["meetingId"]
    return await _answered(req, lambda asked, on: answer_log(meeting_id, asked, on))


@bp.function_name("meeting_now")
@bp.route(route="meetings/{meetingId}/now", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@at_edge
async def meeting_now(req: func.HttpRequest) -> func.HttpResponse:
    """Answer who is in a meeting."""
    from meeting_record.handler import answer_now

    meeting_id = req.route_params["meetingId"]
    return await _answered(req, lambda asked, on: answer_now(meeting_id, asked, on))


@bp.function_name("meeting_page")
@bp.route(
    route="meetings/{meetingId}/timeline", methods=["GET"], auth_level=func.AuthLevel.FUNCTION
)
@at_edge
async def meeting_page(req: func.HttpRequest) -> func.HttpResponse:
    """Answer the page of one meeting."""
    from meeting_record.pages.handler import answer_timeline

    meeting_id = req.route_params["meetingId"]
    return await _answered(req, lambda asked, on: answer_timeline(meeting_id, asked, on))


@bp.function_name("day_page")
@bp.route(route="timeline", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@at_edge
async def day_page(req: func.HttpRequest) -> func.HttpResponse:
    """Answer the page of a day's meetings."""
    from meeting_record.pages.handler import answer_day

    return await _answered(req, answer_day)


@bp.function_name("find_meeting")
@bp.route(route="meetings", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@at_edge
async def find_meeting(req: func.HttpRequest) -> func.HttpResponse:
    """Answer the record of the meeting that a request id requested, or the meetings of a day."""
    from meeting_record.handler import answer_meetings

    return await _answered(req, answer_meetings)


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
        return _json({"message": "No such schema is served here."}, 404)
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


async def _answered(
    req: func.HttpRequest, read: Callable[["Asked", "Services"], Awaitable["Answer"]]
) -> func.HttpResponse:
    from meeting_record.answers import problem, refusal, unless_known
    from meeting_record.asked import Asked, BadRequest
    from shared.bootstrap import services
    from shared.words.errors import Unavailable

    asked = Asked(parameters=req.params, accept=req.headers.get("accept", ""))
    try:
        answer = await read(asked, services())
    except BadRequest as refused:
        answer = refusal(refused)
    except Unavailable as error:
        answer = problem(503, f"The record cannot be read now: {error}")
    answer = unless_known(answer, req.headers.get("if-none-match", ""))
    return func.HttpResponse(
        answer.body,
        status_code=answer.status,
        mimetype=answer.media,
        headers=dict(answer.headers),
    )


def _json(
    body: dict[str, Any], status: int, *, mimetype: str = "application/json"
) -> func.HttpResponse:
    return func.HttpResponse(
        json.dumps(body, ensure_ascii=False), status_code=status, mimetype=mimetype
    )
