"""What dated sources changed of the calls that are shown, as facts to publish. Core."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from shared.calls.record import GroupCall, Session
from shared.events.facts import call_fact, end_data, person_data, session_times, start_data
from shared.sources.view import ShownCall
from shared.words.ids import SessionId, utc_text
from shared.words.outgoing import Fact
from shared.words.rules import Shown


def corrections(
    before: Sequence[ShownCall],
    after: Sequence[ShownCall],
    *,
    touched: Collection[int],
    revisions: Mapping[int, int],
    version: int,
    shown: Shown,
) -> list[Fact]:
    """Return what is shown now and was not before, of calls that are over, in their order.

    All that is shown of a `touched` call is published again. `revisions`: how many corrections of
    each call were published, as far as that is known. `version`: of the meeting with this commit. A
    call or a session may change again and again, so the ids of these events follow from it.
    """
    known = {one.call.number: one for one in before}
    return [
        fact
        for one in after
        if one.call.ended_at is not None
        for fact in _of_call(
            known.get(one.call.number),
            one,
            again=one.call.number in touched,
            revision=revisions.get(one.call.number, 0) + 1,
            anew=f"version {version}",
            shown=shown,
        )
    ]


def outlook_data(one: ShownCall) -> dict[str, Any]:
    """Return what `call.corrected` and the record say of a call beside its times and people."""
    merged = {"mergedInto": one.merged_into} if one.merged_into is not None else {}
    return {"final": one.final, "confirmed": one.confirmed, **merged}


def _of_call(
    known: ShownCall | None, one: ShownCall, *, again: bool, revision: int, anew: str, shown: Shown
) -> Iterator[Fact]:
    call = one.call
    if known is None:
        yield call_fact("call.started", call, call.started_at, start_data(call, shown))
    # Also where the call becomes part of another: it may turn out not to be, with other people.
    earlier = known.call.sessions if known is not None else {}
    yield from _of_sessions(earlier, call, again=again, anew=anew, shown=shown)
    if known is None or known.call.ended_at is None:
        at = call.ended_at or call.heard_at
        yield call_fact("call.ended", call, at, end_data(call, shown))
        if one.final or one.merged_into is not None:
            yield _corrected(one, revision, anew, shown)
    elif again or _said(known, shown) != _said(one, shown):
        yield _corrected(one, revision, anew, shown)


def _corrected(one: ShownCall, revision: int, anew: str, shown: Shown) -> Fact:
    """Return the fact of what is known of a call that was published as over."""
    call = one.call
    data = end_data(call, shown) | outlook_data(one) | {"revision": revision}
    at = call.ended_at or call.heard_at
    return call_fact("call.corrected", call, at, data, str(revision), anew)


def _of_sessions(
    earlier: Mapping[SessionId, Session],
    call: GroupCall,
    *,
    again: bool,
    anew: str,
    shown: Shown,
) -> Iterator[Fact]:
    """Yield who joined, who left at another time, and whose sessions are part of others."""
    sessions = sorted(call.sessions.values(), key=lambda one: (one.first_seen, one.session_id))
    for one in sessions:
        known = earlier.get(one.session_id)
        if known is None:
            data = _session_data(one, call, shown, ended=False)
            yield call_fact("participant.joined", call, one.first_seen, data, one.session_id, anew)
        said = _session_data(one, call, shown, ended=True)
        if known is None or again or _session_data(known, call, shown, ended=True) != said:
            at = one.left_at or call.heard_at
            yield call_fact("participant.left", call, at, said, one.session_id, anew)
    holders = {alias: one.session_id for one in sessions for alias in one.aliases}
    for session_id in sorted(earlier.keys() - call.sessions.keys()):
        gone = earlier[session_id]
        at = gone.left_at or call.ended_at or call.heard_at
        data = _session_data(gone, call, shown, ended=True) | {
            "leftAt": utc_text(at),
            "mergedInto": holders.get(session_id),
        }
        yield call_fact("participant.left", call, at, data, session_id, anew)


def _session_data(
    session: Session, call: GroupCall, shown: Shown, *, ended: bool
) -> dict[str, Any]:
    return {
        "callNumber": call.number,
        "sessionId": session.session_id,
        "participant": person_data(session.person, show_names=shown.names),
        **session_times(session, shown, ended=ended),
    }


def _said(one: ShownCall, shown: Shown) -> dict[str, Any]:
    return end_data(one.call, shown) | outlook_data(one)
