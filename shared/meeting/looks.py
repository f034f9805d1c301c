"""What is to be done about a meeting, and when: one pure function, a row for each kind of look.

Core. The chain of tend messages, the backstop and every commit follow `looks`; a meeting of which
nothing is due is finished. docs/recording.md has the table.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zlib import crc32

from shared.calls.fold import LONGEST_PAUSE, next_read
from shared.legs.end_codes import leg_end
from shared.legs.leg import Leg, Why
from shared.meeting.legs import unwanted
from shared.meeting.listing import list_due
from shared.meeting.meeting import Meeting
from shared.meeting.sourcing import sources_due
from shared.words.ids import LegKey
from shared.words.rules import TendingRules

HANG_UP_AGAIN = timedelta(minutes=2)
"""How long after a hang-up a leg that is still there is hung up again. Twice does no harm."""
REJOIN_AGAIN = timedelta(minutes=30)
"""How long after a request to come back that nothing came of another one is sent."""
WATCHED_ON = timedelta(minutes=15)
"""How long after the planned end a bot that watches stays, though it is alone."""
AN_HOUR = timedelta(hours=1)

type Slot = Literal["soon", "later"]
type What = Literal[
    "confirm",
    "poll",
    "keepAlive",
    "readCall",
    "lapse",
    "leave",
    "hangUpAgain",
    "rejoin",
    "assume",
    "listDays",
    "sources",
]
SOON: frozenset[What] = frozenset({"confirm", "readCall", "rejoin"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One thing to do about a meeting, through one of its legs where that has to do with it."""

    what: What
    leg_key: LegKey | None = None

    @property
    def slot(self) -> Slot:
        """Which of the two messages under way it belongs to: what must not wait has its own."""
        return "soon" if self.what in SOON else "later"


type Due = tuple[datetime, Look]


def looks(meeting: Meeting, rules: TendingRules) -> list[Due]:
    """Return what is to be done about the meeting, and when; nothing: it is finished."""
    return [due for row in ROWS for due in row(meeting, rules)]


def overstaying(meeting: Meeting, rules: TendingRules, *, now: datetime) -> list[tuple[Leg, Why]]:
    """Return the legs that stayed for as long as they may, and why each has to go."""
    found = [
        (leg, why) for leg in _staying(meeting) for due, why in _ends(leg, rules) if due <= now
    ]
    record, known = meeting.record, {leg.key for leg, _ in found}
    leg, answered_at = record.listening, record.answered_at
    if leg is None or leg.leaving or leg.key in known or record.question is not None:
        return found
    alone = _alone(meeting, leg, rules)
    if alone is not None and answered_at is not None and answered_at >= alone[0]:
        found.append((leg, alone[1]))
    return found


def _confirm(meeting: Meeting, rules: TendingRules) -> Iterator[Due]:
    leg, due = meeting.record.listening, next_read(meeting.record, settle=rules.settle)
    if leg is not None and due is not None and leg.has_call:
        yield due, Look(what="confirm", leg_key=leg.key)


def _poll(meeting: Meeting, rules: TendingRules) -> Iterator[Due]:
    """A read without a push before it, which may be lost. It confirms that the bot is alone."""
    leg, record = meeting.record.listening, meeting.record
    if leg is None or not leg.has_call or leg.leaving or record.question is not None:
        return
    last = max(leg.phases["in"], record.answered_at or leg.phases["in"])
    due, alone = last + rules.poll, _alone(meeting, leg, rules)
    if alone is not None and last < alone[0]:
        due = min(due, alone[0])
    # A read within `settle` of the last answer is not recorded.
    yield max(due, last + rules.settle), Look(what="poll", leg_key=leg.key)


def _keep_alive(meeting: Meeting, rules: TendingRules) -> Iterator[Due]:
    """Graph ends a leg after 45 minutes without.

    Source: https://learn.microsoft.com/graph/api/call-keepalive
    """
    for leg in _staying(meeting):
        if leg.state in ("in", "lobby"):
            last = leg.kept_alive_at or leg.claim.claimed_at
            due = last + rules.keep_alive * _spread(leg, last)
            yield _paused(leg, due, rules), Look(what="keepAlive", leg_key=leg.key)


