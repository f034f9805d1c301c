"""Reads the application properties of a message into JSON values, as Json.NET writes them. Pure.

Sources: AmqpMessageConverter.cs of azure-sdk-for-net for the .NET type of each AMQP type;
https://www.newtonsoft.com/json/help/html/DatesInJSON.htm for times.
"""

import base64
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from devstack.bus import amqp_types as amqp
from devstack.bus.amqp_message import Section, items_of
from devstack.bus.amqp_types import Described

type Json = str | int | float | bool | None

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY = datetime(1, 1, 1, tzinfo=UTC)
_CHARACTER, _TIMESTAMP, _BINARY = 0x73, 0x83, (0xA0, 0xB0)


class PropertyNotImitatedError(ValueError):
    """An AMQP type of a property that this host cannot turn into JSON."""


def properties_of(section: Section | None) -> dict[str, Json]:
    """Return the properties in a section of application properties; none where there is none.

    Raises PropertyNotImitatedError for decimals, lists, maps and arrays.
    """
    parts = items_of(section)
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return {str(amqp.decode(name)): _json(value) for name, value in pairs}


def _json(encoded: bytes) -> Json:
    code, value = encoded[0], amqp.decode(encoded)
    if code == _CHARACTER:
        return chr(int.from_bytes(encoded[1:]))
    if code == _TIMESTAMP:
        return _moment(_EPOCH + timedelta(milliseconds=value), zone="Z")
    if code in _BINARY:
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Described) and value.descriptor in _DESCRIBED:
        return _DESCRIBED[value.descriptor](value.value)
    if isinstance(value, float) and not math.isfinite(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, UUID):
        return str(value)
    raise PropertyNotImitatedError(
        f"the local host cannot read an application property of AMQP type 0x{code:02x}"
    )


def _moment(moment: datetime, *, zone: str) -> str:
    text = moment.replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + zone


def _offset_moment(ticks: int) -> str:
    return _moment(_FIRST_DAY + timedelta(microseconds=ticks // 10), zone="+00:00")


def _span(ticks: int) -> str:
    """Write .NET ticks (100 ns each) as a TimeSpan: `[-][d.]hh:mm:ss[.fffffff]`."""
    seconds, fraction = divmod(abs(ticks), 10_000_000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    text = f"{hour:02}:{minute:02}:{second:02}"
    return (
        ("-" if ticks < 0 else "")
        + (f"{days}." if days else "")
        + text
        + (f".{fraction:07}" if fraction else "")
    )


# .NET senders describe the types that AMQP does not have.
_DESCRIBED: dict[str, Callable[[Any], str]] = {
    "com.microsoft:timespan": _span,
    "com.microsoft:uri": str,
    "com.microsoft:datetime-offset": _offset_moment,
}
