"""What log lines hold, whatever happens: the ids that find them, and no secret."""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.words.errors import GraphTrace, Unavailable
from shared.words.problems import rejected
from tests.application.world import World, leg_of, roster, state
from tests.fakes.ledger import InMemoryLedger

SUBJECT, CONTEXT = "marked-subject", "marked-context"
ADA, BO = "marked-ada", "marked-bo"
PASSCODE, JOIN_ID = "mArKeD", "98765432109876"
LINK = f"https://teams.microsoft.com/meet/{JOIN_ID}?p={PASSCODE}"
REQUEST: dict[str, Any] = {
    "requestId": "INC-1",
    "subject": SUBJECT,
    "join": "now",
    "context": {"note": CONTEXT},
    "attendees": ["marked-address@example.com"],
    "options": {"joinMeetingIdSettings": {"isPasscodeRequired": True}},
}
OUTAGE = Unavailable("Graph answered 503 (no code)", graph=GraphTrace(status=503, code=""))
REFUSAL = rejected("graph_refused", what=f"Graph says: {LINK} of {SUBJECT}")

type Ids = set[str]
IN_QUEUES: Ids = {"queue", "messageId", "requestId"}
OF_MEETINGS: Ids = {"meetingId", "requestId"}
OF_LEGS: Ids = {"meetingId", "legKey"}
IDS: dict[str, Ids] = {
    "message.done": {*IN_QUEUES, "meetingId"},
    "message.deferred": IN_QUEUES,
    "message.rejected": IN_QUEUES,
    "message.given_back": IN_QUEUES,
    "request.not_noted": IN_QUEUES,
    "outbox.not_sent": OF_MEETINGS,
    "outbox.not_kept": OF_MEETINGS,
    "outbox.not_cleared": OF_MEETINGS,
    "outbox.undeliverable": OF_MEETINGS,
    "meeting.warned": OF_MEETINGS,
    "callback.recorded": {*OF_LEGS, "requestId"},
    "callback.surplus": {*OF_LEGS, "requestId"},
    "callback.not_stored": OF_LEGS,
}
"""The ids of each kind of line that is about a message, a meeting or a leg."""
VERDICTS = ("message.done", "message.deferred", "message.rejected")


class Story(World):
    """Requests with marked secrets; each step goes on from whatever the ones before left."""

    def __init__(self) -> None:
        self.tables = InMemoryLedger()
        super().__init__(ledger=self.tables)

    async def create(self) -> None:
        """Request a meeting with a passcode and the bot."""
        await self.drop("create-meeting", REQUEST, reply_to="replies")

    async def create_again_otherwise(self) -> None:
        """Request another meeting under the same id: refused."""
        await self.drop("create-meeting", REQUEST | {"subject": f"{SUBJECT}-2"})

    async def send_no_request(self) -> None:
        """Send what is refused: an unknown member, a value of another type, no JSON."""
        await self.drop("create-meeting", {"subject": SUBJECT, PASSCODE: LINK})
        await self.drop("create-meeting", {"requestId": "INC-2", "subject": [LINK]})
        await self.drop("join-meeting", f"{{{LINK}".encode())

    async def join_by_link(self) -> None:
        """Request the bot in a foreign meeting."""
        await self.drop("join-meeting", {"requestId": "INC-3", "joinWebUrl": LINK})

    async def leave_by_link(self) -> None:
        """Request it out of there."""
        await self.drop("join-meeting", {"joinWebUrl": LINK, "action": "leave"})

    async def cancel(self) -> None:
        """Cancel the meeting."""
        await self.drop("create-meeting", {"requestId": "INC-1", "action": "cancel"})

    async def call_back(self) -> None:
        """Let Graph call back about each leg, then somebody else with a token of their own."""
        for meeting in self.tables.meetings():
            if any(leg.call_id is not None for leg in meeting.legs):
                leg_key, call_id = leg_of(meeting)
                for body in (state(call_id, "established"), roster(call_id, ADA, BO), b"[]"):
                    await self.callback(meeting.meeting_id, leg_key, body)
                if call_id in self.fake_graph.calls:  # Graph forgets one that was hung up
                    self.people_in(call_id, BO)
                await self.callback(
                    meeting.meeting_id, leg_key, b"", authorization=self.token(aud=PASSCODE)
                )

    async def pass_time(self) -> None:
        """Deliver what is due within a minute."""
        await self.pump(until=timedelta(minutes=1))

    async def walk(self) -> None:
        """Let the backstop walk, much later."""
        self.clock.advance(3600)
        await self.mend()

    async def lose_graph(self) -> None:
        """Let Graph not answer twice."""
        self.fake_graph.fail_next(OUTAGE, times=2)

    async def be_refused_by_graph(self) -> None:
        """Let Graph refuse once, and quote what it was asked."""
        self.fake_graph.fail_next(REFUSAL)

    async def lose_tables(self) -> None:
        """Let the tables not answer once."""
        self.tables.fail_next()

    async def lose_bus(self) -> None:
        """Let Service Bus take nothing for a while."""
        self.fake_bus.fail_next(6)

    def secrets(self) -> set[str]:
        """Return what no line may hold: what was marked, and what Graph made up."""
        found = {SUBJECT, CONTEXT, ADA, BO, PASSCODE, JOIN_ID, "marked-address", self.token()}
        for made in self.fake_graph.online.values():
            settings = made.get("joinMeetingIdSettings") or {}
            found |= {made["joinWebUrl"], made["chatInfo"]["threadId"]}
            found |= {
                str(settings[name]) for name in ("passcode", "joinMeetingId") if name in settings
            }
        return found


