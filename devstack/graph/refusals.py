"""What Graph refuses, and how it says so. One exception, one body; no I/O."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from devstack.graph.json_values import JsonObject

TENANT_MISMATCH = "7505"
CALL_NOT_FOUND = "8522"
"""`Code: 8522, Message: Call not found.` in microsoft-graph-comms-samples issues 173 and 330."""

_CODES = {
    400: "BadRequest",
    401: "InvalidAuthenticationToken",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    429: "TooManyRequests",
    500: "InternalServerError",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}

_NO_POLICY = (
    (403, "Forbidden", "No application access policy found for this app"),
    (403, "General", "No application access policy found for this app."),
    (400, "BadRequest", "1026: An error has occurred."),
    (404, "NotFound", "Organizer Id mismatch"),
)


# Not frozen: the interpreter writes traceback and cause onto an exception.
@dataclass(eq=False)
class GraphRefusal(Exception):
    """Graph answers `status` with this error. `code` is text, also where it is made of digits."""

    status: int
    code: str
    message: str


def bad_request(message: str) -> GraphRefusal:
    """Return the refusal of a malformed request."""
    return GraphRefusal(400, "BadRequest", message)


def not_found(message: str) -> GraphRefusal:
    """Return the refusal for something that does not exist."""
    return GraphRefusal(404, "NotFound", message)


def call_not_found() -> GraphRefusal:
    """Return the refusal for a call that is over or never was."""
    return GraphRefusal(404, CALL_NOT_FOUND, "Call not found.")


def tenant_mismatch() -> GraphRefusal:
    """Return the refusal for a call whose tenantId is missing, misplaced or another's."""
    return GraphRefusal(403, TENANT_MISMATCH, "Request authorization tenant mismatch.")


def no_policy(chance: Random, *, varied: bool) -> GraphRefusal:
    """Return the refusal where no application access policy names the organizer."""
    return GraphRefusal(*(chance.choice(_NO_POLICY) if varied else _NO_POLICY[0]))


def check_grant(permission: str, *, granted: Collection[str], status: int | None = None) -> None:
    """Return where the bot has a permission and the lab wants no refusal; else refuse."""
    if status is not None:
        raise GraphRefusal(status, usual_code(status), "A refusal of the lab.")
    if permission not in granted:
        raise GraphRefusal(
            403,
            "Forbidden",
            f"Missing role permissions on the request. API requires one of '{permission}'.",
        )


def usual_code(status: int) -> str:
    """Return the error code that usually goes with a status."""
    return _CODES.get(status, "UnknownError")


def render_error(
    refusal: GraphRefusal, *, request_id: str, client_request_id: str, now: datetime
) -> JsonObject:
    """Return the body of an error answer: code, message, innerError with date and both ids."""
    return {
        "error": {
            "code": refusal.code,
            "message": refusal.message,
            "innerError": {
                "date": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
                "request-id": request_id,
                "client-request-id": client_request_id,
            },
        }
    }
