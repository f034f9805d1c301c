"""What leaves the head of our legs, and how it comes back for those who must know it. Core.

All but the newest legs and those that may live leave it, with the requests that they were the
answer to; so do the oldest requests about a leg that stays. A decision that must know all of them
is made on the meeting as if nothing had left; what it changes is then written to the head alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from shared.calls.record import without_legs
from shared.legs.leg import Leaver, Leg
from shared.meeting.meeting import Change, LegPage, Meeting
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
        """Return whether this is all that left `head`: what leaves later may hold the answer."""
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
    legs = change.meeting.legs
    over = {leg.key for leg in legs[: max(0, len(legs) - kept.legs)] if not _may_live(leg, now=now)}
    pages: list[LegPage] = []
    meeting = change.meeting
    for leg in legs:
        if leg.key in over:
            pages.append(_page_of(leg))
            continue
        shorter, page = _shortened(leg, now=now, most=kept.requests)
        if page is not None:
            meeting, pages = meeting.with_leg(shorter), [*pages, page]
    if not pages:
        return change
    meeting = replace(
        meeting,
        record=without_legs(meeting.record, over),
        leg_pages=meeting.leg_pages + len(pages),
    )
    return replace(change, meeting=meeting, leg_pages=(*change.leg_pages, *pages))


def with_older(head: Meeting, pages: Iterable[LegPage]) -> Meeting:
    """Return the meeting as if what is in `pages` had not left its head."""
    legs = dict(head.record.legs)
    for key, page in _gathered(pages).items():
        leg = legs.get(key, page.leg)
        if leg is not None:
            legs[key] = replace(
                leg,
                asked={**page.asked, **leg.asked},
                leaving=_together(page.leaving, leg.leaving),
            )
    by_attempt = sorted(legs.values(), key=lambda one: one.attempt)
    return _with_legs(head, by_attempt)


def unanswered(head: Meeting, pages: Iterable[LegPage], leg_key: LegKey) -> tuple[Leaver, ...]:
    """Return those who asked a leg to leave, left the head before it went, and await an answer."""
    page = _gathered(pages).get(leg_key)
    if page is None:
        return ()
    leg = head.leg(leg_key)
    later = {_named(one): one for one in leg.leaving} if leg is not None else {}
    known = (later.get(_named(one), one) for one in page.leaving)
    return tuple(one for one in known if one.reply is not None)


def _may_live(leg: Leg, *, now: datetime) -> bool:
    """Return whether more may be heard of a leg: of its call, or of the POST that makes it.

    A claim without a call whose lease is over is given up, as joining does: Graph's answer, or a
    callback, would have come.
    """
    if leg.state not in ("unsent", "refused") and leg.joining is None and leg.claim.is_held(now):
        return True
    return leg.has_call


def _page_of(leg: Leg) -> LegPage:
    """Return the page of a leg that leaves. Its requests were all answered."""
    return LegPage(
        leg_key=leg.key,
        leg=replace(leg, asked={}, leaving=()),
        asked=leg.asked,
        leaving=tuple(replace(one, reply=None) for one in leg.leaving),
    )


def _shortened(leg: Leg, *, now: datetime, most: int) -> tuple[Leg, LegPage | None]:
    asked: dict[str, dict[str, str]] = {}
    leaving: tuple[Leaver, ...] = ()
    if len(leg.asked) > 2 * most:
        asked = dict(list(leg.asked.items())[:-most])
    # The leg may turn out to be in another meeting, where those who ask are answered.
    placed = leg.place != "unknown"
    if leg.call_id is not None and placed and len(leg.leaving) > 2 * most:
        leaving = leg.leaving[:-most]
    if not asked and not leaving:
        return leg, None
    if leg.over is not None:
        leaving = tuple(replace(one, reply=None) for one in leaving)
    waiting = any(one.reply is not None for one in leaving)
    shorter = replace(
        leg,
        asked={one: members for one, members in leg.asked.items() if one not in asked},
        leaving=leg.leaving[len(leaving) :],
        more_leaving=leg.more_leaving or waiting,
    )
    return shorter, LegPage(leg_key=leg.key, asked=asked, leaving=leaving)


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
    legs: list[Leg] = []
    for leg in meeting.legs:
        known, mine = whole.leg(leg.key), head.leg(leg.key)
        if mine is not None and known is not None:
            legs.append(_own_requests(leg, mine, known))
        elif leg != known:
            legs.append(leg)
    return _with_legs(meeting, legs)


def _with_legs(meeting: Meeting, legs: Iterable[Leg]) -> Meeting:
    return replace(meeting, record=replace(meeting.record, legs={leg.key: leg for leg in legs}))


def _own_requests(leg: Leg, mine: Leg, known: Leg) -> Leg:
    asked = {
        one: members
        for one, members in leg.asked.items()
        if one in mine.asked or known.asked.get(one) != members
    }
    leaving = tuple(one for one in leg.leaving if one in mine.leaving or one not in known.leaving)
    return replace(leg, asked=asked, leaving=leaving)
