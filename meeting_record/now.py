"""Who is in a meeting now, by its head alone. Core: values in, JSON members out."""

from typing import Any

from meeting_record.view import people_view
from shared.meeting.meeting import Meeting
from shared.meeting.sourcing import number_in
from shared.words.ids import utc_text
from shared.words.rules import Shown


def now_view(meeting: Meeting, *, shown: Shown) -> dict[str, Any]:
    """Return the people held as there in the open call, and as of when.

    `asOf` is the newest evidence of the call, or, where no call is open, of the meeting.
    """
    record, call = meeting.record, meeting.record.open_call
    if call is None or call.provisional:
        moment = record.moment
        return {
            "meetingId": meeting.meeting_id,
            "asOf": None if moment is None else utc_text(moment),
            "call": None,
            "people": [],
        }
    since = call.unwatched_since
    return {
        "meetingId": meeting.meeting_id,
        "asOf": utc_text(call.heard_at),
        "call": {
            "callNumber": number_in(meeting, call.number),
            "startedAt": utc_text(call.started_at),
            "startBasis": call.start_basis,
            **({"unwatchedSince": utc_text(since)} if since is not None else {}),
            "participantsComplete": call.complete,
        },
        "people": people_view(call.there(), until=call.heard_at, meeting=meeting, shown=shown),
    }
