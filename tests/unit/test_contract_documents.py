"""docs/openapi.json and docs/asyncapi.json are valid, and say what the app really does."""

import json
from collections.abc import Iterator
from typing import Any

import azure.functions as func
import pytest
from jsonschema import Draft7Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from call_callback.trigger import bp as call_callback
from create_meeting.trigger import bp as create_meeting
from docs.contract.asyncapi import ANSWERS, KEPT, PROPERTIES, TOPIC
from docs.contract.events import EVENTS, name_of
from docs.contract.health_data import HealthDetails
from docs.contract.render import REQUESTS
from health_doctor.trigger import bp as health_doctor
from join_meeting.trigger import bp as join_meeting
from meeting_record.handler import health_details
from meeting_record.trigger import bp as meeting_record
from shared.words.entities import EVENTS_TOPIC, REJECTED_QUEUE
from tests.application.world import World
from tests.stack.javascript import PACKAGES
from tests.stack.process import ROOT

type Json = dict[str, Any]

DOCS = ROOT / "docs"
CREATE = "create-meeting"
OPENAPI: Json = json.loads((DOCS / "openapi.json").read_text())
ASYNCAPI: Json = json.loads((DOCS / "asyncapi.json").read_text())
ASYNCAPI_SCHEMA = PACKAGES.parent / "node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json"


def triggers(*blueprints: func.Blueprint) -> list[Json]:
    """Return the triggers that these bind, as the host is given them."""
    app = func.FunctionApp()
    for blueprint in blueprints:
        app.register_functions(blueprint)
    found = [one.get_trigger() for one in app.get_functions()]
    return [trigger.get_dict_repr() for trigger in found if trigger is not None]


def references(value: Any) -> Iterator[str]:
    """Yield every reference in a document."""
    match value:
        case {"$ref": str(reference)}:
            yield reference
        case dict():
            for one in value.values():
                yield from references(one)
        case list():
            for one in value:
                yield from references(one)


def test_openapi_is_valid() -> None:
    """By a validator that is not ours, the schemas beside it included."""
    base = (DOCS / "openapi.json").as_uri()

    assert list(OpenAPIV31SpecValidator(OPENAPI, base_uri=base).iter_errors()) == []
    wrong = OPENAPI | {"paths": {"/x": {"get": {"responses": {"200": {}}}}}}
    assert list(OpenAPIV31SpecValidator(wrong, base_uri=base).iter_errors())


def test_asyncapi_is_valid() -> None:
    """By the schema that AsyncAPI publishes of its version 3.0."""
    validator = Draft7Validator(json.loads(ASYNCAPI_SCHEMA.read_text()))

    assert list(validator.iter_errors(ASYNCAPI)) == []
    assert list(validator.iter_errors(ASYNCAPI | {"channels": {"x": {"adress": "x"}}}))


@pytest.mark.parametrize("document", [OPENAPI, ASYNCAPI], ids=["openapi", "asyncapi"])
def test_every_reference_leads_somewhere(document: Json) -> None:
    """Within the document, or to a schema in the folder beside it."""
    found = set(references(document))
    for reference in found:
        if not reference.startswith("#/"):
            assert (DOCS / reference).is_file()
            continue
        place: Any = document
        for name in reference.removeprefix("#/").split("/"):
            place = place[name]
    assert found


def test_openapi_has_every_route_but_those_that_graph_calls() -> None:
    """With its method, and a key exactly where the app wants one."""
    for trigger in triggers(meeting_record, health_doctor):
        path = OPENAPI["paths"].pop(f"/{trigger['route']}")
        [(method, operation)] = path.items()

        assert [method.upper()] == [str(one.value) for one in trigger["methods"]]
        assert bool(operation["security"]) == (trigger["authLevel"].value == "function")
    assert OPENAPI["paths"] == {}
    assert {one["route"].split("/")[0] for one in triggers(call_callback)} == {"calls"}


def test_asyncapi_has_every_queue_and_every_message() -> None:
    """The queues that the app is bound to; the requests and events that there are."""
    bound = {one["queueName"] for one in triggers(create_meeting, join_meeting)}
    addresses = {name: one["address"] for name, one in ASYNCAPI["channels"].items()}

    assert {name for name, one in addresses.items() if one == name} == {*bound, TOPIC, KEPT}
    assert (TOPIC, KEPT) == (EVENTS_TOPIC, REJECTED_QUEUE)
    assert ANSWERS.keys() == REQUESTS.keys()
    assert ASYNCAPI["components"]["messages"].keys() == {*REQUESTS, *EVENTS, "refused-request"}


async def test_the_properties_and_answers_of_a_request_are_as_asyncapi_says() -> None:
    """Of each kind of request: one that is done, and one that is refused."""
    world = World()
    made = {"requestId": "INC-1", "subject": "down"}
    await world.drop("create-meeting", made, reply_to=f"to-{CREATE}")
    meeting_id = world.events("meeting.created")[0]["data"]["meetingId"]
    update = {"requestId": "INC-1", "action": "update", "subject": "up"}
    await world.drop("create-meeting", update, reply_to=f"to-{CREATE}.update")
    for action in ("join", "leave"):
        body = {"meetingId": meeting_id, "action": action}
        await world.drop("join-meeting", body, reply_to="to-join-meeting")
        await world.pump()
    cancel = {"requestId": "INC-1", "action": "cancel"}
    await world.drop("create-meeting", cancel, reply_to=f"to-{CREATE}.cancel")
    for name in ANSWERS:
        await world.drop(name.partition(".")[0], b"junk", reply_to=f"to-{name}")
    await world.pump()

    properties = {one for sent in world.fake_bus.sent_to(TOPIC) for one in sent.properties}
    answers = {name: {name_of(one) for one in world.replies(f"to-{name}")} for name in ANSWERS}

    assert properties <= PROPERTIES.keys()
    assert [name for name, heard in answers.items() if not heard] == []
    assert {name: heard - set(ANSWERS[name]) for name, heard in answers.items()} == {
        name: set() for name in ANSWERS
    }


async def test_the_details_of_health_are_as_openapi_says() -> None:
    """Every member, and no other."""
    HealthDetails.model_validate_json(json.dumps(await health_details(World().services)))
