"""What leaves the head of our legs, and how it comes back for those who must know it. Core.

All but the newest legs and those that may live leave it, with the requests that they were the
answer to; so do the oldest requests about a leg that stays. A decision that must know all of them
is made on the meeting as if nothing had left; what it changes is then written to the head alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from shared.calls.record import Record, without_legs
from shared.meeting.meeting import Change, Leaver, LegClaim, LegPage, Meeting
from shared.words.ids import LegKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How much stays in the head: the newest `legs`, and the newest `requests` about each.

    The older requests about a leg leave together, once there are as many again: not every request
    has to write a row of its own.
    """

    legs: int = 8
    requests: int = 8


KEPT = Kept()
"""A leg whose last callbacks come late is still among the newest eight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Older:
    """What left the head, as it was read. `pages` None: the decision need not know it."""

    pages: tuple[LegPage, ...] | None

    def is_of(self, head: Meeting | None) -> bool:
        """Tell whether this is all that left `head`: what leaves later may hold the answer."""
        if self.pages is None:
            return True
        return len(self.pages) == (0 if head is None else head.leg_pages)

    def beside(self, head: Meeting | None) -> Meeting | None:
        """Return the meeting as if nothing had left the head."""
        return with_older(head, self.pages) if head is not None and self.pages else head

    def kept_apart(self, meeting: Meeting, head: Meeting | None) -> Meeting:
        """Return what was made of the meeting that `beside` returned as the head alone."""
        if head is None or not self.pages:
            return meeting
        return _without_older(meeting, head, self.pages)


def put_by(change: Change, *, now: datetime, kept: Kept) -> Change:
    """Return the change that also moves out of the head what need not be there any more."""
    meeting = change.meeting
    old = meeting.claims[: max(0, len(meeting.claims) - kept.legs)]
    over = [claim for claim in old if not _may_live(claim, meeting.record, now=now)]
    keys = {claim.leg_key for claim in over}
    pages = [_page_of(claim, meeting.record) for claim in over]
    claims: list[LegClaim] = []
    for claim in meeting.claims:
        if claim.leg_key in keys:
            continue
        shorter, page = _shortened(claim, now=now, most=kept.requests)
        claims.append(shorter)
        pages += [page] if page is not None else []
    if not pages:
        return change
    meeting = replace(
        meeting,
        claims=tuple(claims),
        record=without_legs(meeting.record, keys),
        leg_pages=meeting.leg_pages + len(pages),
    )
    return replace(change, meeting=meeting, leg_pages=(*change.leg_pages, *pages))


def with_older(head: Meeting, pages: Iterable[LegPage]) -> Meeting:
    """Return the meeting as if what is in `pages` had not left its head."""
    gathered = _gathered(pages)
    claims = {claim.leg_key: claim for claim in head.claims}
    legs = dict(head.record.legs)
    for key, page in gathered.items():
        claim = claims.get(key, page.claim)
        if claim is None:
            continue
        if key not in claims and page.leg is not None:
            legs[key] = page.leg
        claims[key] = replace(
            claim,
            asked={**page.asked, **claim.asked},
            leaving=_together(page.leaving, claim.leaving),
        )
    return replace(
        head,
        claims=tuple(sorted(claims.values(), key=lambda one: one.attempt)),
        record=replace(head.record, legs=legs),
    )


def unanswered(head: Meeting, pages: Iterable[LegPage], leg_key: LegKey) -> tuple[Leaver, ...]:
    """Return those who asked a leg to leave, left the head before it went, and await an answer."""
    page = _gathered(pages).get(leg_key)
    if page is None:
        return ()
    claim = head.claim(leg_key)
    later = {_named(one): one for one in claim.leaving} if claim is not None else {}
    known = (later.get(_named(one), one) for one in page.leaving)
    return tuple(one for one in known if one.reply is not None)


def _may_live(claim: LegClaim, record: Record, *, now: datetime) -> bool:
    """Tell whether more may be heard of a leg: of its call, or of the POST that was to make it.

    A claim without a call whose lease is over is given up, as joining does: Graph's answer, or a
    callback, would have come.
    """
    if claim.state != "failed" and not claim.told and now < claim.lease_until:
        return True
    leg = record.legs.get(claim.leg_key)
    return claim.call_id is not None and (leg is None or not leg.is_gone)


def _page_of(claim: LegClaim, record: Record) -> LegPage:
    """Return the page of a leg that leaves. Whoever it was to answer was answered."""
    return LegPage(
        leg_key=claim.leg_key,
        claim=replace(claim, asked={}, leaving=()),
        leg=record.legs.get(claim.leg_key),
        asked=claim.asked,
        leaving=tuple(replace(one, reply=None) for one in claim.leaving),
    )


def _shortened(claim: LegClaim, *, now: datetime, most: int) -> tuple[LegClaim, LegPage | None]:
    asked: dict[str, dict[str, str]] = {}
    leaving: tuple[Leaver, ...] = ()
    if len(claim.asked) > 2 * most:
        asked = dict(list(claim.asked.items())[:-most])
    # Until Graph's answer to the POST is known, it may send those who ask to another meeting.
    placed = claim.call_id is not None and (claim.told or now >= claim.lease_until)
    if placed and len(claim.leaving) > 2 * most:
        leaving = claim.leaving[:-most]
    if not asked and not leaving:
        return claim, None
    if claim.over_sequence:
        leaving = tuple(replace(one, reply=None) for one in leaving)
    waiting = any(one.reply is not None for one in leaving)
    shorter = replace(
        claim,
        asked={one: members for one, members in claim.asked.items() if one not in asked},
        leaving=claim.leaving[len(leaving) :],
        more_leaving=claim.more_leaving or waiting,
    )
    return shorter, LegPage(leg_key=claim.leg_key, asked=asked, leaving=leaving)


def _gathered(pages: Iterable[LegPage]) -> dict[LegKey, LegPage]:
    """Return one page a leg; of what stands in several the last counts."""
    gathered: dict[LegKey, LegPage] = {}
    for page in pages:
        before = gathered.get(page.leg_key)
        gathered[page.leg_key] = (
            page
            if before is None
            else LegPage(
                leg_key=page.leg_key,
                claim=page.claim or before.claim,
                leg=page.leg or before.leg,
                asked={**before.asked, **page.asked},
                leaving=_together(before.leaving, page.leaving),
            )
        )
    return gathered


def _together(earlier: Iterable[Leaver], later: Iterable[Leaver]) -> tuple[Leaver, ...]:
    return tuple({_named(one): one for one in (*earlier, *later)}.values())


def _named(leaver: Leaver) -> tuple[str, ...]:
    return leaver.why, leaver.request_id, leaver.origin_id


def _without_older(meeting: Meeting, head: Meeting, pages: Iterable[LegPage]) -> Meeting:
    """Take out of a meeting what `pages` hold already; what is new of a leg stays in the head.

    `put_by`, at the end of the same transaction, moves it out again where it may.
    """
    whole = with_older(head, pages)
    before = {claim.leg_key: claim for claim in whole.claims}
    own = {claim.leg_key: claim for claim in head.claims}
    claims: list[LegClaim] = []
    for claim in meeting.claims:
        known, mine = before.get(claim.leg_key), own.get(claim.leg_key)
        if mine is not None and known is not None:
            claims.append(_own_requests(claim, mine, known))
        elif claim != known:
            claims.append(claim)
    kept = {claim.leg_key for claim in claims}
    left = before.keys() - kept
    legs = {key: leg for key, leg in meeting.record.legs.items() if key not in left}
    return replace(meeting, claims=tuple(claims), record=replace(meeting.record, legs=legs))


def _own_requests(claim: LegClaim, mine: LegClaim, known: LegClaim) -> LegClaim:
    asked: Mapping[str, dict[str, str]] = {
        one: members
        for one, members in claim.asked.items()
        if one in mine.asked or known.asked.get(one) != members
    }
    leaving = tuple(one for one in claim.leaving if one in mine.leaving or one not in known.leaving)
    return replace(claim, asked=dict(asked), leaving=leaving)
