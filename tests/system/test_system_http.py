"""What is read over HTTP: health, records, and who may read them."""

import json

import aiohttp
import pytest
from jsonschema import Draft202012Validator

from tests.system.client import Client
from tests.system.stack import ROOT, Endpoints

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCHEMAS = ROOT / "docs" / "schemas"
UNKNOWN = "a" * 26
"""Has the form of a meeting's id."""


async def test_health_says_ok_of_every_part(client: Client) -> None:
    """Tables, Service Bus and the Graph token are examined for real."""
    assert await client.get("health") == (200, {"status": "ok"})

    status, details = await client.get("health/details")

    assert status == 200
    parts = ("status", "tables", "serviceBus", "graphToken", "backstop")
    assert {part: details[part] for part in parts} == dict.fromkeys(parts, "ok")
    assert details["lastWalk"] is None or details["lastWalk"]["ageSeconds"] >= 0


@pytest.mark.parametrize(
    "path", [f"meetings/{UNKNOWN}", "meetings/x", "meetings/..%2Fhead", "meetings?requestId=nobody"]
)
async def test_unknown_meeting_is_404(client: Client, path: str) -> None:
    """Also where the id cannot be one."""
    status, said = await client.get(path)

    assert status == 404
    assert said["message"]


async def test_record_asked_for_without_an_id_is_400(client: Client) -> None:
    """The answer says what to name."""
    status, said = await client.get("meetings")

    assert status == 400
    assert "requestId" in said["message"]


async def test_records_want_the_function_key_and_callbacks_a_token(endpoints: Endpoints) -> None:
    """Graph cannot send a key: its callbacks, and the word of health, are reached without one."""
    url = f"{endpoints.functions}/api/meetings/{UNKNOWN}"
    async with aiohttp.ClientSession() as http:

        async def status(method: str, url: str, key: str | None = None) -> int:
            headers = {} if key is None else {"x-functions-key": key}
            async with http.request(method, url, headers=headers) as response:
                return response.status

        assert await status("GET", url) == 401
        assert await status("GET", url, "wrong") == 401
        assert await status("GET", url, endpoints.function_key) == 404
        assert await status("GET", f"{url}?code={endpoints.function_key}") == 404
        assert await status("GET", f"{endpoints.functions}/api/health") == 200
        details = f"{endpoints.functions}/api/health/details"
        assert await status("GET", details) == 401
        assert await status("GET", details, endpoints.function_key) == 200
        assert await status("POST", f"{endpoints.functions}/api/calls/{UNKNOWN}/leg") == 401


async def test_an_event_names_a_schema_that_is_read_there_without_a_key(client: Client) -> None:
    """On the topic and in the answer; the event's own id does not depend on it."""
    await client.drop({"requestId": "SCHEMA-1", "subject": "schemas", "context": {"a": 1}})
    created = await client.created("schemas")
    url = created.event["dataschema"]

    async with aiohttp.ClientSession() as http, http.get(url) as response:
        schema = await response.json(content_type="application/schema+json")

    assert schema["$id"] == url
    assert list(Draft202012Validator(schema).iter_errors(created.data)) == []
    assert list(Draft202012Validator(schema).iter_errors({})) != []
    assert created.event["sequencetype"] == "Integer"
    assert created.properties == {
        "type": "rollcall.meeting.created.v1",
        "meetingid": created.session_id,
        "requestid": "SCHEMA-1",
    }


async def test_every_schema_in_the_documents_is_served_under_its_id(endpoints: Endpoints) -> None:
    """The `$id` there is relative to the folder; here it is the whole URL."""
    async with aiohttp.ClientSession() as http:
        for path in SCHEMAS.iterdir():
            url = f"{endpoints.functions}/api/schemas/{json.loads(path.read_text())['$id']}"
            async with http.get(url) as response:
                assert response.status == 200
                schema = await response.json(content_type="application/schema+json")
            assert schema["$id"] == url


async def test_a_schema_that_does_not_exist_is_404(client: Client) -> None:
    """Whatever is named."""
    for name in ("call.vanished.json", "host.json", "..%2Fhost.json"):
        status, said = await client.get(f"schemas/{name}")

        assert (status, said) == (404, {"message": "No such schema is served here."})
