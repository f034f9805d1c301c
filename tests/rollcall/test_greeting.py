"""A Service Bus that does not speak is met before the SDK waits for it without a bound."""

import socket
import ssl
from pathlib import Path

import pytest

from devstack.trust.certificates import make_trust
from rollcall.console import Exit
from rollcall.greeting import Silent, require_greeting
from tests.stack import silent
from tests.stack.silent import MECHANISMS, SASL

SOON = 0.2


@pytest.mark.parametrize(
    ("words", "tls"),
    [((), False), ((), True), ((SASL,), False), ((b"AMQP",), False)],
    ids=["no word", "no handshake of TLS", "the header alone", "half a header"],
)
def test_silence_is_a_failure_with_the_fix(words: tuple[bytes, ...], *, tls: bool) -> None:
    """Wherever it sets in: the address is named, and what may stand before it."""
    with silent.Silent(words=words) as peer, pytest.raises(Silent) as raised:
        require_greeting("127.0.0.1", peer.port, tls=tls, within=SOON)

    assert raised.value.code is Exit.UNREACHABLE
    assert f"127.0.0.1:{peer.port} takes a connection, and says nothing" in str(raised.value)
    assert "firewall" in str(raised.value)


def test_silence_after_tls_is_met_too(tmp_path: Path) -> None:
    """What ends TLS for Service Bus, as a proxy does, may not speak AMQP."""
    trust = make_trust(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(trust.certificate, trust.key)

    with (
        silent.Silent(tls=context) as peer,
        pytest.raises(Silent),
    ):
        require_greeting("127.0.0.1", peer.port, tls=True, within=5 * SOON)

    assert peer.secured.is_set()


def test_a_bus_that_speaks_is_left_to_the_sdk() -> None:
    """Its header and its mechanisms are enough, in however many parts."""
    with silent.Silent(words=(SASL + MECHANISMS,)) as peer:
        require_greeting("127.0.0.1", peer.port, tls=False)


def test_what_fails_at_once_is_left_to_the_sdk() -> None:
    """It says more of a refused connection, of a name that is none, and of one that hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    require_greeting("127.0.0.1", closed, tls=True)
    require_greeting("a..b", closed, tls=True)
    with silent.Silent(words=(b"HTTP/1.1 400 Bad Request\r\n\r\n",)) as peer:
        require_greeting("127.0.0.1", peer.port, tls=False)
        require_greeting("127.0.0.1", peer.port, tls=True)
