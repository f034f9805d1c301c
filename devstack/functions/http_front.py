"""The HTTP side: finds the function for a request, asks for its key, invokes it, answers."""

import hmac
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web
from multidict import CIMultiDict

from devstack.functions import routes
from devstack.functions.admin import Admin
from devstack.functions.bindings import HttpTrigger
from devstack.functions.invocation import Invocation, Invoke, Outcome
from devstack.functions.protos import TypedData
from devstack.functions.routes import Route
from devstack.functions.rpc_http import Answer, http_answer, query_of, rpc_request
from devstack.functions.trace_context import trace_in

_LARGEST_BODY = 100 * 1024 * 1024  # Source: the request limit of Azure Functions
# The server writes these itself.
_HOP_HEADERS = frozenset({"content-length", "transfer-encoding", "connection"})

_log = logging.getLogger("functions.host")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpFunction:
    """An HTTP function with its trigger."""

    name: str
    function_id: str
    trigger: HttpTrigger
    disabled: bool = False


class HttpFront:
    """Answers HTTP requests by invoking functions."""

    def __init__(
        self,
        *,
        functions: Sequence[HttpFunction],
        prefix: str,
        function_key: str | None,
        admin: Admin,
        invoke: Invoke,
    ) -> None:
        """Without `function_key` no function asks for one. Raises RouteError."""
        self._functions = {function.function_id: function for function in functions}
        self._routes: list[Route] = [
            routes.route(
                function.trigger.route,
                prefix=prefix,
                methods=function.trigger.methods,
                key=function.function_id,
            )
            for function in functions
        ]
        self._function_key = function_key
        self._admin = admin
        self._invoke = invoke

    def application(self) -> web.Application:
        """Return the aiohttp application that serves every path."""
        application = web.Application(client_max_size=_LARGEST_BODY)
        application.router.add_route("*", "/{anything:.*}", self._serve)
        return application

    async def _serve(self, request: web.Request) -> web.Response:
        answer = await self._answer(request)
        headers = CIMultiDict(
            (name, value) for name, value in answer.headers if name.lower() not in _HOP_HEADERS
        )
        return web.Response(status=answer.status, headers=headers, body=answer.body)

    async def _answer(self, request: web.Request) -> Answer:
        path, _, raw_query = request.raw_path.partition("?")
        if path.startswith("/admin/"):
            own = self._admin.answer(request.method, path, await request.read())
            return own or Answer(status=404)
        found = routes.find(self._routes, request.method, path)
        if found is None:
            return Answer(status=404)
        route, params = found
        function = self._functions[route.key]
        if function.trigger.needs_key and not self._has_key(request, raw_query):
            return Answer(status=401)
        if function.disabled:
            return Answer(status=404)
        rpc = rpc_request(
            method=request.method,
            url=f"{request.scheme}://{request.host}{request.raw_path}",
            raw_query=raw_query,
            headers=request.headers.items(),
            route_params=params,
            body=await self._body(request),
        )
        outcome = await self._invoke(
            Invocation(
                function_id=function.function_id,
                function_name=function.name,
                parameter=function.trigger.parameter,
                data=TypedData(http=rpc),
                trace=trace_in(rpc.headers),
            )
        )
        return _result(function.name, outcome)

    async def _body(self, request: web.Request) -> bytes:
        body = await request.read()
        if request.content_length is None and self._admin.switches.chunked_bodies == "empty":
            return b""
        return body

    def _has_key(self, request: web.Request, raw_query: str) -> bool:
        if self._function_key is None:
            return True
        given = query_of(raw_query).get("code") or request.headers.get("x-functions-key") or ""
        # A header may hold bytes that are no text.
        told = given.encode(errors="surrogateescape")
        return hmac.compare_digest(told, self._function_key.encode())


def _result(name: str, outcome: Outcome) -> Answer:
    if outcome.failure is not None:
        _log.error("%s failed: %s\n%s", name, outcome.failure.message, outcome.failure.stack_trace)
        return Answer(status=500)
    return http_answer(outcome.returned)
