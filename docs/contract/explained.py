"""rollcall/catalogue.json: every word that Rollcall publishes, for `rollcall explain`. Pure.

Refusals, problems, ends of legs, Graph's codes and events come from the app's own tables. What the
app has as a bare word has its sentence here; a test holds the words to the app's.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from create_meeting.answers.warnings import WarningCode
from docs.contract.events import EVENTS
from docs.contract.json_schema import schema_of
from shared.events.facts import OURS
from shared.graph.answers import CALLS_A_MONTH, CODES, NO_POLICY
from shared.legs.end_codes import (
    FAULTS,
    LEG_ENDS,
    NO_CODE,
    UNKNOWN,
    UNKNOWN_FAULT,
    LegEnd,
    next_step,
)
from shared.legs.leg import BotState
from shared.words.kinds import KINDS
from shared.words.observations import Basis
from shared.words.problems import CATALOGUE, Code, Waiting
from tend_meeting.sources.plan import MISSING_NEXT

type Entry = dict[str, Any]


class Said(NamedTuple):
    """What a word means, and what to do about it, if anything."""

    meaning: str
    step: str = ""


FIRST_OF_5XX = 500
WAITING: Mapping[Waiting, str] = {
    "no": "Waiting does not help.",
    "heals": "With retryForSeconds it is retried until the cause is fixed.",
    "later": "The same request may succeed when it is sent again later.",
    "looks": "Rollcall reads again by itself, as long as looks at the meeting are due.",
}
BASES: Mapping[Basis, str] = {
    "attendanceReport": "An attendance report of Teams says so, to the millisecond.",
    "callRecord": "A call record of Graph says so, to the millisecond.",
    "graphEvent": "Graph said when it happened, in an event of its own.",
    "observed": "A pushed roster, or the end of a leg, said so; for an end, a read of the roster "
    "confirmed it within 10 seconds.",
    "polled": "A read of the roster found it so. The push was lost, or too old to date anything.",
    "assumed": "Nobody heard the call for ASSUME_AFTER_SECONDS. It counts as over when it was last "
    "seen, and it may have lasted longer.",
}
STATES: Mapping[BotState, Said] = {
    "never": Said("No bot was requested for this meeting.", "To record it, send a join request."),
    "scheduled": Said("The bot joins when the meeting starts, at joinAt."),
    "waiting": Said("The bot waits for the planned time of another try."),
    "joining": Said("The bot's call was requested, and Graph has not let it in yet."),
    "lobby": Said(
        "The bot waits in the lobby.",
        "Let a person in the meeting admit it, or let the organizer set lobbyBypassSettings.",
    ),
    "in": Said("The bot is in the meeting, and hears who is there."),
    "gone": Said("The bot was in the meeting, and has left; reason says why."),
    "failed": Said("The bot never came in.", "See failure, which has the code and the next step."),
}
REASONS: Mapping[str, Said] = {
    "alone": Said("The bot left: everyone else had left before, for as long as it waits alone."),
    "nobodyCame": Said("The bot left: nobody came for NOBODY_CAME_SECONDS."),
    "lobbyTimeout": Said("The bot waited in the lobby until its time was over."),
    "maxDuration": Said("The bot left: it was in the meeting for MAX_DURATION_SECONDS."),
    "unwatched": Said(
        "The call was closed without anybody having heard its end: no bot heard it for "
        "ASSUME_AFTER_SECONDS.",
        "An attendance report may still correct it, until the call is final.",
    ),
}
"""Reasons of the bot's leaving and of a call's end that are no codes of Graph's; or that Rollcall
and Graph both have."""
WARNINGS: Mapping[str, Said] = {
    "callback_silent": Said(
        "Reads of the roster find people, but Graph's callbacks do not arrive. Times are those "
        "of reads, a few minutes apart.",
        "See whether Graph reaches PUBLIC_URL: DNS, certificate, firewall, and the answers in "
        "the log of the function call_callback.",
    ),
    "recording_limited": Said(
        "More people are in a call than the record of a meeting holds. Those who come now are "
        "counted, and not listed.",
        "Take participantCount as the least number of people, and the others from the "
        "attendance report of Teams.",
    ),
    "roster_unreadable": Said(
        "Graph says that the bot is in the meeting, but five reads of its roster in a row gave "
        "no answer that says who is there.",
        "See whether Microsoft Graph is healthy. Ends and departures are published once a read "
        "succeeds, or with the end of the bot's leg.",
    ),
    "record_unreadable": Said(
        "The stored record is none that this version of Rollcall can read.",
        "Deploy the version that wrote the record, or restore its row a-head.",
    ),
    "answer_undelivered": Said(
        "An answer reached no queue of the caller's. The request was carried out all the same.",
        "Name a queue of your own in Rollcall's Service Bus namespace as reply_to, and send the"
        " request again: the same requestId is answered again.",
    ),
    "passcode_differs": Said(
        "A request named a meeting of Rollcall's with another passcode. The bot joins it.",
        "Correct the passcode where it is kept: people cannot join with it.",
    ),
    "source_missing": Said(
        "Graph had no attendance report of a meeting, as long as one was looked for. The times of "
        "its calls are those that the bot saw.",
        MISSING_NEXT,
    ),
    "attendance_not_readable": Said(
        "Graph lets the bot read no attendance reports, or no call records.",
        "See the refusal of the same name: an administrator grants what it says.",
    ),
}
ALTERATIONS: Mapping[WarningCode, Said] = {
    "attendee_not_added": Said(
        "Graph made the meeting without this attendee.",
        "Check the UPN, and send an update with the attendee.",
    ),
    "attendee_role_changed": Said("Graph gave this attendee another role."),
    "subject_changed": Said("Graph gave the meeting another subject."),
    "time_changed": Said("Graph gave the meeting another time."),
    "option_not_applied": Said(
        "Graph did not set this option.",
        "See whether a meeting policy of the organizer forbids it.",
    ),
    "option_refused": Said(
        "Graph made the meeting and refused this option.",
        "See graph for why, and send an update with another value.",
    ),
    "not_confirmed": Said("Graph's answer does not say whether this was set."),
    "start_in_past": Said("The start was over when the request came. The meeting can be joined."),
}
UNDELIVERED: Mapping[str, str] = {
    "own_entity": "reply_to names a queue of Rollcall's own.",
    "other_namespace": "reply_to names a queue of another namespace.",
    "not_a_queue": "What reply_to says names no queue.",
    "correlation_id_too_long": "The message's correlation id has more than 1,024 characters.",
    "no_such_queue": "Service Bus has no queue of the name in reply_to.",
    "refused_by_queue": "The queue never takes this answer: too large, or without a session.",
    "closed_queue": "The queue took nothing for a day: it is full, disabled or not ours to use.",
}
REQUESTS: Mapping[str, Said] = {
    "waiting": Said(
        "The request was tried and waits for its next try; why says what came in between.",
        "Wait, or fix what nextStep names.",
    ),
    "refused": Said("The request is not retried any more.", "Do what nextStep says."),
}


def explained() -> dict[str, Any]:
    """Return the catalogue: each entry with its `kind`, `word`, `meaning` and `nextStep`.

    `numbers` of an entry are those by which it is found: Graph's code and subcode. `sentences` say
    more of it.
    """
    return {"entries": [*_entries()]}


def _entries() -> Iterator[Entry]:
    for code, row in CATALOGUE.items():
        more = [WAITING[row.waiting]]
        yield _entry("refusal", code, row.message, _unbraced(row.next_step), sentences=more)
    for name, kind in KINDS.items():
        of_all = kind.message.startswith("the body")
        meaning = kind.message.capitalize() if of_all else f"{{member}} {kind.message}"
        yield _entry("problem of a member", name, f"{meaning}.", kind.next_step)
    yield from _graph_codes()
    yield from _leg_ends()
    for event in EVENTS:
        yield _entry("event", event, _meaning_of(event))
    for state, (meaning, step) in STATES.items():
        yield _entry("state of the bot", state, meaning, step)
    for state_of_request, (meaning, step) in REQUESTS.items():
        yield _entry("state of a request", state_of_request, meaning, step)
    for basis, meaning in BASES.items():
        yield _entry("basis of a time", basis, meaning)
    yield from _reasons()
    for warning, (meaning, step) in WARNINGS.items():
        yield _entry("meeting.warning", warning, meaning, step)
    for alteration, (meaning, step) in ALTERATIONS.items():
        yield _entry("warning of meeting.created", alteration, meaning, step)
    for lost, meaning in UNDELIVERED.items():
        step = WARNINGS["answer_undelivered"].step
        yield _entry("undelivered answer", lost, meaning, step)


def _entry(
    kind: str,
    word: str,
    meaning: str,
    step: str = "",
    *,
    numbers: tuple[int, ...] = (),
    sentences: list[str] | None = None,
) -> Entry:
    return {
        "kind": kind,
        "word": word,
        "numbers": list(numbers),
        "meaning": meaning,
        "sentences": sentences or [],
        "nextStep": step or None,
    }


def _graph_codes() -> Iterator[Entry]:
    known: dict[str, Code] = {
        **CODES,
        CALLS_A_MONTH: "calls_quota",
        NO_POLICY: "organizer_not_allowed",
    }
    for number, code in known.items():
        row = CATALOGUE[code]
        yield _entry(
            "code of Graph's",
            number,
            f"{code}: {row.message}",
            _unbraced(row.next_step),
            numbers=(int(number),),
            sentences=[WAITING[row.waiting]],
        )


def _leg_ends() -> Iterator[Entry]:
    for (code, subcode), end in LEG_ENDS.items():
        yield _leg_end(f"{code}/{subcode}", end, (code, subcode))
    for fault in sorted(FAULTS):
        if fault <= FIRST_OF_5XX:
            word = "5xx" if fault == FIRST_OF_5XX else str(fault)
            yield _leg_end(word, UNKNOWN_FAULT, (fault,))
    yield _leg_end("any other result", UNKNOWN, ())
    yield _leg_end("no result", NO_CODE, ())


def _leg_end(word: str, end: LegEnd, numbers: tuple[int, ...]) -> Entry:
    return _entry(
        "end of the bot's call",
        word,
        f"{end.reason}: {end.meaning}",
        f"If the bot was not in yet: {next_step(end.reason)}",
        numbers=numbers,
        sentences=[*_consequences(end)],
    )


def _consequences(end: LegEnd) -> Iterator[str]:
    if end.over:
        yield "The conversation is over: the group call is closed."
    if end.question:
        yield "People may talk on: the group call stays open, and is unwatched."
    if end.rejoin:
        yield "A fault threw the bot out: it comes back by itself while people talk."


def _reasons() -> Iterator[Entry]:
    rows = {end.reason: end for end in (*LEG_ENDS.values(), UNKNOWN)}
    for reason in dict.fromkeys((*rows, *OURS, *REASONS)):
        own, step = REASONS.get(reason, Said(""))
        end = rows.get(reason)
        results = [f"{a}/{b}" for (a, b), one in LEG_ENDS.items() if one.reason == reason]
        said = [f"Graph says so by {', '.join(results)}."] if results else []
        if end is not None and not own:
            said += _consequences(end)
            own, step = end.meaning, f"If the bot was not in yet: {next_step(reason)}"
        yield _entry("reason of an end", reason, own, step, sentences=said)


def _meaning_of(event: str) -> str:
    """Return what the docstrings of an event's models say, each model once."""
    schema = schema_of(EVENTS[event])
    forms = schema["$defs"]
    found = forms[schema["properties"]["data"]["$ref"].rpartition("/")[2]]
    several = [forms[one["$ref"].rpartition("/")[2]] for one in found.get("anyOf", [])]
    texts = (" ".join(one["description"].split()) for one in several or [found])
    return " Or: ".join(texts)


def _unbraced(template: str) -> str:
    """Return a template as a reader sees it: its words in braces stay, doubled braces are one."""
    return template.replace("{{", "{").replace("}}", "}")
