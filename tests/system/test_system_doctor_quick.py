"""`rollcall doctor` on the shared stack, whose locks are too short."""

import pytest

from tests.system.client import Client
from tests.system.doctor import doctor
from tests.system.stack import Up

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_doctor_finds_what_the_shared_stack_has_on_purpose(up: Up, client: Client) -> None:
    """Locks of five seconds; nothing else fails, and no meeting is left."""
    before = len(await client.lab.all_meetings())

    found = await doctor(up.folder)

    failed = [one for one in found.findings if one["verdict"] == "fail"]
    assert found.code == 1
    assert {one["check"] for one in failed} == {"serviceBus"}
    assert all("locks a message for 5 s" in one["seen"] for one in failed)
    assert all("--lock-duration PT1M" in one["mend"][0] for one in failed)
    meetings = (await client.lab.all_meetings())[before:]
    assert [one for one in meetings if "doctor" in one["subject"] and not one["deleted"]] == []
