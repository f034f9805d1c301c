"""The call that puts the bot into a meeting, and what is left out of it after a refusal."""

from typing import Any

import pytest

from join_meeting.join.body import call_body, without_host_member
from shared.words.coordinates import ByJoinId, ByThread, JoinTarget
from shared.words.errors import GraphTrace, Rejected
from shared.words.ids import LegKey

BY_JOIN_ID = ByJoinId(join_meeting_id="23456789012", passcode="aB3dE6", tenant_id="t")
BY_THREAD = ByThread(
    thread_id="19:x@thread.v2",
    message_id="0",
    reply_chain_message_id=None,
    organizer_id="o",
    tenant_id="t",
)


def body_for(target: JoinTarget) -> dict[str, Any]:
    return call_body(target, callback="https://c", bot_app_id="b", leg_key=LegKey("1"))


def said(status: int, code: str) -> Rejected:
    return Rejected(
        code=code, message="", next_step="", graph=GraphTrace(status=status, code="BadRequest")
    )


@pytest.mark.parametrize("target", [BY_JOIN_ID, BY_THREAD], ids=["join id", "thread"])
def test_people_may_stay_when_the_bot_leaves(target: JoinTarget) -> None:
    """By either form of meetingInfo."""
    assert body_for(target)["meetingInfo"]["allowConversationWithoutHost"] is True


def test_a_refused_join_id_is_sent_without_what_graph_may_not_know() -> None:
    """Everything else stays as it was."""
    body = body_for(BY_JOIN_ID)

    plainer = without_host_member(body, said(400, "invalid_request"))

    assert plainer is not None
    assert plainer["meetingInfo"] == {
        "@odata.type": "#microsoft.graph.joinMeetingIdMeetingInfo",
        "joinMeetingId": "23456789012",
        "passcode": "aB3dE6",
    }
    assert {**plainer, "meetingInfo": body["meetingInfo"]} == body


@pytest.mark.parametrize(
    ("target", "refused"),
    [
        pytest.param(BY_THREAD, said(400, "invalid_request"), id="thread"),
        pytest.param(BY_JOIN_ID, said(400, "tenant_mismatch"), id="a code that says more"),
        pytest.param(BY_JOIN_ID, said(404, "invalid_request"), id="404"),
        pytest.param(BY_JOIN_ID, said(403, "consent_missing"), id="403"),
        pytest.param(
            BY_JOIN_ID, Rejected(code="invalid_request", message="", next_step=""), id="ours"
        ),
    ],
)
def test_other_refusals_are_final(target: JoinTarget, refused: Rejected) -> None:
    """Another call would meet the same refusal, or follow one that may have done something."""
    assert without_host_member(body_for(target), refused) is None
