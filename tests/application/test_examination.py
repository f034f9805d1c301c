"""What the app sees of its own deployment, and that nothing of it stays."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from docs.contract.health_data import Examination
from health_doctor.handler import examine
from health_doctor.plan import ROLES, BadRequest
from shared import VERSION
from shared.words.errors import Unavailable
from tests.application.world import BOT, ORGANIZER, TENANT, World
from tests.fakes.graph import FakeGraph

ANOTHER = "b7a4de52-6c1e-4c57-9a7b-0d9e8f2c1a03"
READER = "User.Read.All"


async def seen(world: World, **body: Any) -> dict[str, Any]:
    """Return what the app answers, which has the shape that is documented."""
    found = await examine(json.dumps(body).encode() if body else b"", world.services)
    Examination.model_validate(found, strict=False)
    return found


async def test_a_sound_deployment_has_nothing_wrong_and_nothing_left() -> None:
    """Settings by name alone; no probe meeting stays."""
    world = World()
    world.fake_graph.roles = frozenset({*ROLES, READER})

    found = await seen(world)

    assert found == {
        "version": VERSION,
        "publicUrl": "https://rollcall.example",
        "tenantId": TENANT,
        "botAppId": BOT,
        "serviceBus": "ns.servicebus.windows.net",
        "settings": {
            "required": ["SERVICE_BUS", "TABLES", "TENANT_ID", "BOT_APP_ID", "ORGANIZER_ID"],
            "given": [
                "BOT_APP_ID", "CALLBACK_ISSUERS", "ORGANIZER_ID", "PUBLIC_URL",
                "RETRY_CEILING_SECONDS", "SERVICE_BUS", "TABLES", "TENANT_ID",
            ],
            "missing": [],
        },
        "token": {"error": None, "needed": list(ROLES), "roles": sorted({*ROLES, READER})},
        "organizer": {
            "id": ORGANIZER, "error": None, "status": 200, "code": "", "enabled": True,
            "teams": True,
        },
        "policy": [
            {
                "organizerId": ORGANIZER, "made": True, "code": None, "message": None,
                "status": None, "left": None,
            }
        ],
        "signingKeys": {
            "url": "https://api.aps.skype.com/v1/.well-known/OpenIdConfiguration",
            "error": None,
            "count": 1,
        },
        "store": {"error": None},
        "clock": {
            "now": "2026-09-14T08:00:00.000Z", "graphAheadSeconds": 0.5, "withinSeconds": 0.5,
        },
    }  # fmt: skip
    assert world.fake_graph.online == {}


async def test_what_is_wrong_is_said_part_by_part() -> None:
    """One part that fails hides no other."""
    world = World(fake_graph=FakeGraph(tenant_id=TENANT, organizers=frozenset({ANOTHER})))
    world.fake_graph.roles = frozenset({READER})
    world.keys.down = True

    found = await seen(world)

    assert found["token"]["roles"] == [READER]
    assert found["organizer"]["status"] == 404
    assert [one["code"] for one in found["policy"]] == ["organizer_not_found"]
    assert found["policy"][0]["status"] == 404
    assert found["signingKeys"]["error"] is not None


async def test_a_meeting_is_probed_for_each_organizer_that_is_named() -> None:
    """One of them is refused; each once, however it is spelled."""
    world = World(fake_graph=FakeGraph(tenant_id=TENANT, organizers=frozenset({ANOTHER})))

    found = await seen(world, organizerIds=[ANOTHER.upper(), ANOTHER, ORGANIZER])

    assert [(one["organizerId"], one["made"]) for one in found["policy"]] == [
        (ANOTHER, True),
        (ORGANIZER, False),
    ]
    assert world.fake_graph.online == {}


async def test_a_graph_that_does_not_answer_is_said_everywhere() -> None:
    """No time of Graph's is known then."""
    world = World()
    world.fake_graph.fail_next(Unavailable("no answer"), times=9)

    found = await seen(world)

    assert found["token"]["error"] == found["organizer"]["error"] == "no answer"
    assert found["policy"][0]["message"] == "no answer"
    assert found["clock"]["graphAheadSeconds"] is None


async def test_a_probe_that_cannot_be_deleted_says_so() -> None:
    """The next examination gets the same meeting, and deletes it."""
    world = World()
    world.fake_graph.roles = None
    world.fake_graph.fail_after(3, Unavailable("not now"))

    first = await seen(world)
    assert [one["left"] for one in first["policy"]] == ["not now"]
    assert len(world.fake_graph.online) == 1

    await seen(world)
    assert world.fake_graph.online == {}


async def test_call_records_take_a_permission_of_their_own() -> None:
    """With CALL_RECORDS alone."""
    world = World()
    records = replace(world.services.deployment, call_records=True)
    world.services = replace(world.services, deployment=records)

    found = await seen(world)

    assert found["token"]["needed"] == [*ROLES, "CallRecords.Read.All"]


async def test_how_far_graphs_clock_is_ahead_is_known_to_half_a_second() -> None:
    """A Date header has whole seconds."""
    world = World()
    world.fake_graph.now = lambda: world.clock.now() + timedelta(minutes=6)

    found = await seen(world)

    assert found["clock"]["graphAheadSeconds"] == 360.5
    assert found["clock"]["withinSeconds"] == 0.5


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"{}", b'{"organizerIds": []}', b'{"organizerIds": ["ada@x.example"]}',
     b'{"organizers": []}', b'{"organizerIds": "x"}'],
)  # fmt: skip
async def test_a_body_that_is_none_is_refused(body: bytes) -> None:
    """Before anything is made."""
    with pytest.raises(BadRequest, match=r"body|object ids"):
        await examine(body, World().services)
