"""What stands above the calls of a record: the meeting, how its request fares, the bot. Pure."""

from collections.abc import Iterator
from typing import Any

from rollcall.reading.page import Line, Page, field, heading, title

type Json = dict[str, Any]

STATES = {
    "never": "never sent",
    "scheduled": "joins at the start",
    "joining": "on its way in",
    "waiting": "waits for another try",
    "lobby": "waits in the lobby",
    "in": "in the meeting",
    "gone": "has left",
    "failed": "never came in",
}
"""The states of the bot in plain words."""


def meeting_lines(record: Json, page: Page) -> Iterator[Line]:
    """Draw the meeting, by its ids here and at Graph; or that there is none."""
    meeting, request = record["meeting"], record.get("request")
    if meeting is None:
        wanted = request["requestId"] if request else "this request"
        yield from heading(f"No meeting yet for {wanted}", page)
        return
    subject = meeting.get("subject") or "A meeting without a subject"
    yield from heading(subject, page)
    yield from field("meeting", meeting["meetingId"], page)
    for name, member in (("request", "requestId"), ("organizer", "organizerId")):
        if member in meeting:
            yield from field(name, meeting[member], page)
    yield from field("tenant", meeting["tenantId"], page)
    if "onlineMeetingId" in meeting:
        yield from field("graph id", meeting["onlineMeetingId"], page)
    if meeting.get("startDateTime"):
        planned = f"{meeting['startDateTime']} to {meeting.get('endDateTime')}"
        yield from field("planned", planned, page)
    if meeting["createdAt"]:
        yield from field("made", page.time(meeting["createdAt"]), page)
    if "cancelledAt" in meeting:
        yield from field("cancelled", page.time(meeting["cancelledAt"]), page, style="yellow")


def request_lines(request: Json | None, page: Page) -> Iterator[Line]:
    """Draw how far a request is that is not done; nothing where it is."""
    if request is None:
        return
    refused = request["state"] == "refused"
    style = "red" if refused else "yellow"
    yield from title(f"Request {request['requestId']}: {request['state']}", page)
    tried = f"attempt {request['attempt']} at {page.time(request['triedAt'])}"
    yield from field("tried", tried, page)
    if request["nextTryAt"]:
        yield from field("next try", page.time(request["nextTryAt"]), page)
    yield from field("why", request["why"], page, style=style)
    yield from _next_step(request, page)


def bot_lines(bot: Json, page: Page) -> Iterator[Line]:
    """Draw the bot's state, and each of its legs: when it was in, and why it ended."""
    yield from title(f"Bot: {STATES.get(bot['state'], bot['state'])}", page)
    if "joinAt" in bot:
        yield from field("joins at", page.time(bot["joinAt"]), page)
    for leg in bot["legs"]:
        yield from _leg(leg, page)


def _leg(leg: Json, page: Page) -> Iterator[Line]:
    sent = leg["claimedAt"]
    parts = [f"{leg['legKey']} {leg['state']}", f"sent {page.time(sent)}"]
    for word, member in (("in", "joinedAt"), ("out", "leftAt")):
        if leg[member]:
            parts.append(f"{word} {page.clock(leg[member], sent)}")
    yield from field("leg", ", ".join(parts), page)
    if leg["callId"]:
        yield from field("", f"Graph call {leg['callId']}", page)
    yield from _ended(leg, page)


def _ended(leg: Json, page: Page) -> Iterator[Line]:
    """Draw why a leg ended, and what to do where it never came in."""
    result, failure = leg.get("result"), leg.get("failure")
    if "reason" in leg:
        said = ""
        if result is not None:
            subcode = "" if result["subcode"] is None else f"/{result['subcode']}"
            said = f" {result['code']}{subcode}: {result['meaning']}"
        yield from field("", f"{leg['reason']}{said}", page)
    if failure is not None:
        yield from field("", f"{failure['code']}: {failure['message']}", page, style="red")
        yield from _next_step(failure, page)


def _next_step(said: Json, page: Page) -> Iterator[Line]:
    """Draw what to do, and what Microsoft's support needs."""
    if said.get("nextStep"):
        yield from field("next step", said["nextStep"], page)
    graph = said.get("graph")
    if graph is None:
        return
    ids = {
        "request-id": graph["requestId"],
        "client-request-id": graph["clientRequestId"],
        "date": graph["date"],
    }
    answer = f"{graph['status']} {graph['code']}".strip() if graph["status"] else "no answer"
    yield from field("graph", answer, page)
    for name, value in ids.items():
        if value:
            yield from field("", f"{name} {value}", page)
