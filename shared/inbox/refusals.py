"""The validator's errors as problems of ours, and the refusal of a request that has problems.

Core. No word of the validator's reaches a caller. A value is shown where it is short and can be
neither a secret nor a person's name: see `_shown`.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails, PydanticCustomError

from shared.inbox.suggestions import closest, elsewhere, members_at
from shared.words.errors import Problem, Rejected
from shared.words.kinds import KindName, next_step, pointer, problem
from shared.words.problems import rejected

MOST_PROBLEMS = 100
MOST_SAID = 5
"""Problems that the message and the next step of a refusal name; `problems` has them all."""
UNION_TAGS = ("<text>", "<object>")
OURS: frozenset[str] = frozenset(get_args(KindName.__value__))
SECRET = frozenset({"passcode", "joinWebUrl", "joinMeetingId", "threadId", "context"})
"""Members of which no value is shown, nor of what is in them."""
TEXT_SHOWN = frozenset(
    {
        "not_one_of",
        "not_flag",
        "not_number",
        "not_whole_number",
        "not_moment",
        "no_offset",
        "year_out_of_range",
        "not_language_tag",
    }
)
"""Kinds of problems with members that hold no names: there a text may be shown."""
LONGEST_NUMBER = 40
"""Digits of a number that is shown."""
_SHORT = re.compile(r"[\w+:. -]{0,40}", re.ASCII)
_SHORT_ID = re.compile(r"(?=.*[0-9])\{?[0-9A-Fa-f-]{1,40}\}?")
_QUOTED = re.compile(r"'([^']*)'")
_KINDS_OF_ERRORS: Mapping[str, KindName] = {
    "extra_forbidden": "unknown_member",
    "missing": "required",
    "model_type": "not_object",
    "model_attributes_type": "not_object",
    "dict_type": "not_object",
    "list_type": "not_list",
    "tuple_type": "not_list",
    "string_type": "not_text",
    "bool_type": "not_flag",
    "bool_parsing": "not_flag",
    "float_type": "not_number",
    "float_parsing": "not_number",
    "finite_number": "not_number",
    "int_type": "not_whole_number",
    "int_parsing": "not_whole_number",
    "int_parsing_size": "not_whole_number",
    "int_from_float": "not_whole_number",
    "literal_error": "not_one_of",
    "greater_than_equal": "too_low",
    "greater_than": "not_above",
    "less_than_equal": "too_high",
    "string_too_short": "blank",
    "string_too_long": "text_too_long",
    "too_long": "too_many",
    "timezone_aware": "no_offset",
    "datetime_type": "not_moment",
    "datetime_parsing": "not_moment",
    "datetime_from_date_parsing": "not_moment",
    "datetime_object_invalid": "not_moment",
}
"""Our word for each type of error of the validator's.

