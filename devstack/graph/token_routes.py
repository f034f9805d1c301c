"""The managed-identity endpoint of App Service, and the documents that verify callback tokens."""

from aiohttp import web

from devstack.graph.simulator import SIMULATOR
from devstack.graph.tokens import GRAPH_RESOURCE, openid_configuration


def add_tokens(app: web.Application) -> None:
    """Serve /msi/token, the OpenID configuration and the key set."""
    app.router.add_get("/msi/token", _managed_identity)
    app.router.add_get("/v1/.well-known/OpenIdConfiguration", _configuration)
    app.router.add_get("/v1/keys", _keys)


async def _managed_identity(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    if request.headers.get("X-IDENTITY-HEADER") != simulator.identity_header:
        return _refused(401, "X-IDENTITY-HEADER is missing or wrong")
    if request.query.get("api-version") != "2019-08-01":
        return _refused(400, "api-version must be 2019-08-01")
    resource = request.query.get("resource", "")
    if resource.rstrip("/") != GRAPH_RESOURCE:
        return _refused(400, f"resource must be {GRAPH_RESOURCE}")
    token, expires = simulator.access_tokens.issue(now=simulator.world.now())
    return web.json_response(
        {
            "access_token": token,
            "expires_on": str(int(expires.timestamp())),
            "resource": resource,
            "token_type": "Bearer",
            "client_id": request.query.get("client_id", simulator.world.tenant.bot_app_id),
        }
    )


async def _configuration(request: web.Request) -> web.Response:
    return web.json_response(openid_configuration(f"{request.scheme}://{request.host}"))


async def _keys(request: web.Request) -> web.Response:
    return web.json_response(request.app[SIMULATOR].signer.jwks())


def _refused(status: int, message: str) -> web.Response:
    return web.json_response({"statusCode": status, "message": message}, status=status)
