"""Calls to the bot: told to its webhook, turned down, given up by the caller."""

from typing import Any

import pytest

from devstack.graph.calls import Leg, render_call
from devstack.graph.identities import BOT_APP_ID, TENANT_ID, same_guid
from devstack.graph.incoming import parse_reject
from devstack.graph.json_values import Json, JsonObject
from devstack.graph.lab import call_arrives
from devstack.graph.lab_requests import LabMistake
from devstack.graph.notifications import kinds_of
from devstack.graph.refusals import GraphRefusal
from devstack.graph.world import World
from tests.devstack.graph_world import Told, a_world, joining

WEBHOOK = "http://127.0.0.1:7071/api/calls"
ADA = "5f0d1c2b-3a49-4f58-8b67-768594a3b2c1"
SEEDS = range(20)


def a_ringing_world(seed: int = 1, **members: Json) -> tuple[World, Told, Leg]:
    """A world in which Ada calls the bot."""
    world, told, _ = a_world(seed)
    body: JsonObject = {"webhookUri": WEBHOOK, "userId": ADA, "displayName": "Ada", **members}
    call_arrives(world, body)
    return world, told, told.sent[-1][0]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_webhook_is_told_of_a_call_that_was_created(seed: int) -> None:
    """State incoming, from whom, to our bot; the id stands in the resource URL."""
    _, told, leg = a_ringing_world(seed)

    ((_, item),) = told.items
    call = item["resourceData"]
    assert leg.callback_uri == WEBHOOK
    assert item["changeType"] == "created"
    assert same_guid(item["resourceUrl"].removeprefix("/communications/calls/")) == same_guid(
        leg.call_id
    )
    assert (call["state"], call["direction"]) == ("incoming", "incoming")
    assert call["source"]["identity"]["user"]["id"] == ADA
    assert [one["identity"]["application"]["id"] for one in call["targets"]] == [BOT_APP_ID]
    assert (call["tenantId"], call["callChainId"]) == (TENANT_ID, leg.chain_id)
    assert "meetingInfo" not in call


def test_members_of_an_incoming_call_come_and_go() -> None:
    """What only some documented samples have is in some messages only."""
    seen = [a_ringing_world(seed)[1].items[0][1]["resourceData"].keys() for seed in SEEDS]

    for member in ("callbackUri", "myParticipantId", "requestedModalities", "id", "@odata.id"):
        assert {member in one for one in seen} == {True, False}


def test_an_invitation_names_the_chat_and_a_token_of_the_meeting() -> None:
    """Somebody in a meeting adds the bot: its conference, its thread, and no organizer."""
    world, told, meeting = a_world()

    call_arrives(world, {"webhookUri": WEBHOOK, "onlineMeetingId": meeting.meeting_id})

    call = told.items[0][1]["resourceData"]
    assert call["chatInfo"]["threadId"] == meeting.thread_id
    assert call["meetingInfo"]["@odata.type"] == "#microsoft.graph.tokenMeetingInfo"
    assert call["meetingInfo"]["token"]
    assert call["callChainId"] == world.place_call(joining(meeting)).chain_id


def test_a_ringing_call_can_be_read() -> None:
    """As any call of the bot, in any spelling of its id; it has no participants to read."""
    world, _, leg = a_ringing_world()

    shown: Any = render_call(world.call(leg.call_id.upper()))

    assert (shown["state"], shown["direction"]) == ("incoming", "incoming")
    assert shown["source"]["identity"]["user"]["displayName"] == "Ada"
    assert len(shown["targets"]) == 1
    for asked in (world.roster, world.keep_alive):
        with pytest.raises(GraphRefusal):
            asked(leg.call_id)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_rejected_call_is_gone_and_its_end_says_nothing_but_that(seed: int) -> None:
    """A deletion without state and result at the webhook, then 404 for whatever is asked."""
    world, told, leg = a_ringing_world(seed)

    world.reject(leg.call_id, {"reason": "busy"})

    over, _ = told.sent[-1]
    item = told.items[-1][1]
    assert over.callback_uri == WEBHOOK
    assert item["changeType"] == "deleted"
    assert item["resourceData"].keys() <= {"@odata.type", "id", "@odata.id"}
    for asked in (world.call, world.hang_up, lambda call_id: world.reject(call_id, {})):
        with pytest.raises(GraphRefusal) as refused:
            asked(leg.call_id)
        assert (refused.value.status, refused.value.code) == (404, "8522")


def test_a_rejection_may_name_where_its_end_goes() -> None:
    """`callbackUri` takes the place of the registered webhook."""
    world, told, leg = a_ringing_world()

    world.reject(leg.call_id, {"reason": "none", "callbackUri": "http://127.0.0.1:1/other"})

    assert told.sent[-1][0].callback_uri == "http://127.0.0.1:1/other"


