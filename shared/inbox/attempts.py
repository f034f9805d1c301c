"""The tries of a message as text in its properties: what happened when, small enough to carry.

Core. Keeps the first try and the newest tries, each cut to what identifies it.
"""

import json
from collections.abc import Sequence
from typing import Any

from shared.words.errors import Attempt
from shared.words.ids import moment_in, utc_text

MOST_KEPT = 12
LONGEST_SAID = 200
LONGEST_ID = 64
LARGEST_TEXT = 24 * 1024
"""Characters read of a history. Those that Rollcall writes are shorter."""


def history_text(attempts: Sequence[Attempt]) -> str:
    """Return the first and the newest of `attempts` as JSON: `[at, said, request id]` each."""
    kept = attempts
    if len(attempts) > MOST_KEPT:
        kept = (*attempts[:1], *attempts[-(MOST_KEPT - 1) :])
    return json.dumps(
        [
            [
                utc_text(one.at),
                one.said[:LONGEST_SAID],
                one.request_id and one.request_id[:LONGEST_ID],
            ]
            for one in kept
        ],
        separators=(",", ":"),
        ensure_ascii=False,
    )


def read_history(text: str | None) -> tuple[Attempt, ...]:
    """Return the attempts in `text`, without those that cannot be read."""
    if not text or len(text) > LARGEST_TEXT:
        return ()
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    found = [_attempt(row) for row in rows] if isinstance(rows, list) else []
    return tuple(one for one in found if one is not None)[:MOST_KEPT]


def _attempt(row: Any) -> Attempt | None:
    match row:
        case [str(at), str(said), None | str() as request_id]:
            moment = moment_in(at)
            if moment is None:
                return None
            return Attempt(
                at=moment,
                said=said[:LONGEST_SAID],
                request_id=request_id and request_id[:LONGEST_ID],
            )
        case _:
            return None
