"""Joining a meeting that somebody names by its coordinates: one meeting, however it is named."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest

from shared.words.answers import Call
from shared.words.errors import GraphTrace, Rejected, Unavailable
from shared.words.problems import rejected
from tests.application.links import BASE, CLASSIC, CONTEXT, EXPLICIT, SHORT, THREAD
from tests.application.world import LEASE, ORGANIZER, TENANT, World, leg_of, roster, state
from tests.fakes.graph import FakeGraph

BY_JOIN_ID = {"joinMeetingId": "234 567 890 123 45", "passcode": "aB3dE6", "tenantId": TENANT}
BY_THREAD = pytest.mark.parametrize(
    "body",
    [
        pytest.param({"joinWebUrl": CLASSIC}, id="classic link"),
        pytest.param({"joinWebUrl": CLASSIC, "tenantId": TENANT.upper()}, id="link with tenant"),
        pytest.param(EXPLICIT, id="explicit"),
    ],
)


async def only_meeting_id(world: World) -> str:
    """Return the id that the bot's events name."""
    (meeting_id,) = {event["data"]["meetingId"] for event in world.events()}
    return str(meeting_id)


class Slow(FakeGraph):
    """A Graph that takes its time for each call. `passing` lets it pass."""

    passing: Callable[[], None]

    async def create_call(self, body: dict[str, Any]) -> Call:
        """See `graph_port.Graph.create_call`."""
        self.passing()
        return await super().create_call(body)


@BY_THREAD
async def test_a_thread_and_an_organizer_are_enough(body: dict[str, Any]) -> None:
    """Chat, organizer and tenant stand where Graph wants them."""
    world = World()

    await world.drop("join-meeting", body, reply_to="replies", message_id="m-7")

    (sent,) = world.fake_graph.bodies
    assert sent["chatInfo"]["threadId"] == THREAD
    assert sent["chatInfo"]["messageId"] == "0"
    organizer = sent["meetingInfo"]["organizer"]["user"]
    assert (organizer["id"], organizer["tenantId"]) == (ORGANIZER, TENANT)
    assert sent["meetingInfo"]["allowConversationWithoutHost"] is True
    assert sent["tenantId"] == TENANT
    (answer,) = world.replies()
    assert (answer["type"], answer["correlationid"]) == ("rollcall.bot.joining.v1", "m-7")


@pytest.mark.parametrize(
    ("body", "passcode"),
    [
        pytest.param({"joinWebUrl": SHORT}, "aB3dE6", id="short link"),
        pytest.param({"joinWebUrl": SHORT.partition("?")[0]}, None, id="without passcode"),
        pytest.param(BY_JOIN_ID, "aB3dE6", id="join id"),
        pytest.param({**BY_JOIN_ID, "passcode": " aB3dE6\u200b "}, "aB3dE6", id="blanks around"),
        pytest.param({"joinWebUrl": f"Join: <{SHORT}>.\r\nThanks"}, "aB3dE6", id="in a text"),
        pytest.param({**BY_JOIN_ID, "passcode": None}, None, id="join id alone"),
    ],
)
async def test_a_join_id_is_enough(body: dict[str, Any], passcode: str | None) -> None:
    """Neither chat nor organizer is known; the tenant is our own."""
    world = World()

    await world.drop("join-meeting", body)

    (sent,) = world.fake_graph.bodies
    assert "chatInfo" not in sent
    assert sent["meetingInfo"] == {
        "@odata.type": "#microsoft.graph.joinMeetingIdMeetingInfo",
        "joinMeetingId": "23456789012345",
        "passcode": passcode,
        "allowConversationWithoutHost": True,
    }
    assert sent["tenantId"] == TENANT


@pytest.mark.parametrize("passcode", ["aB3dE6.", "aB3 dE6", "aB3-dE6", "\u200b"])
async def test_a_passcode_of_other_characters_is_refused_and_never_sent(passcode: str) -> None:
    """It is letters and digits."""
    world = World()

    await world.drop("join-meeting", {**BY_JOIN_ID, "passcode": passcode}, reply_to="replies")

    (answer,) = world.replies()
    assert [problem["member"] for problem in answer["data"]["problems"]] == ["/passcode"]
    assert "letters and digits" in answer["data"]["message"]
    assert world.fake_graph.bodies == []