STEPS: list[Callable[[Story], Awaitable[None]]] = [
    Story.create,
    Story.create_again_otherwise,
    Story.send_no_request,
    Story.join_by_link,
    Story.leave_by_link,
    Story.cancel,
    Story.call_back,
    Story.pass_time,
    Story.walk,
    Story.lose_graph,
    Story.be_refused_by_graph,
    Story.lose_tables,
    Story.lose_bus,
]


async def told(steps: list[Callable[[Story], Awaitable[None]]]) -> Story:
    """Return a story after these steps. What goes back is not delivered again."""
    story = Story()
    for step in steps:
        try:
            await step(story)
        except Unavailable:
            await story.services.journal.settled()
    return story


def ids_in(line: str) -> set[str]:
    """Return the names of the members of a line."""
    return {word.partition("=")[0] for word in line.split() if "=" in word}


def hold_to_rules(lines: list[str], story: Story) -> None:
    """Assert that no line has a secret, and each its ids."""
    secrets = story.secrets()
    for line in lines:
        assert [secret for secret in secrets if secret.lower() in line.lower()] == []
        assert IDS.get(line.partition(":")[0], set()) - ids_in(line) == set(), line


async def test_a_story_has_a_line_for_each_verdict_with_its_times(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Made, joined, heard, refused, retried, given back, left, cancelled: found by their ids."""
    caplog.set_level(logging.INFO)
    story = await told(
        [
            Story.create,
            Story.pass_time,
            Story.call_back,
            Story.pass_time,
            Story.create_again_otherwise,
            Story.send_no_request,
            Story.lose_graph,
            Story.join_by_link,
            Story.pass_time,
            Story.lose_tables,
            Story.call_back,
            Story.leave_by_link,
            Story.be_refused_by_graph,
            Story.cancel,
            Story.lose_bus,
            Story.send_no_request,
            Story.walk,
        ]
    )

    hold_to_rules(caplog.messages, story)
    names = {line.partition(":")[0] for line in caplog.messages}
    assert names >= {
        *VERDICTS,
        "message.given_back",
        "callback.recorded",
        "callback.not_stored",
        "callback.refused",
    }
    times = {"attempt", "queuedMs", "graphMs", "tookMs"}
    verdicts = [line for line in caplog.messages if line.startswith(VERDICTS)]
    assert all(times <= ids_in(line) for line in verdicts)
    # All that one request brought about is found by its id: its joins and looks, too.
    found = {
        word.partition("=")[2]
        for line in verdicts
        if "requestId=INC-1" in line.split()
        for word in line.split()
        if word.startswith("queue=")
    }
    assert found == {"create-meeting", "join-meeting", "tend-meeting"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=12))
async def test_no_story_has_a_line_with_a_secret_or_without_its_ids(
    caplog: pytest.LogCaptureFixture, steps: list[Callable[[Story], Awaitable[None]]]
) -> None:
    """Whatever is requested, refused, lost and retried, in whatever order."""
    caplog.set_level(logging.INFO)
    caplog.clear()

    story = await told([Story.create, *steps, Story.pass_time])

    hold_to_rules(caplog.messages, story)
