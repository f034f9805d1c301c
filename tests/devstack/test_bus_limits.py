"""The quotas of a message's head: of the ids, of one property, and of all of it."""

import pytest

from devstack.bus import amqp_types as amqp
from devstack.bus.amqp_message import (
    APPLICATION_PROPERTIES,
    DATA,
    PROPERTIES,
    encode_section,
    parse,
)
from devstack.bus.limits import SIZE_EXCEEDED, head_refusal
from devstack.bus.message import Message


def _message(
    *sizes: int, message_id: str = "id", session_id: str | None = None, body: int = 10
) -> Message:
    properties = [amqp.string(message_id), *[amqp.NULL] * 9]
    properties += [] if session_id is None else [amqp.string(session_id)]
    pairs = [(amqp.string(f"p{n}"), amqp.string("x" * size)) for n, size in enumerate(sizes)]
    encoded = b"".join(
        [
            encode_section(PROPERTIES, amqp.sequence(properties)),
            encode_section(APPLICATION_PROPERTIES, amqp.mapping(pairs)) if pairs else b"",
            encode_section(DATA, amqp.binary(b"x" * body)),
        ]
    )
    return parse(encoded, new_id="new")


@pytest.mark.parametrize(
    "message",
    [
        _message(),
        _message(body=200_000),
        _message(message_id="i" * 128, session_id="s" * 128),
        _message(32_000),
        _message(32_000, 32_000),
        _message(*[1_000] * 60),
    ],
)
def test_a_head_within_the_quotas_passes(message: Message) -> None:
    """The body does not count."""
    assert head_refusal(message) is None


@pytest.mark.parametrize(
    ("message", "condition", "text"),
    [
        (_message(message_id="i" * 129), "com.microsoft:argument-error", "message id"),
        (_message(session_id="s" * 129), "com.microsoft:argument-error", "session id"),
        (_message(33_000), "amqp:internal-error", "please retry the operation"),
        (_message(32_000, 33_000), "amqp:internal-error", "please retry the operation"),
        (_message(32_000, 32_000, 32_000), SIZE_EXCEEDED, "65536"),
        (_message(*[1_000] * 70), SIZE_EXCEEDED, "65536"),
    ],
)
def test_a_head_over_a_quota_is_refused_as_azure_refuses_it(
    message: Message, condition: str, text: str
) -> None:
    """Each with the condition and the words that were seen."""
    refusal = head_refusal(message)

    assert refusal is not None
    assert refusal.condition == condition
    assert text in refusal.description
