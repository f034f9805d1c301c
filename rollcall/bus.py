"""The Service Bus of a deployment."""

from azure.servicebus import ServiceBusClient

from rollcall.target import Target


def open_bus(target: Target) -> ServiceBusClient:
    """Return a client of the namespace, to be used as a context manager. Raises `Failed`.

    A connection string is used as it is; for a host name the credential is the one of the machine:
    environment, managed identity, or `az login`.

    Source: https://learn.microsoft.com/python/api/overview/azure/identity-readme
    """
    if "=" in target.bus:
        return ServiceBusClient.from_connection_string(target.bus)
    from azure.identity import DefaultAzureCredential

    return ServiceBusClient(target.bus, DefaultAzureCredential())
