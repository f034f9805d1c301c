"""Records and lists of a day as they are read over HTTP, one a situation that a page may show."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

type Json = dict[str, Any]

MEETING = "j5rphdao4kpwlhfziojv6eldyb"
TENANT, ORGANIZER = "6c5e9a3e-1f0b-4f3a-9d57-2b8f4f6d1a01", "2f6b0c1d-94d4-4b8a-8f0e-7a1d5c3e0b02"
START = datetime(2026, 11, 26, 9, tzinfo=UTC)
DAY = START.date()
REPORT = "attendanceReport"


def at(seconds: float, *, start: datetime = START) -> str:
    """Return a moment as a record has it."""
    return text(start + timedelta(seconds=seconds))


def text(moment: datetime) -> str:
    """Return a moment as a record has it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def session(number: int, name: str, joined: str, left: str | None, **more: Any) -> Json:
    """Return one stay of the person with that number."""
    return {
        "sessionId": f"session-{number}-{joined}",
        "participant": {
            "kind": "user",
            "userId": f"{number:08d}-0000-4000-8000-00000000000a",
            "displayName": name,
            "tenantId": TENANT,
        },
        "presentBefore": False,
        "joinedAt": joined,
        "leftAt": left,
        **more,
    }


def call(
    number: int,
    start: str,
    end: str | None,
    sessions: Sequence[Json],
    *,
    basis: str = "polled",
    **more: Any,
) -> Json:
    """Return a call. Its people are those of the sessions, each with one stay."""
    over = end is not None
    return {
        "callNumber": number,
        "startedAt": start,
        "startBasis": basis,
        "endedAt": end,
        "endBasis": basis if over else None,
        "reason": "everyoneLeft" if over else None,
        "participantCount": len(sessions),
        "participantsComplete": True,
        "final": basis == REPORT,
        "confirmed": over,
        "lastEvidenceAt": end or sessions[-1]["joinedAt"],
        "participants": list(sessions),
        "people": [_person(one, end or sessions[-1]["joinedAt"]) for one in sessions],
        **more,
    }


def _person(one: Json, until: str) -> Json:
    joined, left = one["joinedAt"], one["leftAt"]
    ended = datetime.fromisoformat(left or until)
    seconds = max((ended - datetime.fromisoformat(joined)).total_seconds(), 0)
    return {
        "participant": one["participant"],
        "external": False,
        "role": "attendee",
        "firstJoinedAt": joined,
        "lastLeftAt": left,
        "seconds": seconds,
        "intervals": [{"joinedAt": joined, "leftAt": left}],
    }


def leg(state: str, *, begin: float = -60, end: float | None = None, **more: Any) -> Json:
    """Return a leg of the bot, in from `begin` on, in seconds after the start."""
    return {
        "legKey": "mf2bkquo5vks5p2t",
        "callId": "bcd54c98834244d8a7fe93f676ceebde",
        "state": state,
        "claimedAt": at(begin - 1),
        "joinedAt": at(begin),
        "leftAt": None if end is None else at(end),
        **more,
    }


def record(calls: Sequence[Json] = (), legs: Sequence[Json] = (), **meeting: Any) -> Json:
    """Return the record of a meeting with these calls; `meeting` changes its members."""
    bot = {**legs[-1], "legs": list(legs)} if legs else {"state": "never", "legs": []}
    return {
        "meeting": {
            "meetingId": MEETING,
            "tenantId": TENANT,
            "context": {"incident": "INC-4711"},
            "requestId": "INC-4711",
            "organizerId": ORGANIZER,
            "onlineMeetingId": "MSoyZjZiMGMxZC05NGQ0LTRiOGEtOGYwZS03YTFkNWMzZTBiMDIqMCoqMTk6bWVl",
            "subject": "INC-4711: checkout is down",
            "startDateTime": "2026-11-26T09:00:00.0000000Z",
            "endDateTime": "2026-11-26T10:00:00.0000000Z",
            "createdAt": at(-120),
            "sequence": 23,
            **meeting,
        },
        "calls": list(calls),
        "bot": bot,
    }


def empty() -> Json:
    """Nothing was held, and no bot was sent; there is no context."""
    return record(context=None)