async def test_a_join_id_is_sent_without_the_host_where_graph_does_not_know_that() -> None:
    """Within the same invocation, under the same leg: one bot, one answer."""
    world = World()
    world.fake_graph.join_id_takes_host = False

    await world.drop("join-meeting", BY_JOIN_ID, reply_to="replies")

    (sent,) = world.fake_graph.bodies
    assert "allowConversationWithoutHost" not in sent["meetingInfo"]
    assert sent["callbackUri"].endswith(world.replies()[0]["data"]["legKey"])
    assert world.names() == ["bot.joining"]


async def test_a_refusal_that_comes_late_in_the_lease_leads_to_another_claim() -> None:
    """A second POST under the first one could outlive its lease, and a second bot be sent."""
    graph = Slow(tenant_id=TENANT)
    world = World(fake_graph=graph)
    graph.join_id_takes_host = False
    graph.passing = partial(world.clock.advance, LEASE.total_seconds() / 3)

    await world.drop("join-meeting", BY_JOIN_ID, reply_to="replies")
    assert (graph.bodies, world.replies()) == ([], [])
    graph.passing = partial(world.clock.advance, 1)
    await world.pump()

    assert len(graph.bodies) == 1
    assert world.names() == ["bot.joining"]


async def test_a_wrong_join_id_is_refused_with_the_last_of_graphs_answers() -> None:
    """Two answers of 400, one refusal, no bot."""
    world = World()
    for said in ("first", "last"):
        trace = GraphTrace(status=400, code="BadRequest", request_id=said)
        world.fake_graph.fail_next(
            Rejected(code="invalid_request", message="", next_step="", graph=trace)
        )

    await world.drop("join-meeting", BY_JOIN_ID, reply_to="replies")

    (answer,) = world.replies()
    assert answer["data"]["code"] == "invalid_request"
    assert answer["data"]["graph"]["requestId"] == "last"
    assert world.fake_graph.bodies == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"joinWebUrl": CLASSIC}, EXPLICIT),
        ({"joinWebUrl": CLASSIC}, {"joinWebUrl": CLASSIC.replace("%", "%25")}),
        ({"joinWebUrl": SHORT}, BY_JOIN_ID),
        ({"joinWebUrl": SHORT}, {"joinWebUrl": SHORT.replace("microsoft.com", "cloud.microsoft")}),
    ],
    ids=["link and explicit", "two spellings", "link and join id", "two hosts"],
)
async def test_two_forms_asked_at_once_of_two_processes_are_one_meeting_and_one_bot(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    """The first to come; the other is answered with the same leg."""
    world = World()
    beside = world.beside()

    await asyncio.gather(
        world.drop("join-meeting", one, reply_to="one", message_id="m-1"),
        beside.drop("join-meeting", other, reply_to="other", message_id="m-2"),
    )
    await world.pump()

    assert len(world.fake_graph.bodies) == 1
    (first,), (second,) = world.replies("one"), world.replies("other")
    assert first["id"] == second["id"]
    assert first["data"]["legKey"] == second["data"]["legKey"]
    assert world.names() == ["bot.joining"]


async def test_a_link_to_a_meeting_of_ours_is_our_meeting() -> None:
    """By thread or by join id; Graph's own coordinates are used, so that no passcode is needed."""
    world = World()
    await world.drop("create-meeting", {"requestId": "INC-1", "subject": "down"})
    (created,) = world.events("meeting.created")
    where = created["data"]["coordinates"]
    join_id = "".join(character for character in where["joinMeetingId"] if character.isdigit())
    thread = quote(where["chatInfo"]["threadId"], safe="")

    await world.drop("join-meeting", {"joinWebUrl": f"{BASE}/meet/{join_id}"})
    link = f"{BASE}/l/meetup-join/{thread}/0?context={CONTEXT}"
    await world.drop("join-meeting", {"joinWebUrl": link}, reply_to="replies")

    assert await only_meeting_id(world) == created["data"]["meetingId"]
    (sent,) = world.fake_graph.bodies
    assert sent["chatInfo"]["threadId"] == where["chatInfo"]["threadId"]
    assert world.replies()[0]["data"]["meetingId"] == created["data"]["meetingId"]


async def test_a_meeting_known_by_its_link_is_recorded_like_any_other() -> None:
    """Its id leads to its record and may be used to ask again; context and request id are kept."""
    world = World()
    ask = {"joinWebUrl": CLASSIC, "requestId": "INC-9", "context": {"team": "shop"}}
    await world.drop("join-meeting", ask)
    meeting_id = await only_meeting_id(world)
    leg_key, call_id = leg_of(await world.meeting(meeting_id))

    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    await world.callback(meeting_id, leg_key, roster(call_id, "ada"))
    await world.drop("join-meeting", {"meetingId": meeting_id}, reply_to="replies")

    assert world.names() == ["bot.joining", "bot.joined", "call.started", "participant.joined"]
    assert {event["correlationid"] for event in world.events()} == {"INC-9"}
    assert all(event["data"]["context"] == {"team": "shop"} for event in world.events())
    assert world.replies()[0]["data"]["legKey"] == leg_key
    record = await world.record_of(meeting_id)
    assert record["meeting"]["meetingId"] == meeting_id
    assert [call["callNumber"] for call in record["calls"]] == [1]
    assert record["bot"]["state"] == "in"
    assert "aB3dE6" not in str(record)
    assert THREAD not in str(record)


async def test_the_passcode_of_the_newest_request_counts() -> None:
    """A first request with a wrong one must not spoil the meeting for ever."""
    world = World()
    await world.drop("join-meeting", {"joinWebUrl": SHORT.replace("aB3dE6", "wrong")})
    meeting_id = await only_meeting_id(world)
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    end = {"resultInfo": {"code": 400, "subcode": 2203}}
    await world.callback(meeting_id, leg_key, state(call_id, "terminated", **end))

    await world.drop("join-meeting", {"joinWebUrl": SHORT})

    assert [one["meetingInfo"]["passcode"] for one in world.fake_graph.bodies] == [
        "wrong",
        "aB3dE6",
    ]
    assert world.names() == ["bot.joining", "bot.failed", "bot.joining"]


async def test_channel_meetings_share_a_thread_and_are_told_apart() -> None:
    """By the message that each belongs to."""
    world = World()
    links = [CLASSIC.replace("/0?", f"/{number}?") for number in (1700000000001, 1700000000002)]

    for link in links:
        await world.drop("join-meeting", {"joinWebUrl": link})

    assert len({event["data"]["meetingId"] for event in world.events()}) == 2
    assert [one["chatInfo"]["messageId"] for one in world.fake_graph.bodies] == [
        "1700000000001",
        "1700000000002",
    ]


async def test_a_surplus_leg_of_a_linked_meeting_is_sent_away() -> None:
    """The first leg's callbacks arrive when the second is in already."""
    world = World()
    world.fake_graph.fail_next(done=True)
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC})
    (first,) = world.fake_graph.calls
    await world.pump()
    meeting_id = await only_meeting_id(world)
    meeting = await world.meeting(meeting_id)
    second_key, second = leg_of(meeting)
    await world.callback(meeting_id, second_key, state(second, "established"))

    await world.callback(meeting_id, meeting.legs[0].key, state(first, "established"))
    await world.pump()

    assert world.fake_graph.ended == [first]


