"""The stack's control over HTTP on this machine: parts are stopped, held, killed and started.

For tests of faults; `endpoints.json` has its address as `control`.
"""

import json
from collections.abc import Mapping

from aiohttp import web

from devstack.process import PartFailed
from devstack.supervised import Restarts, Supervised


class Control:
    """Serves the control until `stop`."""

    def __init__(self, parts: Mapping[str, Supervised], restarts: Restarts) -> None:
        """`parts` by name; the mapping may grow."""
        self._parts = parts
        self._restarts = restarts
        self._runner: web.AppRunner | None = None

    async def start(self, port: int) -> str:
        """Listen on a port of 127.0.0.1, 0 for any free one; return the address."""
        app = web.Application()
        app.router.add_get("/parts", self._show)
        app.router.add_post("/parts/{name}/{action}", self._act)
        app.router.add_post("/restarts", self._set_restarts)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "127.0.0.1", port).start()
        except OSError as error:
            await self.stop()
            raise PartFailed(
                f"port {port} is taken: {error.strerror}; set DEVSTACK_CONTROL_PORT to another"
            ) from error
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _show(self, _: web.Request) -> web.Response:
        return web.json_response([part.shown() for part in self._parts.values()])

    async def _act(self, request: web.Request) -> web.Response:
        name, action = request.match_info["name"], request.match_info["action"]
        part = self._parts.get(name)
        if part is None:
            return _refused(f"no part {name}; there are {', '.join(self._parts)}")
        try:
            match action:
                case "start":
                    await part.start()
                case "stop":
                    await part.stop()
                case "restart":
                    await part.restart()
                case "hold":
                    part.hold()
                case "resume":
                    part.resume()
                case "kill":
                    part.kill()
                case _:
                    return _refused(f"no action {action}: start, stop, restart, hold, resume, kill")
        except PartFailed as error:
            return web.Response(status=500, text=f"{error}\n")
        return web.json_response(part.shown())

    async def _set_restarts(self, request: web.Request) -> web.Response:
        try:
            wanted = json.loads(await request.read())
        except ValueError:
            wanted = None
        match wanted:
            case {"automatic": bool(automatic), **rest} if not rest:
                self._restarts.automatic = automatic
                return web.json_response(wanted)
        return _refused('the body must be {"automatic": true} or {"automatic": false}')


def _refused(sentence: str) -> web.Response:
    return web.Response(status=400, text=f"{sentence}\n")
