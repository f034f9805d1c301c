"""Every form of a join on the simulated Graph, in one process: accepted, led, told, left."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal

import pytest

from devstack.graph.identities import BOT_APP_ID, ORGANIZER_ID, TENANT_ID
from devstack.graph.lab import leg_admitted, leg_ends, person_joins, person_leaves, shown_meetings
from devstack.graph.meeting_book import Venue
from devstack.graph.switches import DOCUMENTED, WORLDS, GraphSwitches
from devstack.switches import World
from shared.words.errors import Unavailable
from tests.application import world as application
from tests.fixtures.simulated_graph import SimulatedGraph


class Stage:
    """The app on the simulated Graph, and a meeting at Graph that the app knows nothing of."""

    def __init__(
        self, seed: int = 1, *, switches: GraphSwitches = DOCUMENTED, **options: Any
    ) -> None:
        self.graph = SimulatedGraph(seed, switches=switches)
        self.app = application.World(fake_graph=self.graph)
        foreign = {
            "subject": "not ours",
            "joinMeetingIdSettings": {"isPasscodeRequired": True},
            **options,
        }
        self.graph.world.meetings.create(ORGANIZER_ID, foreign)
        self.venue: Venue = self.graph.world.meetings.venues[0]

    async def drop(self, body: dict[str, Any], **properties: Any) -> None:
        """Ask, and let everything happen that follows at once."""
        await self.app.drop("join-meeting", body, **properties)
        await self.settle()

    async def settle(self) -> None:
        """Deliver callbacks and the app's own messages until there are none."""
        while self.graph.told or self.app._next(self.app.clock.now()) is not None:
            await self.deliver_callbacks()
            await self.app.pump(until=timedelta())

    async def deliver_callbacks(self) -> None:
        """Deliver what Graph has told so far."""
        told, self.graph.told = self.graph.told, []
        for uri, body in told:
            meeting_id, leg_key = uri.split("/")[-2:]
            assert await self.app.callback(meeting_id, leg_key, body) == 202

    async def pass_time(self, seconds: float) -> None:
        """Let time pass with everything that is due meanwhile."""
        end = self.app.clock.now() + timedelta(seconds=seconds)
        await self.settle()
        await self.app.pump(until=timedelta(seconds=seconds))
        self.app.clock.moment = end
        await self.settle()

    @property
    def call_id(self) -> str:
        """The call of the newest leg in the meeting."""
        return self.venue.legs[-1].call_id


def classic(venue: Venue) -> dict[str, Any]:
    return {"joinWebUrl": venue.meeting.classic_link}


def short(venue: Venue) -> dict[str, Any]:
    return {"joinWebUrl": venue.meeting.short_link}


def by_join_id(venue: Venue) -> dict[str, Any]:
    return {
        "joinMeetingId": venue.meeting.join_meeting_id,
        "passcode": venue.meeting.passcode,
        "tenantId": TENANT_ID,
    }


def explicit(venue: Venue) -> dict[str, Any]:
    return {
        "chatInfo": {"threadId": venue.meeting.thread_id, "messageId": "0"},
        "meetingInfo": {"organizer": {"user": {"id": venue.meeting.organizer_id}}},
        "tenantId": TENANT_ID,
    }


LINKS = pytest.mark.parametrize("links", ["classic", "short", "mixed"])
FORMS = pytest.mark.parametrize("form", [classic, short, by_join_id, explicit])


@FORMS
@LINKS
@pytest.mark.parametrize("guest", [False, True], ids=["itself", "guest"])
async def test_every_form_leads_into_the_meeting_and_its_calls_are_recorded(
    form: Callable[[Venue], dict[str, Any]],
    guest: bool,
    links: Literal["classic", "short", "mixed"],
) -> None:
    """As the bot itself or as a guest: people come and go, and only they are in the call."""
    scope = {"scope": "everyone"}
    stage = Stage(switches=GraphSwitches(links=links), lobbyBypassSettings=scope)
    await stage.drop(form(stage.venue) | ({"guestName": "Scribe"} if guest else {}))
    await stage.pass_time(5)
    where = {"onlineMeetingId": stage.venue.meeting.meeting_id}
    ada = person_joins(stage.graph.world, {**where, "userId": "u-ada"})
    await stage.settle()
    await stage.pass_time(5)
    person_leaves(stage.graph.world, ada)
    await stage.settle()
    await stage.pass_time(5)

    assert stage.app.names() == [
        "bot.joining",
        "bot.joined",
        "call.started",
        "participant.joined",
        "participant.left",
        "call.ended",
        "call.corrected",
    ]
    (ended,) = stage.app.events("call.ended")
    assert (ended["data"]["participantCount"], ended["data"]["endBasis"]) == (1, "observed")
    # No source can speak of a meeting that is not ours, so the call is final at once.
    (final,) = stage.app.events("call.corrected")
    said = {"revision": 1, "final": True, "confirmed": False}
    assert final["data"] == ended["data"] | said


