"""Hold a request's own id to one meeting, until the request has failed there."""

from join_meeting.forms import FORMS
from join_meeting.repeats import Wish, has_failed
from shared.inbox.meaning import request_conflict
from shared.meeting.meeting import Meeting
from shared.services import Services
from shared.words.errors import Transient
from shared.words.ids import MeetingId, join_request_alias

ROUNDS = 12
"""How often the id is read again because another request moved it meanwhile."""


async def hold_to_one_meeting(wish: Wish, services: Services) -> None:
    """Let the request's own id lead to its meeting; refuse it if it leads to another.

    A request that failed brought no bot: with its link corrected, it may come again under its id,
    which then leads to the other meeting. So may one whose meeting was purged.
    """
    for request_id, members in wish.asked().items():
        if not await _stands_for(request_id, wish.meeting_id, services):
            raise request_conflict(request_id, members.keys() & FORMS.keys())


async def _stands_for(request_id: str, own: MeetingId, services: Services) -> bool:
    """Let the id of a request lead to the meeting `own`; tell whether it does."""
    alias = join_request_alias(request_id)
    found = await services.ledger.claim_alias(alias, own)
    for _ in range(ROUNDS):
        if found == own:
            return True
        meeting_id, meeting = await _led_to(found, services)
        if meeting_id == own:
            return True
        if meeting is None or not (meeting.purged or has_failed(meeting, request_id)):
            return False
        found = await services.ledger.move_alias(alias, since=found, to=own)
    raise Transient("the request's id is led to other meetings all the time")


async def _led_to(meeting_id: MeetingId, services: Services) -> tuple[MeetingId, Meeting | None]:
    """Return the meeting of an id, or the other meeting of ours that it turned out to be."""
    opened = await services.journal.open(meeting_id, whole=True)
    if opened.meeting is not None and opened.meeting.same_as is not None:
        opened = await services.journal.open(opened.meeting.same_as, whole=True)
    return opened.meeting_id, opened.meeting
