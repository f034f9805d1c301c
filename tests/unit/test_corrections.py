"""What is published of calls that sources change: enough to rebuild what is shown."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from shared.calls.record import GroupCall, Session
from shared.events.corrections import corrections
from shared.sources.view import ShownCall
from shared.words.ids import LegKey, SessionId
from shared.words.observations import Person
from shared.words.outgoing import Fact
from shared.words.rules import Shown

T0 = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
EARLY = T0 - timedelta(hours=1)


def session(name: str) -> Session:
    """Return a stay of a minute."""
    return Session(
        session_id=SessionId(f"s-{name}"),
        person=Person(kind="user", user_id=name),
        first_seen=T0,
        first_version=1,
        legs=(LegKey("leg"),),
        left_at=T0 + timedelta(minutes=1),
    )


def call(*people: str, merged_into: int | None = None) -> ShownCall:
    """Return call 3, which is over, with these people."""
    found = GroupCall(
        number=3,
        started_at=T0,
        start_basis="observed",
        ended_at=T0 + timedelta(minutes=1),
        end_basis="polled",
        reason="everyoneLeft",
        heard_at=T0,
        sessions={one.session_id: one for one in map(session, people)},
    )
    return ShownCall(call=found, merged_into=merged_into)


def published(*shown: ShownCall) -> list[Fact]:
    """Return what is published while a call is shown in one way after the other."""
    history: list[list[ShownCall]] = [[], *([one] for one in shown)]
    return [
        fact
        for version, (before, after) in enumerate(pairwise(history))
        for fact in corrections(
            before,
            after,
            touched=(),
            revisions={},
            version=version,
            shown=Shown(names=False, within=timedelta(seconds=2)),
        )
    ]


def left_over(facts: list[Fact]) -> set[str]:
    """Return the sessions that a reader of events has in the call in the end."""
    there: dict[str, bool] = {}
    for one in facts:
        if one.name.startswith("participant."):
            there[one.data["sessionId"]] = "mergedInto" not in one.data
    return {name for name, counts in there.items() if counts}


def test_a_call_that_becomes_part_of_another_has_no_people_any_more() -> None:
    """Each of its sessions is published as none of it."""
    assert left_over(published(call("ada", "bob"), call(merged_into=2))) == set()


def test_a_call_that_is_one_of_its_own_after_all_has_those_people_that_it_has_then() -> None:
    """And not those whom it had before: they were in another call."""
    shown = (call("ada", "bob"), call(merged_into=2), replace(call("ada"), confirmed=True))

    assert left_over(published(*shown)) == {"s-ada"}
