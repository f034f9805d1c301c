"""/lab over HTTP: the hand that moves people, ends legs and makes trouble.

Every answer is 200 with JSON, a mistake is 400 with its reason as text.
"""

import json

from aiohttp import web
from aiohttp.typedefs import Handler

from devstack.graph import lab
from devstack.graph.faults import parse_fault
from devstack.graph.json_values import Json
from devstack.graph.lab_requests import LabMistake, lab_object, switch
from devstack.graph.simulator import SIMULATOR
from devstack.switches import SwitchMistake

DELIVERY = frozenset(
    {
        "botId", "delaySeconds", "drop", "dropNth", "duplicate", "emptyRosters", "late",
        "lateSeconds", "participantIds", "retries", "rosterCap", "shuffle",
    }
)  # fmt: skip
"""The switches that POST /lab/delivery sets, each of them every time."""


def add_lab(app: web.Application) -> None:
    """Serve /lab and everything under it."""
    app.router.add_post("/lab/meetings", _meeting_made)
    app.router.add_post("/lab/people", _person_joins)
    app.router.add_patch("/lab/people/{participant}", _person_changes)
    app.router.add_delete("/lab/people/{participant}", _person_leaves)
    app.router.add_post("/lab/incoming", _call_arrives)
    app.router.add_patch("/lab/legs/{call}", _leg_changes)
    app.router.add_post("/lab/legs/{call}/end", _leg_ends)
    app.router.add_get("/lab/meetings", _meetings)
    app.router.add_get("/lab/requests", _requests)
    app.router.add_get("/lab/notifications", _notifications)
    app.router.add_post("/lab/faults", _fault)
    app.router.add_delete("/lab/faults", _no_faults)
    app.router.add_post("/lab/delivery", _delivery)
    app.router.add_post("/lab/sources", _sources)
    app.router.add_get("/lab/switches", _switches)
    app.router.add_post("/lab/switches", _changed_switches)
    app.router.add_post("/lab/keys/rotate", _rotate)
    app.router.add_post("/lab/tokens/revoke", _revoke)
    app.router.add_delete("/lab", _forget)


@web.middleware
async def explain_mistakes(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a mistake in a /lab request with 400 and its reason."""
    try:
        return await handler(request)
    except (LabMistake, SwitchMistake) as mistake:
        return web.Response(status=400, text=f"{mistake}\n")


async def _meeting_made(request: web.Request) -> web.Response:
    return web.json_response(lab.meeting_made(request.app[SIMULATOR].world, await _body(request)))


async def _person_joins(request: web.Request) -> web.Response:
    participant_id = lab.person_joins(request.app[SIMULATOR].world, await _body(request))
    return web.json_response({"participantId": participant_id})


async def _person_changes(request: web.Request) -> web.Response:
    world = request.app[SIMULATOR].world
    lab.person_changes(world, request.match_info["participant"], await _body(request))
    return web.json_response({})


async def _person_leaves(request: web.Request) -> web.Response:
    lab.person_leaves(request.app[SIMULATOR].world, request.match_info["participant"])
    return web.json_response({})


async def _call_arrives(request: web.Request) -> web.Response:
    call_id = lab.call_arrives(request.app[SIMULATOR].world, await _body(request))
    return web.json_response({"callId": call_id})


async def _leg_changes(request: web.Request) -> web.Response:
    world = request.app[SIMULATOR].world
    lab.leg_changes(world, request.match_info["call"], await _body(request))
    return web.json_response({})


async def _leg_ends(request: web.Request) -> web.Response:
    world = request.app[SIMULATOR].world
    lab.leg_ends(world, request.match_info["call"], await _body(request))
    return web.json_response({})


async def _meetings(request: web.Request) -> web.Response:
    return web.json_response(lab.shown_meetings(request.app[SIMULATOR].world))


async def _requests(request: web.Request) -> web.Response:
    return web.json_response(request.app[SIMULATOR].requests.shown())


async def _notifications(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    return web.json_response(lab.shown_notifications(simulator.world, simulator.courier.made))


async def _fault(request: web.Request) -> web.Response:
    request.app[SIMULATOR].faults.add(parse_fault(await _body(request)))
    return web.json_response({})


async def _no_faults(request: web.Request) -> web.Response:
    request.app[SIMULATOR].faults.clear()
    return web.json_response({})


async def _delivery(request: web.Request) -> web.Response:
    request.app[SIMULATOR].change(lab_object(await _body(request), DELIVERY), back=DELIVERY)
    return web.json_response({})


async def _sources(request: web.Request) -> web.Response:
    wanted = lab.sources_wanted(await _body(request))
    request.app[SIMULATOR].change(wanted, back=lab.SOURCES)
    return web.json_response({})


async def _switches(request: web.Request) -> web.Response:
    return web.json_response(request.app[SIMULATOR].world.switches.shown())


async def _changed_switches(request: web.Request) -> web.Response:
    body = await _body(request)
    if not isinstance(body, dict):
        raise LabMistake("the body must be a JSON object")
    request.app[SIMULATOR].change(body)
    return await _switches(request)


async def _rotate(request: web.Request) -> web.Response:
    withdraw = switch(lab_object(await _members(request), {"withdraw"}), "withdraw")
    return web.json_response({"kid": request.app[SIMULATOR].signer.rotate(withdraw=withdraw)})


async def _revoke(request: web.Request) -> web.Response:
    challenge = switch(lab_object(await _members(request), {"challenge"}), "challenge")
    request.app[SIMULATOR].access_tokens.revoke(challenge=challenge)
    return web.json_response({})


async def _forget(request: web.Request) -> web.Response:
    await request.app[SIMULATOR].forget()
    return web.json_response({})


async def _members(request: web.Request) -> Json:
    """Return the body; an object without members where there is none."""
    return await _body(request) if request.body_exists else {}


async def _body(request: web.Request) -> Json:
    try:
        parsed: Json = json.loads(await request.read())
    except ValueError as error:
        raise LabMistake("the body is not JSON") from error
    return parsed
