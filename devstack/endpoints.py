"""Where the parts of a running local stack are, and the settings of an app that runs on it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from devstack.graph import identities
from devstack.graph.management import BOT, SITE

SHELL_ONLY = dict.fromkeys(
    (
        "SERVICE_BUS__fullyQualifiedNamespace",
        "SERVICE_BUS__clientId",
        "SERVICE_BUS__credential",
        "AZURE_CLIENT_ID",
        "AZURE_AUTHORITY_HOST",
        "CLOUD",
        "GRAPH_CLIENT_SECRET",
        "GRAPH_CERTIFICATE_PATH",
        "GRAPH_FEDERATED",
    ),
    "",
)
"""What a shell may hold for the real Azure: it must not lead the local app there."""
ACCOUNT = "devstoreaccount1"
# The key every installation of Azurite and of the storage emulator has; it protects nothing.
ACCOUNT_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where everything is, as `endpoints.json` says it."""

    functions: str
    service_bus: str
    graph: str
    tables: str
    control: str
    bus_lab: str
    function_key: str
    identity_header: str

    @property
    def identity_endpoint(self) -> str:
        """Where an App Service's managed identity gets its tokens."""
        return f"{self.graph.replace('localhost', '127.0.0.1')}/msi/token"

    def as_json(self) -> str:
        """Return the text of `endpoints.json`."""
        return json.dumps(
            {
                "functions": self.functions,
                "serviceBus": self.service_bus,
                "graph": self.graph,
                "tables": self.tables,
                "control": self.control,
                "busLab": self.bus_lab,
                "busManagement": self.bus_lab,
                "functionKey": self.function_key,
                "resourceManager": self.graph,
                "bot": BOT,
                "site": SITE,
                "identityEndpoint": self.identity_endpoint,
                "identityHeader": self.identity_header,
                "organizerId": identities.ORGANIZER_ID,
                "botAppId": identities.BOT_APP_ID,
                "tenantId": identities.TENANT_ID,
                "replyQueue": "replies",
                "subscription": "all",
            },
            indent=2,
        )


def app_settings(endpoints: Endpoints, *, own: Mapping[str, str]) -> dict[str, str]:
    """Return the settings under which an app runs on the stack; its `own` win."""
    graph = endpoints.graph.replace("localhost", "127.0.0.1")
    return {
        "SERVICE_BUS": endpoints.service_bus,
        "TABLES": endpoints.tables,
        "GRAPH_URL": endpoints.graph,
        "PUBLIC_URL": endpoints.functions,
        "TENANT_ID": identities.TENANT_ID,
        "BOT_APP_ID": identities.BOT_APP_ID,
        "ORGANIZER_ID": identities.ORGANIZER_ID,
        "OPENID_CONFIG_URL": f"{graph}/v1/.well-known/OpenIdConfiguration",
        "IDENTITY_ENDPOINT": endpoints.identity_endpoint,
        "IDENTITY_HEADER": endpoints.identity_header,
        "SETTLE_SECONDS": "0.5",
        "CLAIM_LEASE_SECONDS": "5",
        "SHOW_NAMES": "true",
        **SHELL_ONLY,
        **own,
    }


def deployed_settings(tables_port: int, authority_port: int) -> dict[str, str]:
    """Return what a deployed app has in place of keys: its settings in Azure, on this machine.

    Source: https://learn.microsoft.com/azure/azure-functions/functions-reference (common
    properties for identity-based connections). The namespace has no port: it is always 5671.
    """
    return {
        "SERVICE_BUS": "",
        "SERVICE_BUS__fullyQualifiedNamespace": "127.0.0.1",
        "SERVICE_BUS__credential": "managedidentity",
        "SERVICE_BUS__clientId": identities.USER_IDENTITY,
        "TABLES": f"https://127.0.0.1:{tables_port}/{ACCOUNT}",
        "AZURE_CLIENT_ID": identities.USER_IDENTITY,
        "AZURE_AUTHORITY_HOST": f"https://127.0.0.1:{authority_port}",
    }


def bus_connection(port: int) -> str:
    """Return the connection string of the local Service Bus on `port`."""
    return (
        f"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=RootManageSharedAccessKey;"
        "SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;"
    )


def tables_connection(port: int, *, scheme: str = "http") -> str:
    """Return the connection string of Azurite on `port`."""
    return (
        f"DefaultEndpointsProtocol={scheme};AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};"
        f"TableEndpoint={scheme}://127.0.0.1:{port}/{ACCOUNT};"
    )
