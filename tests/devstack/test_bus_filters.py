"""Correlation filters compare what a message says of itself, part by part."""

import pytest

from devstack.bus.filters import CorrelationFilter, TrueFilter, any_matches
from devstack.bus.message import Message

MESSAGE = Message(
    message_id="id",
    properties={"Label": "greeting", "CorrelationId": "c", "To": None},
    application_properties={"kind": "polite", "count": 1, "flag": True},
)


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        (CorrelationFilter(properties={"Label": "greeting"}), True),
        (CorrelationFilter(properties={"Label": "Greeting"}), False),
        (CorrelationFilter(properties={"Label": "greeting", "CorrelationId": "d"}), False),
        (CorrelationFilter(properties={"To": "x"}), False),
        (CorrelationFilter(properties={"ReplyTo": "x"}), False),
        (CorrelationFilter(application_properties={"kind": "polite"}), True),
        (CorrelationFilter(application_properties={"kind": "rude"}), False),
        (CorrelationFilter(application_properties={"count": 1}), True),
        (CorrelationFilter(application_properties={"count": True}), False),
        (CorrelationFilter(application_properties={"flag": True}), True),
        (CorrelationFilter(application_properties={"absent": None}), False),
        (TrueFilter(), True),
    ],
)
def test_every_part_must_be_equal(wanted: CorrelationFilter | TrueFilter, matches: bool) -> None:
    """A filter matches when every property it names is there and equal."""
    assert wanted.matches(MESSAGE) is matches


def test_one_matching_rule_is_enough() -> None:
    """The rules of a subscription are alternatives; no rule lets nothing through."""
    no = CorrelationFilter(properties={"Label": "parting"})

    assert any_matches((no, TrueFilter()), MESSAGE)
    assert not any_matches((no,), MESSAGE)
    assert not any_matches((), MESSAGE)
