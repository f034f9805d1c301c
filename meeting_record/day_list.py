"""A page of a day's meetings, and how a reader goes on after it. Core.

A continuation is the first meeting of the next page, bound to the list it continues. It is not
secret, and opens nothing that the key does not open: the digest keeps a token of one list from
being read as one of another, and an altered one from being read at all.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from meeting_record.asked import BadRequest, DayAsked, Wrong
from shared.meeting.days import Brief
from shared.words.ids import MEETING_ID, MeetingId, digest, utc_text

PAGE = 500
"""Meetings a page: with the one after it they come in one page of the store's, which has 1,000.
Source: https://learn.microsoft.com/rest/api/storageservices/query-timeout-and-pagination"""
_ID, _PROOF = 26, 13


def first_of(asked: DayAsked, tenant_id: str) -> MeetingId | None:
    """Return the meeting with which the page begins; None: the list's first.

    Raises `BadRequest` for a continuation that no page of this list gave.
    """
    token = asked.continuation
    if token is None:
        return None
    first = token[:_ID]
    if MEETING_ID.fullmatch(first) is None or token != _token(MeetingId(first), asked, tenant_id):
        why = "was given by no page of this list: send it as it came, with the same day and open"
        raise BadRequest((Wrong(parameter="continuation", message=why),))
    return MeetingId(first)


def day_view(
    found: Sequence[tuple[MeetingId, Brief]], asked: DayAsked, tenant_id: str
) -> dict[str, Any]:
    """Return the page of up to `PAGE` meetings; `found` has one more where there is a next page."""
    page, more = found[:PAGE], found[PAGE:]
    return {
        "day": asked.day.isoformat(),
        "meetings": [_row(meeting_id, brief) for meeting_id, brief in page],
        "continuation": _token(more[0][0], asked, tenant_id) if more else None,
    }


def _row(meeting_id: MeetingId, brief: Brief) -> dict[str, Any]:
    row: dict[str, Any] = {"meetingId": meeting_id}
    if brief.request_id is not None:
        row["requestId"] = brief.request_id
    row |= {
        "subject": brief.subject,
        "calls": brief.tally.calls,
        "people": brief.tally.people,
    }
    row |= _moment("firstStartedAt", brief.tally.first_at)
    row |= _moment("openSince", brief.open_since)
    return row | ({} if brief.failed is None else {"failed": brief.failed})


def _moment(name: str, moment: datetime | None) -> dict[str, str]:
    return {} if moment is None else {name: utc_text(moment)}


def _token(first: MeetingId, asked: DayAsked, tenant_id: str) -> str:
    which = (tenant_id.lower(), asked.day.isoformat(), str(asked.open_only), first)
    return first + digest("continuation", *which, characters=_PROOF)
