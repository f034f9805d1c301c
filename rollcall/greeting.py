"""Whether Service Bus speaks at all. Adapter.

A firewall, a proxy or a private endpoint may take a connection and never say a word. The SDK waits
for the handshake of TLS and for that of AMQP without a bound, and has no option for one. So its
first words are heard here, in bounded time, before the SDK connects.
"""

import socket
import ssl
import time

from rollcall.console import Exit, Failed

GREETED_WITHIN = 10.0
"""Seconds for TLS, and for what Service Bus says first. It takes a tenth of one."""
HEADER = b"AMQP\x03\x01\x00\x00"
"""Opens SASL.
Source: http://docs.oasis-open.org/amqp/core/v1.0/os/amqp-core-security-v1.0-os.html#section-sasl"""
ENOUGH = 2 * len(HEADER)
"""Bytes: the same header, and the first of the list of mechanisms, which follows unrequested."""


class Silent(Failed):
    """What is connected to does not speak."""

    def __init__(self, address: str, within: float) -> None:
        """`within`: seconds that were waited."""
        super().__init__(
            f"Service Bus does not answer: {address} takes a connection, and says nothing for"
            f" {within:g} s. Check --service-bus, and what stands before it: a firewall or proxy"
            " must let AMQP pass, and a private endpoint needs its name in DNS.",
            Exit.UNREACHABLE,
        )


def require_greeting(host: str, port: int, *, tls: bool, within: float = GREETED_WITHIN) -> None:
    """Return once Service Bus has spoken. Raises `Silent`.

    Every other failure is left to the SDK, which meets it at once and says more of it.
    """
    until = time.monotonic() + within
    try:
        plain = socket.create_connection((host, port), within)
    except (OSError, UnicodeError):  # a host name may have no form in DNS
        return
    with plain:
        try:
            plain.settimeout(_left(until))
            if tls:
                with _context().wrap_socket(plain, server_hostname=host) as secured:
                    _hear(secured, until)
            else:
                _hear(plain, until)
        except TimeoutError as error:
            raise Silent(f"{host}:{port}", within) from error
        except (OSError, ValueError):  # a host name may be none that TLS takes
            return


def _hear(connection: socket.socket, until: float) -> None:
    connection.settimeout(_left(until))
    connection.sendall(HEADER)
    heard = 0
    while heard < ENOUGH:
        connection.settimeout(_left(until))
        part = connection.recv(ENOUGH)
        if not part:
            return
        heard += len(part)


def _left(until: float) -> float:
    """Return the seconds that are left. Raises `TimeoutError`."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _context() -> ssl.SSLContext:
    """Return one that takes any certificate: nothing is entrusted to it; the SDK verifies its."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
