"""Hold a request's own id to one meeting, until the request has failed there."""

from join_meeting.forms import FORMS
from join_meeting.repeats import Wish, has_failed, request_conflict
from shared.meeting.meeting import Meeting
from shared.services import Services
from shared.words.ids import MeetingId, join_request_alias

MOST_MEETINGS = 16
"""How many meetings, one after another, one id may be tried for."""


async def hold_to_one_meeting(wish: Wish, known: Meeting | None, services: Services) -> None:
    """Let the request's own id lead to its meeting, `known`; refuse it if it leads to another.

    A request that failed brought no bot: with its link corrected, it may come again under its id.
    Each meeting that the id has led to has an alias of its own. The last one counts.
    """
    own = wish.meeting_id
    for request_id, members in wish.asked().items():
        for number in range(1, MOST_MEETINGS + 1):
            alias = join_request_alias(request_id, number)
            found = await services.ledger.claim_alias(alias, own)
            meeting_id, meeting = (own, known) if found == own else await _led_to(found, services)
            if meeting_id == own:
                if meeting is None or not has_failed(meeting, request_id):
                    return
                later = join_request_alias(request_id, number + 1)
                if await services.ledger.resolve_alias(later) is None:
                    return
            elif meeting is None or not has_failed(meeting, request_id):
                break
        raise request_conflict(request_id, members.keys() & FORMS.keys())


async def _led_to(meeting_id: MeetingId, services: Services) -> tuple[MeetingId, Meeting | None]:
    """Return the meeting of an id, or the other meeting of ours that it turned out to be."""
    opened = await services.journal.open(meeting_id, whole=True)
    if opened.meeting is not None and opened.meeting.same_as is not None:
        opened = await services.journal.open(opened.meeting.same_as, whole=True)
    return opened.meeting_id, opened.meeting
