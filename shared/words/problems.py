"""The catalogue of all that Rollcall refuses: stable code, meaning, whether waiting helps, fix.

Core: a table, and the one way to make a refusal from it. `docs/problems.md` is this table. Words in
braces are filled in where the refusal is made. A code that is not here cannot be used.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from shared.words.errors import GraphTrace, Problem, Rejected

type Code = Literal[
    "invalid_request",
    "wrong_queue",
    "request_conflict",
    "link_not_understood",
    "meeting_not_found",
    "meeting_cancelled",
    "leave_asked",
    "not_our_meeting",
    "organizer_not_allowed",
    "organizer_not_found",
    "attendance_not_readable",
    "organizer_quota",
    "calls_quota",
    "consent_missing",
    "calling_not_enabled",
    "source_identity_invalid",
    "tenant_mismatch",
    "graph_token_refused",
    "graph_refused",
    "graph_answer_unusable",
    "leg_ended",
    "record_unreadable",
    "gave_up",
    "undeliverable",
]
Waiting = Literal["no", "heals", "later", "looks"]
"""Does waiting help? `heals`: once its cause is fixed, the problem goes away within minutes, so a
request with `retryForSeconds` is retried. `later`: the same request may succeed when sent again.
`looks`: no request is refused with it; Rollcall reads again by itself while looks are due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One row of the catalogue. `message` and `next_step` are templates."""

    message: str
    next_step: str
    waiting: Waiting = "no"


_CATALOGUE: dict[str, Refusal] = {
    "invalid_request": Refusal(
        message="The request is not valid. {what}",
        next_step="{fix} Then send the request again.",
    ),
    "wrong_queue": Refusal(
        message="The request came into the queue {here}, but it is one for the queue {queue}.",
        next_step="Send it to the queue {queue}, or write a request as {here} takes it.",
    ),
    "request_conflict": Refusal(
        message="The request id {request_id} already belongs to another request.",
        next_step="Send the new request under a request id of its own. `problems` names the "
        "members that differ from the first request.",
    ),
    "link_not_understood": Refusal(
        message="No Teams meeting can be read from the link: {what}",
        next_step="Send the link as Teams shows it (https://teams.microsoft.com/l/meetup-join/… or "
        "https://teams.microsoft.com/meet/…), or joinMeetingId with passcode and tenantId, or "
        "chatInfo with meetingInfo and tenantId.",
    ),
    "meeting_not_found": Refusal(
        message="No meeting is known here under {what}.",
        next_step="Name the meeting by the requestId under which it was requested; join-meeting "
        "takes that as meetingRequestId, or the meetingId of the meeting.created event. If it was "
        "requested just now, wait for that event, or send the request with retryForSeconds.",
        waiting="heals",
    ),
    "meeting_cancelled": Refusal(
        message="The meeting {meeting_id} was cancelled.",
        next_step="Request a new meeting under a request id of its own.",
    ),
    "leave_asked": Refusal(
        message="The bot was requested to leave this meeting after it was requested to join.",
        next_step="If the bot is to join after all, send the join request again.",
        waiting="later",
    ),
    "not_our_meeting": Refusal(
        message="Rollcall did not make the meeting of the request {request_id}: that request sent "
        "the bot into meeting {meeting_id}.",
        next_step='To take the bot out, send {{"meetingId": "{meeting_id}", "action": "leave"}} to '
        "join-meeting. Only the organizer can change or cancel the meeting, in Teams or Outlook.",
    ),
    "organizer_not_allowed": Refusal(
        message="No application access policy lets this app organize meetings for {organizer}.",
        next_step="A Teams administrator runs, once, in Teams PowerShell: "
        'New-CsApplicationAccessPolicy -Identity Rollcall -AppIds "{app}" -Description Rollcall; '
        'Grant-CsApplicationAccessPolicy -PolicyName Rollcall -Identity "{organizer}". '
        "The policy takes up to 30 minutes to work. Send the request again then, or now with "
        "retryForSeconds 1800. If the policy exists already, an administrator consents to the "
        "application permission OnlineMeetings.ReadWrite.All for app {app}.",
        waiting="heals",
    ),
    "organizer_not_found": Refusal(
        message="Graph does not know the organizer {organizer}, or this meeting of theirs.",
        next_step="Name the object id (not the UPN) of a licensed user of the tenant as "
        "organizerId.",
        waiting="heals",
    ),
    "attendance_not_readable": Refusal(
        message="Graph does not let the bot read {reading}. {what}",
        next_step="An administrator of the directory consents to the application permission "
        "OnlineMeetingArtifact.Read.All (for call records, CallRecords.Read.All) for app {app}. "
        "For attendance reports, a Teams administrator also grants the application access policy "
        "that organizer_not_allowed names to the organizer {organizer}. Rollcall reads again at "
        "its next look, and no request has to be sent. A call whose last look is over "
        "stays as observed.",
        waiting="looks",
    ),
    "organizer_quota": Refusal(
        message="The organizer {organizer} has reached Graph's limit of 2,000 meetings a month.",
        next_step="Send the request with another organizerId that the application access policy "
        "covers, or send it again next month.",
        waiting="later",
    ),
    "calls_quota": Refusal(
        message="The bot, app {app}, has reached Graph's limit of calls a month.",
        next_step="Send the request again next month. People can join the meeting without the bot. "
        "Microsoft's support can say what the limit is and whether it can be raised.",
        waiting="later",
    ),
    "consent_missing": Refusal(
        message="The bot has no permission to join meetings in this tenant.",
        next_step="An administrator of the meeting's tenant consents to the application permission "
        "Calls.JoinGroupCall.All (to join as a guest, Calls.JoinGroupCallAsGuest.All) for "
        "app {app}.",
        waiting="heals",
    ),
    "calling_not_enabled": Refusal(
        message="The bot is not registered for calling.",
        next_step="In the Azure Bot resource of app {app}, enable calling in the Teams channel and "
        "fill in the calling webhook: PUBLIC_URL followed by /api/calls.",
        waiting="heals",
    ),
    "source_identity_invalid": Refusal(
        message="Graph does not accept the identity the bot joins with.",
        next_step="Check that BOT_APP_ID, {app}, is the app id of the registered bot. To join as a "
        "guest, also check that an administrator consented to Calls.JoinGroupCallAsGuest.All.",
    ),
    "tenant_mismatch": Refusal(
        message="The meeting belongs to another tenant than the bot's token.",
        next_step="Send the request to a deployment that serves the meeting's own tenant. If the "
        "request names a tenantId, check that it is the organizer's.",
    ),
    "graph_token_refused": Refusal(
        message="Graph did not accept the app's own token, nor a fresh one.",
        next_step="Check the app's identity settings (AZURE_CLIENT_ID, GRAPH_FEDERATED, "
        "GRAPH_CERTIFICATE_PATH or GRAPH_CLIENT_SECRET) and that app {app} is known in the tenant.",
        waiting="heals",
    ),
    "graph_refused": Refusal(
        message="Graph refused the request. {what}",
        next_step="Look up the code in Graph's documentation. Microsoft's support needs the ids in "
        "`graph`.",
    ),
    "graph_answer_unusable": Refusal(
        message="Graph accepted the request, but its answer cannot be used: {what}.",
        next_step="Send the request again. Rollcall finds a meeting that was made by its "
        "requestId, and a bot that is on its way by its callbacks. If the answer stays the same, "
        "give Microsoft's support the ids in `graph`.",
        waiting="later",
    ),
    "leg_ended": Refusal(
        message="The bot's call ended before it was in the meeting.",
        next_step="Send the join request again. If it ends the same way, see `result`.",
        waiting="later",
    ),
    "record_unreadable": Refusal(
        message="This version of Rollcall cannot read the stored record of meeting {meeting_id}. "
        "Nothing of the meeting is recorded or changed.",
        next_step="Deploy the version that wrote the record, or restore its row `a-head`. Then "
        "send the request again.",
        waiting="later",
    ),
    "gave_up": Refusal(
        message="Tried {times} since {since}. The last time: {what}",
        next_step="Find out why the service did not answer, then send the request again. "
        "`history` has the first try and the newest ones, `graph` the ids for support.",
        waiting="later",
    ),
    "undeliverable": Refusal(
        message="Service Bus can never take these messages. All others were sent.",
        next_step="Create the queue or topic that is named, or name one that exists.",
    ),
}
CATALOGUE: Mapping[str, Refusal] = MappingProxyType(_CATALOGUE)
"""Every problem by its code, in the order in which the documentation shows them."""


def rejected(
    code: Code,
    *,
    problems: Iterable[Problem] = (),
    graph: GraphTrace | None = None,
    **words: str,
) -> Rejected:
    """Return the refusal of `code`, with `words` in its templates.

    Raises KeyError where a word is missing.
    """
    row = CATALOGUE[code]
    return Rejected(
        code=code,
        message=row.message.format_map(words),
        next_step=row.next_step.format_map(words),
        problems=tuple(problems),
        graph=graph,
    )


def heals(code: str) -> bool:
    """Return whether the problem can be fixed, so that `retryForSeconds` retries the request."""
    row = CATALOGUE.get(code)
    return row is not None and row.waiting == "heals"
