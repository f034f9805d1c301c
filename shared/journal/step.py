"""What a decision wants of a meeting, as a value. Core.

How it is folded, published and followed up is settled by the journal: settle.py, and follow_up.py
in meeting/.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.events.cloud_events import publish_again, warn_undelivered
from shared.meeting.legs import evidence_of
from shared.meeting.meeting import Meeting
from shared.sources.kept import KeptSource
from shared.words.answers import Call
from shared.words.ids import LegKey
from shared.words.observations import LegSeen, Observation
from shared.words.outgoing import Fact, Outgoing, Published, ReplyAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The meeting as edited, what was observed of it, what to publish first, and what to send.

    `facts` are published before what the observations show, and to `reply` as well. With
    `only_news`, observations without news write nothing. `sources` replace what is kept of them.
    """

    meeting: Meeting
    observed: tuple[Observation, ...] = ()
    facts: tuple[Fact, ...] = ()
    reply: ReplyAddress | None = None
    outgoing: tuple[Outgoing, ...] = ()
    only_news: bool = False
    sources: tuple[KeptSource, ...] = ()


type Decide[D] = Callable[[Meeting | None, datetime], tuple[Step | None, D]]
"""(the meeting or None, now) -> what to write, None: nothing; and what was decided.

Pure: it may be called again after a lost race. If it raises, nothing is written, and the error goes
to the caller of the change.
"""


def record_call(
    meeting: Meeting, leg_key: LegKey, call: Call | None, *, at: datetime
) -> Step | None:
    """Return the step that records what GET call said of a leg at `at`; None without news.

    `call` None is Graph's 404: the leg is gone.
    """
    leg = meeting.leg(leg_key)
    if leg is None or leg.is_gone:
        return None
    learned = leg if call is None else leg.learned(call)
    seen = evidence_of(call, leg_key=leg_key, at=at)
    known = isinstance(seen, LegSeen) and seen.phase in leg.phases
    observed = () if seen is None or known else (seen,)
    if not observed and learned == leg:
        return None
    return Step(meeting=meeting.with_leg(learned), observed=observed)


def answer_again(
    meeting: Meeting, published: Published, reply: ReplyAddress | None, *, key: str, now: datetime
) -> Step | None:
    """Return the step that answers another request with what was published before.

    Where no queue waits for the answer the event is published on the topic again: its consumer may
    have lost it. None where the request, remembered as `key`, has its answer.
    """
    if key in meeting.answered:
        return None
    answered = meeting.having_answered(key)
    if reply is None or reply.problem is None:
        return Step(meeting=answered, outgoing=(publish_again(meeting, published, reply),))
    warned, warning = warn_undelivered(answered, reply.problem, now=now)
    return Step(meeting=warned, outgoing=(publish_again(meeting, published, None), *warning))