@pytest.mark.parametrize("reason", ["none", "busy", "forbidden", "Busy", None])
def test_every_documented_reason_is_taken(reason: Json) -> None:
    """With a capital, too, as the page writes them; without one it is none."""
    assert parse_reject({"reason": reason}) is None
    assert parse_reject({}) is None


@pytest.mark.parametrize(
    "body",
    [None, [], {"reason": "tired"}, {"reason": 7}, {"why": "busy"},
     {"callbackUri": "http://bot.contoso.example/"}],
)  # fmt: skip
def test_a_malformed_rejection_is_refused_and_the_call_rings_on(body: Json) -> None:
    """400 BadRequest; nothing is told."""
    world, told, leg = a_ringing_world()

    with pytest.raises(GraphRefusal) as refused:
        world.reject(leg.call_id, body)

    assert (refused.value.status, refused.value.code) == (400, "BadRequest")
    assert world.call(leg.call_id).state == "incoming"
    assert len(told.sent) == 1


def test_a_leg_of_our_own_cannot_be_rejected() -> None:
    """Rejecting ends no call that is on."""
    world, _, meeting = a_world()
    leg = world.place_call(joining(meeting))

    with pytest.raises(GraphRefusal) as refused:
        world.reject(leg.call_id, {"reason": "busy"})

    assert refused.value.status == 400
    assert world.call(leg.call_id).state == "established"


def test_the_caller_may_give_up() -> None:
    """The lab ends a ringing call as it ends a leg, with state and codes."""
    world, told, leg = a_ringing_world()

    world.end_leg(leg.call_id, 200, 4097)

    assert told.end(leg.call_id) == ("deleted", 200, 4097)
    with pytest.raises(GraphRefusal):
        world.call(leg.call_id)


def test_in_the_legacy_format_the_call_is_no_envelope_and_not_yet_in_graph() -> None:
    """Participants, one of them the originator, and a call state; no resource URL."""
    world, told, leg = a_ringing_world(format="legacy")

    ((_, sent),) = told.sent
    caller, bot = sent["participants"]
    assert kinds_of(sent) == ["legacyIncoming"]
    assert (sent["id"], sent["callState"], sent["isMultiparty"]) == (leg.call_id, "incoming", False)
    assert (caller["originator"], bot["originator"]) == (True, False)
    assert caller["identity"].endswith(ADA)
    assert bot["identity"].endswith(BOT_APP_ID)
    assert "value" not in sent
    with pytest.raises(GraphRefusal):
        world.call(leg.call_id)


def test_a_legacy_invitation_names_the_thread() -> None:
    """And says that the call has several parties."""
    world, told, meeting = a_world()

    call_arrives(
        world, {"webhookUri": WEBHOOK, "joinWebUrl": meeting.short_link, "format": "legacy"}
    )

    ((_, sent),) = told.sent
    assert (sent["isMultiparty"], sent["threadId"]) == (True, meeting.thread_id)


def test_graphs_form_follows_once_when_it_is_asked_for() -> None:
    """A doubled answer asks for nothing more, nor does one to a call told in Graph's form."""
    world, told, leg = a_ringing_world(format="legacy")

    world.incoming.ask_for_graph_form(leg)
    world.incoming.ask_for_graph_form(leg)

    assert [kinds_of(sent) for _, sent in told.sent] == [["legacyIncoming"], ["incoming"]]
    assert world.call(leg.call_id).state == "incoming"


def test_forgetting_stops_the_ringing() -> None:
    """DELETE /lab leaves no call behind, in either format."""
    world, told, leg = a_ringing_world()
    call_arrives(world, {"webhookUri": WEBHOOK, "format": "legacy"})
    legacy, _ = told.sent[-1]

    world.forget()
    world.incoming.ask_for_graph_form(legacy)

    assert len(told.sent) == 2
    with pytest.raises(GraphRefusal):
        world.call(leg.call_id)


@pytest.mark.parametrize(
    "body",
    [None, {}, {"webhookUri": "https://bot.contoso.example/api/calls"}, {"webhookUri": "ftp://::1"},
     {"webhookUri": "http://[bad"}, {"webhookUri": WEBHOOK, "format": "skype"},
     {"webhookUri": WEBHOOK, "colour": "red"}, {"webhookUri": WEBHOOK, "onlineMeetingId": "none"},
     {"webhookUri": WEBHOOK, "onlineMeetingId": "a", "joinWebUrl": "b"}],
)  # fmt: skip
def test_a_mistaken_call_is_told(body: Json) -> None:
    """The webhook is on this machine, the format known, the meeting there."""
    world, told, _ = a_world()

    with pytest.raises(LabMistake):
        call_arrives(world, body)

    assert told.sent == []
