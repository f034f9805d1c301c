"""What Graph made of a request: where its answer differs from what was asked, as warnings.

Core. Graph drops and changes things without a word, so what was sent is compared with what came
back. What an answer does not mention proves nothing. A warning never holds up the answer.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from create_meeting.bodies import TIMES
from shared.events.cloud_events import refusal_data
from shared.words.answers import MeetingAnswer
from shared.words.coordinates import Attendee
from shared.words.errors import Rejected

type Warn = dict[str, Any]
type WarningCode = Literal[
    "attendee_not_added",
    "attendee_role_changed",
    "subject_changed",
    "time_changed",
    "option_not_applied",
    "option_refused",
    "not_confirmed",
]
MOST_OF_A_CODE = 20
"""Warnings of one code that are told one by one; a thousand would outgrow the event."""
UNKNOWN = "unknownfuturevalue"
"""What Graph says instead of a value that it thinks we do not know, in lower case."""
SAME_TIME = timedelta(seconds=1)
COMPARED_ELSEWHERE = frozenset({"externalId", "subject", "participants", *TIMES})


def differences(sent: Mapping[str, Any], returned: MeetingAnswer) -> tuple[Warn, ...]:
    """Return a warning for each member of `sent` that `returned`, Graph's meeting, contradicts.

    `sent` has Graph's own shape; times in it are such that the caller named.
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
    told = refusal_data(refused)
    trace = {"graph": told["graph"]} if "graph" in told else {}
    return tuple(
        {
            **_warning(
                "option_refused",
                f"options.{name}",
                f"The meeting exists without this option: {refused.message}",
                requested=value,
            ),
            **trace,
        }
        for name, value in part.items()
        if name != "participants"
    )


def moment_of(text: str | None) -> datetime | None:
    """Return the moment in Graph's text; without an offset it means UTC. None for no moment."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _subject(sent: Mapping[str, Any], returned: MeetingAnswer) -> Iterator[Warn]:
    asked, got = sent.get("subject"), returned.subject
    if asked is not None and got is not None and asked != got:
        yield _warning(
            "subject_changed",
            "subject",
            "Graph's meeting has another subject.",
            requested=asked,
            returned=got,
        )


def _times(sent: Mapping[str, Any], returned: MeetingAnswer) -> Iterator[Warn]:
    for name, told in zip(TIMES, (returned.start_date_time, returned.end_date_time), strict=True):
        asked, got = moment_of(sent.get(name)), moment_of(told)
        if asked is not None and got is not None and abs(asked - got) >= SAME_TIME:
            yield _warning(
                "time_changed",
                name,
                "Graph's meeting has another time.",
                requested=sent[name],
                returned=told,
            )


def _attendees(sent: Mapping[str, Any], returned: MeetingAnswer) -> Iterator[Warn]:
    if returned.attendees is None:
        return
    for number, asked in enumerate((sent.get("participants") or {}).get("attendees") or ()):
        found = next((one for one in returned.attendees if _known_as(one) & _who(asked)), None)
        member = f"attendees.{number}"
        if found is None:
            yield _warning(
                "attendee_not_added",
                member,
                "Graph did not take this attendee; send them the link.",
                requested=asked["upn"],
            )
        elif not _agree(asked.get("role"), found.role):
            yield _warning(
                "attendee_role_changed",
                member,
                "Graph gave this attendee another role.",
                requested=asked["role"],
                returned=found.role,
            )


def _bounded(warnings: Iterable[Warn]) -> Iterator[Warn]:
    """Yield the first warnings of each code, and one that counts the rest of them."""
    by_code: dict[WarningCode, list[Warn]] = {}
    for warning in warnings:
        by_code.setdefault(warning["code"], []).append(warning)
    for code, found in by_code.items():
        yield from found[:MOST_OF_A_CODE]
        more = len(found) - MOST_OF_A_CODE
        if more > 0:
            yield _warning(code, "attendees", f"So it is with {more} more attendees.")


def _options(sent: Mapping[str, Any], returned: MeetingAnswer) -> Iterator[Warn]:
    for name, asked in sent.items():
        got = returned.options.get(name)
        if name not in COMPARED_ELSEWHERE and not _agree(asked, got):
            yield _warning(
                "option_not_applied",
                f"options.{name}",
                "Graph accepted this option and did not keep it.",
                requested=asked,
                returned=got,
            )


def _unread(sent: Mapping[str, Any], returned: MeetingAnswer) -> Iterator[Warn]:
    for name, asked in sent.items():
        parts = [f"{name}.{part}" for part in asked] if isinstance(asked, Mapping) else []
        if not returned.unread.isdisjoint([name, *parts]):
            option = name not in COMPARED_ELSEWHERE
            member = "attendees" if name == "participants" else name
            yield _warning(
                "not_confirmed",
                f"options.{name}" if option else member,
                "Graph's answer says nothing readable of this; it may be otherwise than requested.",
            )


def _agree(asked: Any, got: Any) -> bool:
    """Tell whether `got` can be what was asked. Graph writes words in any case, lists in any order.

    Members that were not asked for do not matter.
    """
    match asked, got:
        case (_, None) | (None, _):
            return True
        case str(), str():
            return got.casefold() in {asked.casefold(), UNKNOWN}
        case Mapping(), Mapping():
            return all(_agree(value, got.get(name)) for name, value in asked.items())
        case list(), list():
            return _words(asked) == _words(got) or UNKNOWN in _words(got)
        case _:
            return bool(asked == got)


def _words(values: Iterable[Any]) -> set[str]:
    return {str(value).casefold() for value in values}


def _who(attendee: Mapping[str, Any]) -> set[str]:
    user = attendee.get("identity", {}).get("user", {})
    return _known_as(Attendee(upn=attendee["upn"], user_id=user.get("id")))


def _known_as(attendee: Attendee) -> set[str]:
    return {name.casefold() for name in (attendee.upn, attendee.user_id) if name}


def _warning(code: WarningCode, member: str, message: str, **compared: Any) -> Warn:
    return {"code": code, "member": member, "message": message, **compared}
