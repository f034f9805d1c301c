"""Every kind of problem that a member of a request can have: stable word, sentence, next step.

Core: a table, and the one way to make a `Problem` from it. The sentence follows the name of the
member. Words in braces are the problem's `params`; `{member}` is its JSON Pointer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from shared.words.errors import Problem

LONGEST_NAME = 128
"""Characters of a member's name that are shown: it is the caller's own, and of any length."""

LONGEST_POINTER = 512
"""Characters: a hundred problems with such a pointer fit one event."""

type KindName = Literal[
    "unreadable_body",
    "foreign_envelope",
    "other_queue",
    "half_character",
    "doubled_member",
    "more_problems",
    "unknown_member",
    "misspelt_member",
    "misplaced_member",
    "required",
    "required_with",
    "not_object",
    "not_list",
    "not_text",
    "not_flag",
    "not_number",
    "not_whole_number",
    "not_one_of",
    "misspelt_value",
    "too_low",
    "not_above",
    "too_high",
    "blank",
    "text_too_long",
    "too_many",
    "control_character",
    "not_guid",
    "not_upn",
    "not_language_tag",
    "not_moment",
    "no_offset",
    "not_graphs_time",
    "time_skipped",
    "time_twice",
    "not_a_zone",
    "misspelt_zone",
    "year_out_of_range",
    "too_large",
    "too_deep",
    "not_a_json_number",
    "end_needs_start",
    "end_not_after_start",
    "presenters_missing",
    "sets_nothing",
    "changes_nothing",
    "no_form",
    "several_forms",
    "not_with",
    "not_meeting_id",
    "not_join_id",
    "not_passcode",
    "not_thread",
    "not_message_id",
    "unreadable_link",
    "foreign_tenant",
    "not_the_links",
    "contradicts",
    "host_not_required",
    "differs",
    "no_such_entity",
    "message_too_large",
    "invalid",
]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: the templates of its sentence and of its next step."""

    message: str
    next_step: str


