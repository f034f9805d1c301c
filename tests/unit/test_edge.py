"""What leaves a function of the app for the host: nothing that quotes a caller."""

import asyncio
import inspect
import typing

import azure.functions as func
import pytest
from azure_functions_runtime.utils.tracing import serialize_exception_as_str

from call_callback.trigger import bp as call_callback
from create_meeting.trigger import bp as create_meeting
from health_doctor.trigger import bp as health_doctor
from join_meeting.trigger import bp as join_meeting
from meeting_record.trigger import bp as meeting_record
from shared.edge import Unexpected, at_edge
from shared.telemetry import bound_ids, correlate
from shared.words.errors import NotSent
from tend_meeting.trigger import bp as tend_meeting
from tests.fixtures.emitted import FUNCTIONS

SECRET = "https://teams.microsoft.com/meet/23456789012345?p=aB3dE6"


@at_edge
async def failing(message: str) -> None:
    """Fail as a bug does: with a text, and for a cause."""
    correlate(messageId="m-1", meetingId="t-1")
    try:
        dict[str, int]()[message]
    except KeyError as error:
        raise ValueError(f"no idea what {message} is") from error


async def test_a_bug_fails_the_invocation_without_its_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The worker writes text and causes of what it gets: class, place and ids are all."""
    with pytest.raises(Unexpected) as caught:
        await failing(SECRET)

    whole = serialize_exception_as_str(caught.value)
    assert SECRET not in whole
    assert "no idea" not in whole
    assert "KeyError" not in whole.partition("Unexpected: ")[2]
    said = str(caught.value)
    assert said.startswith("ValueError at tests/unit/test_edge.py:")
    assert said.endswith("(function=failing messageId=m-1 meetingId=t-1)")
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert SECRET not in caplog.text


async def test_the_stack_of_a_bug_is_in_a_line_with_the_ids(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """File, line and function of each frame, and the class of the cause."""
    with pytest.raises(Unexpected):
        await failing(SECRET)

    (line,) = caplog.messages
    assert line.startswith("function.failed: function=failing messageId=m-1 meetingId=t-1 ")
    assert "error=ValueError" in line
    assert "failing" in line.partition("stack=")[2]
    assert "from KeyError: tests/unit/test_edge.py:" in line


async def test_a_bus_that_is_down_fails_the_invocation_in_our_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is the verdict on the message, and no bug; the SDK's words stay here."""

    @at_edge
    async def refused() -> None:
        try:
            int(SECRET)
        except ValueError as error:
            raise NotSent("Service Bus did not answer") from error

    with pytest.raises(Unexpected, match="NotSent: Service Bus did not answer") as caught:
        await refused()

    assert SECRET not in serialize_exception_as_str(caught.value)
    assert caplog.messages == []


async def test_what_ends_a_process_passes() -> None:
    """A task that is cancelled, and the end of the process, are no errors of a handler."""

    @at_edge
    async def cancelled() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await cancelled()


async def test_ids_of_an_invocation_end_with_it() -> None:
    """Also where it succeeds; what it returns is returned."""

    @at_edge
    async def succeeding(number: int) -> str:
        correlate(meetingId=str(number))
        return bound_ids()

    assert await succeeding(7) == "function=succeeding meetingId=7"
    assert bound_ids() == ""


def test_every_function_of_the_app_has_the_edge() -> None:
    """As the host sees them: by the names and types of their parameters."""
    app = func.FunctionApp()
    for blueprint in (
        create_meeting,
        join_meeting,
        call_callback,
        tend_meeting,
        meeting_record,
        health_doctor,
    ):
        app.register_functions(blueprint)
    functions = {one.get_function_name(): one.get_user_function() for one in app.get_functions()}

    assert functions.keys() == FUNCTIONS
    for function in functions.values():
        assert inspect.unwrap(function) is not function
        assert inspect.iscoroutinefunction(function)
        (parameter,) = inspect.signature(function).parameters
        assert parameter in typing.get_type_hints(function)
