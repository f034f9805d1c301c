"""Requests to the nodes `$cbs` and `$management`, and their answers, as AMQP messages."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from devstack.bus import amqp_types as amqp
from devstack.bus.amqp_message import (
    AMQP_VALUE,
    APPLICATION_PROPERTIES,
    PROPERTIES,
    encode_section,
    items_of,
    sections,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A message to a request-response node; `encoded_id` keeps the exact type of its id.

    The `token` is that of a request to `$cbs`.
    """

    encoded_id: bytes
    reply_to: str | None
    operation: str
    body: dict[str, Any]
    link: str | None = None
    """The receiver's link on whose behalf it is, where the client names one."""
    token: str = ""


def parse_request(encoded: bytes) -> Request:
    """Read a request to `$cbs` or `$management`."""
    by_code = {section.code: section for section in sections(encoded)}
    properties = [*items_of(by_code.get(PROPERTIES)), *[amqp.NULL] * 5]
    application = by_code.get(APPLICATION_PROPERTIES)
    named = (application.value() or {}) if application else {}
    body = by_code[AMQP_VALUE].value() if AMQP_VALUE in by_code else None
    return Request(
        encoded_id=properties[0],
        reply_to=amqp.decode(properties[4]),
        operation=str(named.get("operation", "")),
        body=body if isinstance(body, dict) else {},
        link=named.get("associated-link-name"),
        token=body if isinstance(body, str) else "",
    )


def reply(
    *,
    correlation_id: bytes,
    application_properties: Iterable[tuple[str, bytes]],
    body: bytes = amqp.NULL,
) -> bytes:
    """Encode the answer of a request-response node; `correlation_id` and values are encoded."""
    properties = [amqp.NULL] * 5 + [correlation_id]
    pairs = [(amqp.string(name), value) for name, value in application_properties]
    return b"".join(
        [
            encode_section(PROPERTIES, amqp.sequence(properties)),
            encode_section(APPLICATION_PROPERTIES, amqp.mapping(pairs)),
            encode_section(AMQP_VALUE, body),
        ]
    )