Source: https://docs.pydantic.dev/latest/errors/validation_errors/
"""


def wrong(kind: KindName, **params: Any) -> PydanticCustomError:
    """Return what a validator raises where a value has a problem of `kind`: a ValueError."""
    return PydanticCustomError(kind, "see shared/words/kinds.py", params)


def as_problem(error: PydanticCustomError, *path: str) -> Problem:
    """Return what `wrong` made, as a problem with the member at `path`."""
    kind: KindName = error.type  # type: ignore[assignment]  # `wrong` takes no other
    return problem(kind, *path, **(error.context or {}))


def refused(problems: Iterable[Problem]) -> Rejected:
    """Return the refusal of a request that has `problems`, the first hundred of them named."""
    found = list(problems)
    named = found[:MOST_PROBLEMS]
    if len(found) > len(named):
        named.append(problem("more_problems", count=len(found) - len(named)))
    said = named[:MOST_SAID]
    return rejected(
        "invalid_request",
        problems=named,
        what="; ".join(f"{one.member} {one.message}".lstrip() for one in said),
        fix=" ".join(dict.fromkeys(next_step(one) for one in said)),
    )


def problems_of(model: type[BaseModel], errors: Iterable[ErrorDetails]) -> list[Problem]:
    """Return the problems that `model` found in a message.

    Those that `refused` only counts have no suggestions: to look for thousands takes seconds.
    """
    return [
        _problem(model, error, suggesting=number < MOST_PROBLEMS)
        for number, error in enumerate(errors)
    ]


def _problem(model: type[BaseModel], error: ErrorDetails, *, suggesting: bool) -> Problem:
    path = _written(error["loc"])
    kind, value = _kind(error), error["input"]
    if kind == "unknown_member":
        return _unknown_member(model, path, suggesting=suggesting)
    if path and value is None and kind.startswith("not_"):
        kind = "required"
    params = _params(kind, error)
    params |= _shown(kind, path, value)
    if kind == "not_one_of" and isinstance(value, str):
        suggestion = closest(value, params["allowed"])
        if suggestion is not None:
            return problem("misspelt_value", *path, **params, suggestion=suggestion)
    return problem(kind, *path, **params)


def _written(location: tuple[int | str, ...]) -> list[int | str]:
    """Return the path that the caller wrote: the tag of a union behind an index is the validator's.

    A member may have the name of a tag.
    """
    above = (None, *location)
    return [
        part
        for before, part in zip(above, location, strict=False)
        if part not in UNION_TAGS or not isinstance(before, int)
    ]


def _kind(error: ErrorDetails) -> KindName:
    if error["type"] == "json_invalid":
        return "unreadable_body"
    if error["type"] in OURS:
        return error["type"]  # type: ignore[return-value]  # one of the words, as just looked up
    if error["type"] == "too_long" and isinstance(error["input"], str):
        return "text_too_long"
    return _KINDS_OF_ERRORS.get(error["type"], "invalid")


def _params(kind: KindName, error: ErrorDetails) -> dict[str, Any]:
    context = error.get("ctx", {})
    match kind:
        case "unreadable_body":
            # What Python reads and the validator does not: it allows fewer levels.
            return {"what": "is not JSON that can be read: it is nested too deep"}
        case "required":
            return {}
        case "not_one_of" if error["type"] == "literal_error":
            return {"allowed": _QUOTED.findall(context["expected"])}
        case "too_low":
            return {"least": _plain_number(context["ge"])}
        case "not_above":
            return {"bound": _plain_number(context["gt"])}
        case "too_high":
            return {"most": _plain_number(context["le"])}
        case "text_too_long":
            return {"count": len(error["input"]), "most": context["max_length"]}
        case "too_many":
            return {"count": context["actual_length"], "most": context["max_length"]}
        case "invalid":
            ours = error["type"] == "value_error"
            return {"what": str(context["error"]) if ours else "is not valid"}
        case _:
            return dict(context) if error["type"] in OURS else {}


def _plain_number(bound: float) -> float:
    return int(bound) if bound == int(bound) else bound


def _unknown_member(model: type[BaseModel], path: list[int | str], *, suggesting: bool) -> Problem:
    *above, name = path
    allowed = members_at(model, above)
    if not suggesting:
        return problem("unknown_member", *path, allowed=list(allowed))
    suggestion = closest(str(name), allowed)
    place = elsewhere(model, str(name))
    if place is not None and (suggestion is None or place != (*above, suggestion)):
        return problem("misplaced_member", *path, suggestion=pointer(place))
    if suggestion is not None:
        return problem("misspelt_member", *path, suggestion=suggestion)
    return problem("unknown_member", *path, allowed=list(allowed))


def _shown(kind: KindName, path: Iterable[int | str], value: Any) -> dict[str, Any]:
    """Return the value as a parameter, where it may be shown; {} where not."""
    if not SECRET.isdisjoint(path):
        return {}
    match value:
        case bool() | int() | float():
            return {"value": value} if len(str(value)) <= LONGEST_NUMBER else {}
        case datetime():
            return {"value": value.isoformat()}
        case str() if kind in TEXT_SHOWN and _SHORT.fullmatch(value):
            return {"value": value}
        case str() if kind == "not_guid" and _SHORT_ID.fullmatch(value):
            return {"value": value}
        case _:
            return {}
