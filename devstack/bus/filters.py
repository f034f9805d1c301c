"""Which messages of a topic reach a subscription. Pure; SQL expressions are not evaluated."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from devstack.bus.message import Message


@dataclass(frozen=True, slots=True)
class TrueFilter:
    """Lets everything through: what a subscription without rules has."""

    def matches(self, message: Message) -> bool:
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationFilter:
    """Lets through what equals every given property; text is compared case and all."""

    properties: Mapping[str, str] = field(default_factory=dict)
    application_properties: Mapping[str, object] = field(default_factory=dict)

    def matches(self, message: Message) -> bool:
        return all(
            _text(message.properties.get(name)) == wanted
            for name, wanted in self.properties.items()
        ) and all(
            name in message.application_properties
            and _same(message.application_properties[name], wanted)
            for name, wanted in self.application_properties.items()
        )


Filter = TrueFilter | CorrelationFilter


def any_matches(filters: tuple[Filter, ...], message: Message) -> bool:
    """A subscription's rules are alternatives: one that matches is enough, and gives one copy."""
    return any(each.matches(message) for each in filters)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _same(sent: object, wanted: object) -> bool:
    # Python takes True for 1, a correlation filter does not.
    return isinstance(sent, bool) == isinstance(wanted, bool) and sent == wanted
