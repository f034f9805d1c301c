"""What a decision wants of a meeting, as a value. Core.

How it is folded, published and followed up is settled by the journal (settle.py, meeting/looks.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.events.cloud_events import Fact
from shared.meeting.meeting import Meeting
from shared.words.observations import Observation
from shared.words.outgoing import Outgoing, ReplyAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The meeting as edited, what was observed of it, what to publish first, and what to send.

    `facts` are published before what the observations show, and to `reply` as well. With
    `only_news`, observations that say nothing new write nothing.
    """

    meeting: Meeting
    observed: tuple[Observation, ...] = ()
    facts: tuple[Fact, ...] = ()
    reply: ReplyAddress | None = None
    outgoing: tuple[Outgoing, ...] = ()
    only_news: bool = False


type Decide[D] = Callable[[Meeting | None, datetime], tuple[Step | None, D]]
"""(the meeting or None, now) -> what to write, None: nothing; and what was decided.

Pure: it may be called again after a lost race. What it raises goes to the caller of the change, and
writes nothing.
"""