@pytest.mark.parametrize("what", ["state", "roster"])
async def test_another_call_under_a_leg_s_key_is_sent_away(what: str) -> None:
    """Whichever of its notifications comes: the others may be lost."""
    world = World()
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC})
    meeting_id = await only_meeting_id(world)
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    other = "ffffffff"
    world.fake_graph.double(call_id, other)
    body = state(other, "established") if what == "state" else roster(other, "ada")

    await world.callback(meeting_id, leg_key, body)
    await world.pump()

    assert world.fake_graph.ended == [other]
    assert call_id in world.fake_graph.calls


async def test_a_third_request_adopts_the_second_leg_when_the_first_never_came() -> None:
    """A claim whose lease ran out does not hide the leg that is there."""
    world = World()
    world.fake_graph.fail_next()
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC})
    await world.pump()

    await world.drop("join-meeting", {"joinWebUrl": CLASSIC}, reply_to="replies")

    assert len(world.fake_graph.bodies) == 1
    assert [one["type"] for one in world.replies()] == ["rollcall.bot.joining.v1"]


@pytest.mark.parametrize(
    ("body", "code", "members"),
    [
        pytest.param({}, "invalid_request", [""], id="none"),
        pytest.param({"tenantId": TENANT}, "invalid_request", [""], id="tenant alone"),
        pytest.param(
            {"meetingId": "a" * 26, "joinWebUrl": CLASSIC},
            "invalid_request",
            ["/meetingId", "/joinWebUrl"],
            id="two",
        ),
        pytest.param(
            {"joinWebUrl": CLASSIC, "joinMeetingId": "23456789012", **EXPLICIT},
            "invalid_request",
            ["/joinWebUrl", "/joinMeetingId", "/chatInfo"],
            id="three",
        ),
        pytest.param({"joinMeetingId": "23456789012"}, "invalid_request", ["/tenantId"], id="half"),
        pytest.param(
            {"passcode": "x"}, "invalid_request", ["/joinMeetingId", "/tenantId"], id="key"
        ),
        pytest.param(
            {"chatInfo": EXPLICIT["chatInfo"]},
            "invalid_request",
            ["/meetingInfo", "/tenantId"],
            id="chat alone",
        ),
        pytest.param(
            {"meetingInfo": EXPLICIT["meetingInfo"], "tenantId": TENANT},
            "invalid_request",
            ["/chatInfo"],
            id="organizer alone",
        ),
        pytest.param(
            {"meetingId": "a" * 26, "tenantId": TENANT, "passcode": "x"},
            "invalid_request",
            ["/passcode", "/tenantId"],
            id="too much",
        ),
        pytest.param(
            {"joinMeetingId": "abc", "colour": "red", "watch": "yes"},
            "invalid_request",
            ["/joinMeetingId", "/watch", "/colour", "/tenantId"],
            id="everything at once",
        ),
        pytest.param(
            {"joinWebUrl": CLASSIC, "tenantId": ORGANIZER},
            "invalid_request",
            ["/tenantId"],
            id="not the link's tenant",
        ),
        pytest.param(
            {**EXPLICIT, "meetingInfo": {"@odata.type": "#microsoft.graph.tokenMeetingInfo"}},
            "invalid_request",
            ["/meetingInfo/@odata.type", "/meetingInfo/organizer"],
            id="a token",
        ),
        pytest.param(
            {"joinWebUrl": f"{BASE}/l/channel/x"},
            "link_not_understood",
            ["/joinWebUrl"],
            id="no join link",
        ),
        pytest.param(
            {"joinWebUrl": CLASSIC.replace(TENANT, ORGANIZER)},
            "tenant_mismatch",
            ["/tenantId"],
            id="another tenant's link",
        ),
        pytest.param(
            {**BY_JOIN_ID, "tenantId": ORGANIZER}, "tenant_mismatch", ["/tenantId"], id="of another"
        ),
    ],
)
async def test_a_request_that_names_no_meeting_is_refused_with_every_problem(
    body: dict[str, Any], code: str, members: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Before Graph is asked, with what to do; links and passcodes are never logged."""
    world = World()
    caplog.set_level(logging.DEBUG)

    await world.drop("join-meeting", body, reply_to="replies")

    (failed,) = world.replies()
    assert (failed["type"], failed["data"]["code"]) == ("rollcall.bot.failed.v1", code)
    assert [problem["member"] for problem in failed["data"]["problems"]] == members
    assert failed["data"]["nextStep"]
    assert world.fake_graph.bodies == []
    assert all(secret not in caplog.text + str(failed) for secret in (CONTEXT, THREAD))


async def test_links_and_passcodes_are_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Not when all goes well, and not when Graph is down."""
    world = World()
    caplog.set_level(logging.DEBUG)
    world.fake_graph.fail_next(Unavailable("down"), times=99)

    await world.drop("join-meeting", {"joinWebUrl": SHORT})
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC})
    await world.pump()

    assert "aB3dE6" not in caplog.text
    assert THREAD not in caplog.text
    assert "23456789012345" not in caplog.text


