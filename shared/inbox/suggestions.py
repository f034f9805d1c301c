"""What a caller may have meant by a word that is not understood. Core.

Models say which members and values there are, so nothing here has to be kept in step with them.
"""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import BaseModel

CLOSE = 0.72
"""How alike two words must be, for difflib: `subjekt` and `subject`, not `location` and `action`"""
SHORTEST = 3
"""Letters of a word that may look like another one: to difflib, `no` looks like `now`."""
CONTRARY = frozenset({"without", "excluding"})
"""Parts that turn what the others say into its contrary."""
DEEPEST_MOVE = 2
"""How deep a member may belong for the suggestion to move it there."""
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the one of `known` that `word` may stand for; None where it is open which.

    First the same word in another writing (`start_date_time`), then the only one with all its
    parts (`startTime`, `joinUrl`), then the one that looks most alike (`subjekt`). Of several with
    all its parts (`dateTime`), none; and none that says the contrary.
    """
    plain = {_plain(one): one for one in known}
    same = plain.get(_plain(word))
    if same is not None:
        return same
    parts = _parts(word)
    fuller = [one for one in plain.values() if parts and parts <= _parts(one)]
    if fuller:
        contrary = (_parts(fuller[0]) - parts) & CONTRARY
        return fuller[0] if len(fuller) == 1 and not contrary else None
    if len(word) < SHORTEST:
        return None
    alike = get_close_matches(_plain(word), plain, n=1, cutoff=CLOSE)
    return plain[alike[0]] if alike else None


def members_at(model: type[BaseModel], path: Iterable[int | str]) -> tuple[str, ...]:
    """Return the names of the members that the object at `path` of a message can have."""
    found: type[BaseModel] | None = model
    for part in path:
        if found is not None and isinstance(part, str):
            field = _fields(found).get(part)
            found = None if field is None else _model_in(field, lists=True)
    return tuple(_fields(found)) if found is not None else ()


def elsewhere(model: type[BaseModel], name: str) -> tuple[str, ...] | None:
    """Return the path of the only other place in a message where member `name` belongs."""
    places = {path for path in _places(model, ()) if _plain(path[-1]) == _plain(name)}
    return places.pop() if len(places) == 1 else None


def _places(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, annotation in _fields(model).items():
        yield (*path, name)
        inner = _model_in(annotation, lists=False)
        if inner is not None and len(path) + 1 < DEEPEST_MOVE:
            yield from _places(inner, (*path, name))


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _model_in(annotation: Any, *, lists: bool) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) is tuple and not lists:
        return None
    inner = (_model_in(one, lists=lists) for one in get_args(annotation))
    return next((one for one in inner if one is not None), None)


def _plain(word: str) -> str:
    return re.sub(r"[\W_]", "", word).casefold()


def _parts(word: str) -> frozenset[str]:
    return frozenset(part.casefold() for part in _WORD.findall(word))
