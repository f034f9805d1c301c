"""Records as the app answers them, made for a test. Each is held to the model of records."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from docs.contract.reading_data import LOG_LINE
from docs.contract.record_data import RECORD

type Json = dict[str, Any]

START = datetime(2026, 11, 24, 2, 14, tzinfo=UTC)
MEETING = "j5rphdao4kpwlhfziojv6eldyb"
LEG = "abcdefghijklmnop"
INJECTIONS = {
    "colours": "\x1b[31mred\x1b[0m",
    "cursor": "\x1b[2J\x1b[Hgone",
    "title": "\x1b]0;title\x07",
    "one-byte": "\x9b31mred",
    "line": "Ada\n  published 99 meeting.purged",
    "return": "Ada\rEve",
    "backspace": "Ada\b\b\bEve",
    "tab": "Ada\tEve",
    "separator": "Ada\u2028forged\u2029line\x85more",
    "right-to-left": "Ada\u202eevE\u2066",
    "markup": "[bold]Ada[/bold] [link=https://example.com]x[/link] [/]",
    "emoji code": ":warning: :skull:",
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308",
    "wide": "漢字かな交じり文" * 20,
    "marks": "Z" + "\u0335\u0321\u0308\u0301\u0327" * 40,
    "half": "\ud83d Ada \udc00",
    "nothing": "\u200b\u200e",
    "null": "A\x00da",
    "long": "x" * 300,
}
"""Texts that people choose, to spoil what is written around them."""


def at(seconds: float) -> str:
    """Return the moment so many seconds after the start of it all, as a record has it."""
    moment = START + timedelta(seconds=seconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def user_id(number: int) -> str:
    """Return the id of a person of a call, who are numbered from 1."""
    return f"{number:08d}-0000-4000-8000-00000000000a"


def interval(start: float, end: float | None, **members: Any) -> Json:
    """Return a time for which a person was there."""
    return {"joinedAt": at(start), "leftAt": None if end is None else at(end), **members}


def person(name: str, *intervals: Json, seconds: float = 60.0, **members: Any) -> Json:
    """Return a person with that name; a call gives each of its people an id."""
    return {
        "participant": {"kind": "user", "userId": "", "displayName": name},
        "external": None,
        "firstJoinedAt": intervals[0]["joinedAt"],
        "lastLeftAt": intervals[-1]["leftAt"],
        "seconds": seconds,
        "intervals": list(intervals),
        **members,
    }


def call(number: int, start: float, end: float | None, *people: Json, **members: Any) -> Json:
    """Return a call with these people.

    Each has one session, from the first coming to the last leaving: `s1`, `s2` and so on.
    """
    for count, one in enumerate(people, 1):
        if "userId" in one["participant"]:
            one["participant"]["userId"] = user_id(count)
    return {
        "callNumber": number,
        "startedAt": at(start),
        "startBasis": "observed",
        "endedAt": None if end is None else at(end),
        "endBasis": None if end is None else "polled",
        "reason": None if end is None else "everyoneLeft",
        "participantCount": len(people),
        "participantsComplete": True,
        "final": end is not None,
        "confirmed": False,
        "lastEvidenceAt": at(start + 60 if end is None else end),
        "participants": [
            {
                "sessionId": f"s{count}",
                "participant": one["participant"],
                "joinedAt": one["firstJoinedAt"],
                "presentBefore": False,
                "leftAt": one["lastLeftAt"],
            }
            for count, one in enumerate(people, 1)
        ],
        "people": list(people),
        **members,
    }


def leg(start: float, end: float | None, **members: Any) -> Json:
    """Return a leg of the bot that was in for that time."""
    over = {} if end is None else {"reason": "alone"}
    return {
        "legKey": LEG,
        "callId": "c1",
        "state": "in" if end is None else "gone",
        "claimedAt": at(start - 1),
        "joinedAt": at(start),
        "leftAt": None if end is None else at(end),
        **over,
        **members,
    }


def record(*calls: Json, legs: tuple[Json, ...] = (), **members: Any) -> Json:
    """Return a record of these calls and legs. `members`: of the meeting, and `request`."""
    request = {"request": members.pop("request")} if "request" in members else {}
    whole = {
        "meeting": {
            "meetingId": MEETING,
            "tenantId": "6c5e9a3e-1f0b-4f3a-9d57-2b8f4f6d1a01",
            "context": None,
            "requestId": "INC-4711",
            "subject": "checkout is down",
            "createdAt": at(-10),
            "sequence": 7,
            **members,
        },
        "calls": list(calls),
        "bot": {**(legs[-1] if legs else {"state": "never"}), "legs": list(legs)},
        **request,
    }
    # The model takes whole characters alone.
    RECORD.validate_json(json.dumps(whole, ensure_ascii=False).encode(errors="replace"))
    return whole


def log(*lines: Json) -> list[Json]:
    """Return lines of a log, one commit each."""
    whole = [{"version": count, **one} for count, one in enumerate(lines, 1)]
    for one in whole:
        LOG_LINE.validate_json(json.dumps(one))
    return whole
