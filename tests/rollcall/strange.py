"""An HTTP server that answers as a test says, even with what is no answer."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from azure.core.credentials import AccessToken

type Respond = Callable[[str, socket.socket], None]
"""Answers one request, whose first line it gets, on a connection."""


class Credential:
    """Gives a token that is worth nothing."""

    def get_token(self, *_: str, **__: object) -> AccessToken:
        """Give it."""
        return AccessToken("worthless", 2**31)


@dataclass(kw_only=True)
class Strange:
    """`asked`: the requests that came, whole as far as their headers go."""

    url: str
    asked: list[str] = field(default_factory=list)


def answer(status: int, body: bytes = b"", *headers: str) -> Respond:
    """Return what sends this answer."""

    def respond(_: str, connection: socket.socket) -> None:
        head = [f"HTTP/1.1 {status} x", f"content-length: {len(body)}", "connection: close"]
        connection.sendall("\r\n".join([*head, *headers, "", ""]).encode() + body)

    return respond


@contextmanager
def strange(respond: Respond) -> Iterator[Strange]:
    """Serve for as long as the block lasts; each request has a connection of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = Strange(url=f"http://127.0.0.1:{listener.getsockname()[1]}")

        def serve(connection: socket.socket) -> None:
            with connection:
                read = b""
                while b"\r\n\r\n" not in read and (part := connection.recv(65536)):
                    read += part
                if read:
                    found.asked.append(read.decode("latin-1"))
                    try:
                        respond(found.asked[-1].partition("\r\n")[0], connection)
                    except OSError:
                        return  # the client has gone

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield found
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
