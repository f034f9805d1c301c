"""What Graph made of a request: warnings where its answer differs from the request.

Core. Graph drops and changes members silently, so Rollcall compares what it sent with what came
back. A member that an answer lacks proves nothing. A warning never holds up the answer.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from create_meeting.bodies import TIMES
from shared.events.cloud_events import refusal_data
from shared.words.answers import MeetingAnswer
from shared.words.coordinates import Attendee
from shared.words.errors import Rejected
from shared.words.ids import utc_text
from shared.words.kinds import pointer

type Warn = dict[str, Any]
type WarningCode = Literal[
    "attendee_not_added",
    "attendee_role_changed",
    "subject_changed",
    "time_changed",
    "option_not_applied",
    "option_refused",
    "not_confirmed",
    "start_in_past",
]
MOST_OF_A_CODE = 20
"""Warnings of one code that are published one by one; a thousand would outgrow the event."""
UNKNOWN = "unknownfuturevalue"
"""Graph's word, in lower case, for a value that it takes to be unknown to us."""
SAME_TIME = timedelta(seconds=1)
JUST_NOW = timedelta(minutes=1)
"""How long ago a start may be and still mean now: clocks differ, and messages take their time."""
COMPARED_ELSEWHERE = frozenset({"externalId", "subject", "participants", *TIMES})


def differences(sent: Mapping[str, Any], returned: MeetingAnswer) -> tuple[Warn, ...]:
    """Return a warning for each member of `sent` that `returned`, Graph's meeting, contradicts.

    `sent` has Graph's own shape. Its times are only those that the caller named.
    """
    return (
        *_subject(sent, returned),
        *_times(sent, returned),
        *_bounded(_attendees(sent, returned)),
        *_options(sent, returned),
        *_unread(sent, returned),
    )


def refused_options(part: Mapping[str, Any], refused: Rejected) -> tuple[Warn, ...]:
    """Return the warnings for options that Graph refused after it had made the meeting."""
    data = refusal_data(refused)
    trace = {"graph": data["graph"]} if "graph" in data else {}
    return tuple(
        {
            **_warning(
                "option_refused",
                pointer(["options", name]),
                f"The meeting exists without this option: {refused.message}",
                requested=value,
            ),
            **trace,
        }
        for name, value in part.items()
        if name != "participants"
    )


def past_start(start: datetime | None, requested_at: datetime) -> tuple[Warn, ...]:
    """Return the warning for a start that was over when the request came; none without a start."""
    if start is None or start >= requested_at - JUST_NOW:
        return ()
    message = "The start is in the past. The meeting exists, and can be joined at any time."
    return (_warning("start_in_past", "startDateTime", message, requested=utc_text(start)),)


def moment_of(text: str | None) -> datetime | None:
    """Return the moment in Graph's text, in UTC without an offset; None where it has no moment."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _subject(sent: Mapping[str, Any], returned: MeetingAnswer) -> Iterator[Warn]:
    wanted, got = sent.get("subject"), returned.subject
    if wanted is not None and got is not None and wanted != got:
        yield _warning(
            "subject_changed",
            pointer(["subject"]),
            "Graph's meeting has another subject.",
            requested=wanted,
            returned=got,
        )


def _times(sent: Mapping[str, Any], returned: MeetingAnswer) -> Iterator[Warn]:
    for name, text in zip(TIMES, (returned.start_date_time, returned.end_date_time), strict=True):
        wanted, got = moment_of(sent.get(name)), moment_of(text)
        if wanted is not None and got is not None and abs(wanted - got) >= SAME_TIME:
            yield _warning(
                "time_changed",
                pointer([name]),
                "Graph's meeting has another time.",
                requested=sent[name],
                returned=text,
            )


def _attendees(sent: Mapping[str, Any], returned: MeetingAnswer) -> Iterator[Warn]:
    if returned.attendees is None:
        return
    for number, wanted in enumerate((sent.get("participants") or {}).get("attendees") or ()):
        found = next((one for one in returned.attendees if _known_as(one) & _who(wanted)), None)
        member = pointer(["attendees", number])
        if found is None:
            yield _warning(
                "attendee_not_added",
                member,
                "Graph did not add this attendee. Send them the link.",
                requested=wanted["upn"],
            )
        elif not _agree(wanted.get("role"), found.role):
            yield _warning(
                "attendee_role_changed",
                member,
                "Graph gave this attendee another role.",
                requested=wanted["role"],
                returned=found.role,
            )


def _bounded(warnings: Iterable[Warn]) -> Iterator[Warn]:
    """Yield the first warnings of each code, and one warning that counts the rest."""
    by_code: dict[WarningCode, list[Warn]] = {}
    for warning in warnings:
        by_code.setdefault(warning["code"], []).append(warning)
    for code, found in by_code.items():
        yield from found[:MOST_OF_A_CODE]
        more = len(found) - MOST_OF_A_CODE
        if more > 0:
            yield _warning(
                code, pointer(["attendees"]), f"The same holds for {more} more attendees."
            )


def _options(sent: Mapping[str, Any], returned: MeetingAnswer) -> Iterator[Warn]:
    for name, wanted in sent.items():
        got = returned.options.get(name)
        if name not in COMPARED_ELSEWHERE and not _agree(wanted, got):
            yield _warning(
                "option_not_applied",
                pointer(["options", name]),
                "Graph accepted this option but did not keep it.",
                requested=wanted,
                returned=got,
            )


def _unread(sent: Mapping[str, Any], returned: MeetingAnswer) -> Iterator[Warn]:
    for name, wanted in sent.items():
        parts = [f"{name}.{part}" for part in wanted] if isinstance(wanted, Mapping) else []
        if not returned.unread.isdisjoint([name, *parts]):
            option = name not in COMPARED_ELSEWHERE
            member = "attendees" if name == "participants" else name
            yield _warning(
                "not_confirmed",
                pointer(["options", name]) if option else pointer([member]),
                "Graph's answer does not say this readably. It may differ from the request.",
            )


def _agree(wanted: Any, got: Any) -> bool:
    """Return whether `got` may mean `wanted`: Graph writes words in any case, lists in any order.

    Members that were not requested do not matter.
    """
    match wanted, got:
        case (_, None) | (None, _):
            return True
        case str(), str():
            return got.casefold() in {wanted.casefold(), UNKNOWN}
        case Mapping(), Mapping():
            return all(_agree(value, got.get(name)) for name, value in wanted.items())
        case list(), list():
            return _words(wanted) == _words(got) or UNKNOWN in _words(got)
        case _:
            return bool(wanted == got)


def _words(values: Iterable[Any]) -> set[str]:
    return {str(value).casefold() for value in values}


def _who(attendee: Mapping[str, Any]) -> set[str]:
    user = attendee.get("identity", {}).get("user", {})
    return _known_as(Attendee(upn=attendee["upn"], user_id=user.get("id")))


def _known_as(attendee: Attendee) -> set[str]:
    return {name.casefold() for name in (attendee.upn, attendee.user_id) if name}


def _warning(code: WarningCode, member: str, message: str, **compared: Any) -> Warn:
    return {"code": code, "member": member, "message": message, **compared}
