"""What `rollcall requeue` refuses before it opens a connection, and how it speaks."""

from datetime import timedelta

import pytest
from typer.testing import CliRunner

from rollcall.cli import app
from rollcall.console import Exit, Failed
from rollcall.requeue.report import age, printable

NOWHERE = (
    "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=k;SharedAccessKey=s;UseDevelopmentEmulator=true;"
)


@pytest.mark.parametrize("command", ["send", "drop"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--yes"], "Say which"),
        (["--all"], "no terminal"),
        (["--sequence-number", "7", "--yes"], "give --queue"),
        (["--older-than", "soon", "--yes"], "30m, 2h, 1d"),
    ],
)
def test_a_command_that_is_not_clear_does_nothing(
    command: str, options: list[str], said: str
) -> None:
    """It exits with 2 and says what is missing; there is no Service Bus to reach."""
    run = CliRunner().invoke(app, ["--service-bus", NOWHERE, "requeue", command, *options])

    assert isinstance(run.exception, Failed)
    assert run.exception.code == Exit.USAGE
    assert said in str(run.exception)


@pytest.mark.parametrize("part", ["EntityPath=create-meeting", "x"])
def test_a_connection_string_that_is_none_of_a_namespace_is_refused(part: str) -> None:
    """It is of one queue, or no connection string."""
    run = CliRunner().invoke(app, ["--service-bus", NOWHERE + part, "requeue", "list"])

    assert isinstance(run.exception, Failed)
    assert run.exception.code == Exit.USAGE
    assert "--service-bus" in str(run.exception)


@pytest.mark.parametrize("command", ["list", "send", "drop"])
@pytest.mark.parametrize(
    "name", ["craete-meeting", "Create-Meeting", "meeting-events/", "rejected-requests/all", ""]
)
def test_a_queue_that_is_none_is_refused_by_name_beside_a_good_one(command: str, name: str) -> None:
    """With those that there are; nothing is done to the good one either."""
    queues = ["--queue", "create-meeting", "--queue", name]
    run = CliRunner().invoke(app, ["--service-bus", NOWHERE, "requeue", command, *queues])

    assert isinstance(run.exception, Failed)
    assert run.exception.code == Exit.USAGE
    assert str(run.exception).startswith(f"--queue {name!r}: ")
    assert "rejected-requests, meeting-events/all." in str(run.exception)


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(seconds=5), "5s"),
        (timedelta(minutes=5), "5m 0s"),
        (timedelta(days=2, hours=3, minutes=59), "2d 3h"),
        (timedelta(seconds=-3), "0s"),
    ],
)
def test_an_age_has_its_two_largest_units(span: timedelta, text: str) -> None:
    """Clocks that differ make no age below nought."""
    assert age(span) == text


def test_a_message_id_moves_no_cursor() -> None:
    """It is text of the sender's."""
    assert printable("a\x1b[2Jb\n") == "a�[2Jb�"
