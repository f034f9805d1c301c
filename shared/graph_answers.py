"""What an answer of Graph's means: its content, a refusal with its next step, or "try later".

Core: status, headers and bytes in; values or exceptions out. Errors come in several shapes (a code
of digits, JSON inside a message, no envelope, no body at all); all of them are read.
Source: https://learn.microsoft.com/graph/errors
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from shared.errors import GraphTrace, Rejected, Unavailable

NOT_NOW = frozenset({408, 425, 429})
"""Statuses below 500 that ask to come again."""
LONGEST_TEXT = 500
"""Characters kept of what Graph says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer. Header names in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asked and for whom, for the next step of a refusal, and under which id.

    `organizer_id`: whose meetings are asked for; None for calls, which belong to nobody.
    """

    bot_app_id: str
    organizer_id: str | None = None
    client_request_id: str | None = None


@dataclass(frozen=True, slots=True)
class _Refusal:
    code: str
    message: str
    next_step: str


POLICY_STEP = (
    "A Teams administrator runs, once: "
    'New-CsApplicationAccessPolicy -Identity Rollcall -AppIds "{app}" -Description Rollcall; '
    'Grant-CsApplicationAccessPolicy -PolicyName Rollcall -Identity "{organizer}". '
    "It takes up to 30 minutes to work; then send the request again. If the policy is there: "
    "consent to the application permission OnlineMeetings.ReadWrite.All is missing."
)
REFUSALS: Mapping[str, _Refusal] = {
    "7503": _Refusal(
        "calling_not_enabled",
        "The bot is not registered for calling.",
        "In the Azure Bot resource, enable calling in the Teams channel and fill in the calling "
        "webhook: PUBLIC_URL followed by /api/calls.",
    ),
    "7504": _Refusal(
        "consent_missing",
        "The bot has no permission to join meetings in this tenant.",
        "An administrator of the tenant consents to the application permission "
        "Calls.JoinGroupCall.All for app {app}.",
    ),
    "7505": _Refusal(
        "tenant_mismatch",
        "The meeting belongs to another tenant than the bot's token.",
        "Ask a deployment that serves the meeting's own tenant.",
    ),
    "7507": _Refusal(
        "source_identity_invalid",
        "Graph does not accept the identity the bot joins with.",
        "Check that BOT_APP_ID is the app id of the registered bot.",
    ),
}
NO_POLICY = _Refusal(
    "organizer_not_allowed",
    "No application access policy lets this app organize meetings for the organizer.",
    POLICY_STEP,
)
NO_ORGANIZER = _Refusal(
    "organizer_not_found",
    "The tenant has no user under the organizer's id.",
    "Name the object id of a licensed user of the tenant as organizerId.",
)
NOT_AUTHENTICATED = _Refusal(
    "graph_token_refused",
    "Graph did not accept the app's own token.",
    "Check the app's identity settings and its consent in the tenant.",
)
NOT_VALID = _Refusal(
    "invalid_request",
    "Graph does not accept the request: {message}",
    "Correct what Graph names and send the request again.",
)
OTHER = _Refusal(
    "graph_refused",
    "Graph refused the request: {message}",
    "Look the code up in Graph's documentation; its ids in `graph` are for Microsoft's support.",
)


def read_answer(answer: Answer, *, asking: Asking, now: datetime) -> dict[str, Any]:
    """Return the JSON object of a successful answer.

    Raises what `hold_to_success` raises, and `Unavailable` for a success that cannot be read: what
    was asked for may have been done.
    """
    hold_to_success(answer, asking=asking, now=now)
    members = _object(answer.body)
    if not members:
        raise Unavailable(
            message=f"Graph answered {answer.status} with something that cannot be read",
            graph=_trace(answer, asking, code="", inner={}),
        )
    return members


def hold_to_success(answer: Answer, *, asking: Asking, now: datetime) -> None:
    """Return if Graph did what was asked.

    Raises `Unavailable` for answers that ask to come later, `Rejected` for every other refusal.
    """
    if 200 <= answer.status < 300:
        return
    code, message, inner = _error(answer.body)
    trace = _trace(answer, asking, code=code, inner=inner)
    if answer.status in NOT_NOW or answer.status >= 500:
        raise Unavailable(
            message=f"Graph answered {answer.status} ({code or 'no code'})",
            retry_after=retry_after(answer.headers.get("retry-after"), now=now),
            graph=trace,
        )
    refusal = _refusal(answer.status, code, message, asking)
    filling = {
        "app": asking.bot_app_id,
        "organizer": asking.organizer_id or "<organizer's object id>",
        "message": message or f"{answer.status} without a word",
    }
    raise Rejected(
        code=refusal.code,
        message=refusal.message.format_map(filling),
        next_step=refusal.next_step.format_map(filling),
        graph=trace,
    )


def no_answer(cause: str, *, asking: Asking) -> Unavailable:
    """Return what it means that no answer came; `cause` names the failure and quotes nothing."""
    return Unavailable(
        message=f"Graph did not answer: {cause}",
        graph=GraphTrace(status=0, code=cause, client_request_id=asking.client_request_id),
    )


def retry_after(text: str | None, *, now: datetime) -> timedelta | None:
    """Return the pause a `Retry-After` names: seconds, with fractions, or a date; else None.

    Source: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        return _until(text, now)
    return timedelta(seconds=seconds) if 0 <= seconds < 10**7 else None


def _until(text: str, now: datetime) -> timedelta | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(moment - now, timedelta())


def _refusal(status: int, code: str, message: str, asking: Asking) -> _Refusal:
    if code in REFUSALS:
        return REFUSALS[code]
    about_meetings = asking.organizer_id is not None
    match status:
        case 401:
            return NOT_AUTHENTICATED
        # Only the access policy guards these paths; older answers name other codes for it.
        case 403 if about_meetings:
            return NO_POLICY
        case 404 if about_meetings:
            return NO_ORGANIZER
        case 400:
            return NOT_VALID
        case 404 | 409 | 413 | 422 if message:
            return NOT_VALID
        case _:
            return OTHER


def _error(body: bytes) -> tuple[str, str, Mapping[str, Any]]:
    """Return code, message and inner error, whatever shape the error has."""
    envelope = _object(body)
    error = envelope.get("error")
    if not isinstance(error, dict):
        error = envelope
    code = str(error.get("code") or error.get("errorCode") or "")
    message = str(error.get("message") or "")
    if message.startswith("{"):
        nested = _object(message.encode())
        code = str(nested.get("errorCode") or nested.get("code") or code)
        message = str(nested.get("message") or message)
    inner = error.get("innerError") or error.get("innererror")
    return code, message[:LONGEST_TEXT], inner if isinstance(inner, dict) else {}


def _trace(answer: Answer, asking: Asking, *, code: str, inner: Mapping[str, Any]) -> GraphTrace:
    def found(name: str) -> str | None:
        return answer.headers.get(name) or str(inner.get(name) or "") or None

    return GraphTrace(
        status=answer.status,
        code=code,
        request_id=found("request-id"),
        client_request_id=found("client-request-id") or asking.client_request_id,
        date=found("date"),
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}
