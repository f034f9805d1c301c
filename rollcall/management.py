"""Service Bus management: entities of our own for a while, where our rights allow.

Adapter. What is made here has `AutoDeleteOnIdle`, so a command that is killed leaves nothing for
longer than that.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.core.pipeline.transport import HttpRequest, RequestsTransport
from azure.servicebus.management import ServiceBusAdministrationClient

from rollcall.console import Exit, Failed, advise
from rollcall.target import EMULATOR, Target

LEAST_IDLE = timedelta(minutes=5)
"""Service Bus takes no less.
Source: https://learn.microsoft.com/azure/service-bus-messaging/message-expiration"""
EMULATED_PORT = 5300
NO_RIGHT = (401, 403)
BOUNDS: dict[str, Any] = {"connection_timeout": 5.0, "read_timeout": 10.0}
"""Seconds to connect, TLS included, and between two bytes of an answer. The SDK's own are 300."""


class Unmanaged(Exception):
    """We can make nothing in this namespace. The text says why.

    `code`: what a command exits with that knows no other way.
    """

    code: Exit


class NotAllowed(Unmanaged):
    """Our rights do not allow it."""

    code = Exit.USAGE

    def __init__(self) -> None:
        """Name the right."""
        super().__init__(
            "We may not make a queue or subscription in this namespace: it takes the role Azure"
            " Service Bus Data Owner."
        )


class NotReached(Unmanaged):
    """Management does not answer. AMQP may, where a firewall lets it through and not HTTPS."""

    code = Exit.UNREACHABLE

    def __init__(self, error: AzureError) -> None:
        """`error`: of the connection."""
        super().__init__(f"Service Bus management does not answer: {_text(error)}")


class Managed:
    """Makes and deletes queues and subscriptions of our own. Raises `Failed`."""

    def __init__(self, client: ServiceBusAdministrationClient) -> None:
        """`client`: open."""
        self._client = client

    def add_queue(self, name: str, *, idle: timedelta) -> None:
        """Make a queue that is deleted when it was idle for so long. Raises `Unmanaged`."""
        with _refused():
            self._client.create_queue(
                name,
                auto_delete_on_idle=max(idle, LEAST_IDLE),
                default_message_time_to_live=timedelta(days=1),
            )

    def keep_queue(self, name: str, *, idle: timedelta) -> None:
        """Let a queue of ours live on for so long without use."""
        with _failing():
            queue = self._client.get_queue(name)
            queue.auto_delete_on_idle = max(idle, LEAST_IDLE)
            self._client.update_queue(queue)

    def add_subscription(self, topic: str, name: str, *, idle: timedelta) -> None:
        """Make a subscription to every message of `topic`. Raises `Unmanaged`."""
        with _refused():
            self._client.create_subscription(topic, name, auto_delete_on_idle=max(idle, LEAST_IDLE))

    def delete(self, name: str, *, topic: str | None = None) -> None:
        """Delete a queue, or a subscription of `topic`; the one that is gone already, too."""
        with _failing(), suppress(ResourceNotFoundError):
            if topic is None:
                self._client.delete_queue(name)
            else:
                self._client.delete_subscription(topic, name)


@contextmanager
def managed(target: Target) -> Iterator[Managed]:
    """Open management. Connects on first use."""
    with open_administration(target) as client:
        yield Managed(client)


def open_administration(target: Target) -> ServiceBusAdministrationClient:
    """Return the SDK's client of management, to be used as a context manager."""
    logging.getLogger("azure").setLevel(logging.CRITICAL)
    if EMULATOR in target.bus:
        return ServiceBusAdministrationClient.from_connection_string(
            _emulated(target), transport=_PlainHttp(**BOUNDS), retry_total=0
        )
    if "=" in target.bus:
        return ServiceBusAdministrationClient.from_connection_string(
            target.bus, retry_total=1, **BOUNDS
        )
    from azure.identity import DefaultAzureCredential

    return ServiceBusAdministrationClient(
        target.bus, DefaultAzureCredential(), retry_total=1, **BOUNDS
    )


def _emulated(target: Target) -> str:
    """Return the connection string of an emulator's management."""
    pairs = (one.split("=", 1) for one in target.bus.strip(";").split(";"))
    parts = {name.lower(): value for name, value in pairs}
    own = f"{urlsplit(parts['endpoint']).hostname}:{EMULATED_PORT}"
    parts["endpoint"] = f"sb://{urlsplit(target.local.get('busManagement', '')).netloc or own}"
    return ";".join(f"{name}={value}" for name, value in parts.items())


class _PlainHttp(RequestsTransport):  # type: ignore[misc]  # re-exported without types
    """An emulator's management has no TLS; the client knows no other than https.

    Source: https://learn.microsoft.com/azure/service-bus-messaging/overview-emulator
    """

    def send(self, request: HttpRequest, **options: Any) -> Any:
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, **options)


@contextmanager
def _refused() -> Iterator[None]:
    """Raise `Unmanaged` where we lack the right, or nothing answers."""
    with _failing():
        try:
            yield
        except (ServiceRequestError, ServiceResponseError) as error:
            raise NotReached(error) from error
        except HttpResponseError as error:
            if error.status_code in NO_RIGHT:
                raise NotAllowed from error
            raise


@contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except AzureError as error:
        why = f"Service Bus management failed: {_text(error)}"
        raise Failed(why, Exit.UNREACHABLE) from error


@contextmanager
def tidying(name: str) -> Iterator[None]:
    """Say so where what we made cannot be deleted or kept as planned: the command is done."""
    try:
        yield
    except Failed as failed:
        advise(f"{failed} {name} deletes itself when it was unused for a while.")


def _text(error: AzureError) -> str:
    """Return the first line of an error as a sentence; the SDK adds lines for tracing."""
    return f"{str(error).partition('\n')[0].rstrip('. ')}."
