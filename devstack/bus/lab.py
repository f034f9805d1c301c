"""/lab over HTTP: the hand that sets switches, orders faults and detaches links.

All other paths are those of entities: administration.py.

Every answer is 200 with JSON; a mistake is 400 with its reason as text.
"""

from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from devstack.bus.administration import add_administration
from devstack.bus.broker import Broker
from devstack.bus.config import Namespace
from devstack.switches import SwitchMistake, members_of

_BROKER = web.AppKey("broker", Broker)


def build_lab(broker: Broker, namespace: Namespace) -> web.Application:
    """Return the application. Listening is the caller's business."""
    app = web.Application(middlewares=[_explain_mistakes])
    app[_BROKER] = broker
    app.router.add_get("/lab/switches", _switches)
    app.router.add_post("/lab/switches", _change_switches)
    app.router.add_get("/lab/faults", _faults)
    app.router.add_post("/lab/faults", _order_fault)
    app.router.add_delete("/lab/faults", _forget_faults)
    app.router.add_get("/lab/links", _links)
    app.router.add_post("/lab/links/detach", _detach_links)
    app.router.add_post("/lab/connections/cut", _cut_connections)
    add_administration(app, broker, namespace)
    return app


@web.middleware
async def _explain_mistakes(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except SwitchMistake as mistake:
        return web.Response(status=400, text=f"{mistake}\n")


async def _switches(request: web.Request) -> web.Response:
    return web.json_response(request.app[_BROKER].trouble.switches.shown())


async def _change_switches(request: web.Request) -> web.Response:
    broker = request.app[_BROKER]
    broker.trouble.change(await _body(request))
    broker.switches_changed()
    return await _switches(request)


async def _faults(request: web.Request) -> web.Response:
    left = request.app[_BROKER].trouble.faults()
    return web.json_response([fault.model_dump() for fault in left])


async def _order_fault(request: web.Request) -> web.Response:
    request.app[_BROKER].trouble.order(await _body(request))
    return await _faults(request)


async def _forget_faults(request: web.Request) -> web.Response:
    request.app[_BROKER].trouble.forget()
    return await _faults(request)


async def _links(request: web.Request) -> web.Response:
    broker = request.app[_BROKER]
    found = [
        {"entity": path, "name": link.name, "sends": link.is_receiver}
        for path, _, link in broker.links()
    ]
    return web.json_response({"open": found, "attached": broker.attached})


async def _detach_links(request: web.Request) -> web.Response:
    body = await _body(request)
    entity = body.pop("entity", None)
    if body or not (entity is None or isinstance(entity, str)):
        raise SwitchMistake('the body is {} for all links, or {"entity": "a path"}')
    broker = request.app[_BROKER]
    found = [
        (wire, link)
        for path, wire, link in broker.links()
        if entity is None or path.lower() == entity.lower()
    ]
    for wire, link in found:
        wire.detach(link, "the lab")
    return web.json_response({"detached": len(found)})


async def _cut_connections(request: web.Request) -> web.Response:
    body = await _body(request)
    seconds = body.pop("seconds", 0)
    if body or isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
        raise SwitchMistake('the body is {}, or {"seconds": a number}')
    return web.json_response({"cut": request.app[_BROKER].go_away(seconds)})


async def _body(request: web.Request) -> dict[str, Any]:
    return members_of(await request.read())
