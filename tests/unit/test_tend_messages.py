"""Messages to ourselves: their ids, and the calls they may name."""

import json
from typing import Any

import pytest

from shared.graph.call import call_in
from shared.meeting.legs import hang_up, tend_message
from shared.meeting.meeting import Meeting
from shared.words.errors import Rejected
from shared.words.ids import CallId, MeetingId
from tend_meeting.plan import read_tend_message
from tests.fixtures.legs import a_leg

MEETING = MeetingId("a" * 26)
CALL = CallId("57dab8b1894c409ab240bd8beae78896")


def test_a_message_names_its_meeting_and_its_key() -> None:
    """Copies of one have one id."""
    meeting = Meeting(meeting_id=MEETING, tenant_id="t", correlation_id="c")

    assert hang_up(meeting, CALL).message_id == f"{MEETING}-hang-up-{CALL}"


def test_an_id_that_service_bus_would_not_take_becomes_a_digest() -> None:
    """It takes 128 characters; two keys stay two ids."""
    ids = {
        tend_message(MEETING, {}, key="k" * length, correlation_id=None).message_id
        for length in (101, 102, 5_000)
    }

    assert len(ids) == 3
    assert all(len(one) <= 128 and one.startswith(f"{MEETING}-") for one in ids)


@pytest.mark.parametrize("member", ["hangUp", "hungUp"])
@pytest.mark.parametrize("call_id", ["..", "", "a/b", "x" * 65])
def test_a_message_that_names_no_call_is_refused(member: str, call_id: str) -> None:
    """What it names becomes a part of a path: `..` would be another resource."""
    body = json.dumps({"meetingId": MEETING, member: call_id}).encode()

    with pytest.raises(Rejected):
        read_tend_message(body)


@pytest.mark.parametrize("odd", [None, 7, "", "x" * 129, "a\nb"])
def test_of_graphs_call_only_ids_that_can_be_kept_are_learned(odd: Any) -> None:
    """They stay in the meeting's row; that Graph was asked is known all the same."""
    call = call_in({"id": "c", "myParticipantId": odd, "callChainId": odd})

    known = a_leg("l").learned(call)

    assert (known.participant_id, known.chain_ids) == ("", ())
