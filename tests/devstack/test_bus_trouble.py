"""The trouble the local Service Bus makes: what strikes when, and for how long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack.bus.switches import WORLDS, BusSwitches
from devstack.bus.trouble import SERVER_BUSY, Trouble
from devstack.switches import SwitchMistake, World


def _trouble(**switches: float) -> Trouble:
    return Trouble(BusSwitches().changed(switches), seed=0)


def test_a_fault_strikes_its_entity_as_often_as_ordered() -> None:
    """Case does not count; other entities and operations are spared."""
    trouble = _trouble()
    trouble.order(
        {"entity": "Replies", "operation": "attach", "condition": "amqp:not-found", "times": 2}
    )

    assert trouble.of("other", "attach") is None
    assert trouble.of("replies", "transfer") is None
    for _ in range(2):
        refusal = trouble.of("replies", "attach")
        assert refusal is not None
        assert refusal.condition == "amqp:not-found"
    assert trouble.of("replies", "attach") is None
    assert trouble.faults() == []


def test_faults_are_used_up_in_the_order_they_came() -> None:
    """A fault without an operation strikes both; its own words win over the usual ones."""
    trouble = _trouble()
    trouble.order({"entity": "q", "condition": SERVER_BUSY})
    trouble.order({"entity": "q", "condition": "amqp:internal-error", "description": "own words"})

    first, second = trouble.of("q", "transfer"), trouble.of("q", "attach")

    assert first is not None
    assert second is not None
    assert "50009" in first.description
    assert second.description == "own words"


def test_forgotten_faults_strike_no_more() -> None:
    """Whatever was left of them."""
    trouble = _trouble()
    trouble.order({"entity": "q", "condition": SERVER_BUSY, "times": 9})

    trouble.forget()

    assert trouble.of("q", "transfer") is None


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({}, "entity"),
        ({"entity": "q"}, "condition"),
        ({"entity": "q", "condition": "two words"}, "condition"),
        ({"entity": "q", "condition": "c", "times": 0}, "times"),
        ({"entity": "q", "condition": "c", "times": "2"}, "times"),
        ({"entity": "q", "condition": "c", "when": "now"}, "when"),
    ],
)
def test_a_fault_that_is_none_is_refused_by_name(members: dict[str, object], named: str) -> None:
    """Nothing is ordered then."""
    trouble = _trouble()

    with pytest.raises(SwitchMistake, match=named):
        trouble.order(members)

    assert trouble.faults() == []


@given(st.integers(), st.lists(st.sampled_from(["a", "b"]), max_size=60))
def test_an_entity_is_never_busy_twice_in_a_row(seed: int, paths: list[str]) -> None:
    """Even where the share is everything: who sends once more gets through."""
    trouble = Trouble(BusSwitches(busy_share=1), seed=seed)

    refused: dict[str, list[bool]] = {"a": [], "b": []}
    for path in paths:
        refused[path].append(trouble.of(path, "transfer") is not None)

    for answers in refused.values():
        assert answers == [place % 2 == 0 for place in range(len(answers))]


def test_attaches_are_never_busy() -> None:
    """The service throttles messages."""
    assert _trouble(busyShare=1).of("q", "attach") is None


@given(st.integers(), st.floats(0, 100))
def test_lateness_stays_within_its_switch(seed: int, most: float) -> None:
    """And the same seed gives the same luck."""
    switches = BusSwitches(scheduled_late_seconds=most)
    one, other = Trouble(switches, seed=seed), Trouble(switches, seed=seed)

    late = [one.lateness() for _ in range(5)]

    assert all(0 <= each <= most for each in late)
    assert late == [other.lateness() for _ in range(5)]


@pytest.mark.parametrize("change", [{"bounds": "azure"}, {"deadLetterLocksCount": False}])
def test_what_is_read_at_the_start_cannot_be_changed(change: dict[str, object]) -> None:
    """A switch that would do nothing is refused, not taken."""
    trouble = _trouble()

    with pytest.raises(SwitchMistake, match=f"{next(iter(change))}: read at the start"):
        trouble.change(change)
    trouble.change({"headQuotas": True})

    assert trouble.switches == BusSwitches(head_quotas=True)


def test_the_worlds_differ_as_they_are_described() -> None:
    """Nothing goes wrong in a kind one; a harsh one has all that a documented one has."""
    kind, documented, harsh = (WORLDS[world] for world in World)

    assert kind == BusSwitches()
    assert documented.head_quotas
    assert documented.idle_link_seconds == harsh.idle_link_seconds == 600
    assert documented.busy_share == documented.scheduled_late_seconds == 0
    assert harsh.busy_share > 0
    assert harsh.scheduled_late_seconds == 30
    assert harsh.head_quotas
