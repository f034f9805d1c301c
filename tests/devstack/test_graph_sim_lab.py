"""Faults, delivery and tokens of the simulator: the decisions behind /lab."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from devstack.graph.access_tokens import AccessTokens
from devstack.graph.delivery import (
    copies,
    is_worth_retrying,
    late_copy,
    retry_pauses,
)
from devstack.graph.faults import FaultPlan, parse_fault
from devstack.graph.identities import BOT_APP_ID, TENANT_ID, Tenant, seeded
from devstack.graph.json_values import Json
from devstack.graph.lab_requests import LabMistake
from devstack.graph.switches import DOCUMENTED, WORLDS, GraphSwitches
from devstack.graph.tokens import BOT_ISSUER, CallbackSigner
from devstack.switches import World

PATH, SHORT = "/v1.0/communications/calls", "/communications/calls"


def test_faults_are_used_up_in_the_order_posted() -> None:
    """Each serves its number of requests, then the next one that fits."""
    plan = FaultPlan()
    plan.add(parse_fault({"method": "post", "path": "calls$", "status": 503, "times": 2}))
    plan.add(parse_fault({"method": "GET", "path": "calls", "status": 500}))
    plan.add(parse_fault({"method": "POST", "path": "calls", "status": 429, "retryAfter": 2}))

    taken = [plan.take("POST", PATH, SHORT) for _ in range(4)]

    assert [fault and fault.status for fault in taken] == [503, 503, 429, None]
    assert taken[2] is not None
    assert taken[2].retry_after == "2"


@pytest.mark.parametrize("pattern", ["^/communications/calls$", "^/v1.0/", "s/cal", ""])
def test_a_pattern_is_searched_with_and_without_the_version(pattern: str) -> None:
    """Anchors work either way."""
    plan = FaultPlan()
    plan.add(parse_fault({"path": pattern, "status": 500}))

    assert plan.take("GET", PATH, SHORT) is not None


@pytest.mark.parametrize(
    ("body", "work"),
    [
        ({"status": 503}, "never"),
        ({"status": 503, "effect": "none"}, "never"),
        ({"status": 503, "effect": "done"}, "before the delay"),
        ({"delaySeconds": 5}, "before the delay"),
        ({"delaySeconds": 5, "effect": "done"}, "before the delay"),
        ({"delaySeconds": 5, "effect": "none"}, "after the delay"),
    ],
)
def test_the_work_is_left_out_only_for_a_status_without_effect(body: Json, work: str) -> None:
    """Without a status the real answer is held, so there must be one: made early, or late."""
    assert parse_fault(body).work == work


@pytest.mark.parametrize(
    "body",
    [None, [], {"path": "("}, {"status": 42}, {"times": 0}, {"effect": "some"}, {"paht": "x"},
     {"method": 1}, {"delaySeconds": -1}, {"times": True}],
)  # fmt: skip
def test_a_mistaken_fault_is_told(body: Json) -> None:
    """A typo in a fault is an error, not a fault that never fires."""
    with pytest.raises(LabMistake):
        parse_fault(body)


def test_without_a_policy_each_notification_is_sent_once_at_once() -> None:
    """Plain delivery is one copy without delay."""
    assert copies(DOCUMENTED, seeded(1)) == (0.0,)


def test_copies_are_lost_doubled_and_delayed_as_asked() -> None:
    """drop 1 loses all, duplicate 1 doubles all, the delay is exact without shuffle."""
    assert copies(GraphSwitches(drop=1, duplicate=1), seeded(1)) == ()
    assert copies(GraphSwitches(duplicate=1, delay_seconds=0.5), seeded(1)) == (0.5, 0.5)


def test_shuffled_copies_are_delayed_independently_within_the_bound() -> None:
    """Each copy has its own moment between nothing and delaySeconds."""
    policy = GraphSwitches(duplicate=1, shuffle=True, delay_seconds=0.4)

    first, second = copies(policy, seeded(1))

    assert first != second
    assert max(first, second) <= 0.4


def test_a_late_copy_comes_after_every_other_copy() -> None:
    """lateSeconds count from the longest usual delay; loss of the others does not matter."""
    policy = GraphSwitches(late=1, late_seconds=2, delay_seconds=0.5, drop=1)

    assert copies(policy, seeded(1)) == ()
    assert late_copy(policy, seeded(1)) == 2.5


def test_without_the_wish_no_copy_is_late() -> None:
    """lateSeconds alone makes none; a probability makes some."""
    some = GraphSwitches(late=0.5)

    assert late_copy(GraphSwitches(late_seconds=2), seeded(1)) is None
    assert {late_copy(some, seeded(seed)) for seed in range(20)} == {None, 0.0}


def test_one_notification_is_lost_by_its_number() -> None:
    """That one alone, also where each would be doubled; 0 and null lose none."""
    policy = GraphSwitches(drop_nth=2, duplicate=1)

    sent = [len(copies(policy, seeded(1), number=number)) for number in (1, 2, 3)]

    assert sent == [2, 0, 2]
    assert len(copies(DOCUMENTED, seeded(1), number=1)) == 1


def test_which_one_is_lost_by_its_number_leaves_the_luck_of_the_others() -> None:
    """A test that drops each of a story in turn tells the same story every time."""
    stories = []
    for lost in (1, 2, 3):
        chance = seeded(7)
        policy = GraphSwitches(drop_nth=lost, duplicate=0.5, shuffle=True, delay_seconds=1)
        stories.append([copies(policy, chance, number=number) for number in range(1, 9)])

    for place in range(8):
        assert len({story[place] for story in stories if story[place]}) == 1


def test_a_callback_that_is_not_taken_is_tried_again_with_growing_pauses() -> None:
    """Six times within about six seconds in the kind world, as often as the switch says, or not."""
    kind = retry_pauses(WORLDS[World.KIND])

    assert kind == (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
    assert retry_pauses(GraphSwitches(retries=8)) == (*kind, 3.2, 3.2)
    assert retry_pauses(DOCUMENTED) == ()


@pytest.mark.parametrize(
    ("status", "again"),
    [(None, True), (503, True), (500, True), (401, False), (404, False), (202, False)],
)
def test_only_silence_and_server_errors_are_worth_another_attempt(
    status: int | None,
    again: bool,
) -> None:
    """A host that restarts loses nothing; a refusal is final."""
    assert is_worth_retrying(status) is again


def test_callback_tokens_have_the_documented_claims() -> None:
    """Audience is the bot, tid the tenant, the lifetime 65 minutes, the algorithm RS256."""
    now = datetime.now(UTC)
    signer = CallbackSigner(Tenant(), issuer=BOT_ISSUER)

    token = signer.bearer(now=now)

    (key,) = jwt.PyJWKSet.from_dict(dict[str, Any](signer.jwks())).keys
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=BOT_APP_ID, issuer=BOT_ISSUER)
    assert jwt.get_unverified_header(token)["kid"] == key.key_id
    assert claims["tid"] == TENANT_ID
    assert claims["exp"] - claims["iat"] == 65 * 60


def test_a_rotated_key_signs_and_the_old_one_stays_served() -> None:
    """Verifiers that hold the old key set have to fetch again; old tokens stay valid."""
    now = datetime.now(UTC)
    signer = CallbackSigner(Tenant())
    before = signer.bearer(now=now)

    kid = signer.rotate()

    after = signer.bearer(now=now)
    served: Any = signer.jwks()["keys"]
    assert jwt.get_unverified_header(after)["kid"] == kid
    assert [one["kid"] for one in served] == [jwt.get_unverified_header(before)["kid"], kid]


def test_only_tokens_issued_here_and_not_expired_open_graph() -> None:
    """Nothing, another scheme, another process's token and an old one are refused."""
    now = datetime.now(UTC)
    tokens = AccessTokens(Tenant())
    good = tokens.issue(now=now).token
    old = tokens.issue(now=now - timedelta(days=2)).token
    foreign = AccessTokens(Tenant()).issue(now=now).token

    assert tokens.caller(f"Bearer {good}") == BOT_APP_ID
    for refused in (None, "", "Bearer ", f"Basic {good}", f"Bearer {foreign}", f"Bearer {old}"):
        assert tokens.caller(refused) is None
