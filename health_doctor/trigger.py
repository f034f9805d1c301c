"""The HTTP binding of the examination."""

import json

import azure.functions as func

from shared.edge import at_edge

bp = func.Blueprint()


@bp.function_name("health_doctor")
@bp.route(route="health/doctor", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@at_edge
async def health_doctor(req: func.HttpRequest) -> func.HttpResponse:
    """Examine the deployment and answer what was seen, to callers with a function key."""
    from health_doctor.handler import examine
    from health_doctor.plan import BadRequest
    from shared.bootstrap import services

    try:
        seen, status = await examine(req.get_body(), services()), 200
    except BadRequest as error:
        seen, status = {"message": str(error)}, 400
    return func.HttpResponse(
        json.dumps(seen, ensure_ascii=False), status_code=status, mimetype="application/json"
    )
