"""Switches of a part of the stack: read, set, shown, and mistakes in them."""

import argparse
from typing import Annotated, Any

import pytest
from pydantic import Field, ValidationError

from devstack.switches import Switches, SwitchMistake, World, add_switch_options, chosen


class Some(Switches):
    """Switches of a part that does not exist."""

    late_seconds: Annotated[float, Field(ge=0)] = 0
    roster_cap: int | None = None
    strict: bool = True


def by_options(*options: str) -> Some:
    """Return what a part whose world has a roster cap is started with."""
    parser = argparse.ArgumentParser()
    add_switch_options(parser)
    found = parser.parse_args([f"--switch={option}" for option in options])
    return chosen(dict.fromkeys(World, Some(roster_cap=3)), found)


def test_switches_are_changed_by_their_names_in_json() -> None:
    """Those that are not named stay, and the value before stays as it was."""
    before = Some(roster_cap=3)

    after = before.changed({"lateSeconds": 2, "strict": False})

    assert after == Some(late_seconds=2, roster_cap=3, strict=False)
    assert before == Some(roster_cap=3)
    assert before.changed({}) == before


def test_null_takes_a_switch_back_where_null_is_a_value_of_it() -> None:
    """A number that may be absent; not a number that may not."""
    assert Some(roster_cap=3).changed({"rosterCap": None}) == Some()
    with pytest.raises(SwitchMistake):
        Some().changed({"lateSeconds": None})


def test_switches_are_shown_as_json_shows_them() -> None:
    """In camel case; what is shown can be set."""
    some = Some(late_seconds=2, strict=False)

    assert some.shown() == {"lateSeconds": 2, "rosterCap": None, "strict": False}
    assert Some().changed(some.shown()) == some


@pytest.mark.parametrize(
    "members",
    [{"lateSeconds": "2"}, {"lateSeconds": True}, {"lateSeconds": -1}, {"rosterCap": 1.5},
     {"strict": 1}, {"strict": "true"}, {"late_seconds": 2}, {"speed": 1}],
)  # fmt: skip
def test_a_mistaken_switch_is_named(members: dict[str, Any]) -> None:
    """Neither a value of another kind is taken, nor a name that is unknown in JSON."""
    with pytest.raises(SwitchMistake, match=rf"^{next(iter(members))}: "):
        Some().changed(members)


def test_every_mistake_is_named_at_once() -> None:
    """So that one try is enough to find them."""
    with pytest.raises(SwitchMistake) as mistake:
        Some().changed({"lateSeconds": -1, "speed": 1, "strict": 0})

    for name in ("lateSeconds", "speed", "strict"):
        assert f"{name}: " in str(mistake.value)


def test_options_are_names_with_json_values() -> None:
    """As on a command line; the last of two for one name counts."""
    options = ["lateSeconds=1.5", "rosterCap=null", "strict=false", "lateSeconds=2"]

    assert by_options(*options) == Some(late_seconds=2, strict=False)
    assert by_options() == Some(roster_cap=3)


@pytest.mark.parametrize("option", ["lateSeconds", "lateSeconds=", "lateSeconds=two", "speed=1"])
def test_a_mistaken_option_is_named(option: str) -> None:
    """No value, one that is no JSON, and a name that is unknown."""
    with pytest.raises(SwitchMistake, match=option.partition("=")[0]):
        by_options(option)


def test_switches_stay_as_they_are() -> None:
    """A change is another value."""
    some = Some()

    with pytest.raises(ValidationError):
        some.strict = False  # type: ignore[misc]  # that it is refused is what is tested
