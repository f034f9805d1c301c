"""Which application Graph serves: the bot's, with consent, and only as itself."""

from dataclasses import replace
from typing import Any

import pytest

from devstack.graph.callers import check_caller
from devstack.graph.graph_routes import Asked
from devstack.graph.identities import BOT_APP_ID, ORGANIZER_ID, USER_IDENTITY, Tenant
from devstack.graph.refusals import GraphRefusal
from devstack.graph.switches import GraphSwitches

ITSELF: dict[str, Any] = {"source": {"identity": {"application": {"id": BOT_APP_ID.upper()}}}}
ANOTHER: dict[str, Any] = {"source": {"identity": {"application": {"id": USER_IDENTITY}}}}
CALL = Asked(method="POST", path="/communications/calls", body=ITSELF)
MEETING = Asked(method="POST", path=f"/users/{ORGANIZER_ID}/onlineMeetings/createOrGet", body={})


def refused(asked: Asked, app_id: str = BOT_APP_ID, **switches: Any) -> tuple[int, str] | None:
    """Return status and code with which Graph refuses the caller; None where it does not."""
    try:
        check_caller(asked, app_id, tenant=Tenant(), switches=GraphSwitches(**switches))
    except GraphRefusal as refusal:
        return refusal.status, refusal.code
    return None


@pytest.mark.parametrize(
    "body",
    [
        ITSELF,
        {},
        None,
        [],
        {"source": None},
        {"source": {"identity": {"guest": {"id": "g"}}}},
        {"source": {"identity": {"application": "odd"}}},
    ],
)
def test_the_bot_may_call_as_itself_or_as_a_guest(body: Any) -> None:
    """What else is wrong with the body is judged by what reads it."""
    assert refused(replace(CALL, body=body)) is None


def test_an_identity_that_is_no_registered_bot_may_not_call() -> None:
    """GRAPH_FEDERATED=false with an identity that is not the bot: the same in Azure."""
    assert refused(CALL, USER_IDENTITY) == (403, "7503")
    assert refused(CALL, USER_IDENTITY, consent=False) == (403, "7503")


def test_the_bot_may_not_call_under_another_ones_name() -> None:
    """The source has to be the application of the token."""
    assert refused(replace(CALL, body=ANOTHER)) == (403, "7507")


def test_without_consent_no_call_is_placed_and_the_others_go_on() -> None:
    """Permissions are checked when a call is created, and not again."""
    assert refused(CALL, consent=False) == (403, "7504")
    assert refused(Asked(method="GET", path="/communications/calls/x"), consent=False) is None
    assert refused(MEETING, consent=False) is None


@pytest.mark.parametrize("path", [MEETING.path, f"/users/{ORGANIZER_ID}/onlineMeetings"])
def test_an_access_policy_names_the_bot_alone(path: str) -> None:
    """Meetings of another application are refused as those without a policy."""
    assert refused(replace(MEETING, path=path), USER_IDENTITY) == (403, "Forbidden")
    assert refused(replace(MEETING, path=path)) is None


def test_in_a_kind_world_anybody_is_the_bot() -> None:
    """But consent is asked for where somebody takes it away."""
    kind = {"identities": "any"}

    assert refused(CALL, USER_IDENTITY, **kind) is None
    assert refused(replace(CALL, body=ANOTHER), **kind) is None
    assert refused(MEETING, USER_IDENTITY, **kind) is None
    assert refused(CALL, USER_IDENTITY, consent=False, **kind) == (403, "7504")
