"""Messages with a value of each AMQP type in each place of a message, as bytes.

Source of the codes: OASIS AMQP 1.0, part 1, section 1.6, and part 3, section 3.2.
"""

from dataclasses import dataclass

VALUES: dict[str, bytes] = {
    "null": b"\x40",
    "true": b"\x41",
    "false": b"\x56\x00",
    "ubyte": b"\x50\xff",
    "ushort": b"\x60\xff\xff",
    "uint": b"\x70\xff\xff\xff\xff",
    "uint zero": b"\x43",
    "ulong": b"\x80" + b"\xff" * 8,
    "ulong zero": b"\x44",
    "byte": b"\x51\x80",
    "short": b"\x61\x80\x00",
    "int": b"\x71\x80\x00\x00\x00",
    "long": b"\x81\x80" + b"\x00" * 7,
    "float": b"\x72\x7f\xc0\x00\x00",
    "double": b"\x82\x7f\xf0" + b"\x00" * 6,
    "timestamp": b"\x83\x00\x00\x01\x7f\x00\x00\x00\x00",
    "uuid": b"\x98" + bytes(range(16)),
    "binary": b"\xa0\x02\xff\x00",
    "binary that is text": b"\xa0\x02ab",
    "string": b"\xa1\x02ab",
    "empty string": b"\xa1\x00",
    "symbol": b"\xa3\x02ab",
    "list": b"\xc0\x03\x01\xa1\x00",
    "empty list": b"\x45",
    "map": b"\xc1\x07\x02\xa1\x01a\xa1\x01b",
    "array": b"\xe0\x04\x02\x50\x01\x02",
    "described": b"\x00\xa3\x03x:y\xa1\x02ab",
}
"""A value of each type, at an end of its range where there is one.

Without char and decimals: the SDK under the local host and under this client cannot
decode them, and closes its link.
"""
IDS = ("null", "ulong", "ulong zero", "uuid", "binary", "binary that is text", "string")
"""The types that an id may have; all others are refused by the peer."""
PLACES = ("value body", "sequence body", "data body", "application property", "annotation")
UNREADABLE = frozenset({"value body", "sequence body"})
"""Bodies that the Functions extension of Service Bus cannot bind: they never reach the app."""
NO_PROPERTY = frozenset({"list", "empty list", "map", "array", "described"})
"""What no application property of a message may be, or the extension cannot read."""


@dataclass(frozen=True, slots=True)
class Odd:
    """A message with a value of this type in this place."""

    place: str
    kind: str

    def encoded(self, name: str, body: bytes) -> bytes:
        """Return the message; `name` is its id and `body` its body, unless they are odd."""
        value, own_id = VALUES[self.kind], _string(name)
        fields = [own_id, *[b"\x40"] * 5, b"\x40"]
        if self.place == "message id":
            fields[0] = value
        elif self.place == "correlation id":
            fields[5] = value
        elif self.place == "reply-to":
            fields[4] = value
        found = b""
        if self.place == "annotation":
            found += b"\x00\x53\x72" + _compound(b"\xd1", [b"\xa3\x05x-odd", value])
        found += b"\x00\x53\x73" + _compound(b"\xd0", fields)
        if self.place == "application property":
            found += b"\x00\x53\x74" + _compound(b"\xd1", [_string("odd"), value])
        if self.place == "our property":
            names = ("first-enqueued", "first-tried", "attempt", "delivery", "history", "asked")
            pairs = [part for one in names for part in (_string(f"rollcall-{one}"), value)]
            found += b"\x00\x53\x74" + _compound(b"\xd1", pairs)
        if self.place == "value body":
            return found + b"\x00\x53\x77" + value
        if self.place == "sequence body":
            return found + b"\x00\x53\x76" + _compound(b"\xd0", [value])
        if self.place == "data body":
            body = value
        return found + b"\x00\x53\x75\xb0" + len(body).to_bytes(4) + body

    @property
    def reaches_the_app(self) -> bool:
        """Whether the Functions host can hand it to a function."""
        in_properties = self.place in {"application property", "our property"}
        return self.place not in UNREADABLE and not (in_properties and self.kind in NO_PROPERTY)


ODD = tuple(
    Odd(place, kind)
    for places, kinds in (
        ((*PLACES, "our property"), VALUES),
        (("message id", "correlation id"), IDS),
        (("reply-to",), ("null", "string", "empty string")),
    )
    for place in places
    for kind in kinds
)


def _string(text: str) -> bytes:
    return b"\xb1" + len(text.encode()).to_bytes(4) + text.encode()


def _compound(code: bytes, parts: list[bytes]) -> bytes:
    body = b"".join(parts)
    return code + (len(body) + 4).to_bytes(4) + len(parts).to_bytes(4) + body