def _read_call(meeting: Meeting, rules: TendingRules) -> Iterator[Due]:
    """A leg on its way, or in the lobby, of which no callback speaks: they may be lost."""
    for leg in _staying(meeting):
        if leg.state in ("bound", "joining", "lobby"):
            silent = rules.poll if leg.state == "lobby" else rules.silent
            due = (leg.last_sign or leg.claim.claimed_at) + silent
            yield _paused(leg, due, rules), Look(what="readCall", leg_key=leg.key)


def _place(meeting: Meeting, rules: TendingRules) -> Iterator[Due]:
    """Graph's call names the thread behind a join id: until it did, nothing is published of a leg.

    After reads that do not say it the pauses grow, until something new is heard of the leg.
    """
    for leg in meeting.legs:
        if leg.has_call and leg.place == "unknown":
            due = leg.last_sign or leg.claim.claimed_at
            if leg.failed_at is not None:
                pause = min(rules.settle * (1 << min(leg.failures, 16)), LONGEST_PAUSE)
                due = max(due, leg.failed_at + pause)
            yield due, Look(what="readCall", leg_key=leg.key)


def _lapse(meeting: Meeting, rules: TendingRules) -> Iterator[Due]:
    for leg in meeting.legs:
        if leg.has_call:
            signs = (leg.claim.claimed_at, leg.last_sign, leg.kept_alive_at)
            last = max(one for one in signs if one is not None)
            yield last + rules.lapse, Look(what="lapse", leg_key=leg.key)


def _leave(meeting: Meeting, rules: TendingRules) -> Iterator[Due]:
    for leg in _staying(meeting):
        for due, _ in _ends(leg, rules):
            yield due, Look(what="leave", leg_key=leg.key)


def _hang_up_again(meeting: Meeting, _: TendingRules) -> Iterator[Due]:
    for leg in unwanted(meeting):
        if leg.hang_up_at is not None:
            yield leg.hang_up_at + HANG_UP_AGAIN, Look(what="hangUpAgain", leg_key=leg.key)


def _rejoin(meeting: Meeting, rules: TendingRules) -> Iterator[Due]:
    """A fault threw the bot out while people talked: another leg is requested, a few an hour.

    If nothing came of the request, it is sent again after a while; not if Graph refused the leg.
    """
    call, own = meeting.record.open_call, [leg for leg in meeting.legs if leg.place != "surplus"]
    newest = own[-1] if own else None
    if call is None or not call.is_unwatched or call.quiet_since is not None or newest is None:
        return
    gone_off = meeting.cancellation or meeting.same_as or newest.state == "refused"
    if gone_off or _left_since(meeting, newest) or _on_its_way(meeting):
        return
    gone = [leg for leg in own if leg.is_gone]
    last = max(gone, key=_end_of, default=None)
    if last is not None and not _thrown_out(last):
        return
    waits = [newest.rejoin_at + REJOIN_AGAIN] if newest.rejoin_at is not None else []
    if newest.gone_at is None:
        waits += [newest.claim.claimed_at + REJOIN_AGAIN, newest.claim.lease_until]
    most = len(rules.rejoin)
    if last is not None:
        falls = [leg for leg in gone if _thrown_out(leg) and _end_of(last) - _end_of(leg) < AN_HOUR]
        waits.append(_end_of(last) + rules.rejoin[min(len(falls), most) - 1])
    sent = [leg.claim.claimed_at for leg in meeting.legs if leg.state != "unsent"][-most:]
    if len(sent) == most:
        waits.append(sent[0] + AN_HOUR)
    if waits:
        yield max(waits), Look(what="rejoin", leg_key=newest.key)


def _assume(meeting: Meeting, rules: TendingRules) -> Iterator[Due]:
    """No call stays open for ever: one that no leg hears is taken for over in the end."""
    call = meeting.record.open_call
    if call is None or call.unwatched_since is None or not meeting.legs:
        return
    if _on_its_way(meeting):
        return
    leases = (leg.claim.lease_until for leg in meeting.legs if leg.state == "claimed")
    due = max((call.unwatched_since + rules.assume_after, *leases))
    yield due, Look(what="assume", leg_key=meeting.legs[-1].key)


