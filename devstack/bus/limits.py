"""Limits that both ways of sending share. Source: Service Bus quotas, standard tier."""

MAX_MESSAGE_BYTES = 256 * 1024
SIZE_EXCEEDED = "amqp:link:message-size-exceeded"
