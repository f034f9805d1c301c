"""The page of one meeting, as a value: what the record says, in the order in which it is read.

Core. It computes no fact of its own: what stands here, stands in the record or in the log.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from meeting_record.pages.call_block import CallBlock, call_block
from meeting_record.pages.clock import Clock, Time
from meeting_record.pages.facts import Fact, Json, Note, graph_facts, time_fact
from meeting_record.pages.links import Link, Links
from meeting_record.pages.logged import LogRow, log_rows
from meeting_record.pages.phrases import BOT, WARNINGS
from shared.words.ids import moment_in, utc_text

ON_ITS_WAY = frozenset({"joining", "waiting", "lobby", "in"})
"""The states of the bot in which a page is read again and again."""
EVERY_SECONDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class LegRow:
    """One leg of the bot."""

    state: str
    facts: tuple[Fact, ...]
    failure: Note | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingPage:
    """The page. `every`: in how many seconds it is read again; None: it stays as it is.

    `said` is the state of the meeting in a few sentences, which are read out when they change.
    """

    title: str
    said: str
    clock: str
    every: int | None
    links: tuple[Link, ...]
    request: Note | None
    warnings: tuple[Note, ...]
    facts: tuple[Fact, ...]
    context: str | None
    calls: tuple[CallBlock, ...]
    bot: str
    join_at: tuple[Fact, ...]
    legs: tuple[LegRow, ...]
    log: tuple[LogRow, ...]


def meeting_page(record: Json, log: Iterable[Json], clock: Clock, links: Links) -> MeetingPage:
    """Return the page of a record and of the newest lines of its log."""
    meeting, request, bot = record["meeting"], record.get("request"), record["bot"]
    calls, legs = record["calls"], bot["legs"]
    return MeetingPage(
        title=_title(meeting, request),
        said=_said(record, clock),
        clock=clock.name,
        every=EVERY_SECONDS if _is_live(record) else None,
        links=_links(record, links),
        request=None if request is None else _request(request, clock),
        warnings=() if meeting is None else tuple(map(_warning, meeting.get("warnings", ()))),
        facts=() if meeting is None else tuple(_facts(meeting, clock)),
        context=None if meeting is None else _context(meeting),
        calls=tuple(call_block(one, legs, meeting["tenantId"], clock) for one in calls),
        bot=BOT[bot["state"]],
        join_at=tuple(time_fact("Joins at", bot.get("joinAt"), clock)),
        legs=tuple(_leg(one, clock) for one in legs),
        log=log_rows(log, calls, clock),
    )


def _title(meeting: Json | None, request: Json | None) -> str:
    if meeting is not None:
        return meeting.get("subject") or f"Meeting {meeting['meetingId']}"
    return "Request" if request is None else f"Request {request['requestId']}"


def _links(record: Json, links: Links) -> tuple[Link, ...]:
    if record["meeting"] is None:
        return links.of_request(record["request"]["triedAt"][:10])
    return links.of_meeting(record["meeting"]["meetingId"], _day(record))


def _said(record: Json, clock: Clock) -> str:
    meeting, request, bot = record["meeting"], record.get("request"), record["bot"]["state"]
    if meeting is None:
        refused = request is not None and request["state"] == "refused"
        return "The request was refused." if refused else "The request waits for its next try."
    held = [one for one in record["calls"] if "mergedInto" not in one]
    words = ["The meeting is cancelled."] if "cancelledAt" in meeting else []
    open_call = next((one for one in reversed(held) if one["endedAt"] is None), None)
    words += [_held(len(held))] if open_call is None else [*_open(open_call, clock)]
    return " ".join([*words, BOT[bot]])


def _held(calls: int) -> str:
    match calls:
        case 0:
            return "No call was held."
        case 1:
            return "No call is open; one was held."
        case _:
            return f"No call is open; {calls} were held."


def _open(call: Json, clock: Clock) -> Iterator[str]:
    there = sum(one["lastLeftAt"] is None for one in call["people"])
    people = "1 person is" if there == 1 else f"{there} people are"
    yield f"Call {call['callNumber']} is open; {people} there."
    if since := call.get("unwatchedSince"):
        yield f"It has not been heard since {clock.beside(since, call['startedAt'])}."


def _is_live(record: Json) -> bool:
    request = record.get("request")
    return (
        any(one["endedAt"] is None for one in record["calls"])
        or record["bot"]["state"] in ON_ITS_WAY
        or (request is not None and request["state"] == "waiting")
    )


def _day(record: Json) -> str | None:
    """Return the day whose list has the meeting, as far as the record says."""
    meeting = record["meeting"]
    planned = moment_in(meeting.get("startDateTime") or "")
    claims = (one["claimedAt"] for one in record["bot"]["legs"])
    known = meeting["createdAt"] or next(claims, None)
    at = known if planned is None else utc_text(planned)
    return None if at is None else str(at)[:10]


def _context(meeting: Json) -> str | None:
    context = meeting["context"]
    return None if context is None else json.dumps(context, indent=2, ensure_ascii=False)


def _facts(meeting: Json, clock: Clock) -> Iterator[Fact]:
    for name, member in (("Planned start", "startDateTime"), ("Planned end", "endDateTime")):
        if meeting.get(member) is not None:
            yield Fact(name=name, value=_planned(meeting[member], clock))
    yield from time_fact("Made", meeting["createdAt"], clock)
    yield from time_fact("Cancelled", meeting.get("cancelledAt"), clock)
    for name, member in (
        ("Request", "requestId"),
        ("Organizer", "organizerId"),
        ("Tenant", "tenantId"),
        ("Meeting", "meetingId"),
        ("Online meeting", "onlineMeetingId"),
        ("Events published", "sequence"),
    ):
        if member in meeting:
            yield Fact(name=name, value=str(meeting[member]))


def _planned(text: str, clock: Clock) -> Time | str:
    """Return a planned time, which is Graph's own text; as it is where it names no moment."""
    moment = moment_in(text)
    return text if moment is None else Time(at=text, text=clock.whole(utc_text(moment)).text)


