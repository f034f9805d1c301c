"""The whole job, played once on a running stack and checked at every step.

Speaks to the app as any client does: official Service Bus SDK, HTTP. A step that does not happen
raises `StepFailed` and names itself.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient

from devstack.endpoints import Endpoints
from devstack.graph import identities
from devstack.mailbox import Event, Mailbox
from devstack.narration import published, said, shortened

STEP_WITHIN = 15.0
TALK_SECONDS = 1.2
"""How long people stay, and stay away: a gap within SETTLE_SECONDS would be none."""
ALONE_SECONDS = 0.6
"""How long Ada, and then Bo, has the call to herself and himself."""
REPLIES = "replies"
REQUEST = {
    "requestId": "INC-4711",
    "subject": "INC-4711: checkout is down",
    "attendees": ["ada@example.com", {"upn": "bo@example.com", "role": "presenter"}],
    "join": "now",
    "context": {"incident": "INC-4711"},
}
FAULT = {"code": 500, "subcode": 1999}
"""How Graph ends a leg by a fault of its own."""
REPORT = "attendanceReport"
"""The basis of a time that an attendance report shows."""
STORY_SETTINGS = {
    "POLL_SECONDS": "2",
    "LEAVE_WHEN_ALONE_SECONDS": "4",
    "REJOIN_SECONDS": "1,1,1,1",
    "SOURCES_AFTER_SECONDS": "3,6,12,24",
}
"""What takes minutes in production, shortened."""
HARSH_SWITCHES = {"bus": {"scheduledLateSeconds": 1.0}}
"""What takes half a minute in a harsh world, shortened."""
REFUSED = {
    "requestId": "INC-4712",
    "subject": "INC-4712: search is slow",
    "organizerId": identities.ORGANIZER_WITHOUT_POLICY_ID,
}


NEXT_STEP_SHOWN = 100
"""Signs of the next step: the two PowerShell commands in it are long."""


class StepFailed(Exception):
    """Something that had to happen did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a reader gets of the meeting: record, attendance sheet as CSV text, page as HTML.

    `page_url` is the address of the page, without the key that it needs.
    """

    record: dict[str, Any]
    sheet: str
    page: str
    page_url: str


class Story:
    """One play. `say` is given what happens as it happens, in lines of up to `width` signs."""

    def __init__(
        self, endpoints: Endpoints, *, say: Callable[[str], None], width: int = 80
    ) -> None:
        self._endpoints = endpoints
        self._width = width
        self._began = time.monotonic()
        self._print = say

    async def play(self) -> Read:
        """Play the story; return what a reader gets of the meeting afterwards."""
        bus = ServiceBusClient.from_connection_string(self._endpoints.service_bus)
        async with bus, aiohttp.ClientSession() as http:
            self._http = http
            events = Mailbox(
                bus.get_subscription_receiver("meeting-events", "all"), seen=self._narrate
            )
            replies = Mailbox(bus.get_queue_receiver(REPLIES), seen=lambda _: None)
            async with _both(events, replies):
                return await self._play(bus, events, replies)

    async def _play(self, bus: ServiceBusClient, events: Mailbox, replies: Mailbox) -> Read:
        self._say("you", "drop one message on the queue create-meeting: INC-4711, checkout is down")
        async with bus.get_queue_sender("create-meeting") as sender:
            await sender.send_messages(
                ServiceBusMessage(json.dumps(REQUEST), message_id="story-1", reply_to=REPLIES)
            )
        created = await self._expect(
            "the answer with the coordinates", replies, lambda e: _is(e, "meeting.created")
        )
        join_url = created["data"]["coordinates"]["joinWebUrl"]
        self._say("you", "get the answer, with the link to join, on your own queue")
        await self._expect("the bot in the meeting", events, lambda e: _is(e, "bot.joined"))

        self._say("people", "Ada opens the link, then Bo")
        ada = await self._join(join_url, "ada", "Ada")
        await self._expect_call("call.started", 1, events)
        await asyncio.sleep(ALONE_SECONDS)
        bo = await self._join(join_url, "bo", "Bo")
        await self._expect_people("participant.joined", 1, 2, events)
        await asyncio.sleep(TALK_SECONDS)
        self._say("people", "Ada leaves, then Bo; the bot is alone")
        await self._leave(ada)
        await asyncio.sleep(ALONE_SECONDS)
        await self._leave(bo)
        await self._expect_call("call.ended", 1, events)

        await asyncio.sleep(TALK_SECONDS)
        self._say("people", "Ada comes back: the same meeting, another group call")
        ada = await self._join(join_url, "ada", "Ada")
        await self._expect_call("call.started", 2, events)
        await asyncio.sleep(TALK_SECONDS)
        await self._come_back(events)
        await self._end_unheard(ada, events)
        await self._be_refused(bus, replies)
        await self._be_corrected(events)
        return await self._read(created["data"]["meetingId"])

    async def _come_back(self, events: Mailbox) -> None:
        self._say("graph", "throws the bot out by a fault; Ada talks on")
        (leg,) = [leg for leg in await self._legs() if leg["state"] == "established"]
        await self._lab("POST", f"legs/{leg['callId']}/end", FAULT)
        await self._expect_call("call.unwatched", 2, events)
        left = await self._expect("the bot's leave", events, lambda e: _is(e, "bot.left"))
        await self._expect(
            "the bot in the meeting again, of its own accord",
            events,
            lambda e: _is(e, "bot.joined") and e["data"]["legKey"] != left["data"]["legKey"],
        )

    async def _end_unheard(self, ada: str, events: Mailbox) -> None:
        self._say("graph", "loses its callbacks from now on")
        await asyncio.sleep(TALK_SECONDS)
        await self._lab("POST", "delivery", {"drop": 1})
        self._say("people", "Ada leaves; no callback says so")
        await self._leave(ada)
        ended = await self._expect_call("call.ended", 2, events)
        if ended["data"]["endBasis"] != "polled" or not ended["data"].get("notBefore"):
            raise StepFailed("an end that no push showed should be polled, with its bounds")
        await self._lab("POST", "delivery", {})
        await self._expect(
            "the bot's leave, because it is alone",
            events,
            lambda e: _is(e, "bot.left") and e["data"]["reason"] == "alone",
        )

    async def _be_refused(self, bus: ServiceBusClient, replies: Mailbox) -> None:
        self._say("you", "request a meeting of an organizer without an access policy")
        async with bus.get_queue_sender("create-meeting") as sender:
            await sender.send_messages(
                ServiceBusMessage(json.dumps(REFUSED), message_id="story-2", reply_to=REPLIES)
            )
        answer = await self._expect(
            "the refusal with its advice", replies, lambda e: _is(e, "meeting.rejected")
        )
        refusal = answer["data"]
        if refusal["code"] != "organizer_not_allowed":
            raise StepFailed(f"the refusal should be organizer_not_allowed: {refusal['code']}")
        self._say("rollcall", f"refused: {refusal['code']}: {refusal['message']}")
        self._say("rollcall", f"what to do: {shortened(refusal['nextStep'], NEXT_STEP_SHOWN)}")

    async def _be_corrected(self, events: Mailbox) -> None:
        self._say("graph", "has written its attendance report, which knows each time exactly")
        for number in (1, 2):
            corrected = await self._expect_call("call.corrected", number, events)
            call = corrected["data"]
            bases = (call["startBasis"], call["endBasis"])
            if bases != (REPORT, REPORT) or not call["final"]:
                raise StepFailed(f"the report should date group call {number}: {call}")

    async def _legs(self) -> list[dict[str, Any]]:
        async with self._http.get(f"{self._endpoints.graph}/lab/meetings") as response:
            meetings: list[dict[str, Any]] = await response.json()
        return [leg for meeting in meetings for leg in meeting["legs"]]

    async def _join(self, join_url: str, user: str, name: str) -> str:
        body = {"joinWebUrl": join_url, "userId": _user_id(user), "displayName": name}
        answer = await self._lab("POST", "people", body)
        participant: str = answer["participantId"]
        return participant

    async def _leave(self, participant_id: str) -> None:
        await self._lab("DELETE", f"people/{participant_id}")

    async def _lab(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        url = f"{self._endpoints.graph}/lab/{path}"
        async with self._http.request(method, url, json=body) as response:
            if response.status >= 400:
                raise StepFailed(f"/lab/{path} answered {response.status}: {await response.text()}")
            text = await response.text()
        answer: dict[str, Any] = json.loads(text) if text else {}
        return answer

    async def _read(self, meeting_id: str) -> Read:
        path = f"/api/meetings/{meeting_id}"
        self._say("you", f"read the record: GET {path}")
        record: dict[str, Any] = json.loads(await self._get(path))
        ended = [call["callNumber"] for call in record["calls"] if call["endedAt"]]
        if ended != [1, 2]:
            raise StepFailed(f"the record should hold two ended group calls, it holds {ended}")
        self._say("you", f"read the attendance sheet: GET {path}?format=csv")
        sheet = await self._get(f"{path}?format=csv")
        self._say("you", f"read the page: GET {path}/timeline")
        page = await self._get(f"{path}/timeline")
        page_url = f"{self._endpoints.functions}{path}/timeline"
        return Read(record=record, sheet=sheet, page=page, page_url=page_url)

    async def _get(self, path: str) -> str:
        headers = {"x-functions-key": self._endpoints.function_key}
        async with self._http.get(self._endpoints.functions + path, headers=headers) as response:
            text = await response.text(encoding="utf-8-sig")
        if response.status != 200:
            raise StepFailed(f"GET {path} answered {response.status}")
        return text

    async def _expect_call(self, name: str, number: int, events: Mailbox) -> Event:
        return await self._expect(
            f"{name} of group call {number}",
            events,
            lambda e: _is(e, name) and e["data"]["callNumber"] == number,
        )

    async def _expect_people(self, name: str, number: int, count: int, events: Mailbox) -> None:
        sessions: set[str] = set()

        def matches(event: Event) -> bool:
            if _is(event, name) and event["data"]["callNumber"] == number:
                sessions.add(event["data"]["sessionId"])
            return len(sessions) >= count

        await self._expect(f"{count} people in group call {number}", events, matches)

    async def _expect(self, what: str, mailbox: Mailbox, matches: Callable[[Event], bool]) -> Event:
        try:
            return await mailbox.wait_for(matches, within=STEP_WITHIN)
        except TimeoutError:
            raise StepFailed(f"this did not happen within {STEP_WITHIN:.0f} s: {what}") from None

    def _narrate(self, event: Event) -> None:
        name = str(event["type"]).removeprefix("rollcall.").removesuffix(".v1")
        self._print(published(self._seconds(), name, event["data"], width=self._width))

    def _say(self, who: str, what: str) -> None:
        self._print(said(self._seconds(), who, what, width=self._width))

    def _seconds(self) -> float:
        return time.monotonic() - self._began


def _is(event: Event, name: str) -> bool:
    return bool(event["type"] == f"rollcall.{name}.v1")


def _user_id(user: str) -> str:
    return {"ada": "a0000000-0000-4000-8000-00000000000a"}.get(
        user, "b0000000-0000-4000-8000-00000000000b"
    )


@asynccontextmanager
async def _both(first: Mailbox, second: Mailbox) -> AsyncIterator[None]:
    """Open two receivers side by side: each takes the SDK half a second."""
    opening: list[Awaitable[Mailbox]] = [first.__aenter__(), second.__aenter__()]
    await asyncio.gather(*opening)
    try:
        yield
    finally:
        await asyncio.gather(first.__aexit__(None, None, None), second.__aexit__(None, None, None))
