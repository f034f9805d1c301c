"""People of the simulated directory, as far as who organises meetings is read. Pure.

Source: https://learn.microsoft.com/graph/api/user-get and the page of the type assignedPlan.
"""

from devstack.graph.identities import Tenant
from devstack.graph.json_values import JsonObject
from devstack.graph.refusals import GraphRefusal
from devstack.graph.switches import GraphSwitches

TEAMS: JsonObject = {
    "assignedDateTime": "2026-01-05T08:00:00Z",
    "capabilityStatus": "Enabled",
    "service": "TeamspaceAPI",
    "servicePlanId": "57ff2da0-773e-42df-b2af-ffb7a2317929",
}
EXCHANGE: JsonObject = TEAMS | {
    "service": "exchange",
    "servicePlanId": "efb87545-963c-4e0d-99df-69c6916d9eb0",
}


def render_user(tenant: Tenant, user_id: str, switches: GraphSwitches) -> JsonObject:
    """Return the members of a user that `$select` may name here; raise GraphRefusal."""
    if not tenant.is_organizer(user_id) or switches.organizers == "missing":
        text = f"Resource '{user_id}' does not exist."
        raise GraphRefusal(404, "Request_ResourceNotFound", text)
    return {
        "id": user_id.lower(),
        "accountEnabled": switches.organizers != "disabled",
        "assignedPlans": [EXCHANGE] if switches.organizers == "unlicensed" else [EXCHANGE, TEAMS],
    }
