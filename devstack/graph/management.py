"""Azure Resource Manager, as far as it shows the Azure Bot, its channel of Teams, and app settings.

Sources: https://learn.microsoft.com/rest/api/botservice/channels/get and
https://learn.microsoft.com/rest/api/appservice/web-apps/list-application-settings
"""

from aiohttp import web

from devstack.graph.json_values import JsonObject
from devstack.graph.simulator import SIMULATOR, Simulator

_GROUP = "/subscriptions/0f3c6a51-8f4e-4c5b-9d0a-6e2b7c1d8a07/resourceGroups/rollcall/providers"
BOT = f"{_GROUP}/Microsoft.BotService/botServices/rollcall"
SITE = f"{_GROUP}/Microsoft.Web/sites/rollcall"
"""The resource ids of the Azure Bot and the function app."""
CHANNEL = f"{BOT}/channels/MsTeamsChannel"
APP_SETTINGS = f"{SITE}/config/appsettings"


def add_management(app: web.Application) -> None:
    """Serve these resources; everything else under /subscriptions is not there."""
    app.router.add_get("/subscriptions/{path:.*}", _read)
    app.router.add_post("/subscriptions/{path:.*}/list", _read)


async def _read(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    if not simulator.access_tokens.may_manage(request.headers.get("Authorization")):
        return _refused(401, "InvalidAuthenticationToken", "The access token is invalid.")
    if "api-version" not in request.query:
        return _refused(400, "MissingApiVersionParameter", "The api-version is required.")
    shown = _listed if request.method == "POST" else _shown
    found = shown(simulator, request.path.lower())
    if found is None:
        return _refused(404, "ResourceNotFound", "The resource was not found.")
    return web.json_response(found)


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


def _listed(simulator: Simulator, path: str) -> JsonObject | None:
    """Return the app's settings; a value says nothing, for none is read here."""
    if path != f"{APP_SETTINGS}/list".lower():
        return None
    names = simulator.world.switches.app_settings
    properties: JsonObject = dict.fromkeys(names, "a value")
    return {"id": APP_SETTINGS, "name": "appsettings", "properties": properties}


def _refused(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)
