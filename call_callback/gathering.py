"""Gather the observations of one callback, so that the work stays bounded for any number of items.

Core. Graph really sends one item or a few. These pass unchanged, without exact repeats.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from call_callback.notification import MOST_NAMES, Notified
from shared.words.observations import LegSeen, RosterPushed, Unparsed

MOST_ROSTERS = 3
"""How many rosters in a row are recorded as they are: each is weighed against all people there."""


def gathered(observations: Iterable[Notified]) -> tuple[Notified, ...]:
    """Return what the observations say, in their order; items that are not read come last.

    Each phase of the leg is kept once, and its end also once with a code. Of many rosters in a row,
    all but the last become one. Items that are not read become one counted shape for each kind.
    """
    kept: list[Notified] = []
    rosters: list[RosterPushed] = []
    signs: set[tuple[str, bool]] = set()
    shapes: dict[tuple[str, str], Unparsed] = {}
    for one in observations:
        match one:
            case RosterPushed():
                if not rosters or rosters[-1] != one:
                    rosters.append(one)
            case LegSeen():
                sign = (one.phase, one.code is None)
                if sign not in signs:
                    signs.add(sign)
                    kept += [*_few(rosters), one]
                    rosters = []
            case Unparsed():
                key = (one.resource, one.change_type)
                shapes[key] = _both(shapes[key], one) if key in shapes else one
    return (*kept, *_few(rosters), *shapes.values())


def _few(rosters: Sequence[RosterPushed]) -> Sequence[RosterPushed]:
    """Return rosters that came in a row as a few: of many, all but the last become one.

    The people that this one names were there. It is marked as hiding entries: it proves no absence,
    and a read is requested.
    """
    if len(rosters) <= MOST_ROSTERS:
        return rosters
    *others, last = rosters
    people = {present.session_id: present for one in others for present in one.people}
    union = replace(
        last,
        people=tuple(people[session_id] for session_id in sorted(people)),
        lists_ourselves=any(one.lists_ourselves for one in others),
        entries=max(one.entries for one in others),
        unread=max(1, *(one.unread for one in others)),
        hidden=max(1, *(one.hidden for one in others)),
    )
    return union, last


def _both(shape: Unparsed, one: Unparsed) -> Unparsed:
    members = sorted({*shape.members, *one.members})[:MOST_NAMES]
    return replace(
        shape,
        members=tuple(members),
        size=shape.size + one.size,
        count=shape.count + one.count,
    )
