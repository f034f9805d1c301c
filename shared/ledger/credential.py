"""The credential of the tables. Adapter.

azure-data-tables reads a credential's failure as an answer of the store, with the status by which
the token was refused: a 404 would be a row that is not there, a 400 a write that can never succeed.
App Service refuses with 400, for a while also a new app's own identity
(https://github.com/Azure/azure-sdk-for-net/issues/43691).
"""

from typing import Any, Self

from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError


class NoToken(AzureError):
    """A token could not be had; the message says why. No answer of the store."""


class TablesCredential:
    """Gives the tokens of another credential, and fails with `NoToken`."""

    def __init__(self, credential: AsyncTokenCredential) -> None:
        self._credential = credential

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """See azure-identity."""
        try:
            return await self._credential.get_token(*scopes, **options)
        except ClientAuthenticationError as error:
            raise NoToken(error.message) from error

    async def close(self) -> None:
        """Close the credential."""
        await self._credential.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()
