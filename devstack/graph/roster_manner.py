"""How the simulated service shows its rosters: cut, renamed, with stray ones between. Pure.

A value of its own beside delivery.py: that one says how callbacks travel, this one what a roster
holds, whether it is pushed or read.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random

from devstack.graph.json_values import JsonObject
from devstack.graph.lab_requests import LabMistake, number, optional_count, optional_text

ROSTER_MEMBERS = frozenset({"rosterCap", "emptyRosters", "participantIds", "botId"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterManner:
    """The manner of one service. The default shows all entries under the true ids.

    `cap`: a roster has at most so many entries. `stray`: the probability that a push comes with
    another that lists no people. `changed_ids`: people have other participant ids for each leg
    after the first. `bot_id`: the application id under which our legs are listed.
    """

    cap: int | None = None
    stray: float = 0.0
    changed_ids: bool = False
    bot_id: str | None = None


PLAIN = RosterManner()


def parse_roster_manner(wanted: JsonObject) -> RosterManner:
    """Read the roster's members of POST /lab/delivery; an absent one goes back to its default."""
    participant_ids = optional_text(wanted, "participantIds") or "kept"
    if participant_ids not in ("kept", "changed"):
        raise LabMistake("participantIds must be kept or changed")
    return RosterManner(
        cap=optional_count(wanted, "rosterCap"),
        stray=number(wanted, "emptyRosters", 0, 1, default=0),
        changed_ids=participant_ids == "changed",
        bot_id=optional_text(wanted, "botId"),
    )


def cut[T](entries: Sequence[T], cap: int | None, chance: Random) -> list[T]:
    """Return the entries, or `cap` of them taken at random."""
    if cap is None or len(entries) <= cap:
        return list(entries)
    return chance.sample(entries, cap)


def cut_with_one_of[T](
    entries: Sequence[T], needed: Collection[T], cap: int | None, chance: Random
) -> list[T]:
    """Return the entries, or `cap` of them at random; one of `needed` is kept if there is any."""
    shown = cut(entries, cap, chance)
    if needed and not any(one in needed for one in shown):
        shown[chance.randrange(len(shown))] = chance.choice(list(needed))
    return shown
