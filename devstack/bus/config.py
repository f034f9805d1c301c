"""The official emulator's Config.json: read whole, checked whole, frozen values out.

Refuses what is out of bounds (bounds.py), and what this broker would otherwise silently not do.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from devstack.bus.bounds import EMULATOR, IDLE, Bounds, Range
from devstack.bus.config_reader import ObjectReader
from devstack.bus.filters import CorrelationFilter, Filter, TrueFilter

_MAX_ENTITIES, _MAX_SUBSCRIPTIONS, _MAX_RULES = 50, 50, 1000
_NAME = re.compile(r"[A-Za-z0-9](?:[\w.\-/~]*[A-Za-z0-9_])?", re.ASCII)
_CORRELATION = (
    "ContentType", "CorrelationId", "Label", "MessageId", "ReplyTo", "ReplyToSessionId",
    "SessionId", "To",
)  # fmt: skip


class ConfigError(ValueError):
    """The file is not one this broker can serve; carries every problem found."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueConfig:
    """A queue, or what a subscription has of one; durations in seconds, `math.inf` for no end."""

    name: str
    lock_duration: float
    max_delivery_count: int
    time_to_live: float
    dead_letters_expired: bool
    requires_session: bool = False
    duplicate_window: float | None = None
    deleted_when_idle: float = math.inf
    """For so long; what counts as idle, broker.py knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionConfig:
    """A subscription: a queue behind filters, any of which lets a message in."""

    queue: QueueConfig
    filters: tuple[Filter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicConfig:
    """A topic; durations in seconds, `math.inf` for no end.

    `duplicate_window` is None where detection is off.
    """

    name: str
    time_to_live: float
    duplicate_window: float | None
    subscriptions: tuple[SubscriptionConfig, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """Everything the broker serves."""

    queues: tuple[QueueConfig, ...]
    topics: tuple[TopicConfig, ...]


def parse(text: str, bounds: Bounds = EMULATOR) -> Namespace:
    """Read the text of a Config.json. Raises ConfigError naming every problem."""
    try:
        document: object = json.loads(text)
    except json.JSONDecodeError as exc:
        raise ConfigError([f"not JSON: {exc}"]) from exc
    problems: list[str] = []
    root = ObjectReader(document, "Config", problems)
    user = root.object("UserConfig", required=True)
    user.raw("Logging")  # where the official emulator writes its log; this one writes to stderr
    namespaces = user.objects("Namespaces", required=True)
    if len(namespaces) != 1:
        user.problem("Namespaces must hold exactly one namespace")
    found = [_namespace(each, bounds) for each in namespaces]
    user.end()
    root.end()
    if problems:
        raise ConfigError(problems)
    return found[0]


def parse_queue(name: str, properties: Mapping[str, object], bounds: Bounds) -> QueueConfig:
    """Read one queue as management describes it. Raises ConfigError naming every problem."""
    problems: list[str] = []
    found = _queue(ObjectReader({"Name": name, "Properties": properties}, name, problems), bounds)
    if problems:
        raise ConfigError(problems)
    return found


def parse_subscription(
    name: str, properties: Mapping[str, object], bounds: Bounds
) -> SubscriptionConfig:
    """Read one subscription, which takes every message. Raises ConfigError."""
    problems: list[str] = []
    description = {"Name": name, "Properties": properties}
    found = _subscription(ObjectReader(description, name, problems), bounds)
    if problems:
        raise ConfigError(problems)
    return found


def _namespace(reader: ObjectReader, bounds: Bounds) -> Namespace:
    if reader.text("Name") != "sbemulatorns":
        reader.problem("Name must be sbemulatorns")
    queues = tuple(_queue(each, bounds) for each in reader.objects("Queues", required=True))
    topics = tuple(_topic(each, bounds) for each in reader.objects("Topics", required=True))
    _unique(reader, [each.name for each in queues] + [each.name for each in topics], "entity")
    if len(queues) + len(topics) > _MAX_ENTITIES:
        reader.problem(f"more than {_MAX_ENTITIES} queues and topics")
    reader.end()
    return Namespace(queues=queues, topics=topics)


def _queue(reader: ObjectReader, bounds: Bounds) -> QueueConfig:
    name = _name(reader)
    properties = reader.object("Properties")
    window = _duplicate_window(properties, bounds)
    queue = _queue_properties(
        properties, name, bounds, lock=bounds.queue_lock, duplicate_window=window
    )
    properties.end()
    reader.end()
    return queue


def _topic(reader: ObjectReader, bounds: Bounds) -> TopicConfig:
    name = _name(reader)
    properties = reader.object("Properties")
    time_to_live = _time_to_live(properties, bounds)
    window = _duplicate_window(properties, bounds)
    subscriptions = tuple(_subscription(each, bounds) for each in reader.objects("Subscriptions"))
    _unique(reader, [each.queue.name for each in subscriptions], "subscription")
    if len(subscriptions) > _MAX_SUBSCRIPTIONS:
        reader.problem(f"more than {_MAX_SUBSCRIPTIONS} subscriptions")
    properties.end()
    reader.end()
    return TopicConfig(
        name=name, time_to_live=time_to_live, duplicate_window=window, subscriptions=subscriptions
    )


def _subscription(reader: ObjectReader, bounds: Bounds) -> SubscriptionConfig:
    name = _name(reader)
    properties = reader.object("Properties")
    queue = _queue_properties(
        properties, name, bounds, lock=bounds.subscription_lock, duplicate_window=None
    )
    rules = reader.objects("Rules")
    if len(rules) > _MAX_RULES:
        reader.problem(f"more than {_MAX_RULES} rules")
    filters = tuple(_rule(each) for each in rules)
    properties.end()
    reader.end()
    return SubscriptionConfig(queue=queue, filters=filters or (TrueFilter(),))


def _rule(reader: ObjectReader) -> Filter:
    _name(reader)
    properties = reader.object("Properties", required=True)
    kind = properties.text("FilterType", required=True)
    if properties.object("Action").text("SqlExpression"):
        properties.problem("actions of rules are not supported")
    sql = properties.object("SqlFilter")
    expression = sql.text("SqlExpression")
    correlation = properties.object("CorrelationFilter")
    given = {key: correlation.text(key) for key in _CORRELATION}
    wanted = {key: value for key, value in given.items() if value}
    custom = correlation.raw("Properties")
    if custom is not None and not isinstance(custom, dict):
        correlation.problem("Properties must be an object")
    for each in (correlation, sql, properties, reader):
        each.end()
    if kind == "Sql":
        if expression.replace(" ", "") != "1=1":
            properties.problem(f"SQL filters are not supported, other than 1=1: {expression!r}")
        return TrueFilter()
    if kind != "Correlation":
        properties.problem(f"FilterType must be Correlation or Sql, not {kind!r}")
    elif not wanted and not custom:
        properties.problem("a CorrelationFilter needs at least one property")
    return CorrelationFilter(
        properties=wanted, application_properties=custom if isinstance(custom, dict) else {}
    )


def _queue_properties(
    reader: ObjectReader,
    name: str,
    bounds: Bounds,
    *,
    lock: Range,
    duplicate_window: float | None,
) -> QueueConfig:
    for key in ("ForwardTo", "ForwardDeadLetteredMessagesTo"):
        if reader.text(key):
            reader.problem(f"{key}: forwarding is not supported by this broker")
    return QueueConfig(
        name=name,
        lock_duration=reader.duration("LockDuration", lock),
        max_delivery_count=reader.number("MaxDeliveryCount", bounds.deliveries),
        time_to_live=_time_to_live(reader, bounds),
        dead_letters_expired=reader.flag("DeadLetteringOnMessageExpiration"),
        requires_session=reader.flag("RequiresSession"),
        duplicate_window=duplicate_window,
        deleted_when_idle=reader.duration("AutoDeleteOnIdle", IDLE),
    )


def _time_to_live(reader: ObjectReader, bounds: Bounds) -> float:
    return reader.duration("DefaultMessageTimeToLive", bounds.life)


def _duplicate_window(reader: ObjectReader, bounds: Bounds) -> float | None:
    window = reader.duration("DuplicateDetectionHistoryTimeWindow", bounds.duplicate_window)
    return window if reader.flag("RequiresDuplicateDetection") else None


def _name(reader: ObjectReader) -> str:
    name = reader.text("Name", required=True)
    if name and not _NAME.fullmatch(name):
        reader.problem(
            "Name must be letters, digits and . - _ / ~, starting and ending with letter or digit"
        )
    return name


def _unique(reader: ObjectReader, names: list[str], what: str) -> None:
    lower = [name.lower() for name in names]
    for name in sorted({name for name in lower if lower.count(name) > 1}):
        reader.problem(f"more than one {what} is named {name} (case does not count)")
