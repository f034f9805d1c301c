"""How the callback URL is knocked at: as a stranger, over TLS that is looked at."""

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from devstack.trust.certificates import make_trust
from rollcall.doctor.finding import Place, Verdict
from rollcall.doctor.gathering import app
from rollcall.doctor.of_outside import callback
from tests.rollcall.strange import strange

NOW = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
type Asked = tuple[str, str | None, bytes]


@contextmanager
def serving(*, trust: Path | None = None, status: int = 401) -> Iterator[tuple[str, list[Asked]]]:
    """Serve on a free port, with TLS by a certificate of its own where `trust` is a folder."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, self.headers.get("Authorization"), body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        scheme = "http"
        if trust is not None:
            made = make_trust(trust)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(made.certificate, made.key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            scheme = "https"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"{scheme}://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def claims_of(authorization: str | None) -> dict[str, Any]:
    """Return the claims of a bearer token."""
    assert authorization is not None
    payload = authorization.removeprefix("Bearer ").split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * 3))
    return claims


def test_strangers_come_without_a_token_and_with_one_for_another_app() -> None:
    """At the registered webhook, with a body that says nothing."""
    with serving() as (url, asked):
        seen = app.callback(url, tenant_id="t", now=NOW)

    assert {(path, body) for path, _, body in asked} == {("/api/calls", b"{}")}
    *without, (_, authorization, _) = asked
    assert [token for _, token, _ in without] == [None] * 4
    claims = claims_of(authorization)
    assert (claims["aud"], claims["tid"]) == ("00000000-0000-0000-0000-000000000001", "t")
    assert claims["exp"] > NOW.timestamp()
    assert (seen.first.status, seen.foreign.status, seen.expires) == (401, 401, None)


def test_an_app_that_believes_strangers_is_found() -> None:
    """One that answers 202 to each of them."""
    with serving(status=202) as (url, _):
        found = callback(app.callback(url, tenant_id="t", now=NOW), Place(url=url))

    assert [one.verdict for one in found] == [Verdict.FAIL, Verdict.FAIL]


def test_a_certificate_that_no_one_trusts_is_found(tmp_path: Path) -> None:
    """By the roots of this machine; it is no matter of reaching the app."""
    with serving(trust=tmp_path / "trust") as (url, asked):
        (found,) = callback(app.callback(url, tenant_id="t", now=NOW), Place(url=url))

    assert found.verdict is Verdict.FAIL
    assert "certificate" in found.seen
    assert found.mend[0].startswith("openssl s_client -connect 127.0.0.1")
    assert asked == []


def test_an_app_that_does_not_answer_is_waited_for_once() -> None:
    """Each more knock would take as long."""
    with strange(lambda _, connection: connection.close()) as server:
        seen = app.callback(server.url, tenant_id="t", now=NOW)

    assert seen.first.error
    assert len(server.asked) == 1


def test_a_token_that_is_foreign_has_the_shape_of_graphs() -> None:
    """So that it is refused for its audience, and not for being no token."""
    header, _, signature = app.foreign_token("t", NOW).split(".")

    assert json.loads(base64.urlsafe_b64decode(header + "=="))["alg"] == "RS256"
    assert len(base64.urlsafe_b64decode(signature + "==")) == 256
