"""Log lines: names from a closed list, ids that are bound once, nothing of the one before."""

import asyncio
import logging
import re
from pathlib import Path
from typing import get_args

import pytest

from shared.telemetry import LEVELS, Line, correlate, correlated, log

ROOT = Path(__file__).parents[2]
APP = ("shared", "create_meeting", "join_meeting", "call_callback", "tend_meeting")


def test_a_line_carries_what_was_bound_for_its_invocation(caplog: pytest.LogCaptureFixture) -> None:
    """And nothing of it once the invocation is over."""
    with correlated(queue="join-meeting"):
        correlate(meeting="m-1")
        log("outbox.not_sent", "Service Bus is down", tried=2)
    log("outbox.not_sent")

    assert caplog.messages == [
        "outbox.not_sent: queue=join-meeting meeting=m-1 tried=2 Service Bus is down",
        "outbox.not_sent",
    ]


async def test_invocations_at_once_do_not_mix(caplog: pytest.LogCaptureFixture) -> None:
    """Each runs in a task of its own."""

    async def invoked(meeting: str) -> None:
        with correlated(meeting=meeting):
            await asyncio.sleep(0)
            log("outbox.not_sent")

    await asyncio.gather(invoked("m-1"), invoked("m-2"))

    assert caplog.messages == ["outbox.not_sent: meeting=m-1", "outbox.not_sent: meeting=m-2"]


def test_every_name_in_the_list_is_written_somewhere() -> None:
    """What nothing writes any more goes; what has a level of its own is in the list."""
    names = set(get_args(Line.__value__))
    written = {
        name
        for room in APP
        for path in (ROOT / room).rglob("*.py")
        for name in re.findall(r'\blog\(\s*"([a-z_.]+)"', path.read_text())
    }

    assert written == names
    assert set(LEVELS) <= names
    assert logging.WARNING not in LEVELS.values()
