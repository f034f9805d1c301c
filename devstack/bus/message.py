"""A message as queues and filters see it: opaque bytes, and the few parsed fields they act on."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message as its sender handed it over.

    `time_to_live` is in seconds, `scheduled_for` in seconds since the epoch. `properties` holds the
    AMQP properties that correlation filters name, by the emulator's names (`Label` is the subject).
    """

    message_id: str
    time_to_live: float | None = None
    scheduled_for: float | None = None
    properties: Mapping[str, object] = field(default_factory=dict)
    application_properties: Mapping[str, object] = field(default_factory=dict)
    encoded_header: tuple[bytes, ...] = ()
    """The encoded members `durable` and `priority` of the sender's header."""
    encoded_annotations: tuple[tuple[bytes, bytes], ...] = ()
    """The sender's own message annotations, encoded, without those only a broker may set."""
    encoded_sections: tuple[tuple[int, bytes], ...] = ()
    """(code, whole section) from the properties to the footer, byte for byte as sent."""

    @property
    def session_id(self) -> str | None:
        """The session it belongs to, where its sender named one."""
        value = self.properties.get("SessionId")
        return None if value is None else str(value)