@pytest.mark.parametrize("patience", [0, 60], ids=["at once", "after a while"])
async def test_graphs_words_are_told_without_what_lets_people_in(patience: float) -> None:
    """Graph may quote what it was sent; neither refusal nor history passes that on."""
    world = World()
    said = "Passcode 'aB3dE6' of 234 567 890 123 45, thread 19:a@thread.v2, is not right."
    refused = replace(rejected("consent_missing", app="a"), message=said)
    world.fake_graph.fail_next(refused, times=99)

    await world.drop("join-meeting", {"joinWebUrl": SHORT, "retryForSeconds": patience})
    await world.pump()

    (failed,) = world.events("bot.failed")
    assert "of [removed], thread" in failed["data"]["message"]
    told = [
        str(sent.body) + str(sent.properties) for sent in world.fake_bus.sent_to("meeting-events")
    ]
    waiting = [str(sent.properties) for sent in world.fake_bus.sent_to("join-meeting")]
    assert bool(waiting) == bool(patience)
    for secret in ("aB3dE6", "234 567", "23456789012345"):
        assert secret not in "".join(told + waiting)


async def test_a_request_that_comes_again_is_answered_with_the_same_leg() -> None:
    """Even when the bot has been there and left: another bot would need another request."""
    world = World()
    ask = {"joinWebUrl": CLASSIC, "requestId": "J-1"}
    await world.drop("join-meeting", ask, reply_to="one")
    meeting_id = await only_meeting_id(world)
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    await world.callback(meeting_id, leg_key, state(call_id, "terminated"))
    world.clock.advance(3600)

    await world.drop("join-meeting", ask, reply_to="two")

    (first, _), (again,) = world.replies("one"), world.replies("two")
    assert (first["data"].pop("state"), again["data"].pop("state")) == ("joining", "gone")
    assert first.pop("id") != again.pop("id")
    assert first == again
    assert len(world.fake_graph.bodies) == 1


