"""The messages that commands send, made of options and files."""

from typing import Any

import pytest

from rollcall.asking.requests import Kind, Request, attendee, members_of, request
from rollcall.console import Exit, Failed


def made(kind: Kind = Kind.CREATE, *, file: Any = None, **options: Any) -> Request:
    return request(kind, file=file or {}, options=options, new_id="new", new_key="key")


def test_options_win_over_the_file() -> None:
    """And what no option says stays as the file has it."""
    found = made(file={"subject": "a", "watch": True}, subject="b", watch=None)

    assert found.body == {"subject": "b", "watch": True, "action": "create", "requestId": "new"}


@pytest.mark.parametrize(
    ("kind", "queue"),
    [
        (Kind.CREATE, "create-meeting"),
        (Kind.UPDATE, "create-meeting"),
        (Kind.CANCEL, "create-meeting"),
        (Kind.JOIN, "join-meeting"),
        (Kind.LEAVE, "join-meeting"),
    ],
)
def test_the_command_says_the_action(kind: Kind, queue: str) -> None:
    """Whatever a file says, `cancel` never makes a meeting."""
    found = made(kind, file={"action": "create"}, requestId="a")

    assert (found.body["action"], found.queue) == (kind.value, queue)


def test_a_request_id_is_kept_from_option_or_file() -> None:
    """Else the new one is taken."""
    assert made(requestId="mine").id == "mine"
    assert made(file={"requestId": "mine"}).id == "mine"
    assert made(file={"requestId": None}).id == "new"


@pytest.mark.parametrize("kind", [Kind.UPDATE, Kind.CANCEL])
def test_a_change_makes_up_no_request_id(kind: Kind) -> None:
    """It would be that of no meeting."""
    with pytest.raises(Failed, match="Give --request-id") as failed:
        made(kind)

    assert failed.value.code is Exit.USAGE


@pytest.mark.parametrize("odd", ["", "x" * 129, ["a"] * 40])
def test_an_id_that_service_bus_refuses_is_left_to_the_app(odd: Any) -> None:
    """The message gets another id, so that the app's refusal comes back."""
    assert made(file={"requestId": odd}).message_id == "key"


def test_a_request_id_of_another_type_is_sent_as_it_is() -> None:
    """The app says what is wrong with it."""
    found = made(file={"requestId": 4711})

    assert (found.body["requestId"], found.id) == (4711, "4711")


def test_an_attendee_is_a_upn_or_a_upn_and_a_role() -> None:
    """Which roles there are, the app says."""
    assert attendee("ada@example.com") == "ada@example.com"
    assert attendee("ada@example.com:presenter") == {"upn": "ada@example.com", "role": "presenter"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is no JSON"),
        ("[]", "must be a JSON object"),
        ('{"a": 1, "a": 2}', "a is given twice"),
        ('{"a": NaN}', "NaN is no value"),
        ('{"a": -1e400}', "-1e400 is too large"),
    ],
)
def test_what_is_no_object_is_wrong_usage(text: str, problem: str) -> None:
    """It cannot be put together with options."""
    with pytest.raises(Failed, match=f"--context {problem}|--context is no JSON: {problem}") as it:
        members_of(text, "--context")

    assert it.value.code is Exit.USAGE
