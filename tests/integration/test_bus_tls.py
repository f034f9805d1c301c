"""The Service Bus with TLS: on the one port that the SDK knows, beside the plain one."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import pytest
from azure.core.credentials import AccessToken
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from azure.servicebus.exceptions import ServiceBusAuthenticationError

from devstack.bus.tls import PORT
from devstack.graph.access_tokens import GRAPH, SERVICE_BUS, AccessTokens
from devstack.graph.identities import Tenant
from devstack.graph.identity_options import key_in
from devstack.trust.certificates import Trust, make_trust
from tests.stack.amqps_port import the_amqps_port
from tests.stack.connections import bus_at
from tests.stack.process import StackProcess


@pytest.fixture
def trust(tmp_path: Path) -> Trust:
    """A stack's files."""
    return make_trust(tmp_path)


@pytest.fixture
def bus(trust: Trust) -> Iterator[StackProcess]:
    """A Service Bus with TLS that knows the key of the tokens."""
    tls = ("--certificate", str(trust.certificate), "--key", str(trust.key))
    with (
        the_amqps_port(),
        StackProcess("bus", *tls, "--token-key", str(trust.token_public_key)) as bus,
    ):
        yield bus


class Tokens:
    """A credential that gives one token."""

    def __init__(self, token: str, expires_on: int) -> None:
        self._token = AccessToken(token, expires_on)

    async def get_token(self, *_: str, **__: object) -> AccessToken:
        return self._token

    async def close(self) -> None: ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None: ...


def client(trust: Trust, resource: str) -> ServiceBusClient:
    """Return the SDK's client with a token for `resource`, which trusts the stack."""
    tokens = AccessTokens(Tenant(), key=key_in(trust.token_key))
    issued = tokens.issue(now=datetime.now(UTC), resource=resource)
    credential = Tokens(issued.token, int(issued.expires.timestamp()))
    return ServiceBusClient(
        "localhost", credential, retry_total=0, connection_verify=str(trust.authority)
    )


async def test_one_bus_is_behind_both_ports(bus: StackProcess, trust: Trust) -> None:
    """What an identity sends is received with the connection string, also 200 KB of it."""
    body = b"x" * 200_000
    async with (
        client(trust, SERVICE_BUS) as identity,
        identity.get_queue_sender("replies") as sender,
    ):
        await sender.send_messages(ServiceBusMessage(body))

    async with (
        ServiceBusClient.from_connection_string(bus_at(bus.port)) as plain,
        plain.get_queue_receiver("replies") as receiver,
    ):
        (message,) = await receiver.receive_messages()
        await receiver.complete_message(message)

    assert b"".join(message.body) == body


async def test_a_token_for_another_resource_opens_nothing(bus: StackProcess, trust: Trust) -> None:
    """As the service refuses it: before a link is there."""
    async with client(trust, GRAPH) as identity:
        with pytest.raises(ServiceBusAuthenticationError):
            await identity.get_queue_sender("replies").__aenter__()


def test_a_taken_port_is_said_clearly(trust: Trust) -> None:
    """One line, with the reason why it cannot be another port."""
    tls = ("--certificate", str(trust.certificate), "--key", str(trust.key))
    with (
        the_amqps_port(),
        socket.create_server(("127.0.0.1", PORT)),
        pytest.raises(RuntimeError, match=f"port {PORT} is taken") as told,
    ):
        StackProcess("bus", *tls)

    assert "Traceback" not in str(told.value)
