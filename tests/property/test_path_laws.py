"""No id from outside changes which segments the path of a request to Graph has."""

import json
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from yarl import URL

from call_callback.notification import call_of
from shared.graph.call import call_in
from shared.graph.meeting import meeting_in
from shared.graph.sdk import require_segments
from shared.words.errors import Rejected
from shared.words.outside import is_segment
from tend_meeting.plan import read_tend_message

BASE = "http://127.0.0.1:1/v1.0"
ROUTES = (
    ("{+baseurl}/communications/calls/{call%2Did}", "call%2Did"),
    ("{+baseurl}/communications/calls/{call%2Did}/participants", "call%2Did"),
    ("{+baseurl}/communications/calls/{call%2Did}/keepAlive", "call%2Did"),
    ("{+baseurl}/users/{user%2Did}/onlineMeetings{?%24top}", "user%2Did"),
    ("{+baseurl}/users/u/onlineMeetings/{onlineMeeting%2Did}{?%24select}", "onlineMeeting%2Did"),
)
"""The SDK's templates of the requests that have an id in their path."""
PIECES = (
    "..",
    ".",
    "/",
    "\\",
    "%2e",
    "%2F",
    "?",
    "#",
    ";",
    "@",
    ":",
    " ",
    "\n",
    "\x00",
    "é",
    "a1-_",
)
IDS = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=6).map("".join))


def path_of(template: str, name: str, value: str) -> list[str]:
    """Return the segments of the path that a request with this id is sent to."""
    request = RequestInformation(Method.GET, template, {"baseurl": BASE, name: value})
    address = URL(str(httpx.Request("GET", request.url).url), encoded=True)
    return address.raw_path.split("/")


@given(value=IDS, route=st.sampled_from(ROUTES))
@example(value="..", route=ROUTES[0])
@example(value="%2e%2e", route=ROUTES[0])
def test_an_id_stays_the_one_segment_that_it_is_or_is_not_sent(
    value: str, route: tuple[str, str]
) -> None:
    """Encoded, whatever is in it; dots alone would not stay, and are refused."""
    template, name = route
    if not is_segment(value):
        with pytest.raises(ValueError, match="no segment"):
            require_segments({"baseurl": BASE, name: value})
        return
    require_segments({"baseurl": BASE, name: value})

    usual, found = path_of(template, name, "usual"), path_of(template, name, value)

    place = usual.index("usual")
    assert unquote(found[place]) == value
    assert (found[:place], found[place + 1 :]) == (usual[:place], usual[place + 1 :])


def read_notification(value: str) -> str | None:
    found = call_of({"resourceUrl": f"/communications/calls/{value}"})
    return found and found[0]


def read_answer_of_a_call(value: str) -> str:
    return call_in({"id": value}).call_id


def read_answer_of_a_meeting(value: str) -> str:
    answer: dict[str, Any] = {"id": value, "joinWebUrl": "https://x"}
    return meeting_in(answer | {"chatInfo": {"threadId": "19:x"}}).online_meeting_id


def read_hang_up(value: str) -> str | None:
    body = {"meetingId": "a" * 26, "hangUp": value}
    return read_tend_message(json.dumps(body).encode()).hang_up


def read_hung_up(value: str) -> str | None:
    body = {"meetingId": "a" * 26, "hungUp": value, "at": "2026-09-14T08:00:00Z"}
    return read_tend_message(json.dumps(body).encode()).hung_up


@pytest.mark.parametrize(
    "read",
    [
        read_notification,
        read_answer_of_a_call,
        read_answer_of_a_meeting,
        read_hang_up,
        read_hung_up,
    ],
)
@given(value=IDS)
@example(value="..")
@example(value="x" * 10_000)
@example(value="57dab8b1-894c-409a-b240-bd8beae78896")
def test_every_id_that_is_read_is_checked_where_it_is_read(read: Any, value: str) -> None:
    """From callbacks, from Graph's answers, from messages: an odd one is refused, or is no id."""
    try:
        found = read(value)
    except Rejected:
        found = None

    assert found is None or is_segment(found)
