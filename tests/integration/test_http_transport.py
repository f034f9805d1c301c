"""httpx over aiohttp: what goes out, what comes back, and which error a lost answer is."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from shared.graph.http_transport import AiohttpTransport

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
type Serve = Callable[[Handler], Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Return a function that serves every path with one handler and returns the base URL."""
    servers: list[TestServer] = []

    async def start(handler: Handler) -> str:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", handler)
        servers.append(server := TestServer(app, host="127.0.0.1"))
        await server.start_server()
        return str(server.make_url("/")).rstrip("/")

    yield start
    for server in servers:
        await server.close()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """Return a client over the transport."""
    transport = AiohttpTransport(connections=2)
    async with httpx.AsyncClient(transport=transport, timeout=5, trust_env=False) as client:
        yield client


async def test_a_request_arrives_as_httpx_wrote_it(serve: Serve, client: httpx.AsyncClient) -> None:
    """Path, headers and body; nothing of aiohttp's own is added."""
    seen: list[tuple[str, str, dict[str, str], bytes]] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append((request.method, request.raw_path, dict(request.headers), await request.read()))
        return web.json_response({"made": True}, status=201, headers={"request-id": "r1"})

    base = await serve(handler)
    answer = await client.post(f"{base}/a%2Fb?c='d%20e'", json={"n": 1}, headers={"x": "y"})

    (method, path, headers, body) = seen[0]
    assert (method, path, body) == ("POST", "/a%2Fb?c='d%20e'", b'{"n":1}')
    assert headers["User-Agent"].startswith("python-httpx")
    assert (headers["x"], headers["Content-Type"]) == ("y", "application/json")
    assert (answer.status_code, answer.headers["request-id"]) == (201, "r1")
    assert answer.json() == {"made": True}


async def test_a_compressed_answer_is_read(serve: Serve, client: httpx.AsyncClient) -> None:
    """It is decompressed once, by httpx."""

    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(b"hello"), headers={"Content-Encoding": "gzip"})

    assert (await client.get(await serve(handler))).text == "hello"


async def test_a_redirect_is_an_answer(serve: Serve, client: httpx.AsyncClient) -> None:
    """Where the token goes is not for another server to say."""

    async def handler(_: web.Request) -> web.Response:
        raise web.HTTPFound("http://127.0.0.1:1/elsewhere")

    answer = await client.get(await serve(handler))

    assert (answer.status_code, answer.headers["location"]) == (302, "http://127.0.0.1:1/elsewhere")


async def test_a_post_that_lost_its_answer_is_not_repeated(
    serve: Serve, client: httpx.AsyncClient
) -> None:
    """A repeated POST may be a second bot."""
    asked = 0

    async def handler(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        if asked == 1:
            return web.Response()  # the connection is kept, and used again
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    base = await serve(handler)
    await client.post(base)

    with pytest.raises(httpx.ReadError):
        await client.post(base)
    assert asked == 2


async def test_nobody_listening_is_a_connect_error(client: httpx.AsyncClient) -> None:
    """As httpx's own transport says it."""
    with pytest.raises(httpx.ConnectError):
        await client.get(f"http://127.0.0.1:{unused_port()}/")


async def test_an_answer_that_does_not_come_is_a_read_timeout(
    serve: Serve, client: httpx.AsyncClient
) -> None:
    """The limit is the request's own."""

    given_up = asyncio.Event()

    async def handler(_: web.Request) -> web.Response:
        await given_up.wait()
        return web.Response()

    base = await serve(handler)
    with pytest.raises(httpx.ReadTimeout):
        await client.get(base, timeout=httpx.Timeout(5, read=0.05))
    given_up.set()
