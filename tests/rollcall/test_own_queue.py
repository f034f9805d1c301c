"""How long a queue of the command's own is kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rollcall.asking.own_queue import AFTER_START, AFTERWARDS, UNKNOWN_START, idle_of, kept_for
from rollcall.asking.requests import Kind, request

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def kept(join: str | None, **data: Any) -> timedelta | None:
    asked = request(
        Kind.CREATE, file={"requestId": "a"}, options={"join": join}, new_id="", new_key="k"
    )
    return kept_for(asked, data, now=NOW)


def test_an_answer_may_come_a_while_after_the_wait() -> None:
    """In whole seconds: Service Bus takes no others."""
    assert idle_of(0.05) == AFTERWARDS + timedelta(seconds=1)


@pytest.mark.parametrize("join", [None, "never", "now"])
def test_what_is_answered_needs_no_queue_any_more(join: str | None) -> None:
    """Nothing else is answered later."""
    assert kept(join, startDateTime="2026-11-27T12:00:00Z") is None


def test_a_join_at_the_start_is_answered_then() -> None:
    """Without the queue the app would publish that the answer went nowhere."""
    assert kept("atStart", startDateTime="2026-11-27T12:00:00.5550000Z") == (
        timedelta(days=1, seconds=1) + AFTER_START
    )
    assert kept("atStart", startDateTime="2026-11-25T12:00:00Z") == AFTER_START
    assert kept("atStart", startDateTime="2026-11-25T12:00:00") == AFTER_START
    assert kept("atStart", startDateTime="soon") == UNKNOWN_START
    assert kept("atStart") is None
