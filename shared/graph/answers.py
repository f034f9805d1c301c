"""What an answer of Graph's means: its content, a refusal with its next step, or "try later".

Core: status, headers and bytes in; values or exceptions out. Errors come in several shapes: a code
of digits, JSON inside a message, no envelope, no body at all. This module reads all of them.
Source: https://learn.microsoft.com/graph/errors
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from shared.graph.documents import http_date, object_in
from shared.telemetry import log
from shared.words.errors import GraphTrace, Rejected, Unavailable
from shared.words.problems import Code, rejected
from shared.words.redaction import shortened, without_links

NOT_NOW = frozenset({408, 425, 429})
"""Statuses below 500 that mean: retry later."""
LONGEST_TEXT = 500
"""Characters kept of what Graph says."""
LONGEST_CODE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer. Header names in lower case.

    `asked`: method and route of the request, without any value, for the log.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    asked: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """The app that sends a request, the organizer, and the request's id, for what a refusal says.

    `organizer_id`: whose meetings the request is about; None for calls, which have no organizer.
    `reading`: what Graph says of calls afterwards, where the request reads that.
    """

    bot_app_id: str
    organizer_id: str | None = None
    client_request_id: str | None = None
    reading: Literal["attendance reports", "call records"] | None = None


CODES: Mapping[str, Code] = {
    "7503": "calling_not_enabled",
    "7504": "consent_missing",
    "7505": "tenant_mismatch",
    "7507": "source_identity_invalid",
}
"""What the calls service means by its codes of digits.

Source: https://learn.microsoft.com/graph/api/application-post-calls
"""
CALLS_A_MONTH = "8529"
"""The code of a 429 that no pause cures: the app has used up its calls of the month.

Source: https://github.com/microsoftgraph/microsoft-graph-comms-samples/issues/385
"""
OTHER_TENANT = "tenant does not match"
"""What an `ExtensionError` of the calls service says if it means 7505. Its code does not say so."""
NO_POLICY = "1026"
"""The code of a 400 that Graph gives while an access policy was granted and does not work yet.

It stands as the error's code, or before the colon in its message.
Source: https://github.com/jondoesflow/Teams-Transcript-Summariser-Open-AI/issues/2
"""
OTHER_ORGANIZER = "organizer id mismatch"
"""What a 404 says, in lower case, where the app may not act for the organizer that it names.

Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/10770
"""
QUOTA_PAUSE = timedelta(hours=1)
"""A pause this long means the monthly limit of meetings: throttles of Graph's are shorter.

Graph documents the limit, but not the answer once it is reached. So such a pause, or the word
"month" in a 403 or 429, is read as the limit.
Source: https://learn.microsoft.com/graph/throttling-limits
"""


def read_answer(answer: Answer, *, asking: Asking, now: datetime) -> Mapping[str, Any]:
    """Return the JSON object of a successful answer.

    Raises what `hold_to_success` raises. Raises `Unavailable` for a success that cannot be read:
    Graph may have done what was requested.
    """
    hold_to_success(answer, asking=asking, now=now)
    members = object_in(answer.body)
    if not members:
        trace = _trace(answer, asking, code="", inner={})
        _log(trace, answer.asked)
        raise Unavailable(
            message=f"Graph answered {answer.status}, but the answer cannot be read",
            graph=trace,
        )
    return members


def read_as[T](
    read: Callable[[Mapping[str, Any]], T], answer: Answer, *, asking: Asking, now: datetime
) -> T:
    """Return what `read` finds in a successful answer; see `read_answer`.

    If `read` refuses it, the refusal gets the ids of the answer.
    """
    members = read_answer(answer, asking=asking, now=now)
    try:
        return read(members)
    except Rejected as unusable:
        trace = _trace(answer, asking, code="", inner={})
        _log(trace, answer.asked)
        raise replace(unusable, graph=trace) from None


def hold_to_success(answer: Answer, *, asking: Asking, now: datetime) -> None:
    """Return if Graph did what was requested.

    Raises `Unavailable` for answers that mean "retry later", `Rejected` for every other refusal.
    """
    if 200 <= answer.status < 300:
        return
    code, message, inner = _error(answer.body)
    trace = _trace(answer, asking, code=code, inner=inner)
    _log(trace, answer.asked)
    pause = retry_after(answer.headers.get("retry-after"), now=now)
    known = _code(answer.status, code, message, pause, asking)
    if known is None:
        raise Unavailable(
            message=f"Graph answered {answer.status} ({code or 'no code'})",
            retry_after=pause,
            graph=trace,
        )
    raise rejected(
        known,
        graph=trace,
        app=asking.bot_app_id,
        organizer=asking.organizer_id or "<organizer's object id>",
        reading=asking.reading or "",
        what=f"Graph says: {message}" if message else f"{answer.status} without a message",
        fix="Correct what Graph names.",
    )


def is_missing(answer: Answer, *, asking: Asking) -> bool:
    """Return whether Graph does not have what was requested; not where it lacks a policy."""
    if answer.status != 404:
        return False
    code, message, _ = _error(answer.body)
    return asking.organizer_id is None or not _lacks_policy(answer.status, code, message)


def no_answer(cause: str, *, asking: Asking, asked: str = "") -> Unavailable:
    """Return the error for an answer that never came; `cause` only names the failure.

    `asked`: see `Answer`.
    """
    trace = GraphTrace(status=0, code=cause, client_request_id=asking.client_request_id)
    _log(trace, asked)
    return Unavailable(
        message=f"Graph did not answer: {cause}",
        graph=trace,
    )


def error_code(body: bytes) -> str:
    """Return the code of an error of any shape; "" where it has none."""
    return _error(body)[0]


def retry_after(text: str | None, *, now: datetime) -> timedelta | None:
    """Return the pause that a `Retry-After` names, in seconds (with fractions) or by a date.

    None where it names none.

    Source: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        moment = http_date(text)
        return None if moment is None else max(moment - now, timedelta())
    return timedelta(seconds=seconds) if 0 <= seconds < 10**7 else None