_TIME = (
    "Write {member} as a date and time with its offset, for example 2026-11-23T09:00:00Z or "
    "2026-11-23T10:00:00+01:00, or without one beside /timeZone, for example Europe/Berlin."
)
_INSTANT = "Write {member} with the offset that is meant, for example 2026-11-23T10:00:00+01:00."
_ZONE = "Write {member} as its name in the IANA database, for example Europe/Berlin."
_ONE_OF = "Write {member} as one of {allowed}."
_KINDS: dict[KindName, Kind] = {
    "unreadable_body": Kind("the body {what}", "Send one JSON object in UTF-8 as the body."),
    "foreign_envelope": Kind(
        "the body {what}", "Send the request as the body, without the envelope."
    ),
    "other_queue": Kind(
        "the body is a request for the queue {queue}, not for {here}",
        "Send it to the queue {queue}.",
    ),
    "half_character": Kind("holds half a character pair", "Send {member} as whole characters."),
    "doubled_member": Kind("is given more than once", "Give {member} once."),
    "more_problems": Kind(
        "and {count} more problems", "Correct these first; the next refusal names the rest."
    ),
    "unknown_member": Kind(
        "is not a member of this message",
        "Use only the members that there are: {allowed}.",
    ),
    "misspelt_member": Kind(
        "is not a member of this message; did you mean `{suggestion}`?",
        "Write `{suggestion}` instead of {member}, or leave it out.",
    ),
    "misplaced_member": Kind(
        "is not a member here; did you mean {suggestion}?",
        "Move {member} to {suggestion}, or leave it out.",
    ),
    "required": Kind("is required", "Add {member}."),
    "required_with": Kind("is required with {form}", "Add {member}."),
    "not_object": Kind("must be a JSON object", "Write {member} as a JSON object."),
    "not_list": Kind("must be a JSON array", "Write {member} as a JSON array."),
    "not_text": Kind("must be text", "Write {member} as text, in double quotes."),
    "not_flag": Kind("must be true or false", "Write {member} as true or false, without quotes."),
    "not_number": Kind("must be a number", "Write {member} as a number, without quotes."),
    "not_whole_number": Kind(
        "must be a whole number", "Write {member} as a whole number, without quotes."
    ),
    "not_one_of": Kind("must be one of {allowed}", _ONE_OF),
    "misspelt_value": Kind("must be one of {allowed}; did you mean `{suggestion}`?", _ONE_OF),
    "too_low": Kind("must be {least} or more", "Raise {member} to {least} or more."),
    "not_above": Kind("must be more than {bound}", "Raise {member} to more than {bound}."),
    "too_high": Kind("must be {most} or less", "Lower {member} to {most} or less."),
    "blank": Kind("must not be blank", "Write a text into {member}."),
    "text_too_long": Kind(
        "has {count} characters; at most {most} are allowed",
        "Shorten {member} to {most} characters.",
    ),
    "too_many": Kind(
        "has {count} entries; at most {most} are allowed",
        "Shorten {member} to {most} entries.",
    ),
    "control_character": Kind(
        "holds the control character {character}, as character {place}",
        "Remove the control character from {member}.",
    ),
    "not_guid": Kind(
        "must be a GUID, for example 0a1b2c3d-0000-4000-8000-00000000000f",
        "Write the object id or tenant id that Microsoft Entra shows into {member}.",
    ),
    "not_upn": Kind(
        "must be a user principal name, for example ada@example.com",
        "Write the user principal name, which looks like an e-mail address, into {member}.",
    ),
    "not_language_tag": Kind(
        "must be a language tag, for example en-US", "Write {member} as language and country."
    ),
    "not_moment": Kind("must be a date and time, for example 2026-11-23T09:00:00Z", _TIME),
    "no_offset": Kind(
        "must carry an offset, for example 2026-11-23T09:00:00Z, or go with timeZone, for example "
        "Europe/Berlin",
        _TIME,
    ),
    "not_graphs_time": Kind(
        "must be text: give the dateTime itself, for example 2026-11-23T09:00:00, and timeZone as "
        "a member of the message, for example Europe/Berlin",
        _TIME,
    ),
    "time_skipped": Kind(
        "is skipped when the clocks of {zone} change: give it with an offset", _INSTANT
    ),
    "time_twice": Kind(
        "comes twice when the clocks of {zone} change: give it with an offset", _INSTANT
    ),
    "not_a_zone": Kind(
        "must be the name of a time zone in the IANA database, for example Europe/Berlin", _ZONE
    ),
    "misspelt_zone": Kind(
        "must be the name of a time zone in the IANA database: did you mean {suggestion}?", _ZONE
    ),
    "year_out_of_range": Kind(
        "must be in a year from {first} to {last}",
        "Give {member} a time in a year from {first} to {last}.",
    ),
    "too_large": Kind(
        "is {bytes} bytes of JSON; at most {most} are allowed",
        "Keep the data elsewhere and send its key in {member}.",
    ),
    "too_deep": Kind("is nested deeper than {levels}", "Send {member} with fewer levels."),
    "not_a_json_number": Kind(
        "holds a number that JSON does not know", "Send finite numbers in {member}."
    ),
    "end_needs_start": Kind(
        "needs startDateTime: Graph takes no end without a start", "Add /startDateTime."
    ),
    "end_not_after_start": Kind(
        "must be after startDateTime", "Give {member} a time after /startDateTime."
    ),
    "presenters_missing": Kind(
        "must be given in full, with the role presenter for those who present: "
        "options.allowedPresenters is roleIsPresenter",
        "Give all of {member}, those who present with the role presenter.",
    ),
    "sets_nothing": Kind(
        "sets nothing: name an option to set, or leave the object out",
        "Name an option in {member}, or leave it out.",
    ),
    "changes_nothing": Kind(
        "changes nothing: name a subject, times, a time zone, attendees, options, join or context",
        "Add what is to change: /subject, the times, /timeZone, /attendees, /options, /join or "
        "/context.",
    ),
    "no_form": Kind("names no meeting: give one of {forms}", "Name the meeting by one of {forms}."),
    "several_forms": Kind(
        "cannot go with {others}: name the meeting in one way",
        "Leave out all but one of the members that name the meeting.",
    ),
    "not_with": Kind("does not go with {form}", "Leave {member} out."),
    "not_meeting_id": Kind(
        "must be a meetingId of Rollcall: 26 characters a-z and 2-7",
        "Copy the meetingId of a meeting.created event, or name the meeting by its link.",
    ),
    "not_join_id": Kind(
        "must be the meeting's join id: 5 to 20 digits, with or without spaces",
        "Copy the meeting id from the invitation, in double quotes.",
    ),
    "not_passcode": Kind(
        "must be letters and digits, as the invitation shows it",
        "Copy the passcode from the invitation, without what stands around it.",
    ),
    "not_thread": Kind(
        "must be a chat thread, decoded, for example 19:meeting_…@thread.v2",
        "Copy threadId from Graph's chatInfo, or name the meeting by its link.",
    ),
    "not_message_id": Kind("must be digits, given as text", "Write {member} as digits in quotes."),
    "unreadable_link": Kind(
        "cannot be understood: {reason}", "Send the link of the meeting as Teams shows it."
    ),
    "foreign_tenant": Kind(
        "is not the tenant that the bot serves",
        "Send the request to a deployment that serves this tenant.",
    ),
    "not_the_links": Kind(
        "is not the link's own tenant", "Leave {member} out: the link names its tenant."
    ),
    "contradicts": Kind("is not what {other} says", "Give {member} and {other} the same value."),
    "host_not_required": Kind(
        "cannot be false where the meeting is named by its join id or a short link",
        "Leave {member} out, or name the meeting by its classic link.",
    ),
    "differs": Kind(
        "differs from the first request under this id",
        "Repeat {member} as it was, or send the request under an id of its own.",
    ),
    "no_such_entity": Kind("there is no such entity", "Create it, or name one that exists."),
    "message_too_large": Kind(
        "message {message_id} is larger than the entity takes",
        "Let the entity take larger messages.",
    ),
    "invalid": Kind("{what}", "Correct {member}."),
}
KINDS: Mapping[KindName, Kind] = MappingProxyType(_KINDS)
"""Every kind by its word, in the order in which the documentation shows them."""


