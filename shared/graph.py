"""Microsoft Graph through msgraph-sdk: its request builders, authentication and middleware.

Adapter of `ports.Graph`. Answers are read without the SDK's response models, which cost a second of
cold start, and the SDK's own retry is off: one owner for each retry, and it is not this one.
"""

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
from kiota_abstractions.method import Method
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from kiota_http.kiota_client_factory import KiotaClientFactory
from kiota_http.middleware.options import ResponseHandlerOption, RetryHandlerOption
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient

from shared.domain import CallId
from shared.errors import Rejected, Unavailable
from shared.graph_answers import Answer, Asking, read_answer
from shared.ports import Clock

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

SCOPE = "https://graph.microsoft.com/.default"
"""Also for a Graph on loopback: the token is always for the real audience."""
NOT_FOUND = 404


class GraphOverSdk:
    """Implements `ports.Graph`. One instance and one HTTP client a process."""

    def __init__(
        self,
        *,
        adapter: GraphRequestAdapter,
        credential: "AsyncTokenCredential",
        clock: Clock,
        bot_app_id: str,
        new_id: Callable[[], str],
    ) -> None:
        """`new_id` gives the `client-request-id` of each request."""
        self._adapter = adapter
        self._client = GraphServiceClient(request_adapter=adapter)
        self._credential = credential
        self._clock = clock
        self._bot_app_id = bot_app_id
        self._new_id = new_id

    async def create_or_get_meeting(
        self, organizer_id: str, body: dict[str, Any]
    ) -> dict[str, Any]:
        """See `ports.Graph.create_or_get_meeting`."""
        builder = self._client.users.by_user_id(organizer_id).online_meetings.create_or_get
        request = self._request(Method.POST, builder.url_template, builder.path_parameters, body)
        return self._read(await self._send(request), organizer_id=organizer_id)

    async def create_call(self, body: dict[str, Any]) -> dict[str, Any]:
        """See `ports.Graph.create_call`."""
        builder = self._client.communications.calls
        request = self._request(Method.POST, builder.url_template, builder.path_parameters, body)
        return self._read(await self._send(request))

    async def read_participants(self, call_id: CallId) -> list[dict[str, Any]] | None:
        """See `ports.Graph.read_participants`."""
        builder = self._client.communications.calls.by_call_id(call_id).participants
        request = self._request(Method.GET, builder.url_template, builder.path_parameters)
        found: list[dict[str, Any]] = []
        while True:
            answer = await self._send(request)
            if answer.status == NOT_FOUND:
                return None
            page = self._read(answer)
            found.extend(page.get("value") or [])
            following = page.get("@odata.nextLink")
            if following is None:
                return found
            request = self._request(Method.GET, "{+url}", {"url": self._own(following)})

    async def end_call(self, call_id: CallId) -> None:
        """See `ports.Graph.end_call`."""
        builder = self._client.communications.calls.by_call_id(call_id)
        request = self._request(Method.DELETE, builder.url_template, builder.path_parameters)
        answer = await self._send(request)
        if answer.status != NOT_FOUND:
            self._read(answer)

    async def check(self) -> None:
        """See `ports.Graph.check`."""
        await self._token(self._credential.get_token(SCOPE))

    def _request(
        self,
        method: Method,
        url_template: str,
        path_parameters: dict[str, Any] | str,
        body: dict[str, Any] | None = None,
    ) -> RequestInformation:
        request = RequestInformation(method, url_template, path_parameters)  # type: ignore[arg-type]  # builders annotate `dict | str` for what they keep as a dict
        request.headers.try_add("Accept", "application/json")
        request.headers.try_add("client-request-id", self._new_id())
        if body is not None:
            request.set_stream_content(
                json.dumps(body, ensure_ascii=False).encode(), "application/json"
            )
        request.add_request_options(
            [
                RetryHandlerOption(should_retry=False),
                ResponseHandlerOption(NativeResponseHandler()),
            ]
        )
        return request

    async def _send(self, request: RequestInformation) -> Answer:
        try:
            response = await self._token(self._adapter.send_primitive_async(request, "bytes", {}))
        except httpx.HTTPError as error:
            raise Unavailable(f"Graph did not answer: {type(error).__name__}") from error
        if not isinstance(response, httpx.Response):
            raise TypeError("the SDK no longer hands over native responses")
        return Answer(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=await response.aread(),
        )

    async def _token[T](self, answer: Awaitable[T]) -> T:
        from azure.core.exceptions import AzureError  # noqa: PLC0415 - only where a token failed

        try:
            return await answer
        except AzureError as error:
            raise Unavailable(f"no token for Graph: {type(error).__name__}") from error

    def _read(self, answer: Answer, *, organizer_id: str | None = None) -> dict[str, Any]:
        return read_answer(
            answer,
            asking=Asking(bot_app_id=self._bot_app_id, organizer_id=organizer_id),
            now=self._clock.now(),
        )

    def _own(self, link: str) -> str:
        """Return a next-page link, which must lead to the host that was asked."""
        if urlsplit(link).netloc != urlsplit(self._adapter.base_url).netloc:
            raise Rejected(
                code="graph_refused",
                message="Graph's next page is on another host.",
                next_step="Report this: the token must not go there.",
            )
        return link


def open_graph(
    *,
    graph_url: str,
    credential: "AsyncTokenCredential",
    clock: Clock,
    bot_app_id: str,
    new_id: Callable[[], str],
) -> GraphOverSdk:
    """Return Graph under `graph_url` (without a version), for the process's lifetime."""
    # Retries are the caller's; the transport is kept so that it can be closed.
    client = KiotaClientFactory.create_with_default_middleware(
        client=httpx.AsyncClient(
            timeout=httpx.Timeout(30.0, connect=10.0),
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=64),
            trust_env=False,
        )
    )
    authentication = AzureIdentityAuthenticationProvider(
        credential, scopes=[SCOPE], allowed_hosts=[urlsplit(graph_url).hostname or ""]
    )
    adapter = GraphRequestAdapter(authentication, client=client)
    adapter.base_url = f"{graph_url.rstrip('/')}/v1.0"
    return GraphOverSdk(
        adapter=adapter,
        credential=credential,
        clock=clock,
        bot_app_id=bot_app_id,
        new_id=new_id,
    )
