"""Cut an encoded AMQP message into its sections, and put it together for delivery.

Bodies and properties pass byte for byte; only the header and the message annotations are written
anew (OASIS AMQP 1.0, part 3, section 3.2). Never decides where a message goes.
"""

import math
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from devstack.bus import amqp_types as amqp
from devstack.bus.amqp_types import MalformedAmqpError
from devstack.bus.entry import Entry
from devstack.bus.message import Message

HEADER, DELIVERY_ANNOTATIONS, MESSAGE_ANNOTATIONS, PROPERTIES = 0x70, 0x71, 0x72, 0x73
APPLICATION_PROPERTIES, DATA, AMQP_SEQUENCE, AMQP_VALUE, FOOTER = 0x74, 0x75, 0x76, 0x77, 0x78

_MAX_UINT = 2**32 - 1
_REPEATABLE = (DATA, AMQP_SEQUENCE)
_FILTERABLE = {
    "MessageId": 0, "To": 2, "Label": 3, "ReplyTo": 4, "CorrelationId": 5, "ContentType": 6,
    "SessionId": 10, "ReplyToSessionId": 12,
}  # fmt: skip
_SCHEDULED = "x-opt-scheduled-enqueue-time"
_BROKER_OWNED = frozenset(
    {
        "x-opt-sequence-number",
        "x-opt-enqueue-sequence-number",
        "x-opt-enqueued-time",
        "x-opt-locked-until",
        "x-opt-message-state",
        "x-opt-deadletter-source",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section: its descriptor code, all its bytes, and where in them its value starts."""

    code: int
    whole: bytes
    value_at: int

    def value(self) -> Any:
        return amqp.decode(self.whole, self.value_at)


def sections(encoded: bytes) -> list[Section]:
    """Cut a message into its sections.

    Raises MalformedAmqpError where the bytes are not sections in AMQP's order, to the last byte.
    """
    found: list[Section] = []
    at = 0
    while at < len(encoded):
        code, value_at = _descriptor(encoded, at)
        end = amqp.skip(encoded, value_at)
        if found and (
            code < found[-1].code or (code == found[-1].code and code not in _REPEATABLE)
        ):
            raise MalformedAmqpError(f"section 0x{code:x} at byte {at} is out of order")
        found.append(Section(code=code, whole=encoded[at:end], value_at=value_at - at))
        at = end
    if not found:
        raise MalformedAmqpError("no section at all")
    return found


def batch(encoded: bytes) -> list[bytes]:
    """Give the messages of a batch (message-format 0x80013700), or an empty list if it is none.

    The AMQP engine does not show a transfer's message-format. A batch is told by its body instead:
    every data section is itself a whole AMQP message, which no text and no JSON can be.
    """
    bodies = [section for section in sections(encoded) if section.code >= DATA]
    if not bodies or any(section.code != DATA for section in bodies):
        return []
    messages = [section.value() for section in bodies]
    return messages if all(_is_message(message) for message in messages) else []


def parse(encoded: bytes, *, new_id: str) -> Message:
    """Read one encoded message; `new_id` becomes its message id where the sender gave none."""
    by_code: dict[int, Section] = {}
    kept: list[tuple[int, bytes]] = []
    for section in sections(encoded):
        by_code.setdefault(section.code, section)
        if section.code > PROPERTIES:
            kept.append((section.code, section.whole))
    properties = items_of(by_code.get(PROPERTIES))
    whole = by_code[PROPERTIES].whole if PROPERTIES in by_code else b""
    if not properties or properties[0] == amqp.NULL:
        properties = [amqp.string(new_id), *properties[1:]]
        whole = encode_section(PROPERTIES, amqp.sequence(properties))
    header = items_of(by_code.get(HEADER))
    annotations = pairs_of(by_code.get(MESSAGE_ANNOTATIONS))
    application = by_code.get(APPLICATION_PROPERTIES)
    time_to_live = amqp.decode(header[2]) if len(header) > 2 else None
    named = [(amqp.decode(key), key, value) for key, value in annotations]
    scheduled = next((amqp.decode(value) for name, _, value in named if name == _SCHEDULED), None)
    return Message(
        message_id=str(amqp.decode(properties[0])),
        time_to_live=time_to_live / 1000 if isinstance(time_to_live, int) else None,
        scheduled_for=scheduled / 1000 if isinstance(scheduled, int) else None,
        properties={
            name: amqp.decode(properties[place])
            for name, place in _FILTERABLE.items()
            if place < len(properties)
        },
        application_properties=(application.value() or {}) if application else {},
        encoded_header=tuple(header[:2]),
        encoded_annotations=tuple(
            (key, value) for name, key, value in named if name not in _BROKER_OWNED
        ),
        encoded_sections=((PROPERTIES, whole), *kept),
    )


def render(entry: Entry, *, dead_letter_source: str | None = None) -> bytes:
    """Encode a queue's entry as its receiver gets it: annotated, counted, otherwise as sent."""
    message = entry.message
    state = amqp.int32(entry.state.value)
    annotations = [
        *message.encoded_annotations,
        (amqp.symbol("x-opt-sequence-number"), amqp.int64(entry.sequence)),
        (amqp.symbol("x-opt-enqueue-sequence-number"), amqp.int64(entry.origin)),
        (amqp.symbol("x-opt-enqueued-time"), amqp.timestamp(entry.enqueued_at)),
        (amqp.symbol("x-opt-message-state"), state),
    ]
    if entry.lock is not None:
        until = amqp.timestamp(entry.lock.until)
        annotations.append((amqp.symbol("x-opt-locked-until"), until))
    if dead_letter_source is not None:
        source = amqp.string(dead_letter_source)
        annotations.append((amqp.symbol("x-opt-deadletter-source"), source))
    return b"".join(
        [
            encode_section(HEADER, amqp.sequence(_header(entry))),
            encode_section(MESSAGE_ANNOTATIONS, amqp.mapping(annotations)),
            *_bare(entry),
        ]
    )


def delivery_tag(lock_token: UUID) -> bytes:
    """Give the delivery tag that stands for a lock: .NET's byte order of the same identifier."""
    return lock_token.bytes_le


def _header(entry: Entry) -> list[bytes]:
    durable, priority = (*entry.message.encoded_header, amqp.NULL, amqp.NULL)[:2]
    time_to_live = amqp.NULL
    if entry.expires_at is not None:
        milliseconds = max(0, math.ceil((entry.expires_at - entry.enqueued_at) * 1000))
        time_to_live = amqp.uint(min(milliseconds, _MAX_UINT))
    return [durable, priority, time_to_live, amqp.NULL, amqp.uint(entry.delivery_count)]


def _bare(entry: Entry) -> list[bytes]:
    kept = entry.message.encoded_sections
    if entry.dead_letter is None:
        return [whole for _, whole in kept]
    wanted = {
        "DeadLetterReason": entry.dead_letter.reason,
        "DeadLetterErrorDescription": entry.dead_letter.description,
    }
    given = {amqp.string(name): amqp.string(text) for name, text in wanted.items() if text}
    sent = next((whole for code, whole in kept if code == APPLICATION_PROPERTIES), None)
    pairs = dict(pairs_of(sections(sent)[0])) if sent is not None else {}
    properties = encode_section(APPLICATION_PROPERTIES, amqp.mapping((pairs | given).items()))
    before = [whole for code, whole in kept if code < APPLICATION_PROPERTIES]
    after = [whole for code, whole in kept if code > APPLICATION_PROPERTIES]
    return [*before, properties, *after]


def _descriptor(encoded: bytes, at: int) -> tuple[int, int]:
    if encoded[at : at + 2] == b"\x00\x53" and at + 2 < len(encoded):
        code, value_at = encoded[at + 2], at + 3
    elif encoded[at : at + 2] == b"\x00\x80" and at + 10 <= len(encoded):
        code, value_at = int.from_bytes(encoded[at + 2 : at + 10]), at + 10
    else:
        raise MalformedAmqpError(f"no section starts at byte {at}")
    if not HEADER <= code <= FOOTER:
        raise MalformedAmqpError(f"unknown section 0x{code:x} at byte {at}")
    return code, value_at


def _is_message(encoded: object) -> bool:
    if not isinstance(encoded, bytes):
        return False
    try:
        return bool(sections(encoded))
    except MalformedAmqpError:
        return False


def items_of(section: Section | None) -> list[bytes]:
    """Cut the list or map of a section into its encoded items; an absent section has none."""
    return amqp.items(section.whole, section.value_at) if section else []


def pairs_of(section: Section | None) -> list[tuple[bytes, bytes]]:
    """Cut the map of a section into its encoded keys and values; an absent section has none."""
    parts = items_of(section)
    if len(parts) % 2:
        raise MalformedAmqpError("a map with a key that has no value")
    return list(zip(parts[::2], parts[1::2], strict=True))


def encode_section(code: int, value: bytes) -> bytes:
    """Put a section's descriptor before its encoded value."""
    return b"\x00\x53" + bytes([code]) + value
