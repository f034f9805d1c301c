"""The broker's second listener, with TLS: the official SDKs reach a namespace no other way.

The port is the one of AMQP over TLS. It cannot be another: azure-servicebus takes the port off a
namespace's name, and connects to 5671.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

PORT = 5671
"""Source: https://learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-protocol-guide"""

_GOODBYE_SECONDS = 1.0
"""How long a client may take to answer the end of TLS."""


class TlsPortTaken(Exception):
    """Another process has the port; the message says so."""


@asynccontextmanager
async def listening_with_tls(
    new_protocol: Callable[[], asyncio.Protocol], certificate: Path | None, key: Path | None
) -> AsyncIterator[None]:
    """Listen on 127.0.0.1 until the block ends; without a certificate do nothing."""
    if certificate is None:
        yield
        return
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    loop = asyncio.get_running_loop()
    try:
        server = await loop.create_server(
            new_protocol, "127.0.0.1", PORT, ssl=context, ssl_shutdown_timeout=_GOODBYE_SECONDS
        )
    except OSError as exc:
        raise TlsPortTaken(
            f"port {PORT} is taken: {exc.strerror}; a namespace has this port alone, so only one "
            "stack with identities can run on a machine"
        ) from exc
    try:
        yield
    finally:
        server.close()
        await server.wait_closed()
