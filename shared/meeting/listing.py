"""On which days a meeting is listed, and what the lists do not say yet. Core.

A meeting is listed on the day for which it is planned and on each on which a group call began; one
that Rollcall did not make, on the day on which it was first asked to join. While its bot's newest
leg failed, it is listed on the day of that, too; a request that was refused, on the day of that.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from shared.calls.record import GroupCall
from shared.meeting.days import Brief, Days, Tally, day_of
from shared.meeting.meeting import Meeting
from shared.meeting.sourcing import number_in

LIST_AGAIN = timedelta(seconds=60)
"""How long after a meeting was listed a change of what is said there waits."""


def unlisted(meeting: Meeting) -> dict[date, Brief | None]:
    """Return what the lists do not say yet, by day; None: the meeting was moved to another day."""
    said, listed = _briefs(meeting), meeting.days.listed
    moved = (day for day, brief in listed.items() if day not in said and not brief.tally.calls)
    anew = {day: brief for day, brief in said.items() if listed.get(day) != brief}
    return {**anew, **dict.fromkeys(moved)}


def list_due(meeting: Meeting) -> datetime | None:
    """Return when the lists are to be written; None while they say what there is to say."""
    if not unlisted(meeting):
        return None
    listed_at = meeting.days.listed_at
    return meeting.legs[0].claim.claimed_at if listed_at is None else listed_at + LIST_AGAIN


def having_listed(
    meeting: Meeting, written: Mapping[date, Brief | None], *, at: datetime
) -> Meeting:
    """Return the meeting after `written` came into the lists; of days that are over it forgets."""
    known: dict[date, Brief | None] = {**meeting.days.listed, **written}
    kept = {day: brief for day in _briefs(meeting) if (brief := known.get(day)) is not None}
    return replace(meeting, days=replace(meeting.days, listed=kept, listed_at=at))


def _briefs(meeting: Meeting) -> dict[date, Brief]:
    days, merged, online = meeting.days, meeting.sources.merged, meeting.online
    calls = [
        one for one in meeting.record.known_calls if number_in(meeting, one.number) not in merged
    ]
    failed = _failed(meeting)
    known = (*_planned(meeting), *days.before, *failed)
    began: dict[date, list[GroupCall]] = {day: [] for day in known}
    for call in calls:
        began.setdefault(day_of(call.started_at), []).append(call)
    return {
        day: Brief(
            request_id=_request_id(meeting),
            subject=online.subject if online is not None else None,
            tally=_before(day, own, days).with_calls(own),
            open_since=next((one.started_at for one in own if one.ended_at is None), None),
            failed=failed.get(day),
        )
        for day, own in began.items()
    }


def _before(day: date, own: list[GroupCall], days: Days) -> Tally:
    """Return the calls of a day that left the head: what was listed, where it forgot them."""
    listed = days.listed.get(day)
    known = days.before.get(day)
    if known is None and listed is not None and not own:
        return listed.tally
    return known or Tally()


def _request_id(meeting: Meeting) -> str | None:
    if meeting.asked is not None:
        return meeting.asked.request_id
    return None if meeting.known else meeting.correlation_id


def _failed(meeting: Meeting) -> dict[date, str]:
    """Return the code of what failed and was not made good, by its day."""
    trying = meeting.trying
    if not meeting.known:
        is_refused = trying is not None and trying.next_try_at is None
        if trying is None or trying.code is None or not is_refused:
            return {}
        return {day_of(trying.tried_at): trying.code}
    legs = [leg for leg in meeting.legs if leg.place != "surplus"]
    over = legs[-1].over if legs else None
    code = legs[-1].failed_as if legs else None
    return {} if code is None or over is None else {day_of(over.fact.at): code}


def _planned(meeting: Meeting) -> set[date]:
    if not meeting.known:
        return set()
    if meeting.asked is not None and meeting.online is not None:
        return {day_of(meeting.asked.start_date_time)}
    if meeting.days.listed:
        return {min(meeting.days.listed)}
    return {day_of(leg.claim.claimed_at) for leg in meeting.legs[:1]}
