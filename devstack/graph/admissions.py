"""How the legs fare that are about to get in: most succeed. State in memory, no I/O."""

from random import Random

from devstack.graph.calls import Leg
from devstack.graph.meetings import Meeting
from devstack.graph.switches import GraphSwitches

FAILURES = ((500, 7117), (500, 3002), (500, 7112), (408, 13025))
"""How legs were reported to end that were on their way in: see `failedAdmissionEvery`."""


class Admissions:
    """Counts the legs that are about to get in, and keeps what the lab decided for one."""

    def __init__(self, ids: Random) -> None:
        """Start at none; `ids` picks among the failures."""
        self._ids = ids
        self._count = 0
        self._decided: dict[str, tuple[int, int]] = {}

    def forget(self) -> None:
        """Forget what was decided, and count from 1."""
        self._decided.clear()
        self.count_anew()

    def count_anew(self) -> None:
        """Number the admissions from now on from 1."""
        self._count = 0

    def decide(self, leg: Leg, code: int, subcode: int) -> None:
        """Let a leg end with these codes instead of getting in."""
        self._decided[leg.call_id] = (code, subcode)

    def failure(self, leg: Leg, every: int | None) -> tuple[int, int] | None:
        """Return the codes with which a leg ends that is about to get in; None: it gets in."""
        self._count += 1
        decided = self._decided.pop(leg.call_id, None)
        if decided is None and every is not None and self._count % every == 0:
            return self._ids.choice(FAILURES)
        return decided


def waits_in_lobby(leg: Leg, meeting: Meeting, switches: GraphSwitches) -> bool:
    """Say whether a leg has to be admitted before it gets in."""
    scope = meeting.lobby_scope
    if leg.guest is not None and scope != "everyone":
        return True
    return switches.lobby == "scope" and scope in ("organizer", "invited")
