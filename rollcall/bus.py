"""The Service Bus of a deployment."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from azure.core.exceptions import ClientAuthenticationError
from azure.servicebus import ServiceBusClient, parse_connection_string
from azure.servicebus.exceptions import (
    MessageSizeExceededError,
    MessagingEntityDisabledError,
    MessagingEntityNotFoundError,
    OperationTimeoutError,
    ServiceBusAuthenticationError,
    ServiceBusAuthorizationError,
    ServiceBusConnectionError,
    ServiceBusError,
    ServiceBusQuotaExceededError,
)

from rollcall.console import Exit, Failed
from rollcall.greeting import require_greeting
from rollcall.plain import plain
from rollcall.target import EMULATOR, Target

logging.getLogger("azure").setLevel(logging.CRITICAL)  # what fails is said once, by `reaching`
logging.getLogger("uamqp").setLevel(logging.CRITICAL)

TRIED_WITHIN = 7.0
"""Seconds for one try of the SDK: to open a link, to send, to peek. It has no bound by itself."""
AMQPS_PORT = 5671
"""The one port that the SDK knows with TLS; it takes no other from an address."""
EMULATED_PORT = 5672
NOT_SENT = (
    MessageSizeExceededError, MessagingEntityDisabledError, MessagingEntityNotFoundError,
    ServiceBusQuotaExceededError,
)  # fmt: skip
"""What Service Bus says of a message that it has certainly not taken."""


def open_bus(target: Target, *, retries: int = 1) -> ServiceBusClient:
    """Return a client of the namespace, to be used as a context manager. Raises `Failed`.

    An address that takes connections and does not speak is met here: see greeting.py.

    A connection string is used as it is; for a host name the credential is the one of the machine:
    environment, managed identity, or `az login`. `retries`: how often the SDK does a thing again
    that failed.

    Source: https://learn.microsoft.com/python/api/overview/azure/identity-readme
    """
    if "=" in target.bus:
        try:
            of_one_queue = parse_connection_string(target.bus).entity_path
            client = ServiceBusClient.from_connection_string(
                target.bus, retry_total=retries, try_timeout=TRIED_WITHIN
            )
        except ValueError as error:
            raise Failed(
                f"The connection string cannot be read: {_text(error)} Check --service-bus.",
                Exit.USAGE,
            ) from error
        if of_one_queue:
            raise Failed(
                "The connection string is of one queue or topic (EntityPath). Give one of the whole"
                " namespace with --service-bus.",
                Exit.USAGE,
            )
        _require_greeting(target)
        return client
    from azure.identity import DefaultAzureCredential

    _require_greeting(target)
    return ServiceBusClient(
        target.bus, DefaultAzureCredential(), retry_total=retries, try_timeout=TRIED_WITHIN
    )


def _require_greeting(target: Target) -> None:
    """Raise `Silent` where the namespace takes a connection and does not speak."""
    namespace = (
        parse_connection_string(target.bus).endpoint if "=" in target.bus else f"sb://{target.bus}"
    )
    address = urlsplit(namespace)
    if EMULATOR in target.bus:
        require_greeting(address.hostname or "", address.port or EMULATED_PORT, tls=False)
    else:
        require_greeting(address.hostname or "", AMQPS_PORT, tls=True)


@contextmanager
def reaching(what: str = "the queue or subscription") -> Iterator[None]:
    """Turn what Service Bus does not do into `Failed`, with what to do. `what`: is read."""
    try:
        yield
    except MessageSizeExceededError as error:
        raise Failed(f"Service Bus refused the message: {_text(error)}", Exit.NO) from error
    except (MessagingEntityNotFoundError, MessagingEntityDisabledError) as error:
        raise Failed(
            f"Service Bus has no such queue or subscription: {_text(error)} Check --service-bus.",
            Exit.UNREACHABLE,
        ) from error
    except (
        ServiceBusAuthenticationError, ServiceBusAuthorizationError, ClientAuthenticationError,
    ) as error:  # fmt: skip
        raise Failed(
            f"Service Bus refused the identity or key: {_text(error)} It needs the role Data Sender"
            " on the request queues, and Data Receiver on what is read; `az login` chooses whose.",
            Exit.UNREACHABLE,
        ) from error
    except (ServiceBusConnectionError, OperationTimeoutError) as error:
        raise Failed(
            f"Service Bus does not answer: {_text(error)} Check --service-bus, and the network.",
            Exit.UNREACHABLE,
        ) from error
    except ServiceBusError as error:  # peeking into what is not there says no more than that
        raise Failed(
            f"Service Bus failed: {_text(error)} Check that {plain(what)} is there,"
            " and that you may read it.",
            Exit.UNREACHABLE,
        ) from error


def _text(error: Exception) -> str:
    """Return the first line of an error as a sentence; the SDK adds lines for tracing."""
    line = str(error).strip().partition("\n")[0].strip() or type(error).__name__
    return f"{line.rstrip('.')}."
