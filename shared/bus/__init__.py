"""Service Bus: how messages are sent."""
