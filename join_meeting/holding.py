"""Hold a request's own id to one meeting."""

from join_meeting.forms import FORMS
from join_meeting.repeats import Wish
from shared.inbox.meaning import request_conflict
from shared.meeting.meeting import Traces
from shared.services import Services
from shared.words.ids import MeetingId, join_request_alias

HOPS = 4
"""How often a meeting may have become another: once, or once more in each further life."""


async def hold_to_one_meeting(wish: Wish, services: Services) -> None:
    """Let the request's own id lead to its meeting; refuse it if it leads to another."""
    for request_id, members in wish.asked().items():
        if not await _leads_to(wish.meeting_id, join_request_alias(request_id), services):
            raise request_conflict(request_id, members.keys() & FORMS.keys())


async def _leads_to(own: MeetingId, alias: str, services: Services) -> bool:
    """Let an alias that leads nowhere lead to the meeting `own`; return whether it leads there."""
    ledger = services.ledger
    found = await ledger.claim_alias(alias, own)
    if found == own:
        return True
    other = (await services.journal.open(found)).meeting
    if other is not None and other.purged is not None:
        # The purge left it behind, or is about to delete it.
        left = await ledger.leads(found, Traces(aliases=frozenset({alias})))
        await ledger.drop(left)
        return await ledger.claim_alias(alias, own) == own
    for _ in range(HOPS):
        if other is None or other.same_as in {None, own}:
            break
        other = (await services.journal.open(other.same_as)).meeting
    return other is not None and other.same_as == own
