"""Keeps the bytes of each message that the Service Bus SDK decodes.

The SDK forgets the AMQP types of application properties (a timestamp becomes a number; text and
binary both become bytes), and shows a message without a body as one whose value is null. The
extension in Azure knows the difference. The bytes hang on the message's annotations; nothing else
about a message changes, for the app in this process neither.
"""

from collections.abc import Callable
from typing import Any

from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus._pyamqp.aio import _receiver_async as receiver_link
from azure.servicebus._pyamqp.message import Message


class _Annotations(dict[Any, Any]):
    """The annotations of a message, with the bytes of all of it."""

    encoded: bytes = b""


def keep_encoded() -> None:
    """Let every receiver of this process keep the bytes; call it once, before the first opens.

    Raises KeyError where the SDK has no longer the place that this needs.
    """
    # The SDK offers no hook: this is the one place that sees the bytes and the message.
    names = vars(receiver_link)
    decode_payload: Callable[[memoryview], Message] = names["decode_payload"]

    def decode_and_keep(buffer: memoryview) -> Message:
        return with_encoded(decode_payload(buffer), bytes(buffer))

    names["decode_payload"] = decode_and_keep


def with_encoded(message: Message, encoded: bytes) -> Message:
    """Return `message` with its bytes."""
    annotations = _Annotations(message.message_annotations or {})
    annotations.encoded = encoded
    return message._replace(message_annotations=annotations)


def encoded_of(message: ServiceBusReceivedMessage) -> bytes:
    """Return the bytes of a received message. Raises TypeError where they were not kept."""
    annotations = message.raw_amqp_message.annotations
    if not isinstance(annotations, _Annotations):
        raise TypeError("the bytes of a message were not kept")
    return annotations.encoded