def held() -> Json:
    """Three calls: reported and corrected, unheard at the end, assumed; the bot came back once."""
    ada, bo, external = "Ada Lovelace", "Bo Diddley", "Çağla Öztürk"
    reported = call(
        1,
        at(0),
        at(1800),
        [
            session(1, ada, at(0), at(1700)),
            session(2, bo, at(300.125), at(1800), joinedNotBefore=at(240)),
            session(3, external, at(600), at(1200), notBefore=at(1100), notAfter=at(1300)),
        ],
        basis=REPORT,
        revision=2,
    )
    polled = call(
        2,
        at(7200),
        at(10_920),
        [
            session(1, ada, at(7200), at(9000)),
            session(1, ada, at(9600), at(10_920)),
        ],
        startNotBefore=at(7100),
        notBefore=at(10_800),
        notAfter=at(11_000),
        unwatchedSince=at(10_000),
        participantCount=1,
    )
    twice = polled["people"][0]
    polled["people"] = [
        {
            **twice,
            "lastLeftAt": at(10_920),
            "seconds": 3120.0,
            "intervals": [
                {"joinedAt": at(7200), "leftAt": at(9000)},
                {"joinedAt": at(9600), "leftAt": at(10_920), "presentBefore": True},
            ],
        }
    ]
    assumed = call(
        3,
        at(20_000),
        at(20_001.3),
        [session(2, bo, at(20_000), at(20_001.3))],
        basis="assumed",
        reason="unwatched",
        confirmed=False,
        participantsComplete=False,
        notBefore=None,
        notAfter=None,
    )
    thrown_out = {"code": 500, "subcode": 1999, "meaning": "A fault in Graph ended the leg."}
    legs = [
        leg("gone", end=10_000, reason="serviceFault", result=thrown_out),
        leg(
            "gone",
            begin=19_900,
            end=21_000,
            reason="alone",
            result={"code": 200, "subcode": 7000, "meaning": "The bot left."},
        ),
    ]
    return record([reported, polled, assumed], legs, warnings=["callback_silent"])


def running() -> Json:
    """A call goes on, heard by the bot."""
    people = [session(1, "Ada Lovelace", at(0), None), session(2, "Bo Diddley", at(300), None)]
    return record([call(1, at(0), None, people)], [leg("in")])


def unwatched() -> Json:
    """A call goes on unheard: the bot was thrown out, and waits for its next try."""
    people = [session(1, "Ada Lovelace", at(0), None)]
    gone = leg(
        "gone",
        end=600,
        reason="serviceFault",
        result={"code": 500, "subcode": 1999, "meaning": "A fault in Graph ended the leg."},
    )
    waiting = {**leg("waiting"), "joinedAt": None}
    return record(
        [call(1, at(0), None, people, unwatchedSince=at(600), lastEvidenceAt=at(600))],
        [gone, waiting],
    )


def failed() -> Json:
    """The bot did not get in."""
    failure = {
        "code": "bot_not_allowed",
        "message": "Graph lets this app into no meeting.",
        "nextStep": "An administrator consents to Calls.JoinGroupCall.All.",
        "graph": {
            "status": 403,
            "code": "7504",
            "requestId": "r" * 36,
            "clientRequestId": "c" * 36,
            "date": "2026-11-26T09:00:00",
        },
    }
    return record([], [{**leg("failed"), "joinedAt": None, "leftAt": at(1), "failure": failure}])


def in_progress() -> Json:
    """A request that waits for its next try: no meeting yet."""
    request = {
        "requestId": "INC-4711",
        "state": "waiting",
        "attempt": 3,
        "triedAt": at(0),
        "nextTryAt": at(60),
        "why": "graph_throttled: Graph answered 429.",
        "code": "graph_throttled",
        "message": "Graph answered 429.",
        "nextStep": None,
        "graph": {
            "status": 429,
            "code": "TooManyRequests",
            "requestId": "r" * 36,
            "clientRequestId": None,
            "date": None,
        },
    }
    return {"meeting": None, "calls": [], "bot": {"state": "never", "legs": []}, "request": request}


def crowd(count: int = 1_000) -> Json:
    """A town hall: each person comes a second after the one before."""
    people = [session(n, f"Person {n}", at(n), at(4000 + n)) for n in range(count)]
    return record([call(1, at(0), at(4000 + count), people, basis=REPORT)], [leg("gone", end=6000)])


def many_calls(count: int = 40) -> Json:
    """A room that is used again and again."""
    calls = [
        call(
            n,
            at(n * 3600),
            at(n * 3600 + 1800),
            [session(1, "Ada Lovelace", at(n * 3600), at(n * 3600 + 1800))],
            basis=REPORT,
        )
        for n in range(1, count + 1)
    ]
    return record(calls, [leg("gone", end=count * 3600 + 2000)])


def in_the_night_of_the_clock_change() -> Json:
    """A call over the hour that Berlin has twice: from 0:30 to 1:30 UTC, both 2:30 in Berlin."""
    start = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    begin, end = text(start), at(3600, start=start)
    return record([call(1, begin, end, [session(1, "Ada Lovelace", begin, end)], basis=REPORT)])


ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "'><body onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</pre></details><iframe srcdoc='<script>parent.alert(1)</script>'>",
    "</style><script>alert(1)</script>",
    "--><script>alert(1)</script><!--",
    "<![CDATA[<script>alert(1)</script>]]>",
    "javascript:alert(1)",
    "' autofocus onfocus=alert(1) x='",
    '" autofocus onfocus=alert(1) x="',
    "{{ 7 * 7 }}{% raw %}${7*7}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202eevil\u202c \u0000 \ufeff",
    '<math><mtext></table><mglyph><style><!--</style><img title="--><img src onerror=alert(1)>">',
    "<a href=//evil.example>leave</a>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<base href=//evil.example>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example'</style>",
)
"""Text that runs, or leads away, where a page does not escape it."""


