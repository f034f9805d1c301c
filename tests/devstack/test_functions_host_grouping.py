"""Which functions run together, and how some are picked."""

import json

import pytest

from devstack.functions.grouping import GroupError, groups_of, picked
from devstack.functions.invocation import IndexedFunction


def _function(name: str, trigger: str) -> IndexedFunction:
    raw = (json.dumps({"type": trigger}), json.dumps({"type": "http"}))
    return IndexedFunction(name=name, function_id=name, raw_bindings=raw)


APP = (
    _function("ask", "httpTrigger"),
    _function("work", "serviceBusTrigger"),
    _function("tell", "httpTrigger"),
    _function("tick", "timerTrigger"),
)


def test_http_functions_are_one_group_and_each_other_is_its_own() -> None:
    """As Flex Consumption scales them."""
    assert groups_of(APP) == {"http": ["ask", "tell"], "work": ["work"], "tick": ["tick"]}


def test_name_of_the_http_group_is_taken() -> None:
    """A queue function of that name would hide in it."""
    with pytest.raises(GroupError, match="rename it"):
        groups_of([_function("http", "serviceBusTrigger")])


def test_http_function_may_be_called_http() -> None:
    """It is in its group."""
    assert groups_of([_function("http", "httpTrigger")]) == {"http": ["http"]}


def test_functions_are_picked_by_name() -> None:
    """In the order of the app."""
    assert [each.name for each in picked(APP, ["tick", "ask"])] == ["ask", "tick"]


def test_unknown_names_are_told_with_the_known() -> None:
    """All of them at once."""
    with pytest.raises(GroupError, match="no function a, b; the app has ask, work, tell, tick"):
        picked(APP, ["a", "ask", "b"])
