"""One msgraph-sdk client and what it needs to send a request: a token and an HTTP connection.

Returns answers as bytes: the SDK's response models cost a second of cold start. Follows no redirect
and repeats no request but one whose token was refused (tokens.py): each other retry has one owner,
and it is not this module. Importing this module imports the SDK, so client.py imports it on the
first request.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import httpx
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from kiota_abstractions.authentication import AnonymousAuthenticationProvider
from kiota_abstractions.base_request_builder import BaseRequestBuilder
from kiota_abstractions.method import Method
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_http.kiota_client_factory import KiotaClientFactory
from kiota_http.middleware import ParametersNameDecodingHandler
from kiota_http.middleware.options import ResponseHandlerOption
from kiota_http.middleware.user_agent_handler import UserAgentHandler
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient

from shared.graph.answers import Answer, Asking, no_answer
from shared.graph.http_transport import AiohttpTransport
from shared.graph.tokens import GraphTokens, RefusedForNow, TokenOnRequest, roles_in
from shared.tracing.spans import asking_graph
from shared.words.errors import NotAsked
from shared.words.outside import is_segment

TIMEOUT = httpx.Timeout(30.0, connect=10.0)
LONGEST_SEND = 40.0
"""Seconds after which nothing of a request is sent any more, whatever its tokens took.

A claim's lease counts on that (shared/legs/claim.py): else a token that comes late would send a
second bot.
"""
MOST_CONNECTIONS = 64
LONGEST_REASON = 200
RAW_URL = "request-raw-url"
"""The name under which the SDK keeps a whole link, such as that to a next page."""
NOTHING: Mapping[str, str] = MappingProxyType({})


class GraphSdk:
    """A client for Graph under one URL. One instance, and so one HTTP client, a process."""

    def __init__(
        self,
        graph_url: str,
        credential: AsyncTokenCredential,
        *,
        scope: str,
        now: Callable[[], datetime],
        within: float = LONGEST_SEND,
    ) -> None:
        """`graph_url` has no version: `https://graph.microsoft.com`, or http on loopback.

        `scope` is that of the cloud's Graph, whatever stands in its place under `graph_url`.
        `within`: see `LONGEST_SEND`.
        """
        self._within = within
        self._credential = credential
        self._tokens = GraphTokens(credential, scope=scope, now=now)
        self._transport = AiohttpTransport(connections=MOST_CONNECTIONS)
        # Only the middleware that every request needs. Left out: the Graph core's, which replaces
        # our client-request-id; retries, which have another owner; and redirects, which would turn
        # a POST into a GET or send it to another server.
        http_client = KiotaClientFactory.create_with_custom_middleware(
            [ParametersNameDecodingHandler(), UserAgentHandler()],
            client=httpx.AsyncClient(
                transport=self._transport,
                auth=TokenOnRequest(self._tokens, graph_url=graph_url),
                timeout=TIMEOUT,
                trust_env=False,
            ),
        )
        self._adapter = _Adapter(AnonymousAuthenticationProvider(), client=http_client)
        self._adapter.base_url = f"{graph_url.rstrip('/')}/v1.0"
        self.client = GraphServiceClient(request_adapter=self._adapter)

    async def send(
        self,
        method: Literal["GET", "POST", "PATCH", "DELETE"],
        builder: BaseRequestBuilder,
        asking: Asking,
        body: dict[str, Any] | None = None,
        headers: Mapping[str, str] = NOTHING,
        *,
        query: Mapping[str, str] = NOTHING,
    ) -> Answer:
        """Send `body` to where `builder` leads; return the answer of any status.

        `headers` are added to those that every request has. `query` are parameters of Graph's
        (without the `$`) that the template of `builder` knows.

        Raises `Unavailable` where no answer came, or no token could be had that Graph accepts now.
        """
        request = RequestInformation(Method(method), builder.url_template, builder.path_parameters)
        request.path_parameters["baseurl"] = self._adapter.base_url
        request.query_parameters.update({f"%24{name}": value for name, value in query.items()})
        require_segments(request.path_parameters)
        request.url = request.url  # a template would be expanded again at each reading
        request.headers.try_add("Accept", "application/json")
        request.headers.try_add("client-request-id", asking.client_request_id or "")
        for name, value in headers.items():
            request.headers.try_add(name, value)
        if body is not None:
            request.set_stream_content(
                json.dumps(body, ensure_ascii=False).encode(), "application/json"
            )
        request.add_request_options([ResponseHandlerOption(NativeResponseHandler())])
        route = route_of(builder.url_template)
        with asking_graph(method, route) as asked:
            try:
                async with asyncio.timeout(self._within):
                    response: Any = await self._adapter.send_primitive_async(request, "bytes", {})
            except (httpx.RequestError, TimeoutError) as error:
                raise no_answer(
                    type(error).__name__, asking=asking, asked=f"{method} {route}"
                ) from error
            except AzureError as error:
                raise _no_token(error) from error
            except RefusedForNow as error:
                raise NotAsked(str(error), retry_after=error.after) from error
            asked.status = response.status_code
        return Answer(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=response.content,
            asked=f"{method} {route}",
        )

    def leads_here(self, link: str) -> bool:
        """Return whether `link` leads to the server requested: only there does the token go."""
        there, here = urlsplit(link), urlsplit(self._adapter.base_url)
        return (there.scheme, there.netloc) == (here.scheme, here.netloc)

    async def check_token(self) -> None:
        """Return if a token can be had; otherwise raise `Unavailable` that says why."""
        try:
            await self._tokens.token()
        except AzureError as error:
            raise _no_token(error) from error

    async def granted(self) -> frozenset[str] | None:
        """Return the permissions that a fresh token names; see `graph_port.Directory.granted`."""
        try:
            return roles_in(await self._tokens.fresh())
        except AzureError as error:
            raise _no_token(error) from error

    async def close(self) -> None:
        """Close connections and credential. The SDK's own client would leave them open."""
        await self._transport.aclose()
        await self._credential.close()


class _Adapter(GraphRequestAdapter):
    async def retry_cae_response_if_required(
        self, resp: httpx.Response, request_info: RequestInformation, claims: str
    ) -> httpx.Response:
        """Return the answer as it is: tokens.py has renewed the token already."""
        return resp


def require_segments(path_parameters: Mapping[str, Any]) -> None:
    """Raise ValueError for an id that would not stay one segment of the path.

    The SDK encodes all but dots. Ids are checked where they are read, so this is a fault of ours.
    """
    for name, value in path_parameters.items():
        if name not in {"baseurl", RAW_URL} and not is_segment(value):
            raise ValueError(f"{name} is no segment of a path")


def route_of(url_template: str) -> str:
    """Return the SDK's template of an address as a route: its path, with names for the values."""
    path = url_template.removeprefix("{+baseurl}").partition("{?")[0]
    return unquote(path)


def _no_token(error: AzureError) -> NotAsked:
    reason = str(error).partition("\n")[0][:LONGEST_REASON]
    return NotAsked(f"no token for Graph ({type(error).__name__}): {reason}")
