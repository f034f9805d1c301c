"""What doctor makes of odd answers: one finding each, and never a traceback."""

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from rollcall.doctor import of_outside
from rollcall.doctor.finding import Place
from rollcall.doctor.gathering import app
from rollcall.doctor.gathering.answers import LARGEST, NoAnswer, requested
from rollcall.doctor.gathering.resources import NotRead, ResourceManager
from tests.rollcall.doctored import BOT, ORGANIZER, examination, mended
from tests.rollcall.strange import Credential, Respond, answer, strange

SITE = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Web/sites/func"
DEEP = b"[" * 100_000


def cut(_: str, connection: socket.socket) -> None:
    """Promise a body, and close the connection within it."""
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")


def closed(_: str, connection: socket.socket) -> None:
    """Close the connection without an answer."""


def no_http(_: str, connection: socket.socket) -> None:
    """Speak another protocol."""
    connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")


NO_GZIP = answer(200, b"not gzip", "content-encoding: gzip")
BOMB = answer(200, gzip.compress(b" " * (LARGEST + 1)), "content-encoding: gzip")


@pytest.mark.parametrize(
    ("respond", "said", "mend"),
    [
        (answer(400, b'{"message": "organizerIds must be GUIDs."}'), "must be GUIDs", "options"),
        (answer(409, b'{"message": "\\u001b[2Jno"}'), "(409)", "options"),
        (answer(429, b""), "429: it gets too many requests", "in a minute"),
        (answer(301, b"", "location: https://other.example"), "(301)", "--url"),
        (answer(418, b"[]"), "(418)", "options"),
        (answer(422, DEEP), "(422)", "options"),
        (answer(503, b'{"message": "starting"}'), "answers 503: starting", "make up"),
        (answer(200, b"<html>"), "something else", "--url"),
        (answer(200, b"[1]"), "something else", "--url"),
        (answer(200, DEEP), "something else", "--url"),
        (answer(200, b'{"version": "9.9"}'), "/publicUrl, /tenantId, /botAppId", "azd deploy"),
        (NO_GZIP, "does not answer", "make up"),
        (BOMB, f"more than {LARGEST} bytes", "make up"),
        (cut, "does not answer", "make up"),
        (closed, "does not answer", "make up"),
        (no_http, "does not answer", "make up"),
    ],
)
def test_an_app_that_answers_oddly_is_one_finding(respond: Respond, said: str, mend: str) -> None:
    """With what it says itself, and what to do; it is started anew only where it failed."""
    with strange(respond) as server:
        (found,) = of_outside.app(
            app.examined(server.url, "a key", [ORGANIZER]), Place(url=server.url)
        )

    assert said in found.seen
    assert mend in mended(found)


@pytest.mark.parametrize("url", ["http://a..b", "http://[::1", "http://x:99999", "ftp://x", "x y"])
def test_an_address_that_is_none_is_one_finding(url: str) -> None:
    """It is an answer that is missing, whatever httpx makes of it."""
    assert app.examined(url, "", []).error


def test_an_answer_that_drips_ends_in_time() -> None:
    """The timeout of httpx begins anew with each byte."""
    enough = threading.Event()

    def drip(_: str, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        while not enough.wait(0.05):
            connection.sendall(b" ")

    try:
        with (
            strange(drip) as server,
            httpx.Client() as client,
            pytest.raises(NoAnswer, match=r"did not end within 0\.3 s"),
        ):
            requested(client, "GET", server.url, within=0.3)
    finally:
        enough.set()


@contextmanager
def managing(respond: Respond) -> Iterator[ResourceManager]:
    """Serve an Azure Resource Manager that answers so."""
    with (
        strange(respond) as server,
        ResourceManager(server.url, Credential, of="https://management.azure.com") as manager,
    ):
        yield manager


ODD = [
    answer(200, b"<html>"),
    answer(200, b"[]"),
    answer(200, b'{"properties": []}'),
    answer(200, b'{"properties": {"msaAppId": 7, "properties": 7}}'),
    answer(200, b'{"properties": {"msaAppId": "$(reboot)", "properties": null}}'),
    answer(200, DEEP),
    answer(302, b"", "location: https://other.example"),
    answer(429),
    NO_GZIP,
    BOMB,
    cut,
    closed,
    no_http,
]


@pytest.mark.parametrize("respond", ODD)
def test_an_azure_that_answers_oddly_is_one_finding(respond: Respond) -> None:
    """Of the bot."""
    with managing(respond) as manager:
        seen = manager.bot(BOT)

    assert seen.error or seen.status != 200
    (found,) = of_outside.bot(seen, Place(url="https://x", bot=BOT), "https://x/api/calls")
    assert "reboot" not in mended(found)


@pytest.mark.parametrize("respond", [*ODD[:3], *ODD[5:]])
def test_settings_that_azure_does_not_list_are_not_read(respond: Respond) -> None:
    """With the reason."""
    with managing(respond) as manager, pytest.raises(NotRead, match=r"."):
        manager.setting_names(SITE)


def test_no_redirect_is_followed_with_the_token() -> None:
    """It is for one host."""
    with strange(answer(200, json.dumps(examination()).encode())) as other:
        away = answer(307, b"", f"location: {other.url}/")
        with managing(away) as manager:
            assert manager.bot(BOT).status == 307
        assert other.asked == []
