"""Log lines: names from a closed list, ids that are bound once, nothing of the one before."""

import asyncio
import json
import logging
import re
from pathlib import Path
from typing import get_args

import pytest

from shared.telemetry import (
    LEVELS,
    MOST_FRAMES,
    Line,
    correlate,
    correlated,
    log,
    presume,
    stack_of,
)

ROOT = Path(__file__).parents[2]
APP = ("shared", "create_meeting", "join_meeting", "call_callback", "tend_meeting")


def test_a_line_carries_what_was_bound_for_its_invocation(caplog: pytest.LogCaptureFixture) -> None:
    """And nothing of it once the invocation is over."""
    with correlated(queue="join-meeting"):
        correlate(meetingId="m-1")
        log("outbox.not_sent", "Service Bus is down", tried=2)
    log("outbox.not_sent")

    assert caplog.messages == [
        "outbox.not_sent: queue=join-meeting meetingId=m-1 tried=2 Service Bus is down",
        "outbox.not_sent",
    ]


async def test_invocations_at_once_do_not_mix(caplog: pytest.LogCaptureFixture) -> None:
    """Each runs in a task of its own."""

    async def invoked(meeting: str) -> None:
        with correlated(meetingId=meeting):
            await asyncio.sleep(0)
            log("outbox.not_sent")

    await asyncio.gather(invoked("m-1"), invoked("m-2"))

    assert caplog.messages == ["outbox.not_sent: meetingId=m-1", "outbox.not_sent: meetingId=m-2"]


def test_what_is_presumed_outweighs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """A request keeps its own id; a callback, which has none, gets the meeting's."""
    with correlated(requestId="own"):
        presume(requestId="the meeting's", meetingId="m-1")
        log("outbox.not_sent")

    assert caplog.messages == ["outbox.not_sent: requestId=own meetingId=m-1"]


def test_a_line_is_one_line_and_a_member_one_word(caplog: pytest.LogCaptureFixture) -> None:
    """Senders choose ids: none of them may look like another member, or another line."""
    with correlated(requestId='a "b" meetingId=x\nmessage.done: c', messageId=None):
        log("outbox.not_sent", "1\n2", entities=["a", "b"])

    assert caplog.messages == [
        r'outbox.not_sent: requestId="a \"b\" meetingId=x\nmessage.done: c" entities=a,b 1 2'
    ]


def test_no_line_has_a_link(caplog: pytest.LogCaptureFixture) -> None:
    """A caller may choose one for an id, and what a component says may name one."""
    link = "https://teams.microsoft.com/meet/23456789012345?p=aB3dE6"
    with correlated(requestId=link, messageId=f"join {link}"):
        log("outbox.not_sent", f"see {link}", why=f"no token: {link}\nnext", entities=["a", link])

    (line,) = caplog.messages
    assert line == (
        'outbox.not_sent: requestId=[removed] messageId="join [removed]" '
        r'why="no token: [removed]\nnext" entities=a,[removed] see [removed]'
    )


def test_of_an_error_its_class_and_its_way_are_written(caplog: pytest.LogCaptureFixture) -> None:
    """Texts quote what callers sent, those of causes too."""

    def failing() -> None:
        try:
            dict[str, int]()["secret of the cause"]
        except KeyError as error:
            raise ValueError("secret") from error

    with pytest.raises(ValueError, match="secret") as caught:
        failing()
    log("backstop.failed", error=caught.value)
    stack = stack_of(caught.value)

    (record,) = caplog.records
    assert "secret" not in caplog.text
    assert f"error=ValueError stack={json.dumps(stack)}" in record.getMessage()
    here = r"tests/unit/test_log_lines\.py:\d+"
    assert re.fullmatch(
        rf"{here} failing < {here} test_of_an_error\w+ from KeyError: {here} failing", stack
    )


def test_a_stack_that_recurs_is_cut() -> None:
    """It is one line of a log."""

    def recurring(depth: int) -> None:
        if depth == 0:
            raise RecursionError("too deep")
        recurring(depth - 1)

    with pytest.raises(RecursionError, match="too deep") as caught:
        recurring(100)

    assert stack_of(caught.value).count(" < ") == MOST_FRAMES - 1


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