def pointer(path: Iterable[int | str]) -> str:
    """Return the JSON Pointer of the member at `path`; "" for the whole.

    Of a member that is nested deeper than `LONGEST_POINTER` has room for: that of the object above.
    Source: https://www.rfc-editor.org/rfc/rfc6901
    """
    found = ""
    for part in path:
        longer = f"{found}/{_token(part)}"
        if len(longer) > LONGEST_POINTER:
            break
        found = longer
    return found


def _token(part: int | str) -> str:
    text = str(part)[:LONGEST_NAME].encode("utf-8", "replace").decode()
    return text.replace("~", "~0").replace("/", "~1")


def problem(kind: KindName, *path: int | str, **params: Any) -> Problem:
    """Return the problem of `kind` with the member at `path`, none for the whole request.

    `params` are JSON. Raises KeyError where the sentence needs one more.
    """
    message = KINDS[kind].message.format_map(_texts(params))
    return Problem(member=pointer(path), code=kind, message=message, params=params)


def next_step(problem: Problem) -> str:
    """Return what to do about one problem; "" where its kind is none of ours."""
    kind = _KINDS.get(problem.code)  # type: ignore[call-overload]  # a word from outside the table
    if kind is None:
        return ""
    words = {**_texts(problem.params), "member": problem.member or "the body"}
    step: str = kind.next_step.format_map(words)
    return step


def _texts(params: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        for name, value in params.items()
    }
