"""What must not stand in the host's log: requests, and complaints about a normal stop."""

import socket
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.fixtures.functions_apps.host_process import HostProcess
from tests.fixtures.functions_apps.stage import Stage

EVERY_HOUR = {"TICK": "0 0 * * * *"}
SECRET = "s3cret-of-a-caller"
WITH_KEY = ("--port", "0", "--function-key", "the-key")
COMPLAINTS = ("WARNING functions", "ERROR", "Traceback", "Unclosed", "never awaited", "destroyed")


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """Return the address of another server, which keeps connections open."""

    class Greeting(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"hi")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Greeting) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


def _send_raw(port: int, request: bytes) -> bytes:
    """Send bytes that may be no request; return the first line of the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return connection.recv(4096).partition(b"\r\n")[0]


_GET = f"GET /web/keyed?code={SECRET}"
_POST = "POST /web/accepted HTTP/1.1\r\nHost: a\r\n"
_KEYED = "GET /web/keyed HTTP/1.1\r\nHost: a\r\n"
BROKEN = {
    "version": f"{_GET} HTTP/9.9x\r\nHost: a\r\n\r\n",
    "method": f"G@T /web/keyed?code={SECRET} HTTP/1.1\r\nHost: a\r\n\r\n",
    "blank": f"{_GET} {SECRET} HTTP/1.1\r\nHost: a\r\n\r\n",
    "long-line": f"{_GET}{'x' * 20_000} HTTP/1.1\r\nHost: a\r\n\r\n",
    "no-colon": f"{_KEYED}Authorization Bearer {SECRET}\r\n\r\n",
    "null": f"{_KEYED}x-functions-key: {SECRET}\0\r\n\r\n",
    "no-text": f"{_KEYED}x-functions-key: {SECRET}\udcff\r\n\r\n",
    "long-header": f"{_KEYED}x: {SECRET}{'x' * 20_000}\r\n\r\n",
    "length": f"{_POST}Content-Length: {SECRET}\r\n\r\n",
    "chunk": f"{_POST}Transfer-Encoding: chunked\r\n\r\n{SECRET}\r\n{SECRET}\r\n0\r\n\r\n",
    "cut-off": f"{_POST}Content-Length: 99\r\n\r\n{SECRET}",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_request_is_not_logged(kind: str, keyed: HostProcess, port: int) -> None:
    """Neither its first line nor a header or a piece of its body; a stack says where it failed."""
    _send_raw(port, BROKEN[kind].encode(errors="surrogateescape"))

    # The log is whole once the host has answered another request.
    assert _send_raw(port, b"GET /admin/host/status HTTP/1.1\r\nHost: a\r\n\r\n")
    assert SECRET not in keyed.log()


@pytest.fixture(scope="module")
def keyed() -> Iterator[HostProcess]:
    """Return a host that asks for a function key; `port` waits until it serves."""
    with HostProcess("web", *WITH_KEY, settings=EVERY_HOUR) as host:
        yield host


@pytest.fixture(scope="module")
def port(keyed: HostProcess) -> int:
    """Return its port."""
    return keyed.ready()


@pytest.mark.parametrize("path", ["keyed", "failing", "silent", "things/a", "nothing"])
def test_request_is_not_logged(path: str, keyed: HostProcess, port: int) -> None:
    """Whether the function succeeds, fails, is refused or not found."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Authorization": f"Bearer {SECRET}", "x-functions-key": SECRET}
    connection.request("POST", f"/web/{path}?code={SECRET}", SECRET.encode(), headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()

    assert answer.status in {200, 401, 404, 500}
    assert SECRET not in keyed.log()


def test_host_says_that_a_request_was_broken(keyed: HostProcess, port: int) -> None:
    """What kind of mistake it was, without the request."""
    first_line = _send_raw(port, b"GET / HTTP/9.9x\r\nHost: a\r\n\r\n")

    assert b"400" in first_line
    assert "a request went wrong: BadStatusLine" in keyed.log()


@pytest.mark.parametrize("by_signal", [True, False])
def test_stop_after_requests_leaves_no_complaint(by_signal: bool, elsewhere: str) -> None:
    """The app keeps a client that it never closes, and a caller its connection."""
    with HostProcess("web", "--port", "0", settings=EVERY_HOUR) as host:
        connection = HTTPConnection("127.0.0.1", host.ready(), timeout=10)
        connection.request("GET", f"/web/kept?from={elsewhere}")
        assert connection.getresponse().read() == b"hi"

        if by_signal:
            host.terminate()

        assert (host.ended() if by_signal else host.stop()) == 0
        connection.close()
        assert [line for line in host.log().splitlines() if _complains(line)] == []


def test_stop_with_idle_receivers_leaves_no_complaint() -> None:
    """Each waits for a message that does not come."""
    with Stage() as stage, stage.host() as host:
        host.ready()

        assert host.stop() == 0
        assert [line for line in host.log().splitlines() if _complains(line)] == []


def _complains(line: str) -> bool:
    return any(word in line for word in COMPLAINTS)
