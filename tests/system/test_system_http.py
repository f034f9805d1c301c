"""What is read over HTTP: health, records, and who may read them."""

import aiohttp
import pytest

from tests.system.client import Client
from tests.system.stack import Endpoints

pytestmark = pytest.mark.asyncio(loop_scope="session")

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
