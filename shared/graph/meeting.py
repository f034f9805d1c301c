"""What Graph's `onlineMeeting` says: how to join it, and what became of the requested options.

Core. An answer without an essential member is refused. Any other member with an unexpected kind of
JSON counts as absent, and is noted.
Source: https://learn.microsoft.com/graph/api/resources/onlinemeeting
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from shared.graph.documents import essential, object_of, text_of
from shared.words.answers import GivenMeeting, MeetingAnswer, Option
from shared.words.coordinates import NO_MESSAGE, Attendee
from shared.words.ids import directory_id
from shared.words.outside import is_segment

TEXTS = ("subject", "startDateTime", "endDateTime")
NO_OPTIONS = frozenset({*TEXTS, "participants", "audioConferencing", "chatInfo", "joinInformation"})


def meeting_in(answer: Mapping[str, Any]) -> GivenMeeting:
    """Return the meeting in an answer to a creation.

    Some documented answers carry the thread id percent-encoded; it is decoded. Raises `Rejected`
    (`graph_answer_unusable`) for a meeting that could not be joined.
    """
    chat = object_of(answer.get("chatInfo"))
    organizer = object_of(object_of(answer.get("participants")).get("organizer"))
    user, own_id = _user(organizer), answer.get("id")
    return GivenMeeting(
        online_meeting_id=essential(own_id if is_segment(own_id) else None, "id"),
        join_web_url=essential(text_of(answer.get("joinWebUrl")), "joinWebUrl"),
        thread_id=unquote(essential(text_of(chat.get("threadId")), "chatInfo.threadId")),
        message_id=text_of(chat.get("messageId")) or NO_MESSAGE,
        organizer_id=_id_in(user, "id"),
        organizer_upn=text_of(organizer.get("upn")),
        tenant_id=_id_in(user, "tenantId"),
        creation_date_time=text_of(answer.get("creationDateTime")),
        said=change_in(answer),
    )


def change_in(answer: Mapping[str, Any]) -> MeetingAnswer:
    """Return what an answer to a creation or a PATCH says of a meeting. No member is essential."""
    subject, start, end = (text_of(answer.get(name)) for name in TEXTS)
    unread = {name for name in TEXTS if answer.get(name) is not None and not text_of(answer[name])}
    people, join_id = answer.get("participants"), object_of(answer.get("joinMeetingIdSettings"))
    listed = object_of(people).get("attendees")
    if not isinstance(people, dict | None) or not isinstance(listed, list | None):
        unread.add("participants")
    passcode = text_of(join_id.get("passcode"))
    if join_id.get("isPasscodeRequired") is True and passcode is None:
        unread.add("joinMeetingIdSettings")
    options: dict[str, Option] = {}
    for name, value in answer.items():
        if name not in NO_OPTIONS and value is not None:
            option, wrong = _option(name, value)
            unread |= wrong
            options |= {} if option is None else {name: option}
    return MeetingAnswer(
        subject=subject,
        start_date_time=start,
        end_date_time=end,
        attendees=tuple(_attendee(one) for one in listed if isinstance(one, dict))
        if isinstance(listed, list)
        else None,
        join_meeting_id=text_of(join_id.get("joinMeetingId")),
        passcode=passcode,
        dial_in=_dial_in(answer.get("audioConferencing")),
        options=options,
        unread=frozenset(unread),
    )


def _option(name: str, value: Any) -> tuple[Option | None, set[str]]:
    """Return what an option says, if it can be read, and the names of what cannot."""
    match value:
        case bool() | str():
            return value, set()
        case list() if _are_texts(value):
            return value, set()
        case dict():
            read = {part: one for part, one in value.items() if isinstance(one, bool | str)}
            given = {part for part, one in value.items() if one is not None}
            return read, {f"{name}.{part}" for part in given - read.keys()}
        case _:
            return None, {name}


def _dial_in(value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    return {
        name: one
        for name, one in value.items()
        if isinstance(one, str | None) or (isinstance(one, list) and _are_texts(one))
    }


def _attendee(participant: Mapping[str, Any]) -> Attendee:
    return Attendee(
        upn=text_of(participant.get("upn")),
        role=text_of(participant.get("role")),
        user_id=_id_in(_user(participant), "id"),
    )


def _user(participant: Any) -> Mapping[str, Any]:
    return object_of(object_of(object_of(participant).get("identity")).get("user"))


def _id_in(user: Mapping[str, Any], name: str) -> str | None:
    found = text_of(user.get(name))
    return None if found is None else directory_id(found)


def _are_texts(values: list[Any]) -> bool:
    return all(isinstance(one, str) for one in values)