def _list_days(meeting: Meeting, _: TendingRules) -> Iterator[Due]:
    if meeting.legs and (due := list_due(meeting)) is not None:
        yield due, Look(what="listDays")


def _sources(meeting: Meeting, rules: TendingRules) -> Iterator[Due]:
    if (due := sources_due(meeting, rules.sources)) is not None:
        yield due, Look(what="sources")


ROWS: tuple[Callable[[Meeting, TendingRules], Iterator[Due]], ...] = (
    _confirm,
    _poll,
    _keep_alive,
    _read_call,
    _place,
    _lapse,
    _leave,
    _hang_up_again,
    _rejoin,
    _assume,
    _list_days,
    _sources,
)


def _staying(meeting: Meeting) -> list[Leg]:
    return [leg for leg in meeting.legs if leg.stays]


def _ends(leg: Leg, rules: TendingRules) -> Iterator[tuple[datetime, Why]]:
    """Yield until when a leg may stay where it is, with or without people."""
    if leg.state == "lobby":
        yield leg.phases["lobby"] + rules.lobby, "lobbyTimeout"
    if leg.is_in:
        yield leg.phases["in"] + rules.max_duration, "maxDuration"


def _alone(meeting: Meeting, leg: Leg, rules: TendingRules) -> tuple[datetime, Why] | None:
    """Return until when the leg stays alone, and why it leaves then; None while people are there.

    None too for a bot that watches a meeting whose end is not known.
    """
    if meeting.record.open_call is not None:
        return None
    asked, stay = meeting.asked, meeting.stay
    since, why = _alone_since(meeting, leg)
    if why == "alone":
        until = since + (stay.alone_for or rules.leave_when_alone)
    else:
        start = asked.start_date_time if asked is not None else since
        until = max(since, start) + rules.nobody_came
    if not stay.watch:
        return until, why
    return None if asked is None else (max(until, asked.end_date_time + WATCHED_ON), why)


def _alone_since(meeting: Meeting, leg: Leg) -> tuple[datetime, Why]:
    """Return since when the leg is alone, and whether it was before people came or after.

    A provisional call that a read took back was none: the call before it counts.
    """
    got_in, calls = leg.phases["in"], meeting.record.calls
    ended_at = calls[-1].ended_at if calls else None
    if ended_at is not None and ended_at >= got_in:
        return ended_at, "alone"
    return got_in, "nobodyCame" if leg.call_number is None else "alone"


def _on_its_way(meeting: Meeting) -> bool:
    """Return whether a leg of ours hears the call, or will."""
    return any(leg.has_call and leg.place != "surplus" for leg in meeting.legs)


def _end_of(leg: Leg) -> datetime:
    return leg.gone_at or leg.claim.claimed_at


def _thrown_out(leg: Leg) -> bool:
    return leg.is_gone and not leg.leaving and leg_end(leg.code, leg.subcode).rejoin


def _left_since(meeting: Meeting, leg: Leg) -> bool:
    """Return whether the bot was requested to leave after this leg was requested."""
    if meeting.leave_asked is None:
        return False
    return leg.asked_at is None or leg.asked_at <= meeting.leave_asked


def _spread(leg: Leg, last: datetime) -> float:
    """Return from 13 to 15 fifteenths: legs that joined at once are not kept alive at once."""
    return (13 + 2 * crc32(f"{leg.key} {last.isoformat()}".encode()) / 2**32) / 15


def _paused(leg: Leg, due: datetime, rules: TendingRules) -> datetime:
    """Return when the next request about a leg follows one without a usable answer.

    The pauses grow from a thirtieth of the time between two keepAlives to a third.
    """
    if leg.failed_at is None:
        return due
    pause = min(rules.keep_alive / 30 * (1 << min(leg.failures - 1, 8)), rules.keep_alive / 3)
    return max(due, leg.failed_at + pause)
