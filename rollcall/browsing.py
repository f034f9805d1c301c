"""Reading a queue or subscription of others by peeking: each message stays where it is.

Peeking locks nothing and counts no delivery, so other readers do not notice.
Source: https://learn.microsoft.com/azure/service-bus-messaging/message-browsing
"""

from azure.servicebus import ServiceBusReceivedMessage, ServiceBusReceiver

PAGE = 250
"""Messages that one look brings; Service Bus gives no more at a time."""


class Browsed:
    """Messages in their order, each once."""

    def __init__(self, receiver: ServiceBusReceiver) -> None:
        """`receiver`: open, and never called to receive."""
        self._receiver = receiver
        self._next = 1

    def skip(self) -> None:
        """Pass over what lies there already."""
        while self._page():
            pass

    def some(self) -> list[ServiceBusReceivedMessage]:
        """Return what has come since the last call. Does not wait."""
        found: list[ServiceBusReceivedMessage] = []
        while page := self._page():
            found += page
        return found

    def _page(self) -> list[ServiceBusReceivedMessage]:
        page = self._receiver.peek_messages(max_message_count=PAGE, sequence_number=self._next)
        if page:
            self._next = (page[-1].sequence_number or 0) + 1
        return page