def _warning(code: str) -> Note:
    message, next_step = WARNINGS.get(code, ("", None))
    return Note(title=code, message=message, next_step=next_step)


def _request(request: Json, clock: Clock) -> Note:
    facts = (
        Fact(name="Request", value=request["requestId"]),
        Fact(name="Try", value=str(request["attempt"])),
        *time_fact("Tried", request["triedAt"], clock),
        *time_fact("Next try", request["nextTryAt"], clock),
        *graph_facts(request.get("graph")),
    )
    return Note(
        title=request["state"],
        message=request["why"],
        next_step=request.get("nextStep"),
        facts=facts,
    )


def _leg(leg: Json, clock: Clock) -> LegRow:
    result, failure = leg.get("result"), leg.get("failure")
    facts = [
        *time_fact("Sent", leg["claimedAt"], clock),
        *time_fact("In", leg["joinedAt"], clock),
        *time_fact("Out", leg["leftAt"], clock),
    ]
    if "reason" in leg:
        facts.append(Fact(name="Why", value=leg["reason"]))
    if result is not None:
        said = f"{result['code']}, {result['subcode']}: {result['meaning']}"
        facts.append(Fact(name="Graph's result", value=said))
    facts.append(Fact(name="Key", value=leg["legKey"]))
    if leg["callId"] is not None:
        facts.append(Fact(name="Graph's call", value=leg["callId"]))
    return LegRow(
        state=leg["state"],
        facts=tuple(facts),
        failure=None if failure is None else _failure(failure),
    )


def _failure(failure: Json) -> Note:
    return Note(
        title=failure["code"],
        message=failure["message"],
        next_step=failure["nextStep"],
        facts=tuple(graph_facts(failure["graph"])),
    )
