"""JSON Schemas of models, with names and descriptions as they are in messages. Pure."""

import re
from typing import Any

from pydantic import TypeAdapter
from pydantic.alias_generators import to_camel
from pydantic.json_schema import DEFAULT_REF_TEMPLATE, GenerateJsonSchema

DRAFT = "https://json-schema.org/draft/2020-12/schema"
PYTHON_NAME = re.compile(r"(?<=`)[a-z]+(_[a-z]+)+(?=`)")


def schema_of(model: TypeAdapter[Any], *, ref: str = DEFAULT_REF_TEMPLATE) -> dict[str, Any]:
    """Return the JSON Schema of a model; `ref` is where its parts are found."""
    made = model.json_schema(schema_generator=_WithoutTitles, ref_template=ref)
    schema: dict[str, Any] = _in_their_words(made)
    return schema


def _in_their_words(schema: Any) -> Any:
    """Return the schema with the names of members in camel case, as in messages."""
    match schema:
        case {"description": str(text)}:
            words = PYTHON_NAME.sub(lambda found: to_camel(found.group()), text)
            rest = {name: value for name, value in schema.items() if name != "description"}
            return {"description": words, **_in_their_words(rest)}
        case dict():
            return {name: _in_their_words(value) for name, value in schema.items()}
        case list():
            return [_in_their_words(value) for value in schema]
        case _:
            return schema


def opened(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema without its refusal of unknown members, and without defaults."""
    found: dict[str, Any] = _opened(schema)
    return found


def _opened(schema: Any) -> Any:
    match schema:
        case dict():
            return {
                name: _opened(value)
                for name, value in schema.items()
                if name != "default" and not (name == "additionalProperties" and value is False)
            }
        case list():
            return [_opened(value) for value in schema]
        case _:
            return schema


class _WithoutTitles(GenerateJsonSchema):
    """Leaves out titles: they only repeat the names of members."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def get_title_from_name(self, name: str) -> str:
        return name
