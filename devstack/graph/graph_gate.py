"""The door of Graph's paths: logs the request, applies faults, asks for a token, answers.

Holds no rule of Graph itself: graph_routes.py answers.
"""

import base64
import json
import re
from datetime import timedelta
from email.utils import format_datetime
from uuid import uuid4

from aiohttp import web

from devstack.graph.callers import check_caller
from devstack.graph.graph_routes import Answer, Asked, answer
from devstack.graph.json_values import Json
from devstack.graph.refusals import GraphRefusal, render_error, usual_code
from devstack.graph.request_log import LoggedRequest
from devstack.graph.simulator import SIMULATOR, Simulator

_CLAIMS = base64.b64encode(b'{"access_token":{"nbf":{"essential":true,"value":"1792400000"}}}')
CHALLENGE = (
    'Bearer realm="", '
    'authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
    f'error="insufficient_claims", claims="{_CLAIMS.decode()}"'
)
"""What Graph answers an application that can renew its token, once the token was revoked.

Source: https://learn.microsoft.com/entra/identity-platform/claims-challenge
"""
VERSIONED = re.compile(r"/(v1\.0|beta)(?=/|$)")


def add_graph(app: web.Application) -> None:
    """Serve everything under /v1.0 and /beta."""
    app.router.add_route("*", r"/{version:v1\.0|beta}/{tail:.*}", _serve)


async def _serve(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    body, body_is_json = _parsed(await request.read())
    path = re.sub("/{2,}", "/", request.path)
    short_path = VERSIONED.sub("", path, count=1)
    asked = Asked(
        method=request.method,
        path=short_path,
        base=f"{request.url.origin()}/{request.match_info['version']}",
        query=dict(request.query),
        body=body,
        body_is_json=body_is_json,
    )
    client_request_id = request.headers.get("client-request-id")
    entry = simulator.requests.arrived(
        LoggedRequest(
            method=request.method,
            path=path,
            query=dict(request.query),
            body=body,
            client_request_id=client_request_id,
        )
    )
    request_id = str(uuid4())
    world = simulator.world
    date = world.now() + timedelta(seconds=world.switches.date_skew_seconds)
    ids = {
        "Date": format_datetime(date, usegmt=True),
        "request-id": request_id,
        "client-request-id": client_request_id or request_id,
    }
    outcome = await _with_faults(simulator, asked, path, request.headers.get("Authorization"))
    entry.status = outcome.status
    if isinstance(outcome, Answer):
        return _respond(outcome, ids)
    refusal, headers = outcome.refusal, outcome.headers
    shown = render_error(
        refusal,
        request_id=request_id,
        client_request_id=ids["client-request-id"],
        now=simulator.world.now(),
    )
    return web.json_response(shown, status=refusal.status, headers={**headers, **ids})


class _Refused:
    """A refusal and the headers that go with it."""

    def __init__(self, refusal: GraphRefusal, headers: dict[str, str] | None = None) -> None:
        self.refusal = refusal
        self.headers = headers or {}
        self.status = refusal.status


async def _with_faults(
    simulator: Simulator, asked: Asked, path: str, authorization: str | None
) -> Answer | _Refused:
    fault = simulator.faults.take(asked.method, path, asked.path)
    if fault is None:
        return _work(simulator, asked, authorization)
    early = _work(simulator, asked, authorization) if fault.work == "before the delay" else None
    await simulator.faults.hold(fault)
    if fault.status is None:
        return early or _work(simulator, asked, authorization)
    status = fault.status
    headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
    if status < 400:
        return Answer(status=status, headers=headers)
    code = fault.code or usual_code(status)
    return _Refused(GraphRefusal(status, code, "A fault of the lab."), headers)


def _work(simulator: Simulator, asked: Asked, authorization: str | None) -> Answer | _Refused:
    try:
        app_id = simulator.access_tokens.caller(authorization)
        if app_id is None:
            problem = "expired, revoked or not issued here" if authorization else "empty"
            refusal = GraphRefusal(401, usual_code(401), f"Access token is {problem}.")
            wanted = CHALLENGE if simulator.access_tokens.challenge else "Bearer"
            return _Refused(refusal, {"WWW-Authenticate": wanted})
        check_caller(
            asked,
            app_id,
            tenant=simulator.world.tenant,
            switches=simulator.world.switches,
        )
        return answer(simulator.world, asked)
    except GraphRefusal as refusal:
        return _Refused(refusal)


def _parsed(raw: bytes) -> tuple[Json, bool]:
    if not raw:
        return None, True
    try:
        parsed: Json = json.loads(raw)
    except ValueError:
        return None, False
    return parsed, True


def _respond(outcome: Answer, ids: dict[str, str]) -> web.Response:
    headers = {**outcome.headers, **ids}
    if outcome.body is None:
        return web.Response(status=outcome.status, headers=headers)
    return web.json_response(outcome.body, status=outcome.status, headers=headers)
