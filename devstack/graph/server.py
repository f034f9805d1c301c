"""The simulator as an aiohttp application. Listening is the caller's business."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from aiohttp import web

from devstack.graph.graph_gate import add_graph
from devstack.graph.lab_routes import add_lab, explain_mistakes
from devstack.graph.management import add_management
from devstack.graph.simulator import SIMULATOR, Simulator
from devstack.graph.token_routes import add_tokens


def build_app(simulator: Simulator) -> web.Application:
    """Return the application that serves Graph's paths, tokens, keys and /lab."""
    app = web.Application(middlewares=[explain_mistakes])
    app[SIMULATOR] = simulator
    add_tokens(app)
    add_lab(app)
    add_management(app)
    add_graph(app)
    app.cleanup_ctx.append(_lapsing)
    app.on_cleanup.append(_close)
    return app


async def _lapsing(app: web.Application) -> AsyncIterator[None]:
    watch = asyncio.create_task(app[SIMULATOR].lapses.run())
    yield
    watch.cancel()
    with suppress(asyncio.CancelledError):
        await watch


async def _close(app: web.Application) -> None:
    await app[SIMULATOR].courier.close()
