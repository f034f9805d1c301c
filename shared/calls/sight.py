"""One piece of evidence as the fold weighs it: what it shows, and as of when. Core."""

from dataclasses import dataclass, replace
from datetime import datetime

from shared.calls.record import Commit
from shared.legs.leg import Leg
from shared.words.observations import Basis, Present, RosterPushed, RosterRead
from shared.words.rules import IN_FLIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One roster, or one leg's end, as the fold weighs it.

    `leg` is the leg before it. `asked` and `answered` are the moments of a read; a push and a leg's
    end have one moment for both. `proof`: a read shows the room of this moment or a later one; None
    for a push and for a leg's end. `whole`: the roster lists all people who were there. `cut`:
    Graph may have left people out.
    """

    by: Commit
    leg: Leg
    asked: datetime
    answered: datetime
    people: tuple[Present, ...] = ()
    proof: datetime | None = None
    whole: bool = True
    cut: bool = False

    def unsettled(self, moment: datetime | None) -> datetime | None:
        """Return `moment`, or None where this evidence settles what was heard at that moment."""
        settled = self.proof or self.asked - IN_FLIGHT
        return None if moment is None or moment <= settled else moment

    def dated(self, doubt: datetime | None) -> datetime | None:
        """Return the time of a change that this confirms, from its `doubt`; None if too old."""
        if doubt is None or self.asked - doubt > IN_FLIGHT:
            return None
        return min(doubt, self.answered)

    @property
    def basis(self) -> Basis:
        """How its own moment is known."""
        return "observed" if self.proof is None else "polled"


def sight_of(leg: Leg, roster: RosterPushed | RosterRead, at: datetime, by: Commit) -> Sight:
    """Return how the fold weighs a roster through `leg`, heard at `at`."""
    cut = roster.entries >= by.roster_cap
    sight = Sight(
        by=by,
        leg=leg,
        asked=at,
        answered=at,
        people=roster.people,
        whole=not (cut or roster.hidden),
        cut=cut,
    )
    if isinstance(roster, RosterPushed):
        return sight
    asked = roster.asked_at
    return replace(sight, asked=asked, answered=roster.answered_at, proof=asked - by.settle)
