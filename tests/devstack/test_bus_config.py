"""The local Service Bus reads the official emulator's Config.json, and refuses what it refuses."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devstack.bus.bounds import AZURE, EMULATOR, Bounds
from devstack.bus.config import ConfigError, Namespace, QueueConfig, parse
from devstack.bus.directory import Directory
from devstack.bus.filters import CorrelationFilter, TrueFilter
from devstack.bus.message import Message

OWN = Path(__file__).parents[2] / "devstack" / "bus" / "Config.json"


def _parse(
    *,
    queues: list[dict[str, Any]] | None = None,
    topics: list[dict[str, Any]] | None = None,
    bounds: Bounds = EMULATOR,
) -> Namespace:
    namespace = {"Name": "sbemulatorns", "Queues": queues or [], "Topics": topics or []}
    return parse(json.dumps({"UserConfig": {"Namespaces": [namespace]}}), bounds)


def _queue(**properties: object) -> dict[str, Any]:
    return {"Name": "q", "Properties": properties}


def _topic(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"Name": "t", "Subscriptions": [{"Name": "s", "Rules": list(rules)}]}


def _rule(**properties: object) -> dict[str, Any]:
    return {"Name": "r", "Properties": properties}


def test_the_stack_s_own_file_is_valid() -> None:
    """The committed Config.json names the entities the app relies on."""
    namespace = parse(OWN.read_text())

    assert {queue.name for queue in namespace.queues} == {
        "create-meeting",
        "join-meeting",
        "tend-meeting",
        "rejected-requests",
        "replies",
    }
    assert all(queue.max_delivery_count == 10 for queue in namespace.queues)
    assert all(queue.lock_duration == 30 for queue in namespace.queues)
    assert all(queue.duplicate_window is None for queue in namespace.queues)
    [topic] = namespace.topics
    assert (topic.name, topic.duplicate_window) == ("meeting-events", 300)
    assert [each.queue.name for each in topic.subscriptions] == ["all"]


def test_what_is_left_out_has_the_emulator_s_defaults() -> None:
    """A bare name is a queue: one minute of lock, three deliveries, an hour to live."""
    namespace = _parse(queues=[{"Name": "q"}])

    assert namespace.queues == (
        QueueConfig(
            name="q",
            lock_duration=60,
            max_delivery_count=3,
            time_to_live=3600,
            dead_letters_expired=False,
        ),
    )


def test_azure_has_other_defaults_and_wider_bounds() -> None:
    """A bare name has ten deliveries and lives for ever; values that the emulator refuses pass."""
    wide = _queue(DefaultMessageTimeToLive="P14D", MaxDeliveryCount=2000)
    detecting = {"Name": "d", "Properties": {"RequiresDuplicateDetection": True}}

    bare, set_wide, detects = _parse(
        queues=[{"Name": "bare"}, wide, detecting], bounds=AZURE
    ).queues

    assert (bare.lock_duration, bare.max_delivery_count) == (60, 10)
    assert bare.time_to_live == math.inf
    assert (set_wide.time_to_live, set_wide.max_delivery_count) == (14 * 86_400, 2000)
    assert detects.duplicate_window == 600


def test_a_queue_that_says_nothing_of_its_life_keeps_messages_in_azure() -> None:
    """A message that is parked for a month is still there."""
    directory = Directory(_parse(queues=[{"Name": "q"}], bounds=AZURE))
    place = directory.find("q")
    assert place is not None
    assert place.entity is not None
    assert place.queue is not None

    place.entity.send(Message(message_id="parked"), now=0)
    place.entity.advance(30 * 86_400)

    assert place.queue.has_available()
    assert place.entity.next_due() is None


def test_the_stack_s_own_file_means_the_same_in_azure_but_for_the_lives() -> None:
    """What the app relies on is said in the file, not left to defaults."""
    emulated, real = parse(OWN.read_text(), EMULATOR), parse(OWN.read_text(), AZURE)

    for one, other in zip(emulated.queues, real.queues, strict=True):
        assert one.time_to_live == 3600
        assert other == replace(one, time_to_live=math.inf)
    for topic in (emulated.topics[0], real.topics[0]):
        assert topic.duplicate_window == 300
        assert topic.subscriptions[0].queue.max_delivery_count == 10


@pytest.mark.parametrize(
    ("properties", "named"),
    [
        ({"LockDuration": "PT4S"}, "LockDuration"),
        ({"LockDuration": "PT5M1S"}, "LockDuration"),
        ({"LockDuration": "30"}, "LockDuration"),
        ({"LockDuration": "P"}, "LockDuration"),
        ({"LockDuration": 30}, "LockDuration"),
        ({"DefaultMessageTimeToLive": "P14D"}, "DefaultMessageTimeToLive"),
        ({"DefaultMessageTimeToLive": "PT4M"}, "DefaultMessageTimeToLive"),
        ({"DuplicateDetectionHistoryTimeWindow": "PT10M"}, "DuplicateDetectionHistoryTimeWindow"),
        ({"MaxDeliveryCount": 11}, "MaxDeliveryCount"),
        ({"MaxDeliveryCount": 0}, "MaxDeliveryCount"),
        ({"MaxDeliveryCount": True}, "MaxDeliveryCount"),
        ({"RequiresDuplicateDetection": "yes"}, "RequiresDuplicateDetection"),
        ({"RequiresSession": "yes"}, "RequiresSession"),
        ({"ForwardTo": "other"}, "ForwardTo"),
        ({"ForwardDeadLetteredMessagesTo": "other"}, "ForwardDeadLetteredMessagesTo"),
        ({"MaxSizeInMegabytes": 1}, "unknown member MaxSizeInMegabytes"),
    ],
)
def test_properties_out_of_bounds_are_refused(properties: dict[str, object], named: str) -> None:
    """Each value the emulator would refuse, or this broker cannot honour, is named."""
    with pytest.raises(ConfigError, match=named) as caught:
        _parse(queues=[_queue(**properties)])

    assert len(caught.value.problems) == 1


def test_every_problem_is_reported_at_once() -> None:
    """One reading finds all that is wrong, each with its place."""
    with pytest.raises(ConfigError) as caught:
        _parse(
            queues=[_queue(LockDuration="PT1S", MaxDeliveryCount=99), {"Name": "Q"}],
            topics=[_topic(_rule(FilterType="Sql", SqlFilter={"SqlExpression": "a = 1"}))],
        )

    problems = caught.value.problems
    assert len(problems) == 4
    assert any("Queues[q].Properties: LockDuration" in problem for problem in problems)
    assert any("Rules[r].Properties: SQL filters" in problem for problem in problems)
    assert any("more than one entity is named q" in problem for problem in problems)


def test_subscriptions_hold_locks_for_a_minute_at_least() -> None:
    """The emulator's lower bound is another one for subscriptions."""
    subscription = {"Name": "s", "Properties": {"LockDuration": "PT30S"}}

    with pytest.raises(ConfigError, match="LockDuration must be from 60 to 300 seconds"):
        _parse(topics=[{"Name": "t", "Subscriptions": [subscription]}])


