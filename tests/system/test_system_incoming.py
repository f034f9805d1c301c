"""A user calls the bot itself: it is busy, in whichever format its webhook is told."""

import pytest

from tests.system.client import Client
from tests.system.lab import Json, eventually
from tests.system.stack import Endpoints

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("form", ["graph", "legacy"])
async def test_a_call_to_the_bot_is_rejected(
    client: Client, endpoints: Endpoints, form: str
) -> None:
    """A call that is told in Skype's format is told again in Graph's, for 204 asks for it."""
    call_id = await client.lab.call_the_bot(f"{endpoints.functions}/api/calls", format=form)
    bare = call_id.replace("-", "")

    async def answered() -> Json | None:
        asked = await client.lab.requests("POST", f"/calls/{bare}/reject")
        return asked[0] if asked and asked[0]["status"] is not None else None

    rejection = await eventually(answered, "the call is rejected")

    assert (rejection["body"], rejection["status"]) == ({"reason": "busy"}, 202)
