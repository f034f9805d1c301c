"""AMQP 1.0 primitive types to and from bytes, with the exact type chosen by name.

The AMQP engine's own codec picks a type from the Python value (every int becomes a long); clients
of Service Bus look at exact types, so what the broker writes is written here. Never does I/O.
Source of the codes: OASIS AMQP 1.0, part 1, section 1.6.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

NULL = b"\x40"


class MalformedAmqpError(ValueError):
    """The bytes are not what AMQP 1.0 allows at this place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A value with its descriptor, such as a filter of a link's source."""

    descriptor: Any
    value: Any


def boolean(value: bool) -> bytes:
    return b"\x41" if value else b"\x42"


def uint(value: int) -> bytes:
    return b"\x70" + value.to_bytes(4)


def int32(value: int) -> bytes:
    return b"\x71" + value.to_bytes(4, signed=True)


def int64(value: int) -> bytes:
    return b"\x81" + value.to_bytes(8, signed=True)


def timestamp(seconds: float) -> bytes:
    """Encode a point in time, given in seconds since the epoch, as AMQP's whole milliseconds."""
    return b"\x83" + round(seconds * 1000).to_bytes(8, signed=True)


def uuid(value: UUID) -> bytes:
    return b"\x98" + value.bytes


def binary(value: bytes) -> bytes:
    return _variable(value, short=b"\xa0", wide=b"\xb0")


def string(value: str) -> bytes:
    return _variable(value.encode(), short=b"\xa1", wide=b"\xb1")


def symbol(value: str) -> bytes:
    return _variable(value.encode("ascii"), short=b"\xa3", wide=b"\xb3")


def sequence(items: Iterable[bytes]) -> bytes:
    """Encode a list whose items are encoded already."""
    return _compound(list(items), short=b"\xc0", wide=b"\xd0")


def mapping(pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Encode a map whose keys and values are encoded already."""
    return _compound([part for pair in pairs for part in pair], short=b"\xc1", wide=b"\xd1")


def array(items: Iterable[bytes]) -> bytes:
    """Encode an array of items that are encoded already, at least one, all of one type."""
    encoded = list(items)
    constructor = encoded[0][:1]
    body = len(encoded).to_bytes(4) + constructor + b"".join(item[1:] for item in encoded)
    return b"\xf0" + len(body).to_bytes(4) + body


def skip(data: bytes, at: int) -> int:
    """Return where the value that starts at this place ends."""
    try:
        code = data[at]
        if code == 0:
            return skip(data, skip(data, at + 1))
        end = at + 1 + _size(data, code, at + 1)
    except (IndexError, struct.error) as exc:
        raise MalformedAmqpError(f"value cut off at byte {at}") from exc
    if end > len(data):
        raise MalformedAmqpError(f"value at byte {at} reaches past the end")
    return end


def items(data: bytes, at: int) -> list[bytes]:
    """Cut the list or map at this place into its encoded items; a map gives key, value, key ..."""
    code = data[at]
    if code == 0x45:
        return []
    width = {0xC0: 1, 0xC1: 1, 0xD0: 4, 0xD1: 4}.get(code)
    if width is None:
        raise MalformedAmqpError(f"neither a list nor a map at byte {at}")
    end = skip(data, at)
    count = int.from_bytes(data[at + 1 + width : at + 1 + 2 * width])
    place = at + 1 + 2 * width
    found = []
    for _ in range(count):
        after = skip(data, place)
        found.append(data[place:after])
        place = after
    if place != end:
        raise MalformedAmqpError(f"the items do not fill the value at byte {at}")
    return found


def decode(data: bytes, at: int = 0) -> Any:
    """Read the value at this place: symbols as str, timestamps as int milliseconds."""
    end = skip(data, at)
    code = data[at]
    try:
        if code == 0:
            after = skip(data, at + 1)
            return Described(descriptor=decode(data, at + 1), value=decode(data, after))
        if code in _FIXED:
            return struct.unpack_from(_FIXED[code], data, at + 1)[0]
        if code in _CONSTANT:
            return _CONSTANT[code]
        if code in (0xA0, 0xB0):
            return data[at + (2 if code == 0xA0 else 5) : end]
        if code in (0xA1, 0xA3, 0xB1, 0xB3):
            return data[at + (2 if code < 0xB0 else 5) : end].decode()
        if code in (0xC0, 0xD0, 0x45):
            return [decode(item) for item in items(data, at)]
        if code in (0xC1, 0xD1):
            parts = [decode(item) for item in items(data, at)]
            return dict(zip(parts[::2], parts[1::2], strict=True))
        if code in (0xE0, 0xF0):
            return _array(data, at)
    except (UnicodeDecodeError, TypeError, ValueError) as exc:
        raise MalformedAmqpError(f"unreadable value at byte {at}") from exc
    if code == 0x98:
        return UUID(bytes=data[at + 1 : end])
    return data[at:end]  # decimals and characters: kept as they are, nothing here looks at them


_FIXED = {
    0x50: ">B", 0x52: ">B", 0x53: ">B", 0x51: ">b", 0x54: ">b", 0x55: ">b", 0x60: ">H", 0x61: ">h",
    0x70: ">I", 0x71: ">i", 0x72: ">f", 0x80: ">Q", 0x81: ">q", 0x82: ">d", 0x83: ">q", 0x56: ">?",
}  # fmt: skip
_CONSTANT = {0x40: None, 0x41: True, 0x42: False, 0x43: 0, 0x44: 0}
_WIDTH_OF_GROUP = {0x4: 0, 0x5: 1, 0x6: 2, 0x7: 4, 0x8: 8, 0x9: 16}


def _size(data: bytes, code: int, at: int) -> int:
    group = code >> 4
    if group in _WIDTH_OF_GROUP:
        return _WIDTH_OF_GROUP[group]
    if group in (0xA, 0xC, 0xE):
        return 1 + data[at]
    if group in (0xB, 0xD, 0xF):
        return 4 + int(struct.unpack_from(">I", data, at)[0])
    raise MalformedAmqpError(f"unknown type code 0x{code:02x}")


def _array(data: bytes, at: int) -> list[Any]:
    width = 1 if data[at] == 0xE0 else 4
    count = int.from_bytes(data[at + 1 + width : at + 1 + 2 * width])
    constructor_at = at + 1 + 2 * width
    code = data[constructor_at : constructor_at + 1]
    place = constructor_at + 1
    found = []
    for _ in range(count):
        after = place + _size(data, code[0], place)
        found.append(decode(code + data[place:after]))
        place = after
    return found


def _variable(value: bytes, *, short: bytes, wide: bytes) -> bytes:
    if len(value) < 256:
        return short + len(value).to_bytes(1) + value
    return wide + len(value).to_bytes(4) + value


def _compound(parts: list[bytes], *, short: bytes, wide: bytes) -> bytes:
    body = b"".join(parts)
    if len(body) < 255 and len(parts) < 256:
        return short + (len(body) + 1).to_bytes(1) + len(parts).to_bytes(1) + body
    return wide + (len(body) + 4).to_bytes(4) + len(parts).to_bytes(4) + body
