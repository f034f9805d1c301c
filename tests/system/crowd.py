"""Many requests at once, and what is true of them in the end: each has one meeting and one bot."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from uuid import uuid4

from tests.system.faults import LASTS, Fault
from tests.system.lab import Json
from tests.system.mailbox import Delivered
from tests.system.site import Site
from tests.system.truth import same_bounds
from tests.system.watched import ADA, BO, Watched

ANSWERS = ("meeting.created", "bot.joining", "bot.joined")
"""What each request has at its reply queue, each under one event id."""
TALKING = 4
"""Meetings in which people come and go meanwhile."""
NORMAL_AGAIN = 60.0
"""Seconds after the healing within which a new request has its meeting and its bot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Requests for a meeting with the bot; the name of each is its subject and its request id."""

    site: Site
    names: tuple[str, ...]

    async def drop(self) -> None:
        """Send them all."""
        for name in self.names:
            request = {"requestId": name, "subject": name, "join": "now"}
            await self.site.client.drop(request, message_id=name, correlation_id=name)

    async def answered(self) -> dict[str, Delivered]:
        """Wait until each has a meeting, and the bot in it; return `meeting.created` by name."""
        client, wanted = self.site.client, set(self.names)
        created = {
            one.data["subject"]: one
            for one in await client.events.some(
                len(wanted),
                lambda one: one.kind == "meeting.created" and one.data["subject"] in wanted,
            )
        }
        assert set(created) == wanted
        await asyncio.gather(
            *(client.told(one.data["meetingId"], "bot.joined") for one in created.values()),
            *(self._replied(one) for one in self.names),
        )
        return created

    async def _replied(self, name: str) -> None:
        replies = self.site.client.replies
        for kind in ANSWERS:
            await replies.first(
                lambda one, kind=kind: one.correlation_id == name and one.kind == kind  # type: ignore[misc]
            )

    async def talk(self, created: dict[str, Delivered]) -> None:
        """Hold one call in each meeting, and wait until it is recorded as over."""
        client, lab = self.site.client, self.site.lab

        async def call(made: Delivered) -> None:
            ada = await lab.join(made.data["coordinates"]["joinWebUrl"], ADA)
            await client.told(made.data["meetingId"], "call.started", callNumber=1)
            await lab.leave(ada)
            await client.told(made.data["meetingId"], "call.ended", callNumber=1)

        await asyncio.gather(*map(call, created.values()))

    async def one_of_each(self, created: dict[str, Delivered]) -> None:
        """See that nothing was lost and nothing done twice: meetings, bots, answers."""
        made = defaultdict[str, list[Json]](list)
        for meeting in await self.site.lab.all_meetings():
            made[meeting["subject"]].append(meeting)
        for name in self.names:
            [true] = made[name]
            assert not true["deleted"]
            assert true["joinWebUrl"] == created[name].data["coordinates"]["joinWebUrl"]
            live = [leg for leg in true["legs"] if leg["state"] != "terminated"]
            assert len(live) == 1, (name, true["legs"])
            answers = self.site.client.replies.where(
                lambda one, name=name: one.correlation_id == name  # type: ignore[misc]
            )
            distinct = sorted({(one.kind, one.event["id"]) for one in answers})
            assert [kind for kind, _ in distinct] == sorted(ANSWERS), distinct


async def recorded_as_it_was(site: Site, created: dict[str, Delivered], calls: int = 1) -> None:
    """Compare each record with the simulator's log, and its events with themselves."""
    truths = {one["subject"]: one for one in await site.lab.all_meetings()}
    for name, made in created.items():
        meeting_id = made.data["meetingId"]
        story = await site.client.whole_story(meeting_id)
        in_order = [int(one.event["sequence"]) for one in story]
        assert in_order == list(range(1, len(story) + 1)), (name, in_order)
        assert len({one.event["id"] for one in story}) == len(story)
        record, truth = await site.client.record(meeting_id), truths[name]
        assert record is not None
        assert len(record["calls"]) == len(truth["calls"]) == calls, (name, record["calls"])
        for call, true in zip(record["calls"], truth["calls"], strict=True):
            people = {one["participant"]["userId"] for one in call["participants"]}
            assert people == set(true["userIds"]), name
        same_bounds(record, truth)


async def nothing_is_lost_or_doubled(
    site: Site, fault: Fault, *, in_flight: int, lasts: float = LASTS
) -> None:
    """Let so many requests, and people in other meetings, meet a fault; see what became of all."""
    run = uuid4().hex[:8]
    crowd = Crowd(site=site, names=tuple(f"{number} of {run}" for number in range(in_flight)))
    talking = await asyncio.gather(
        *(Watched.begin(site.client, f"talk {number} of {run}") for number in range(TALKING))
    )
    gone = await asyncio.gather(*(one.come(ADA) for one in talking))
    await asyncio.gather(*(one.told("call.started", callNumber=1) for one in talking))

    await crowd.drop()
    await fault.strike(site)
    try:
        stay = await asyncio.gather(*(one.come(BO) for one in talking))
        await asyncio.gather(*map(site.lab.leave, gone))
        await asyncio.sleep(lasts)
    finally:
        await fault.heal(site)
    new = Crowd(site=site, names=(f"after {run}",))
    async with asyncio.timeout(NORMAL_AGAIN):
        await new.drop()
        await new.answered()

    created = await crowd.answered()
    await crowd.one_of_each(created)
    await asyncio.gather(*(one.joined(2) for one in talking))
    await asyncio.gather(*map(site.lab.leave, stay))
    await crowd.talk(created)
    await asyncio.gather(*(one.told("call.ended", callNumber=1) for one in talking))
    watched = {one.subject: await site.client.created(one.subject) for one in talking}
    await recorded_as_it_was(site, created | watched)
