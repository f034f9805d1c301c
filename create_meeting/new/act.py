"""One request for a meeting: gather what is known, decide, act. plan.py decides."""

import asyncio
import sys
from dataclasses import replace
from importlib import import_module

from create_meeting.answers.published import created_again
from create_meeting.decision import AnswerAgain, Create, Identity
from create_meeting.new.plan import kept_meeting, plan, record_created, with_join_id
from create_meeting.new.set_options import set_options
from create_meeting.post.act import claim_post, drop_surplus, end_claim, posted_meeting
from create_meeting.post.plan import Posting
from create_meeting.request import CreateMeeting
from shared.inbox.message import QueueMessage
from shared.journal.journal import OpenMeeting
from shared.services import Services
from shared.telemetry import log
from shared.words.answers import GivenMeeting, MeetingAnswer
from shared.words.coordinates import Coordinates, aliases_of
from shared.words.errors import Rejected, RollcallError, Transient
from shared.words.ids import MeetingId

CALENDAR = "icalendar"


async def create(
    request: CreateMeeting, identity: Identity, message: QueueMessage, services: Services
) -> None:
    """Make the requested meeting, or answer again with the one that exists."""
    opened = await services.journal.open(identity.meeting_id, for_message=message, likely_new=True)
    decision = plan(
        request,
        identity,
        opened.meeting,
        organizer_id=services.policy.organizer_id,
        now=services.clock.now(),
    )
    if isinstance(decision, AnswerAgain):
        await _answer_again(message, opened)
    elif not decision.post:
        made, _ = await asyncio.gather(
            services.graph.create_or_get_meeting(decision.asked.organizer_id, decision.body),
            _calendar_ready(),
        )
        await _finish(decision, made, message, opened, services)
    else:
        posting = await claim_post(decision, message, opened, services)
        if posting is None:
            await _answer_again(message, opened)
        else:
            await _create_by_post(decision, posting, message, opened, services)


async def _create_by_post(
    create: Create,
    posting: Posting,
    message: QueueMessage,
    opened: OpenMeeting,
    services: Services,
) -> None:
    try:
        made = await posted_meeting(create, posting, opened, services)
        await _finish(create, made, message, opened, services)
    except (Rejected, Transient):
        await end_claim(posting, opened)
        raise


async def _finish(
    create: Create,
    made: GivenMeeting,
    message: QueueMessage,
    opened: OpenMeeting,
    services: Services,
) -> None:
    """Set the options of the meeting Graph made, then record and publish it."""
    (answer, refused), read = await asyncio.gather(
        set_options(create, made, services), _join_id(create, made, services)
    )
    answer = replace(answer, said=with_join_id(answer.said, read))
    online = kept_meeting(create, answer)
    await _claim_aliases(online.coordinates, create.identity.meeting_id, services)
    await opened.record(
        lambda known, now: record_created(known, create, answer, refused, message, now=now)
    )
    if create.post and opened.meeting is not None:
        await drop_surplus(create, made, opened.meeting, services)


async def _join_id(create: Create, made: GivenMeeting, services: Services) -> MeetingAnswer | None:
    """Read the meeting where the answer to its creation names no join id; None where it does.

    Without one, a short link or join id does not lead to the meeting before a bot is in it. Where
    the read fails, the meeting is published without: it exists.
    """
    if made.said.join_meeting_id is not None:
        return None
    try:
        return await services.graph.read_meeting(create.asked.organizer_id, made.online_meeting_id)
    except RollcallError:
        log("create.join_id_unknown")
        return None


async def _answer_again(message: QueueMessage, opened: OpenMeeting) -> None:
    await opened.edit(lambda meeting, now: created_again(meeting, message, now=now))


async def _claim_aliases(where: Coordinates, meeting_id: MeetingId, services: Services) -> None:
    """Claim the aliases by which links lead to the meeting."""
    claims = (services.ledger.claim_alias(alias, meeting_id) for alias in aliases_of(where))
    await asyncio.gather(*claims)


async def _calendar_ready() -> None:
    """Import the calendar library, once a process, while its caller waits for Graph.

    The import takes 85 ms. At the first use it would hold up every other message of the process.
    """
    if CALENDAR not in sys.modules:
        await asyncio.to_thread(import_module, CALENDAR)
