"""Azure Resource Manager, as far as it shows the Azure Bot and its channel of Teams.

Source: https://learn.microsoft.com/rest/api/botservice/channels/get
"""

from aiohttp import web

from devstack.graph.json_values import JsonObject
from devstack.graph.simulator import SIMULATOR, Simulator

BOT = (
    "/subscriptions/0f3c6a51-8f4e-4c5b-9d0a-6e2b7c1d8a07/resourceGroups/rollcall"
    "/providers/Microsoft.BotService/botServices/rollcall"
)
"""The resource id of the Azure Bot."""
CHANNEL = f"{BOT}/channels/MsTeamsChannel"


def add_management(app: web.Application) -> None:
    """Serve the bot and its channel; everything else under /subscriptions is not there."""
    app.router.add_get("/subscriptions/{path:.*}", _read)


async def _read(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    if not simulator.access_tokens.may_manage(request.headers.get("Authorization")):
        return _refused(401, "InvalidAuthenticationToken", "The access token is invalid.")
    if "api-version" not in request.query:
        return _refused(400, "MissingApiVersionParameter", "The api-version is required.")
    shown = _shown(simulator, request.path.lower())
    if shown is None:
        return _refused(404, "ResourceNotFound", "The resource was not found.")
    return web.json_response(shown)


def _shown(simulator: Simulator, path: str) -> JsonObject | None:
    tenant, switches = simulator.world.tenant, simulator.world.switches
    if path == BOT.lower():
        properties: JsonObject = {
            "msaAppId": tenant.bot_app_id,
            "msaAppTenantId": tenant.tenant_id,
            "msaAppType": "SingleTenant",
        }
        return {"id": BOT, "name": "rollcall", "kind": "azurebot", "properties": properties}
    if path == CHANNEL.lower() and switches.teams_channel:
        properties = {
            "isEnabled": True,
            "enableCalling": switches.calling,
            "callingWebhook": switches.calling_webhook or simulator.calling_webhook,
        }
        named: JsonObject = {"channelName": "MsTeamsChannel", "properties": properties}
        return {"id": CHANNEL, "name": "rollcall/MsTeamsChannel", "properties": named}
    return None


def _refused(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)