def attacked() -> Json:
    """All of ATTACKS, in every text that comes from outside."""
    everything = " ".join(ATTACKS)
    people = [session(n, name, at(n), None) for n, name in enumerate(ATTACKS)]
    for one, attack in zip(people, ATTACKS, strict=True):
        one["participant"] |= {"userId": attack, "tenantId": attack, "kind": attack}
        one["sessionId"] = attack
    for_people = call(1, at(0), None, people)
    for_people["people"] = [
        {**one, "role": attack, "external": True}
        for one, attack in zip(for_people["people"], ATTACKS, strict=True)
    ]
    result = {"code": 500, "subcode": 1999, "meaning": everything}
    failure = {
        "code": everything,
        "message": everything,
        "nextStep": everything,
        "graph": {
            "status": 403,
            "code": everything,
            "requestId": everything,
            "clientRequestId": everything,
            "date": everything,
        },
    }
    legs = [leg("gone", end=60, reason=everything, result=result, failure=failure)]
    bad = record(
        [for_people],
        legs,
        subject=everything,
        requestId=everything,
        organizerId=everything,
        onlineMeetingId=everything,
        startDateTime=everything,
        endDateTime=everything,
        warnings=[everything],
        context={attack: [attack] for attack in ATTACKS},
    )
    request = in_progress()["request"]
    return bad | {
        "request": request
        | {
            "requestId": everything,
            "why": everything,
            "nextStep": everything,
            "graph": failure["graph"],
        }
    }


def listed(*meetings: Json, continuation: str | None = None) -> Json:
    """Return the list of a day."""
    return {"day": DAY.isoformat(), "meetings": list(meetings), "continuation": continuation}


def brief(number: int, subject: str | None, **more: Any) -> Json:
    """Return a meeting as a list has it."""
    return {
        "meetingId": f"{number:x}".rjust(26, "a").translate(str.maketrans("0189", "wxyz")),
        "requestId": f"INC-{number}",
        "subject": subject,
        "calls": 0,
        "people": 0,
        **more,
    }


def day() -> Json:
    """A day with meetings that go on, are over, failed, and were not used; two have no subject."""
    return listed(
        brief(
            4711,
            "INC-4711: checkout is down",
            calls=2,
            people=4,
            firstStartedAt=at(0),
            openSince=at(7200),
        ),
        brief(4712, "INC-4712: search is slow", calls=1, people=2, firstStartedAt=at(60)),
        brief(4713, None, calls=3, people=1_012, firstStartedAt=at(30)),
        brief(4714, "Weekly review of incidents, with everyone who was on call"),
        brief(4715, None, failed="application_access_policy_missing"),
        brief(4716, "Drill", failed="bot_not_admitted", calls=1, people=3, firstStartedAt=at(90)),
        continuation="c" * 39,
    )


def attacked_day() -> Json:
    """ATTACKS as subjects and request ids."""
    return listed(
        *(
            brief(n, attack, requestId=attack, failed=attack, calls=1, firstStartedAt=at(n))
            for n, attack in enumerate(ATTACKS)
        )
    )


def log() -> list[Json]:
    """Return lines of a log: each kind that there is."""
    key = "mf2bkquo5vks5p2t"
    who = session(1, "Ada Lovelace", at(0), None)
    named = [{"sessionId": who["sessionId"], "participant": who["participant"]}]
    heard: list[Json] = [
        {"kind": "leg", "at": at(-60), "phase": "in"},
        {
            "kind": "roster",
            "at": at(0),
            "entries": 2,
            "listsOurselves": True,
            "unread": 1,
            "named": named,
            "missing": [],
        },
        {
            "kind": "read",
            "askedAt": at(1),
            "answeredAt": at(1.2),
            "entries": 1,
            "listsOurselves": True,
            "named": [],
            "missing": [who["sessionId"]],
        },
        {"kind": "readFailed", "at": at(2), "status": 503},
        {"kind": "unanswered", "at": at(3), "status": 429},
        {"kind": "keptAlive", "at": at(4)},
        {"kind": "givenUp", "at": at(5)},
        {
            "kind": "unparsed",
            "at": at(6),
            "resource": "<script>alert(1)</script>",
            "changeType": "updated",
            "members": ["a"],
            "size": 120,
            "count": 2,
        },
        {"kind": "leg", "at": at(7), "phase": "gone", "code": 500, "subcode": 1999},
    ]
    published: Json = {"sequence": 7, "type": "rollcall.call.started.v1", "time": at(0)}
    return [
        *({"version": n, "heard": {"legKey": key, **one}} for n, one in enumerate(heard, start=2)),
        {"version": 20, "published": published},
        {"version": 20, "published": published | {"sequence": 8}},
    ]
