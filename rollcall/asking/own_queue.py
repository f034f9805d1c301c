"""How long a queue that a command made for its answers is kept. Pure.

A queue that is gone before an answer comes makes the app publish `meeting.warning` with the code
`answer_undelivered`, so it stays while an answer may come, and deletes itself after that.
"""

from datetime import UTC, datetime, timedelta
from math import ceil

from rollcall.asking.outcomes import Data
from rollcall.asking.requests import Request

NAMED = "rollcall-cli-"
"""What names of entities that commands make begin with."""
AFTERWARDS = timedelta(minutes=10)
"""How long an answer may come later than the command waited."""
AFTER_START = timedelta(hours=1)
UNKNOWN_START = timedelta(days=30)
"""How long the queue is kept where the start cannot be read."""


def idle_of(wait: float) -> timedelta:
    """Return how long the queue may be unused at first; `wait` in seconds."""
    return timedelta(seconds=ceil(wait)) + AFTERWARDS


def kept_for(request: Request, data: Data, *, now: datetime) -> timedelta | None:
    """Return how long the queue has to live on after the meeting was made; None: not at all.

    The join at the start is answered then, and may be days away. `data`: of the event.
    """
    start = data.get("startDateTime")
    if not request.joins_later or not isinstance(start, str):
        return None
    try:
        at = datetime.fromisoformat(start)
    except ValueError:  # Graph's own text, which may have another form one day
        return UNKNOWN_START
    ahead = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
    return timedelta(seconds=ceil(max(ahead.total_seconds(), 0))) + AFTER_START