def test_rules_become_filters() -> None:
    """Correlation filters are read whole; the SQL filter 1=1 lets everything through."""
    correlation = {"Label": "greeting", "Properties": {"kind": "polite"}}

    namespace = _parse(
        topics=[
            _topic(
                _rule(FilterType="Correlation", CorrelationFilter=correlation),
                _rule(FilterType="Sql", SqlFilter={"SqlExpression": "1 = 1"}),
            )
        ]
    )

    assert namespace.topics[0].subscriptions[0].filters == (
        CorrelationFilter(
            properties={"Label": "greeting"}, application_properties={"kind": "polite"}
        ),
        TrueFilter(),
    )


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        (_rule(FilterType="Magic"), "FilterType"),
        (_rule(FilterType="Correlation"), "at least one property"),
        (
            _rule(
                FilterType="Sql",
                SqlFilter={"SqlExpression": "1=1"},
                Action={"SqlExpression": "SET a = 1"},
            ),
            "actions",
        ),
    ],
)
def test_other_rules_are_refused(rule: dict[str, Any], named: str) -> None:
    """A rule that would silently do something else stops the start."""
    with pytest.raises(ConfigError, match=named):
        _parse(topics=[_topic(rule)])


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{", "not JSON"),
        ("[]", "must be an object"),
        ("{}", "UserConfig"),
        ('{"UserConfig": {"Namespaces": []}}', "exactly one namespace"),
        ('{"UserConfig": {"Namespaces": [{"Name": "mine"}]}}', "sbemulatorns"),
        ('{"UserConfig": {"Namespaces": [{"Name": "sbemulatorns"}]}}', "Queues must be a list"),
    ],
)
def test_files_of_another_shape_are_refused(text: str, named: str) -> None:
    """What is no Config.json at all is told in one line."""
    with pytest.raises(ConfigError, match=named):
        parse(text)


@pytest.mark.parametrize("name", ["", "-q", "q-", "a b", "a$b", "ä"])
def test_names_the_service_would_not_take_are_refused(name: str) -> None:
    """Names start and end with a letter or digit and hold no other signs."""
    with pytest.raises(ConfigError, match="Name"):
        _parse(queues=[{"Name": name}])
