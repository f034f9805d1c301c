"""What application properties of each AMQP type become: what Json.NET writes for the .NET type."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from devstack.bus import amqp_types as amqp
from devstack.bus.amqp_message import APPLICATION_PROPERTIES, Section, encode_section
from devstack.functions.amqp_properties import PropertyNotImitatedError, properties_of

NOON = datetime(2026, 3, 4, 12, 0, 0, 250_000, UTC)
TICKS_A_DAY = 24 * 60 * 60 * 10_000_000


def _section(**encoded: bytes) -> Section:
    pairs = [(amqp.string(name), value) for name, value in encoded.items()]
    whole = encode_section(APPLICATION_PROPERTIES, amqp.mapping(pairs))
    return Section(code=APPLICATION_PROPERTIES, whole=whole, value_at=3)


def _described(descriptor: str, value: bytes) -> bytes:
    return b"\x00" + amqp.symbol(descriptor) + value


def test_message_without_properties() -> None:
    """There is no section then."""
    assert properties_of(None) == {}


@pytest.mark.parametrize(
    ("encoded", "shown"),
    [
        (amqp.string("ab"), "ab"),
        (amqp.symbol("ab"), "ab"),
        (amqp.binary(b"ab"), "YWI="),
        (amqp.timestamp(NOON.timestamp()), "2026-03-04T12:00:00.25Z"),
        (amqp.timestamp(0), "1970-01-01T00:00:00Z"),
        (amqp.uuid(UUID(int=7)), "00000000-0000-0000-0000-000000000007"),
        (amqp.int64(-3), -3),
        (amqp.boolean(True), True),
        (amqp.NULL, None),
        (b"\x82\x3f\xf8\x00\x00\x00\x00\x00\x00", 1.5),
        (b"\x82\x7f\xf0\x00\x00\x00\x00\x00\x00", "Infinity"),
        (b"\x73\x00\x01\xf6\x00", "😀"),
        (_described("com.microsoft:timespan", amqp.int64(50_000_000)), "00:00:05"),
        (_described("com.microsoft:timespan", amqp.int64(-1)), "-00:00:00.0000001"),
        (_described("com.microsoft:timespan", amqp.int64(TICKS_A_DAY + 1)), "1.00:00:00.0000001"),
        (_described("com.microsoft:uri", amqp.string("https://a/")), "https://a/"),
        (
            _described("com.microsoft:datetime-offset", amqp.int64(TICKS_A_DAY)),
            "0001-01-02T00:00:00+00:00",
        ),
    ],
)
def test_each_type_becomes_what_json_net_writes(encoded: bytes, shown: object) -> None:
    """Text and binary differ, and a time is no number."""
    value = properties_of(_section(member=encoded))["member"]

    assert (value, type(value)) == (shown, type(shown))


@pytest.mark.parametrize(
    "encoded",
    [
        b"\x94" + bytes(16),
        amqp.sequence([amqp.int64(1)]),
        _described("com.example:other", amqp.string("x")),
    ],
)
def test_other_types_are_refused_without_their_value(encoded: bytes) -> None:
    """Decimals, lists, foreign descriptions."""
    with pytest.raises(PropertyNotImitatedError, match="AMQP type 0x"):
        properties_of(_section(member=encoded))