async def test_a_request_id_that_stands_for_another_join_is_refused_by_name() -> None:
    """In the same meeting, or in another one."""
    world = World()
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC, "requestId": "J-1"})

    for other in ({"joinWebUrl": CLASSIC, "guestName": "Scribe"}, {"joinWebUrl": SHORT}):
        await world.drop("join-meeting", {**other, "requestId": "J-1"}, reply_to="replies")

    same_meeting, other_meeting = (one["data"] for one in world.replies())
    assert same_meeting["code"] == other_meeting["code"] == "request_conflict"
    assert [one["member"] for one in same_meeting["problems"]] == ["/guestName"]
    assert [one["member"] for one in other_meeting["problems"]] == ["/joinWebUrl"]
    assert len(world.fake_graph.bodies) == 1


async def test_a_request_that_found_the_bot_there_is_known_by_its_id() -> None:
    """Though nobody was to be answered, and though many others found it there too."""
    world = World()
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC})
    meeting_id = await only_meeting_id(world)
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    await world.callback(meeting_id, leg_key, state(call_id, "established"))
    for number in range(20):
        await world.drop("join-meeting", {"joinWebUrl": CLASSIC, "requestId": f"J-{number}"})

    other = {"joinWebUrl": CLASSIC, "requestId": "J-0", "guestName": "Scribe"}
    await world.drop("join-meeting", other, reply_to="other")
    await world.callback(meeting_id, leg_key, state(call_id, "terminated"))
    await world.drop("join-meeting", {"joinWebUrl": CLASSIC, "requestId": "J-0"}, reply_to="same")

    assert world.replies("other")[0]["data"]["code"] == "request_conflict"
    assert world.replies("same")[0]["data"]["legKey"] == leg_key
    assert len(world.fake_graph.bodies) == 1


async def test_a_join_that_failed_may_be_asked_for_again_under_its_id() -> None:
    """The leg ended before it came in: nothing was granted."""
    world = World()
    ask = {"joinWebUrl": CLASSIC, "requestId": "J-1"}
    await world.drop("join-meeting", ask)
    meeting_id = await only_meeting_id(world)
    leg_key, call_id = leg_of(await world.meeting(meeting_id))
    await world.callback(meeting_id, leg_key, state(call_id, "terminated"))

    await world.drop("join-meeting", ask)

    assert len(world.fake_graph.bodies) == 2


