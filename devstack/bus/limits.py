"""Limits of a message, which both ways of sending share. Pure.

Source: the article service-bus-quotas, standard tier.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from devstack.bus.amqp_message import APPLICATION_PROPERTIES, PROPERTIES, pairs_of, sections
from devstack.bus.message import Message

MAX_MESSAGE_BYTES = 256 * 1024
MAX_ID_CHARACTERS = 128
MAX_PROPERTY_BYTES = 32 * 1024
MAX_HEAD_BYTES = 64 * 1024
SIZE_EXCEEDED = "amqp:link:message-size-exceeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why something is refused: an AMQP error's condition and description."""

    condition: str
    description: str


def refusal_of(
    messages: Iterable[Message], *, head_quotas: bool, requires_session: bool
) -> Refusal | None:
    """Return why messages sent together are refused; the head of one fails all."""
    for message in messages:
        if requires_session and message.session_id is None:
            return _NO_SESSION
        if head_quotas and (refusal := head_refusal(message)) is not None:
            return refusal
    return None


def head_refusal(message: Message) -> Refusal | None:
    """Return why the service takes no message with this head; None where it does."""
    for name, value in (("message", message.message_id), ("session", message.session_id)):
        if value is not None and len(value) > MAX_ID_CHARACTERS:
            # How the service words this is not known: the SDKs refuse such ids themselves.
            text = f"The {name} id cannot exceed {MAX_ID_CHARACTERS} characters."
            return Refusal(condition="com.microsoft:argument-error", description=text)
    head = dict(message.encoded_sections)
    annotations = sum(len(key) + len(value) for key, value in message.encoded_annotations)
    size = annotations + sum(len(head.get(code, b"")) for code in _HEAD_SECTIONS)
    if size <= MAX_PROPERTY_BYTES:
        return None
    if size > MAX_HEAD_BYTES:
        return _HEAD_TOO_LARGE
    properties = head.get(APPLICATION_PROPERTIES)
    pairs = pairs_of(sections(properties)[0]) if properties else []
    largest = max((len(value) for _, value in pairs), default=0)
    return _PROPERTY_TOO_LARGE if largest > MAX_PROPERTY_BYTES else None


_HEAD_SECTIONS = (PROPERTIES, APPLICATION_PROPERTIES)
_NO_SESSION = Refusal(
    condition="amqp:not-allowed",
    description="The SessionId was not set on a message, and it cannot be sent to the entity. "
    "Entities that have session support enabled can only receive messages that have the SessionId "
    "set to a valid value.",
)
# In Azure's words, Rebus.AzureServiceBus issue 35 and azure-sdk-for-net issue 15325. The second
# asks for a retry that cannot help.
_HEAD_TOO_LARGE = Refusal(
    condition=SIZE_EXCEEDED,
    description="A serialization error occurred while processing the message header stream. The "
    "serialization process return the following message: The size quota for this stream "
    f"({MAX_HEAD_BYTES}) has been exceeded.",
)
_PROPERTY_TOO_LARGE = Refusal(
    condition="amqp:internal-error",
    description="The service was unable to process the request; please retry the operation. For "
    "more information on exception types and proper exception handling, please refer to "
    "http://go.microsoft.com/fwlink/?LinkId=761101",
)
