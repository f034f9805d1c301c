"""Opens the Service Bus that a trigger's connection names."""

from azure.identity.aio import ManagedIdentityCredential
from azure.servicebus.aio import ServiceBusClient

from devstack.functions.app_settings import Connection, IdentityConnection


class BusClient:
    """A client of one namespace; it connects when a receiver opens."""

    def __init__(self, connection: Connection) -> None:
        """Connect to nothing yet."""
        self._credential: ManagedIdentityCredential | None = None
        # No retries of its own: the loops of the slots try again, and say so.
        if isinstance(connection, IdentityConnection):
            self._credential = ManagedIdentityCredential(client_id=connection.client_id)
            self.sdk = ServiceBusClient(connection.namespace, self._credential, retry_total=0)
        else:
            self.sdk = ServiceBusClient.from_connection_string(connection, retry_total=0)

    async def close(self) -> None:
        """Close the client, and what it gets its tokens with."""
        await self.sdk.close()
        if self._credential is not None:
            await self._credential.close()