async def test_the_record_is_found_by_the_id_of_the_request_to_join() -> None:
    """The meeting is somebody else's: no request of ours made it."""
    world = World()

    await world.drop("join-meeting", {"requestId": "JOIN-7", **EXPLICIT})

    record = await world.record("JOIN-7")
    assert record["meeting"]["meetingId"] == await only_meeting_id(world)


@pytest.mark.parametrize("made_by", ["create-meeting", "join-meeting"])
async def test_what_was_told_is_told_again_the_same_whatever_context_comes_later(
    made_by: str,
) -> None:
    """The context is that of the request that made the meeting known, even where it had none."""
    world = World()
    how = {"subject": "down"} if made_by == "create-meeting" else {"joinWebUrl": CLASSIC}
    ask = {"requestId": "R-1", **how}
    await world.drop(made_by, ask, reply_to="replies")
    meeting_id = await only_meeting_id(world)
    if made_by == "join-meeting":
        leg_key, call_id = leg_of(await world.meeting(meeting_id))
        await world.callback(meeting_id, leg_key, state(call_id, "established"))
        await world.callback(meeting_id, leg_key, state(call_id, "terminated"))

    await world.drop("join-meeting", {"meetingId": meeting_id, "context": {"team": "shop"}})
    await world.drop(made_by, ask, reply_to="replies")

    first, *_, again = (one["data"] for one in world.replies())
    changing = {"recordedAt": "", "state": ""}
    assert first | changing == again | changing
    assert {event["data"]["context"] and "shop" for event in world.events()} == {None}


async def test_a_join_that_failed_with_its_link_corrected_is_another_request() -> None:
    """An id of its own is the caller's part; the same request again is carried out again."""
    world = World()
    wrong = CLASSIC.replace("MGQ4", "WRON")
    await world.drop("join-meeting", {"requestId": "R-1", "joinWebUrl": wrong})
    leg_key, call_id = leg_of(await world.meeting(await only_meeting_id(world)))
    end = {"resultInfo": {"code": 400, "subcode": 2203}}
    first = await only_meeting_id(world)
    await world.callback(first, leg_key, state(call_id, "terminated", **end))

    for other in (CLASSIC, SHORT, wrong):
        ask = {"requestId": "R-1", "joinWebUrl": other}
        await world.drop("join-meeting", ask, reply_to="replies")

    *refused, joining = world.replies()
    assert [one["data"]["code"] for one in refused] == ["request_conflict"] * 2
    assert [one["member"] for one in refused[0]["data"]["problems"]] == ["/joinWebUrl"]
    assert joining["type"] == "rollcall.bot.joining.v1"
    assert (await world.record("R-1"))["meeting"]["meetingId"] == first


WITHIN_MEETING_INFO = {
    **EXPLICIT,
    "meetingInfo": {**EXPLICIT["meetingInfo"], "allowConversationWithoutHost": False},
}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"joinWebUrl": CLASSIC, "allowConversationWithoutHost": False}, id="link"),
        pytest.param(WITHIN_MEETING_INFO, id="explicit"),
    ],
)
async def test_a_join_may_wait_for_the_host(body: dict[str, Any]) -> None:
    """As Graph's organizerMeetingInfo says it."""
    world = World()

    await world.drop("join-meeting", body)

    (sent,) = world.fake_graph.bodies
    assert sent["meetingInfo"]["allowConversationWithoutHost"] is False


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"joinWebUrl": SHORT, "allowConversationWithoutHost": False}, id="join id"),
        pytest.param({**EXPLICIT, "allowConversationWithoutHost": False}, id="contradiction"),
    ],
)
async def test_a_word_on_the_host_that_graph_cannot_be_told_is_refused(
    body: dict[str, Any],
) -> None:
    """By name, instead of dropping it."""
    world = World()

    await world.drop("join-meeting", body, reply_to="replies")

    (answer,) = world.replies()
    assert answer["data"]["code"] == "invalid_request"
    assert [one["member"] for one in answer["data"]["problems"]] == [
        "/allowConversationWithoutHost"
    ]
    assert world.fake_graph.bodies == []
