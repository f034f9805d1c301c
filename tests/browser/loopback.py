"""A web server on the loopback address that answers with what a test gives it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

HTML = {"Content-Type": "text/html; charset=utf-8"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer. `headers` hold the content type."""

    body: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: HTML)


class Loopback:
    """The server. `origin` has no slash at its end."""

    def __init__(self) -> None:
        self.origin = ""
        self._answers: dict[str, Answer] = {}

    def serve(self, path: str, answer: Answer) -> str:
        """Answer so to every request for `path` from now on; return the address."""
        self._answers[path] = answer
        return self.origin + path

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request; 404 where no test has said what to serve."""
        answer = self._answers.get(request.path)
        if answer is None:
            return web.Response(status=404)
        return web.Response(body=answer.body.encode(), status=answer.status, headers=answer.headers)


@asynccontextmanager
async def loopback() -> AsyncIterator[Loopback]:
    """Run the server on a free port."""
    served = Loopback()
    app = web.Application()
    app.router.add_get("/{path:.*}", served.answer)
    async with TestServer(app) as server:
        served.origin = str(server.make_url("/")).rstrip("/")
        yield served
