"""The HTTP bindings of Graph's call notifications.

They are anonymous to the host, because Graph cannot send a function key. Graph proves itself with
a signed token that the handler verifies.
"""

from typing import TYPE_CHECKING

import azure.functions as func

from shared.edge import at_edge

if TYPE_CHECKING:
    from call_callback.handler import Answer

bp = func.Blueprint()


@bp.function_name("call_callback")
@bp.route(route="calls/{meetingId}/{legKey}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@at_edge
async def call_callback(req: func.HttpRequest) -> func.HttpResponse:
    """Take a notification about one of our legs."""
    from call_callback.handler import receive_notification
    from shared.bootstrap import services

    answer = await receive_notification(
        meeting_id=req.route_params["meetingId"],
        leg_key=req.route_params["legKey"],
        authorization=req.headers.get("authorization"),
        body=req.get_body(),
        services=services(),
    )
    return _response(answer)


@bp.function_name("incoming_call")
@bp.route(route="calls", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@at_edge
async def incoming_call(req: func.HttpRequest) -> func.HttpResponse:
    """Take a notification at the bot's registered webhook."""
    from call_callback.handler import receive_incoming
    from shared.bootstrap import services

    answer = await receive_incoming(
        authorization=req.headers.get("authorization"),
        body=req.get_body(),
        services=services(),
    )
    return _response(answer)


def _response(answer: "Answer") -> func.HttpResponse:
    pause = answer.retry_after
    headers = {} if pause is None else {"Retry-After": str(pause)}
    return func.HttpResponse(status_code=answer.status, headers=headers)
