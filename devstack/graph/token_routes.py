"""Where the app gets its tokens, and the documents that verify those of callbacks.

Two endpoints issue tokens: App Service's for managed identities, and Entra ID's, which exchanges an
assertion of a managed identity for a token of the bot's app registration.
Sources: https://learn.microsoft.com/azure/app-service/overview-managed-identity (REST endpoint);
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow (third case)
"""

from collections import deque
from typing import Literal
from uuid import uuid4

from aiohttp import web

from devstack.graph.access_tokens import LIFETIME, RESOURCES, BadAssertion
from devstack.graph.identities import same_guid
from devstack.graph.json_values import JsonObject
from devstack.graph.simulator import SIMULATOR, Simulator
from devstack.graph.tokens import openid_configuration

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_KEPT = 1000


class _TokenRequests(deque[JsonObject]):
    """The last requests for a token, without header, assertion and token."""


_LOG: web.AppKey[_TokenRequests] = web.AppKey("token requests", _TokenRequests)


def add_tokens(app: web.Application) -> None:
    """Serve both token endpoints, the OpenID configuration, the key set, and /lab/tokens."""
    app[_LOG] = _TokenRequests(maxlen=_KEPT)
    app.router.add_get("/msi/token", _managed_identity)
    app.router.add_post("/{tenant}/oauth2/v2.0/token", _client_credentials)
    app.router.add_get("/v1/.well-known/OpenIdConfiguration", _configuration)
    app.router.add_get("/v1/keys", _keys)
    app.router.add_get("/lab/tokens", _token_requests)


async def _managed_identity(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    resource, client_id = request.query.get("resource", ""), request.query.get("client_id")
    answer = _identity_token(simulator, request, resource, client_id)
    _note(request, "managedIdentity", resource, client_id, answer)
    return answer


def _identity_token(
    simulator: Simulator, request: web.Request, resource: str, client_id: str | None
) -> web.Response:
    if request.headers.get("X-IDENTITY-HEADER") != simulator.identity_header:
        return _refused(401, "X-IDENTITY-HEADER is missing or wrong")
    if request.query.get("api-version") != "2019-08-01":
        return _refused(400, "api-version must be 2019-08-01")
    if resource.rstrip("/") not in RESOURCES:
        return _refused(400, f"resource must be one of {', '.join(sorted(RESOURCES))}")
    tenant = simulator.world.tenant
    known = tenant.identities
    identity = client_id or known.system
    if simulator.world.switches.identities == "any":
        identity = identity or tenant.bot_app_id
    elif identity is None:
        # azure-sdk-for-net issue 43691: the app has user-assigned identities alone.
        return _refused(400, "Unable to load the proper Managed Identity.")
    elif same_guid(identity) not in map(same_guid, known.all):
        # azure-search-openai-demo issue 2148
        return _refused(
            400,
            "No User Assigned or Delegated Managed Identity found for specified "
            "ClientId/ResourceId/PrincipalId.",
        )
    issued = simulator.access_tokens.issue(
        now=simulator.world.now(),
        resource=resource.rstrip("/"),
        application=identity.lower(),
        roles=_roles(simulator, identity),
    )
    return web.json_response(
        {
            "access_token": issued.token,
            "expires_on": str(int(issued.expires.timestamp())),
            "resource": resource,
            "token_type": "Bearer",
            "client_id": identity,
        }
    )


async def _client_credentials(request: web.Request) -> web.Response:
    form = {name: str(value) for name, value in (await request.post()).items()}
    answer = _application_token(request.app[SIMULATOR], request.match_info["tenant"], form)
    resource = form.get("scope", "").removesuffix("/.default")
    _note(request, "application", resource, form.get("client_id"), answer)
    return answer


def _application_token(simulator: Simulator, tenant_id: str, form: dict[str, str]) -> web.Response:
    tenant = simulator.world.tenant
    client_id, scope = form.get("client_id", ""), form.get("scope", "")
    resource = scope.removesuffix("/.default")
    if same_guid(tenant_id) != same_guid(tenant.tenant_id):
        return _no_token(400, "invalid_request", 90002, f"Tenant '{tenant_id}' not found.")
    if form.get("grant_type") != "client_credentials":
        return _no_token(400, "unsupported_grant_type", 70003, "The grant type is not supported.")
    if same_guid(client_id) != same_guid(tenant.bot_app_id):
        text = f"Application with identifier '{client_id}' was not found in the directory."
        return _no_token(400, "unauthorized_client", 700016, text)
    if resource == scope or resource.rstrip("/") not in RESOURCES:
        text = f"The resource principal named {resource} was not found in the tenant."
        return _no_token(400, "invalid_resource", 500011, text)
    if form.get("client_assertion_type") != JWT_BEARER or not form.get("client_assertion"):
        text = "The request body must contain 'client_assertion'. No secret is known here."
        return _no_token(401, "invalid_client", 7000218, text)
    try:
        simulator.access_tokens.check_assertion(
            form["client_assertion"],
            any_subject=simulator.world.switches.identities == "any",
        )
    except BadAssertion as error:
        return _no_token(401, "invalid_client", error.code, str(error))
    issued = simulator.access_tokens.issue(
        now=simulator.world.now(),
        resource=resource.rstrip("/"),
        application=tenant.bot_app_id,
        roles=_roles(simulator, tenant.bot_app_id),
    )
    seconds = int(LIFETIME.total_seconds())
    return web.json_response(
        {
            "token_type": "Bearer",
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "access_token": issued.token,
        }
    )


def _roles(simulator: Simulator, application: str) -> list[str]:
    """Return what a token of an application names: the bot's alone has permissions."""
    switches, tenant = simulator.world.switches, simulator.world.tenant
    is_the_bot = same_guid(application) == same_guid(tenant.bot_app_id)
    is_the_bot = is_the_bot or switches.identities == "any"
    return switches.granted if switches.consent and is_the_bot else []


async def _token_requests(request: web.Request) -> web.Response:
    asked = request.app[_LOG]
    return web.json_response(list(asked))


def _note(
    request: web.Request,
    endpoint: Literal["managedIdentity", "application"],
    resource: str,
    client_id: str | None,
    answer: web.Response,
) -> None:
    request.app[_LOG].append(
        {
            "endpoint": endpoint,
            "resource": resource,
            "clientId": client_id,
            "status": answer.status,
        }
    )


async def _configuration(request: web.Request) -> web.Response:
    if not request.app[SIMULATOR].world.switches.signing_keys:
        return web.Response(status=503)
    return web.json_response(openid_configuration(f"{request.scheme}://{request.host}"))


async def _keys(request: web.Request) -> web.Response:
    if not request.app[SIMULATOR].world.switches.signing_keys:
        return web.Response(status=503)
    return web.json_response(request.app[SIMULATOR].signer.jwks())


def _refused(status: int, message: str) -> web.Response:
    body = {"statusCode": status, "message": message, "correlationId": str(uuid4())}
    return web.json_response(body, status=status)


def _no_token(status: int, error: str, code: int, message: str) -> web.Response:
    description = message if message.startswith("AADSTS") else f"AADSTS{code}: {message}"
    body = {"error": error, "error_description": description, "error_codes": [code]}
    return web.json_response(body, status=status)