@FORMS
async def test_every_form_leads_the_bot_out_again(
    form: Callable[[Venue], dict[str, Any]],
) -> None:
    """The service's own code comes with the end."""
    stage = Stage()
    await stage.drop(form(stage.venue))

    await stage.drop(form(stage.venue) | {"action": "leave"}, reply_to="replies")

    (left,) = stage.app.replies()
    assert left["type"] == "rollcall.bot.left.v1"
    assert left["data"]["result"]["subcode"] == 7000
    assert stage.venue.room.legs == ()


@LINKS
async def test_every_form_of_our_own_meeting_is_our_own_meeting(
    links: Literal["classic", "short", "mixed"],
) -> None:
    """One call at Graph, whichever of its links is used, where Graph's answers have them all."""
    stage = Stage(switches=WORLDS[World.KIND].changed({"links": links}))
    await stage.app.drop("create-meeting", {"requestId": "INC-1", "subject": "down", "join": "now"})
    await stage.settle()
    ours = stage.graph.world.meetings.venues[1]

    for form in (classic, short, by_join_id, explicit):
        await stage.drop(form(ours), reply_to="replies")

    assert len(stage.graph.bodies) == 1
    meeting_id = stage.app.events("meeting.created")[0]["data"]["meetingId"]
    assert {one["data"]["meetingId"] for one in stage.app.replies()} == {meeting_id}
    assert len(stage.app.replies()) == 4


async def test_documented_answers_send_one_bot_into_our_own_meeting() -> None:
    """The answer to createOrGet has no join id; a read has."""
    stage = Stage(switches=GraphSwitches())
    await stage.app.drop("create-meeting", {"requestId": "INC-1", "subject": "down", "join": "now"})
    ours = stage.graph.world.meetings.venues[1]

    await stage.drop(by_join_id(ours), reply_to="replies")
    await stage.drop(short(ours), reply_to="replies")

    assert len(stage.graph.bodies) == 1
    assert len({answer["data"]["legKey"] for answer in stage.app.replies()}) == 1


@LINKS
@pytest.mark.parametrize("form", [short, by_join_id])
async def test_our_own_meeting_keeps_one_bot_where_its_join_id_was_never_named(
    form: Callable[[Venue], dict[str, Any]], links: Literal["classic", "short", "mixed"]
) -> None:
    """Neither the answer to createOrGet nor a read does: the join's own thread tells."""
    stage = Stage(switches=GraphSwitches(links=links))
    stage.graph.fail_after(1, Unavailable("busy"))
    await stage.app.drop("create-meeting", {"requestId": "INC-1", "subject": "down", "join": "now"})
    await stage.settle()
    ours = stage.graph.world.meetings.venues[1]

    await stage.drop(form(ours), reply_to="replies")
    await stage.pass_time(5)

    (created,) = stage.app.events("meeting.created")
    (answer,) = stage.app.replies()
    assert created["data"]["coordinates"]["joinMeetingId"] is None
    assert answer["type"] == "rollcall.bot.joining.v1"
    assert answer["data"]["meetingId"] == created["data"]["meetingId"]
    assert len(ours.room.legs) == 1


@pytest.mark.parametrize(("first", "second"), [(classic, short), (short, classic)])
async def test_two_links_of_a_foreign_meeting_lead_to_one_bot_in_the_end(
    first: Callable[[Venue], dict[str, Any]], second: Callable[[Venue], dict[str, Any]]
) -> None:
    """Nothing in them says that they are one meeting's; Graph's answer to the join does."""
    stage = Stage()
    await stage.drop(first(stage.venue), reply_to="one")
    await stage.drop(second(stage.venue), reply_to="two")
    await stage.pass_time(5)

    one, two = stage.app.replies("one")[0], stage.app.replies("two")[0]
    assert one["type"] == two["type"] == "rollcall.bot.joining.v1"
    assert one["data"]["legKey"] == two["data"]["legKey"]
    assert one["data"]["meetingId"] == two["data"]["meetingId"]
    assert len(stage.venue.room.legs) == 1
    sent = len(stage.graph.bodies)
    await stage.drop(first(stage.venue), reply_to="three")
    await stage.drop(second(stage.venue), reply_to="four")
    assert len(stage.graph.bodies) == sent
    await stage.drop(short(stage.venue) | {"action": "leave"}, reply_to="five")
    assert stage.app.replies("five")[0]["data"]["legKey"] == one["data"]["legKey"]
    assert not stage.venue.room.legs


