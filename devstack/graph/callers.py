"""Which application may call Graph: the bot's, with consent, and only as itself. Pure.

Sources: the error table of the API page application-post-calls (7503, 7504, 7507); the pages of
onlineMeeting, whose access policy names app ids. That 7507 comes with 403 is not documented.
"""

import re

from devstack.graph.graph_routes import Asked
from devstack.graph.identities import Tenant, same_guid
from devstack.graph.refusals import GraphRefusal, check_grant
from devstack.graph.switches import GraphSwitches

_MEETINGS = re.compile(r"/users/[^/]+/onlineMeetings(/|$)")
_ATTENDANCE = re.compile(r"/attendanceReports(/|$)")
MEETINGS = "OnlineMeetings.ReadWrite.All"
JOINS, JOINS_AS_GUEST = "Calls.JoinGroupCall.All", "Calls.JoinGroupCallAsGuest.All"
"""The permissions without which meetings are not made, and no call is joined."""


def check_caller(asked: Asked, app_id: str, *, tenant: Tenant, switches: GraphSwitches) -> None:
    """Return where the application of the token may send this request; raise GraphRefusal."""
    strict = switches.identities == "strict"
    is_the_bot = same_guid(app_id) == same_guid(tenant.bot_app_id)
    if asked.method == "POST" and asked.path == "/communications/calls":
        if strict and not is_the_bot:
            raise GraphRefusal(403, "7503", "Application is not registered in our store.")
        if not (switches.teams_channel and switches.calling):
            raise GraphRefusal(403, "7503", "Application is not registered in our store.")
        joins = JOINS_AS_GUEST if _is_guest(asked.body) else JOINS
        if not switches.consent or joins not in switches.granted:
            raise GraphRefusal(
                403, "7504", "Insufficient enterprise tenant permissions, cannot access this API."
            )
        source = _source_application(asked.body)
        if strict and source is not None and same_guid(source) != same_guid(app_id):
            raise GraphRefusal(403, "7507", "Call source identity invalid.")
    elif strict and not is_the_bot and _MEETINGS.match(asked.path):
        raise GraphRefusal(403, "Forbidden", "No application access policy found for this app")
    elif _MEETINGS.match(asked.path) and not _ATTENDANCE.search(asked.path):
        check_grant(MEETINGS, granted=switches.granted)


def _is_guest(body: object) -> bool:
    for member in ("source", "identity", "guest"):
        body = body.get(member) if isinstance(body, dict) else None
    return body is not None


def _source_application(body: object) -> str | None:
    """Return `source.identity.application.id` of a call; None where there is none."""
    for member in ("source", "identity", "application", "id"):
        body = body.get(member) if isinstance(body, dict) else None
    return body if isinstance(body, str) else None
