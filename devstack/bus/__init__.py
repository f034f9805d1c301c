"""The local Service Bus: queues and topics over AMQP 1.0, for the azure-servicebus SDK as it is."""