async def test_callbacks_that_outrun_graphs_answer_leave_one_bot_in_a_foreign_meeting() -> None:
    """The leg is bound and in before its thread is known: it goes, and nobody is answered with it.

    The same request again is no other one, although the meeting it stood for was given up.
    """
    stage = Stage()
    await stage.drop(classic(stage.venue), reply_to="one")
    request = short(stage.venue) | {"requestId": "r-1"}

    async def outrun() -> None:
        stage.graph.before_answering = None
        await stage.deliver_callbacks()
        await stage.app.drop(
            "join-meeting", by_join_id(stage.venue), reply_to="three", message_id="m-4"
        )

    stage.graph.before_answering = outrun
    await stage.drop(request, reply_to="two", message_id="m-2")
    await stage.drop(request, reply_to="two", message_id="m-3")
    await stage.pass_time(5)

    assert len(stage.graph.bodies) == 2
    assert len(stage.venue.room.legs) == 1
    answers = [one for queue in ("one", "two", "three") for one in stage.app.replies(queue)]
    told = sorted(str(one["type"]) for one in answers)
    assert told == ["rollcall.bot.joined.v1", *["rollcall.bot.joining.v1"] * 4]
    assert len({one["data"]["legKey"] for one in answers}) == 1


async def test_a_guest_waits_in_the_lobby_until_it_is_admitted() -> None:
    """Published as waiting, then as joined; nobody's group call begins by it."""
    stage = Stage()
    await stage.drop({**classic(stage.venue), "guestName": "Scribe"})
    assert stage.app.names() == ["bot.joining", "bot.waiting"]

    leg_admitted(stage.graph.world, stage.call_id)
    await stage.settle()
    await stage.pass_time(5)

    assert stage.app.names() == ["bot.joining", "bot.waiting", "bot.joined"]
    assert shown_meetings(stage.graph.world)[0]["calls"] == []


async def test_a_guest_that_nobody_admits_fails_with_what_to_do() -> None:
    """The lobby timed out."""
    stage = Stage()
    await stage.drop({**short(stage.venue), "guestName": "Scribe"})

    leg_ends(stage.graph.world, stage.call_id, {"code": 200, "subcode": 5855})
    await stage.settle()

    (failed,) = stage.app.events("bot.failed")
    assert failed["data"]["reason"] == "lobbyTimeout"
    assert "admit" in failed["data"]["nextStep"]


async def test_a_guest_in_the_lobby_can_be_called_back() -> None:
    """It was asked to leave, so it left."""
    stage = Stage()
    await stage.drop({**classic(stage.venue), "guestName": "Scribe"})

    await stage.drop({**classic(stage.venue), "action": "leave"}, reply_to="replies")

    (left,) = stage.app.replies()
    assert (left["type"], left["data"]["reason"]) == ("rollcall.bot.left.v1", "left")


@pytest.mark.parametrize(
    "wrong",
    [
        {"joinMeetingId": "99999999999", "tenantId": TENANT_ID},
        {"passcode": "wrong"},
        {"passcode": None},
    ],
    ids=["no such meeting", "wrong passcode", "no passcode"],
)
async def test_coordinates_that_lead_nowhere_are_told_as_such(wrong: dict[str, Any]) -> None:
    """Graph accepts them, and ends the leg before it came in."""
    stage = Stage()

    await stage.drop(by_join_id(stage.venue) | wrong)

    (failed,) = stage.app.events("bot.failed")
    assert failed["data"]["reason"] == "badCoordinates"
    assert failed["data"]["result"]["code"] == 400


def test_the_two_worlds_agree_on_the_tenant_and_the_bot() -> None:
    """Or nothing above would prove anything."""
    assert (application.TENANT, application.BOT) == (TENANT_ID, BOT_APP_ID)
