"""Addresses of this machine that take connections and do not speak, or stop speaking."""

import contextlib
import socket
import ssl
import threading
from dataclasses import dataclass, field
from typing import Self

SASL = b"AMQP\x03\x01\x00\x00"
MECHANISMS = bytes.fromhex("0000001902010000005340c00c01a309") + b"ANONYMOUS"
OUTCOME = bytes.fromhex("0000001002010000005344c003015000")
"""The frames of SASL with which a peer takes an anonymous client.
Source: http://docs.oasis-open.org/amqp/core/v1.0/os/amqp-core-security-v1.0-os.html"""


@dataclass(kw_only=True)
class Silent:
    """A listener. It says `words`, one for each part that a client sends, and then nothing.

    Without `tls` it does not answer a handshake of TLS. `taken`: a connection was;
    `secured`: TLS was established.
    """

    words: tuple[bytes, ...] = ()
    port: int = 0
    tls: ssl.SSLContext | None = None
    taken: threading.Event = field(default_factory=threading.Event)
    secured: threading.Event = field(default_factory=threading.Event)
    _listening: socket.socket = field(init=False)
    _open: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Listen."""
        self._listening = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._take, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up."""
        for one in (self._listening, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _take(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self._open.append(connection)
                self.taken.set()
                threading.Thread(target=self._speak, args=(connection,), daemon=True).start()

    def _speak(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
                self.secured.set()
            for word in self.words:
                if not connection.recv(1024):
                    return
                connection.sendall(word)