def _code(
    status: int, code: str, message: str, pause: timedelta | None, asking: Asking
) -> Code | None:
    """Return our catalogue's code of a failure; None for an answer that means "retry later"."""
    reads = asking.reading is not None
    about_meetings = asking.organizer_id is not None and not reads
    over_quota = "month" in message.lower() or (pause is not None and pause >= QUOTA_PAUSE)
    if about_meetings and status in (403, 429) and over_quota:
        return "organizer_quota"
    if code == CALLS_A_MONTH and not about_meetings:
        return "calls_quota"
    if status in NOT_NOW or status >= 500:
        return None
    if code in CODES:
        return CODES[code]
    guarded = asking.organizer_id is not None and _lacks_policy(status, code, message)
    if reads and (guarded or status == 403):
        return "attendance_not_readable"
    if guarded:
        return "organizer_not_allowed"
    match status:
        case 401:
            return "graph_token_refused"
        case 403 if OTHER_TENANT in message:
            return "tenant_mismatch"
        case 404 if about_meetings:
            return "organizer_not_found"
        case 400:
            return "invalid_request"
        case 404 | 409 | 413 | 422 if message:
            return "invalid_request"
        case _:
            return "graph_refused"


def _lacks_policy(status: int, code: str, message: str) -> bool:
    """Return whether an answer on a path of meetings means that no access policy works."""
    match status:
        case 403:
            return True  # only policy and permission guard these paths; the code varies
        case 400:
            return NO_POLICY in (code, message.partition(":")[0].strip())
        case 404:
            return OTHER_ORGANIZER in message.lower()
        case _:
            return False


def _error(body: bytes) -> tuple[str, str, Mapping[str, Any]]:
    """Return code, message without links, and inner error of an error of any shape."""
    envelope = object_in(body)
    error = envelope.get("error")
    if not isinstance(error, dict):
        error = envelope
    code = str(error.get("code") or error.get("errorCode") or "")
    message = str(error.get("message") or "")
    if message.lstrip().startswith("{"):
        nested = object_in(message.encode(errors="replace"))
        if isinstance(nested.get("error"), dict):
            nested = nested["error"]
        code = str(nested.get("errorCode") or nested.get("code") or code)
        message = str(nested.get("message") or message)
    inner = error.get("innerError") or error.get("innererror")
    said = shortened(without_links(message), LONGEST_TEXT)
    return code[:LONGEST_CODE], said, inner if isinstance(inner, dict) else {}


def _log(trace: GraphTrace, asked: str) -> None:
    """Log a failed request, with the ids by which support finds it; once for each failure."""
    method, _, route = asked.partition(" ")
    log(
        "graph.failed",
        status=trace.status,
        code=trace.code or None,
        method=method or None,
        route=route or None,
        graphRequestId=trace.request_id,
        clientRequestId=trace.client_request_id,
        date=trace.date,
    )


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
