"""A simulated world in one process: what it tells its legs is kept, its clock is the test's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from devstack.graph.calls import Leg
from devstack.graph.identities import ORGANIZER_ID, TENANT_ID, Tenant, seeded
from devstack.graph.json_values import Json, JsonObject
from devstack.graph.meetings import Meeting
from devstack.graph.switches import DOCUMENTED, GraphSwitches
from devstack.graph.world import World

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AS_GUEST: JsonObject = {"source": {"identity": {"guest": {"id": "g", "displayName": "Minutes"}}}}


def a_join(**changes: Json) -> JsonObject:
    """The documented request to join by organizer and thread; None drops a member."""
    body: JsonObject = {
        "@odata.type": "#microsoft.graph.call",
        "callbackUri": "https://bot.contoso.example/api/calls",
        "requestedModalities": ["audio"],
        "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
        "chatInfo": {
            "@odata.type": "#microsoft.graph.chatInfo",
            "threadId": "19:meeting_x@thread.v2",
            "messageId": "0",
        },
        "meetingInfo": organizer_info(),
        "tenantId": TENANT_ID,
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


def organizer_info(**more: Json) -> JsonObject:
    user: JsonObject = {"id": ORGANIZER_ID, "tenantId": TENANT_ID, **more}
    return {
        "@odata.type": "#microsoft.graph.organizerMeetingInfo",
        "organizer": {"@odata.type": "#microsoft.graph.identitySet", "user": user},
        "allowConversationWithoutHost": True,
    }


def join_id_info(**more: Json) -> JsonObject:
    return {"@odata.type": "#microsoft.graph.joinMeetingIdMeetingInfo", **more}


class Told:
    """Keeps what a world tells its legs: `sent` as it is sent, `items` one by one."""

    def __init__(self) -> None:
        self.items: list[tuple[str, Any]] = []
        self.sent: list[tuple[Leg, Any]] = []

    def __call__(self, leg: Leg, envelope: JsonObject) -> None:
        self.sent.append((leg, envelope))
        value: Any = envelope.get("value", [])
        self.items += [(leg.call_id, item) for item in value]

    def end(self, call_id: str) -> tuple[str, int, int]:
        """The last thing told to a leg: its change type, code and subcode."""
        item = [item for told, item in self.items if told == call_id][-1]
        result = item["resourceData"]["resultInfo"]
        return item["changeType"], result["code"], result["subcode"]

    def states(self, call_id: str) -> list[str]:
        return [
            item["resourceData"]["state"]
            for told, item in self.items
            if told == call_id and isinstance(item["resourceData"], dict)
        ]

    def rosters(self, call_id: str) -> list[list[Mapping[str, Any]]]:
        return [
            item["resourceData"]
            for told, item in self.items
            if told == call_id and isinstance(item["resourceData"], list)
        ]


@dataclass
class Clock:
    """Stands still until a test moves it."""

    moment: datetime = NOW

    def __call__(self) -> datetime:
        return self.moment

    def after(self, pause: timedelta | float) -> datetime:
        """Move by a pause, of seconds where it is a number, and return the moment then."""
        self.moment += pause if isinstance(pause, timedelta) else timedelta(seconds=pause)
        return self.moment


def a_world(
    seed: int = 1,
    *,
    now: Callable[[], datetime] = lambda: NOW,
    switches: GraphSwitches = DOCUMENTED,
) -> tuple[World, Told, Meeting]:
    told = Told()
    world = World(tenant=Tenant(), ids=seeded(seed), now=now, notify=told, switches=switches)
    body: Json = {"joinMeetingIdSettings": {"isPasscodeRequired": True}}
    return world, told, world.meetings.create(ORGANIZER_ID, body)


def joining(meeting: Meeting) -> JsonObject:
    return a_join(chatInfo={"threadId": meeting.thread_id, "messageId": "0"})
