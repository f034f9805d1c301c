"""What Graph's answer says of a user: whether the account and its plan of Teams work. Core."""

from typing import Any

from shared.graph.answers import Answer, error_code
from shared.graph.documents import http_date, object_in
from shared.words.answers import UserAnswer

SELECTED = "id,accountEnabled,assignedPlans"
TEAMS = "teamspaceapi"
"""How the service of a plan of Teams begins, in lower case.

Source: https://learn.microsoft.com/microsoftteams/phone-number-management/ (TeamspaceAPI/NA001)
"""
WORKING = frozenset({"enabled", "warning"})
"""Source: https://learn.microsoft.com/graph/api/resources/assignedplan"""
OK = 200


def user_in(answer: Answer) -> UserAnswer:
    """Return what an answer of any status says; None for what it does not say."""
    date = http_date(answer.headers.get("date", ""))
    if answer.status != OK:
        return UserAnswer(status=answer.status, code=error_code(answer.body), date=date)
    members = object_in(answer.body)
    enabled, plans = members.get("accountEnabled"), members.get("assignedPlans")
    return UserAnswer(
        status=answer.status,
        date=date,
        enabled=enabled if isinstance(enabled, bool) else None,
        teams=any(map(_is_teams, plans)) if isinstance(plans, list) else None,
    )


def _is_teams(plan: Any) -> bool:
    if not isinstance(plan, dict):
        return False
    service, status = str(plan.get("service")), str(plan.get("capabilityStatus"))
    return service.lower().startswith(TEAMS) and status.lower() in WORKING
