"""The connection strings of the local stack's processes."""

# The one account that Azurite has; its key is public.
# Source: https://learn.microsoft.com/azure/storage/common/storage-use-azurite
_ACCOUNT = "devstoreaccount1"
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def tables_at(port: int) -> str:
    """Return the connection string of an Azurite on `port`."""
    return (
        f"DefaultEndpointsProtocol=http;AccountName={_ACCOUNT};AccountKey={_KEY};"
        f"TableEndpoint=http://127.0.0.1:{port}/{_ACCOUNT};"
    )


def bus_at(port: int) -> str:
    """Return the connection string of a local Service Bus on `port`."""
    return (
        f"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=RootManageSharedAccessKey;"
        "SharedAccessKey=local;UseDevelopmentEmulator=true;"
    )
