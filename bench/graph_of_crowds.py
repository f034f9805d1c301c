"""A Graph whose meetings are crowds: takes the bot's calls, says who is there, and has the key that
callbacks are signed with. The callbacks themselves are sent by pushing.py.

The simulator gives its key away to no client, and sends its callbacks in its own time. Loopback
only.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import web

from bench.crowd import Crowd
from devstack.graph.identities import Tenant
from devstack.graph.tokens import CallbackSigner, openid_configuration


@dataclass(slots=True)
class Seat:
    """A crowd, and where callbacks of the leg in it go; empty until the bot has come.

    `reads` counts how often Graph was asked who is there, `kept_alive` how often the leg was kept.
    """

    crowd: Crowd
    url: str = ""
    reads: int = 0
    kept_alive: int = 0


class GraphOfCrowds:
    """Seats each call that it takes in the next of its crowds."""

    def __init__(self, crowds: Sequence[Crowd]) -> None:
        self.seats = [Seat(crowd) for crowd in crowds]
        self._free = iter(self.seats)
        self._by_call = {seat.crowd.leg.call_id.replace("-", ""): seat for seat in self.seats}
        self._signer = CallbackSigner(Tenant())
        self.port = 0

    @property
    def settings(self) -> dict[str, str]:
        """The settings by which an app asks this Graph, and trusts its key."""
        keys = f"http://127.0.0.1:{self.port}/v1/.well-known/OpenIdConfiguration"
        return {"GRAPH_URL": f"http://localhost:{self.port}", "OPENID_CONFIG_URL": keys}

    def authorization(self) -> str:
        """Return the Authorization header of a callback sent now."""
        return f"Bearer {self._signer.bearer(now=datetime.now(UTC))}"

    def application(self) -> web.Application:
        """Return the application that serves it."""
        app = web.Application()
        call = "/v1.0/communications/calls"
        app.router.add_post(call, self._take)
        app.router.add_get(call + "/{call}", self._call)
        app.router.add_get(call + "/{call}/participants", self._participants)
        app.router.add_post(call + "/{call}/keepAlive", self._keep_alive)
        app.router.add_get("/v1/.well-known/OpenIdConfiguration", self._configuration)
        app.router.add_get("/v1/keys", self._keys)
        return app

    async def _take(self, request: web.Request) -> web.Response:
        seat = next(self._free)
        seat.url = (await request.json())["callbackUri"]
        return web.json_response(_shown(seat, "establishing"), status=201)

    async def _call(self, request: web.Request) -> web.Response:
        return web.json_response(_shown(self._seat(request), "established"))

    async def _participants(self, request: web.Request) -> web.Response:
        seat = self._seat(request)
        seat.reads += 1
        return web.json_response({"value": seat.crowd.read()})

    async def _keep_alive(self, request: web.Request) -> web.Response:
        self._seat(request).kept_alive += 1
        return web.Response()

    async def _configuration(self, request: web.Request) -> web.Response:
        return web.json_response(openid_configuration(f"http://{request.host}"))

    async def _keys(self, _: web.Request) -> web.Response:
        return web.json_response(self._signer.jwks())

    def _seat(self, request: web.Request) -> Seat:
        found = self._by_call.get(request.match_info["call"].replace("-", "").lower())
        if found is None:
            raise web.HTTPNotFound
        return found


@asynccontextmanager
async def graph_of_crowds(crowds: Sequence[Crowd]) -> AsyncIterator[GraphOfCrowds]:
    """Serve a Graph on a free port until the block ends."""
    graph = GraphOfCrowds(crowds)
    runner = web.AppRunner(graph.application(), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        graph.port = runner.addresses[0][1]
        yield graph
    finally:
        await runner.cleanup()


def _shown(seat: Seat, state: str) -> dict[str, str]:
    leg = seat.crowd.leg
    return {
        "id": leg.call_id,
        "state": state,
        "callbackUri": seat.url,
        "myParticipantId": leg.participant_id,
        "callChainId": leg.chain_id,
    }
