"""Reading a queue or subscription of others by peeking: each message stays where it is.

Peeking locks nothing and counts no delivery, so other readers do not notice.
Source: https://learn.microsoft.com/azure/service-bus-messaging/message-browsing
"""

from azure.servicebus import ServiceBusReceivedMessage, ServiceBusReceiver

PAGE = 250
"""Messages that one look brings; Service Bus gives no more at a time."""


class Browsed:
    """Messages in their order, each once, whichever receiver brings them."""

    def __init__(self) -> None:
        """Begin with the oldest message."""
        self._next = 1

    def some(self, receiver: ServiceBusReceiver) -> list[ServiceBusReceivedMessage]:
        """Return what has come since the last call. Does not wait.

        `receiver`: open, and never called to receive.
        """
        found: list[ServiceBusReceivedMessage] = []
        while page := receiver.peek_messages(max_message_count=PAGE, sequence_number=self._next):
            found += page
            self._next = (page[-1].sequence_number or 0) + 1
        return found
