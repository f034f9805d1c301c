"""Options that several commands share, declared once as the fields of a dataclass.

typer knows an option by a parameter of the command's function. `grouped` turns a parameter whose
type is a dataclass into one parameter a field, and gives the command the dataclass again.
"""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from inspect import Parameter, signature
from typing import Any, get_type_hints


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command with an option for each field of the dataclasses that it takes."""
    groups: dict[str, type[Any]] = {}
    parameters: list[Parameter] = []
    for name, one in signature(command).parameters.items():
        if is_dataclass(one.annotation) and isinstance(one.annotation, type):
            groups[name] = one.annotation
            parameters += _options_of(one.annotation)
        else:
            parameters.append(one)

    def run(**given: Any) -> None:
        made = {
            name: group(**{one.name: given.pop(one.name) for one in fields(group)})
            for name, group in groups.items()
        }
        command(**given, **made)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    run.__signature__ = signature(command).replace(  # type: ignore[attr-defined]  # read by inspect
        parameters=parameters
    )
    return run


def _options_of(group: type[Any]) -> list[Parameter]:
    types = get_type_hints(group, include_extras=True)
    return [
        Parameter(one.name, Parameter.KEYWORD_ONLY, default=one.default, annotation=types[one.name])
        for one in fields(group)
    ]
