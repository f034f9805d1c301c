"""The switches of the simulator, their values in the worlds, and the README's table of them."""

from pathlib import Path
from typing import Any

import pytest
from pydantic.alias_generators import to_camel

from devstack.graph import lab, lab_routes
from devstack.graph.meeting_book import LONGEST_LAG
from devstack.graph.switches import DOCUMENTED, WORLDS, GraphSwitches
from devstack.switches import SwitchMistake, World
from tests.devstack.graph_world import a_world

README = Path(lab_routes.__file__).with_name("README.md")
HEADING = "| switch | type | kind | documented | harsh | meaning |"


def table() -> list[str]:
    """The README's table as the class has it: one row a switch, in the order of the fields."""
    properties = GraphSwitches.model_json_schema()["properties"]
    return [_row(name, properties[to_camel(name)]) for name in GraphSwitches.model_fields]


def _row(name: str, schema: dict[str, Any]) -> str:
    values = [_shown(getattr(WORLDS[world], name)) for world in World]
    meaning = " ".join(schema["description"].split())
    return f"| `{to_camel(name)}` | {_type(name, schema)} | {' | '.join(values)} | {meaning} |"


def _type(name: str, schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        value, _ = schema["anyOf"]
        return f"{_type(name, value)}, or null"
    if schema["type"] == "array":
        return "list of texts"
    if "enum" in schema:
        return " or ".join(f"`{one}`" for one in schema["enum"])
    words = {"integer": "whole number", "boolean": "true or false", "string": "text"}
    word = "seconds" if name.endswith("_seconds") else words.get(schema["type"], schema["type"])
    least, most = schema.get("minimum"), schema.get("maximum")
    bounds = {(True, True): f", {least} to {most}", (True, False): f", {least} or more"}
    return word + bounds.get((least is not None, most is not None), "")


def _shown(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case float() | int():
            return f"{value:g}"
        case list():
            return ", ".join(f"`{one}`" for one in value) or "none"
        case _:
            return f"`{value}`"


def test_the_readme_has_the_table_of_the_class() -> None:
    """Names, types, bounds, the value in each world, and the meaning."""
    lines = README.read_text().splitlines()
    first = lines.index(HEADING) + 2

    assert lines[first : first + len(table())] == table()
    assert not lines[first + len(table())].startswith("|")


def test_each_world_is_harder_than_the_one_before() -> None:
    """No two are the same, and none sets what breaks the way of every callback."""
    kind, documented, harsh = (WORLDS[world] for world in World)

    assert documented == DOCUMENTED == GraphSwitches()
    assert (kind.retries, documented.retries, harsh.retries) == (6, 0, 0)
    assert harsh.roster_cap == 100
    assert kind != documented != harsh
    for world in (kind, documented, harsh):
        assert (world.drop, world.duplicate, world.delay_seconds) == (0, 0, 0)


def test_a_read_is_never_older_than_the_room_is_remembered() -> None:
    """The bound of the switch is that of the memory."""
    longest = LONGEST_LAG.total_seconds()

    assert GraphSwitches().changed({"rosterLagSeconds": longest}).roster_lag_seconds == longest
    with pytest.raises(SwitchMistake):
        GraphSwitches().changed({"rosterLagSeconds": longest + 1})


@pytest.mark.parametrize(
    "members",
    [{"drop": 2}, {"shuffle": "yes"}, {"late": 2}, {"delaySeconds": -1}, {"dropNth": 0},
     {"dropNth": 1.5}, {"dropNth": "1"}, {"retries": -1}, {"rosterCap": 0}, {"rosterCap": True},
     {"emptyRosters": 2}, {"participantIds": "random"}, {"botId": 7}, {"drop": float("nan")},
     {"keepAliveLapseSeconds": 0}, {"keepAliveLapseSeconds": None}, {"lobby": "nobody"},
     {"endsWithoutHost": True}, {"links": "long"}, {"failedAdmissionEvery": 0}],
)  # fmt: skip
def test_a_mistaken_switch_is_refused_and_changes_nothing(members: dict[str, Any]) -> None:
    """Probabilities lie between 0 and 1, counts are whole and positive, words are known."""
    world, _, _ = a_world()

    with pytest.raises(SwitchMistake):
        world.change({"rosterCap": 3} | members)

    assert world.switches == DOCUMENTED


def test_forgetting_goes_back_to_the_switches_of_the_start() -> None:
    """Not to those of the documented world."""
    start = WORLDS[World.HARSH]
    world, _, _ = a_world(switches=start)
    world.change({"rosterCap": 3, "lobby": "guests"})

    world.forget()

    assert world.switches == start


def test_a_lab_request_takes_what_it_does_not_name_back_to_the_start() -> None:
    """The other switches stay as they were set."""
    world, _, _ = a_world(switches=WORLDS[World.HARSH])
    world.change({"rosterCap": 3, "drop": 1, "links": "short"})

    world.change({"late": 1}, back=lab_routes.DELIVERY)

    changed = {"late": 1, "links": "short"}
    assert world.switches == WORLDS[World.HARSH].changed(changed)


def test_every_member_of_the_older_requests_is_a_switch() -> None:
    """So that both ways set the same."""
    assert DOCUMENTED.shown().keys() >= lab_routes.DELIVERY | lab.SOURCES
