"""The edge where messages come in: strict models, and refusals that name every problem.

Core. A message is a JSON object. Unknown members are refused by name: a misspelt option that is
silently dropped would be found out in the middle of an incident.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)
from pydantic.alias_generators import to_camel

from shared.inbox.bodies import Doubled, UnreadableBodyError, read_body
from shared.inbox.envelopes import envelope_problem
from shared.inbox.refusals import UNION_TAGS, problems_of, refused, wrong
from shared.words.kinds import KindName, problem

LARGEST_CONTEXT = 4 * 1024
DEEPEST_CONTEXT = 32
LONGEST_NAME = 128
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def text_or_object(value: object) -> str:
    """Return which arm of a text-or-object union a value belongs to."""
    return UNION_TAGS[0] if isinstance(value, str) else UNION_TAGS[1]


def _plain(value: object, *, depth: int = DEEPEST_CONTEXT) -> None:
    """Raise ValueError for a value that JSON, or a store of JSON, cannot carry."""
    if depth == 0:
        raise wrong("too_deep", levels=DEEPEST_CONTEXT)
    match value:
        case dict():
            for name, member in value.items():
                _plain(name)
                _plain(member, depth=depth - 1)
        case list():
            for member in value:
                _plain(member, depth=depth - 1)
        case float() if not math.isfinite(value):
            raise wrong("not_a_json_number")
        case str() if not _is_text(value):
            raise wrong("half_character")


def _is_text(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _small(context: dict[str, Any]) -> dict[str, Any]:
    _plain(context)
    size = len(json.dumps(context, separators=(",", ":"), ensure_ascii=False).encode())
    if size > LARGEST_CONTEXT:
        raise wrong("too_large", bytes=size, most=LARGEST_CONTEXT)
    return context


def _not_blank(text: str) -> str:
    if not text.strip():
        raise wrong("blank")
    return text


def printable(text: str) -> str:
    """Return `text`; raise ValueError where it holds a control character but tabs and line ends.

    Such characters break calendars, XML and terminals.
    """
    found = CONTROL.search(text)
    if found is not None:
        raise wrong(
            "control_character", character=f"U+{ord(found.group()):04X}", place=found.start() + 1
        )
    return text


def null_means(default: object, kind: Any) -> BeforeValidator:
    """Return what makes null mean `default`, as if the member were absent. `kind`: its type."""
    return BeforeValidator(
        lambda value: default if value is None else value, json_schema_input_type=kind | None
    )


def matching(pattern: re.Pattern[str], otherwise: KindName) -> AfterValidator:
    """Return what refuses a text that is not wholly of `pattern`, with the problem `otherwise`."""

    def checked(text: str) -> str:
        if pattern.fullmatch(text) is None:
            raise wrong(otherwise)
        return text

    return AfterValidator(checked)


Text = Annotated[str, Field(min_length=1), AfterValidator(_not_blank), AfterValidator(printable)]
Flag = Annotated[bool, null_means(default=False, kind=bool)]
"""True or false; absent or null means false."""
RequestId = Annotated[Text, Field(max_length=128)]
Context = Annotated[dict[str, Any], AfterValidator(_small)]
ObjectId = Annotated[str, matching(GUID, "not_guid"), AfterValidator(str.lower)]


class Message(BaseModel):
    """Base of the messages Rollcall reads: camelCase members, strict types, no unknown members."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        allow_inf_nan=False,
        extra="forbid",
        frozen=True,
        strict=True,
        validate_by_name=False,
    )


def read_message[M: Message](model: type[M], body: bytes) -> M:
    """Return the message in `body`; raise `Rejected` (`invalid_request`) naming every problem."""
    try:
        read = read_body(body)
    except UnreadableBodyError as error:
        raise refused([problem("unreadable_body", what=str(error))]) from error
    envelope = envelope_problem(read.value)
    if envelope is not None:
        raise refused([problem("foreign_envelope", what=envelope)])
    halved = [problem("half_character", *path) for path in read.halved()]
    if halved:
        raise refused(halved)
    doubled = [problem("doubled_member", *path) for path in read.doubled()]
    try:
        message = model.model_validate_json(read.text)
    except ValidationError as error:
        found = problems_of(model, error.errors(include_url=False))
        raise refused([*doubled, *found]) from error
    if doubled:
        raise refused(doubled)
    return message


def read_members(body: bytes) -> dict[str, Any]:
    """Return the members of a body; none where it is not a readable JSON object, or an envelope.

    A member that is null is absent, but for what stands in `context`. So is one that is given more
    than once: which of the two counts would be a guess.
    """
    try:
        value = read_body(body).value
    except UnreadableBodyError:
        return {}
    if not isinstance(value, dict) or envelope_problem(value) is not None:
        return {}
    twice = value.names if isinstance(value, Doubled) else ()
    found: dict[str, Any] = _without_nulls(
        {name: one for name, one in value.items() if name not in twice}
    )
    return found


def _without_nulls(value: Any, *, depth: int = DEEPEST_CONTEXT) -> Any:
    match value:
        case dict() if depth:
            return {
                name: one if name == "context" else _without_nulls(one, depth=depth - 1)
                for name, one in value.items()
                if one is not None
            }
        case list() if depth:
            return [_without_nulls(one, depth=depth - 1) for one in value]
        case _:
            return value


def readable_request_id(members: Mapping[str, Any]) -> str | None:
    """Return the request id of a message that may be refused for other reasons."""
    request_id = members.get("requestId")
    if (
        isinstance(request_id, str)
        and request_id.strip()
        and len(request_id) <= LONGEST_NAME
        and _is_text(request_id)
        and CONTROL.search(request_id) is None
    ):
        return request_id
    return None


def readable_context(members: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the context of a message that may be refused for other reasons."""
    context = members.get("context")
    if not isinstance(context, dict):
        return None
    try:
        return _small(context)
    except ValueError:
        return None
