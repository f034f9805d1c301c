"""What answers of Graph mean: every documented shape of error, and every way to say "later"."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.graph.answers import (
    Answer,
    Asking,
    hold_to_success,
    is_missing,
    no_answer,
    read_answer,
    retry_after,
)
from shared.words.errors import GraphTrace, Rejected, Unavailable
from shared.words.problems import heals

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CALL = Asking(bot_app_id="the-bot", client_request_id="asked-as")
MEETING = Asking(bot_app_id="the-bot", organizer_id="the-organizer", client_request_id="asked-as")
REPORTS = replace(MEETING, reading="attendance reports")
RECORDS = replace(CALL, reading="call records")


def answered(status: int, body: Any = b"", **headers: str) -> Answer:
    """Return an answer; what is not bytes is sent as JSON."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(
        status=status,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        body=sent,
    )


def refusal(answer: Answer, *, asking: Asking = CALL) -> Rejected:
    """Return the refusal that an answer is."""
    with pytest.raises(Rejected) as refused:
        read_answer(answer, asking=asking, now=NOW)
    return refused.value


def error(code: Any, message: str = "Graph's words.", **members: Any) -> dict[str, Any]:
    """Return an error body of the usual shape."""
    return {"error": {"code": code, "message": message, **members}}


def test_a_success_is_its_members() -> None:
    """200 and 201 alike."""
    for status in (200, 201):
        assert read_answer(answered(status, {"id": "x"}), asking=CALL, now=NOW) == {"id": "x"}


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"null", b"{}", b"[" * 100_000])
def test_a_success_that_cannot_be_read_may_have_been_one(body: bytes) -> None:
    """Unavailable, so that it is looked for again; with success alone nothing has to be read."""
    with pytest.raises(Unavailable):
        read_answer(answered(201, body), asking=CALL, now=NOW)

    hold_to_success(answered(204, body), asking=CALL, now=NOW)


@pytest.mark.parametrize(
    ("graph_code", "code"),
    [
        ("7503", "calling_not_enabled"),
        ("7504", "consent_missing"),
        ("7505", "tenant_mismatch"),
        ("7507", "source_identity_invalid"),
        (7505, "tenant_mismatch"),
    ],
)
def test_a_code_of_the_calls_service_has_a_code_and_a_step_of_ours(
    graph_code: Any, code: str
) -> None:
    """Digits as text, as documented, or as a number."""
    refused = refusal(answered(403, error(graph_code)))

    assert refused.code == code
    assert refused.next_step
    assert refused.graph is not None
    assert refused.graph.code == str(graph_code)


@pytest.mark.parametrize(
    "body",
    [
        # A code of digits in the usual place (microsoft-graph-docs issue 9481).
        error("7505", "Request authorization tenant mismatch.", innerError={"request-id": "r"}),
        # Only the inner error object (microsoft-graph-comms-samples issue 171).
        {"code": "7505", "message": "Mismatch.", "innerError": {"request-id": "r"}},
        # The real error as text inside the message (microsoft-graph-docs issue 10845).
        error(
            "UnknownError",
            json.dumps({"errorCode": "7505", "message": "Mismatch.", "instanceAnnotations": []}),
            innerError={"request-id": "r"},
        ),
        {"errorCode": "7505", "message": "Mismatch.", "innererror": {"request-id": "r"}},
        # As above, with the whole envelope inside, and space before it.
        error(
            "UnknownError",
            " " + json.dumps(error("7505", "Mismatch.")),
            innerError={"request-id": "r"},
        ),
    ],
)
def test_every_shape_of_an_error_is_read(body: dict[str, Any]) -> None:
    """Code and request id are found wherever Graph has been seen to put them."""
    refused = refusal(answered(403, body))

    assert refused.code == "tenant_mismatch"
    assert refused.graph == GraphTrace(
        status=403, code="7505", request_id="r", client_request_id="asked-as"
    )


def test_another_tenant_is_recognised_where_no_code_says_so() -> None:
    """As seen in 2022: a code that means nothing, and the reason in the text."""
    body = {
        "code": "ExtensionError",
        "message": "Operation: Create; Exception: [Status Code: Forbidden; Reason: The meeting "
        "tenant does not match the token tenant.]",
    }

    assert refusal(answered(403, body)).code == "tenant_mismatch"


@pytest.mark.parametrize(
    ("answer", "asking", "code"),
    [
        (answered(429, error("TooManyRequests"), retry_after="86400"), MEETING, "organizer_quota"),
        (
            answered(403, error("Forbidden", "2000 meetings each month.")),
            MEETING,
            "organizer_quota",
        ),
        (answered(403, error("Forbidden", "No policy found.")), MEETING, "organizer_not_allowed"),
        (answered(403, error("x", "Once a month.")), CALL, "graph_refused"),
    ],
)
def test_the_monthly_limit_of_an_organizer_is_told_from_other_refusals(
    answer: Answer, asking: Asking, code: str
) -> None:
    """Graph documents the limit, and not how it says that it is reached."""
    refused = refusal(answer, asking=asking)

    assert refused.code == code
    if code == "organizer_quota":
        assert "organizerId" in refused.next_step
        assert "the-organizer" in refused.message


def test_the_monthly_limit_of_calls_is_no_throttle() -> None:
    """It is said with the status of one, in JSON inside a message; minutes of waiting are lost."""
    said = {"errorCode": "8529", "message": "Application reached the monthly call creation limit."}
    answer = answered(429, error("UnknownError", json.dumps(said)))

    refused = refusal(answer, asking=CALL)

    assert refused.code == "calls_quota"
    assert "month" in refused.message
    assert "the-bot" in refused.message


def test_every_failure_is_one_line_in_the_log_with_graphs_ids(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Those that support asks for; nothing of what was asked or said."""
    headers = {"request_id": "r-1", "date": "Mon, 02 Mar 2026 09:00:00 GMT"}

    answer = answered(403, error("7504", "secret words"), **headers)
    refusal(replace(answer, asked="POST /communications/calls"))

    (line,) = caplog.messages
    assert line == (
        "graph.failed: status=403 code=7504 method=POST route=/communications/calls "
        'graphRequestId=r-1 clientRequestId=asked-as date="Mon, 02 Mar 2026 09:00:00 GMT"'
    )


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, error("General", "No application access policy found for this app.")),
        (400, error("BadRequest", "1026: An error has occurred.")),
        (400, error("1026", "An error has occurred.")),
        (404, error("NotFound", "Organizer Id mismatch User Id: x.")),
    ],
    ids=["General", "1026 in the message", "1026 as the code", "mismatch"],
)
def test_every_shape_of_a_missing_access_policy_heals(status: int, body: Any) -> None:
    """An administrator grants it, and it takes its time to work. Of calls they say nothing."""
    refused = refusal(answered(status, body), asking=MEETING)

    assert refused.code == "organizer_not_allowed"
    assert heals(refused.code)
    assert "Grant-CsApplicationAccessPolicy" in refused.next_step
    assert refusal(answered(status, body), asking=CALL).code != "organizer_not_allowed"


@pytest.mark.parametrize(
    ("status", "body", "asking"),
    [
        (403, error("Forbidden", "Missing role permissions on the request."), REPORTS),
        (403, error("Forbidden", "Missing role permissions on the request."), RECORDS),
        (403, b"", RECORDS),
        (400, error("BadRequest", "1026: An error has occurred."), REPORTS),
    ],
)
def test_what_forbids_to_read_sources_is_for_an_administrator(
    status: int, body: Any, asking: Asking
) -> None:
    """It names both permissions, and the policy; it is about no meeting that is to be made."""
    refused = refusal(answered(status, body), asking=asking)

    assert refused.code == "attendance_not_readable"
    assert not heals(refused.code), "no request is retried for it: the next look reads again"
    assert str(asking.reading) in refused.message
    assert "the-bot" in refused.next_step


def test_a_report_that_is_not_there_is_missing_but_not_one_without_a_policy() -> None:
    """Both are 404. Nothing else is missing."""
    gone = answered(404, error("NotFound", "The meeting does not exist."))
    mismatch = answered(404, error("NotFound", "Organizer Id mismatch User Id: x."))

    assert is_missing(gone, asking=REPORTS)
    assert not is_missing(mismatch, asking=REPORTS)
    assert refusal(mismatch, asking=REPORTS).code == "attendance_not_readable"
    assert is_missing(mismatch, asking=RECORDS)
    assert not is_missing(answered(410, {}), asking=RECORDS)


@pytest.mark.parametrize(
    "body",
    [
        error("BadRequest", "10260: An error has occurred."),
        error("BadRequest", "The subject is longer than 1026: shorten it."),
    ],
)
def test_other_words_of_a_400_are_about_the_request(body: Any) -> None:
    """A number elsewhere in them is no code."""
    assert refusal(answered(400, body), asking=MEETING).code == "invalid_request"


def test_a_missing_access_policy_has_its_two_lines_filled_in() -> None:
    """Who has to run what, with the ids in it."""
    body = error("Forbidden", "No application access policy found for this app")

    refused = refusal(answered(403, body), asking=MEETING)

    assert refused.code == "organizer_not_allowed"
    assert 'New-CsApplicationAccessPolicy -Identity Rollcall -AppIds "the-bot"' in refused.next_step
    assert (
        'Grant-CsApplicationAccessPolicy -PolicyName Rollcall -Identity "the-organizer"'
        in refused.next_step
    )


@pytest.mark.parametrize(
    ("status", "body", "asking", "code"),
    [
        (404, error("NotFound"), MEETING, "organizer_not_found"),
        (404, b"", MEETING, "organizer_not_found"),
        (400, error("BadRequest"), MEETING, "invalid_request"),
        (400, b"", CALL, "invalid_request"),
        (400, b"<html>", CALL, "invalid_request"),
        (401, error("InvalidAuthenticationToken"), CALL, "graph_token_refused"),
        (403, error("Forbidden"), CALL, "graph_refused"),
        (403, b"", CALL, "graph_refused"),
        (418, {"error": "teapot"}, CALL, "graph_refused"),
        (418, {"error": {"code": None, "message": {}, "innerError": []}}, CALL, "graph_refused"),
        (302, b"", CALL, "graph_refused"),
    ],
)
def test_other_refusals_have_stable_codes(
    status: int, body: Any, asking: Asking, code: str
) -> None:
    """With and without a body of Graph's."""
    refused = refusal(answered(status, body), asking=asking)

    assert refused.code == code
    assert refused.message
    assert refused.next_step


def test_graphs_own_words_are_passed_on_and_cut() -> None:
    """They say what to correct; braces in them are text."""
    refused = refusal(answered(400, error("BadRequest", "{x} " + "word " * 1000)))

    assert "{x} word" in refused.message
    assert len(refused.message) < 600


@pytest.mark.parametrize(
    "link",
    [
        "https://teams.microsoft.com/meet/23456789012345?p=aB3dE6",
        "https%3A%2F%2Fteams.microsoft.com%2Fmeet%2F23456789012345%3Fp%3DaB3dE6",
        "teams.live.com/meet/23456789012345?p=aB3dE6",
        "msteams:/l/meetup-join/aB3dE6",
    ],
)
def test_graphs_own_words_are_passed_on_without_links(link: str) -> None:
    """A link lets its reader into the meeting; cut in the middle, it may still."""
    refused = refusal(answered(400, error("BadRequest", f"The link '{link} is no good.")))
    cut = refusal(answered(400, error("BadRequest", f"{'x' * 450} {link}{'y' * 99}")))

    assert "The link '[removed] is no good." in refused.message
    assert "aB3dE6" not in cut.message


def test_a_cut_never_leaves_half_a_word() -> None:
    """It may be half a passcode, which nobody would recognise as one."""
    refused = refusal(answered(400, error("BadRequest", f"{'x' * 495} secretive")))

    assert "sec" not in refused.message


def test_graphs_own_words_can_be_sent_on_whatever_they_are() -> None:
    """Half a character, as from a subject cut in the middle, would break the event that says it."""
    refused = refusal(answered(400, error("BadRequest", "bad subject \ud83d")))

    assert refused.message.encode()
    assert "bad subject ?" in refused.message


def test_what_identifies_the_answer_to_support_is_kept() -> None:
    """Headers win over the body; our own id stands in where Graph repeats none."""
    inner = {"request-id": "b", "client-request-id": "c", "date": "2026-03-02T09:00:00"}
    headers = {"request_id": "h", "client_request_id": "k", "date": "Mon, 02 Mar 2026 09:00:00 GMT"}

    bare = refusal(answered(403, error("x")))
    of_body = refusal(answered(403, error("x", innerError=inner)))
    of_headers = refusal(answered(403, error("x", innerError=inner), **headers))

    assert bare.graph == GraphTrace(status=403, code="x", client_request_id="asked-as")
    assert of_body.graph == GraphTrace(
        status=403,
        code="x",
        request_id="b",
        client_request_id="c",
        date="2026-03-02T09:00:00",
    )
    assert of_headers.graph == GraphTrace(
        status=403,
        code="x",
        request_id="h",
        client_request_id="k",
        date="Mon, 02 Mar 2026 09:00:00 GMT",
    )


@pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 502, 503, 504, 509, 520])
@pytest.mark.parametrize("body", [b"", b"<html>", error("TooManyRequests"), error("7503")])
def test_what_may_help_to_ask_again_is_unavailable(status: int, body: Any) -> None:
    """Whatever its body says: a refusal of the service for now is no refusal of the request."""
    with pytest.raises(Unavailable) as unavailable:
        read_answer(answered(status, body, retry_after="7"), asking=MEETING, now=NOW)

    assert unavailable.value.retry_after == timedelta(seconds=7)
    assert unavailable.value.graph is not None
    assert unavailable.value.graph.status == status


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3", 3.0),
        ("0", 0.0),
        ("1.75", 1.75),
        ("Mon, 02 Mar 2026 09:01:30 GMT", 90.0),
        ("Mon, 02 Mar 2026 09:01:30 -0000", 90.0),
        ("Mon, 02 Mar 2026 08:00:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("nan", None),
        ("inf", None),
        ("1e300", None),
        ("Mon, 99 Mar 2026 09:01:30 GMT", None),
        ("Mon, 02 Mar 99999999999999999999 09:01:30 GMT", None),
        ("Mon, 02 Mar 2026 09:01:30 +99999999999", None),
    ],
)
def test_a_pause_is_read_as_seconds_with_fractions_or_as_a_date(
    text: str | None, seconds: float | None
) -> None:
    """What cannot be read is no pause."""
    expected = None if seconds is None else timedelta(seconds=seconds)

    assert retry_after(text, now=NOW) == expected


def test_no_answer_says_what_failed_and_under_which_id(caplog: pytest.LogCaptureFixture) -> None:
    """Status 0: nobody knows whether it was done. The log has the id that support can look up."""
    unavailable = no_answer("ReadTimeout", asking=CALL)

    assert "ReadTimeout" in str(unavailable)
    assert unavailable.graph == GraphTrace(
        status=0, code="ReadTimeout", client_request_id="asked-as"
    )
    (line,) = caplog.messages
    assert line.startswith("graph.failed: status=0 code=ReadTimeout ")
    assert "clientRequestId=asked-as" in line


def test_a_success_that_cannot_be_read_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """It fails the request as any other answer does."""
    with pytest.raises(Unavailable):
        read_answer(answered(201, request_id="r-1"), asking=CALL, now=NOW)

    (line,) = caplog.messages
    assert "status=201" in line
    assert "graphRequestId=r-1" in line


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "code", "message", "innerError", "request-id", "date"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=10,
)


@given(status=st.integers(300, 599), body=JSON.map(json.dumps).map(str.encode) | st.binary())
def test_no_error_body_makes_the_reader_fail(status: int, body: bytes) -> None:
    """Whatever a gateway answers has a verdict."""
    trace = None

    try:
        hold_to_success(answered(status, body), asking=MEETING, now=NOW)
    except (Rejected, Unavailable) as verdict:
        trace = verdict.graph

    assert trace is not None
    assert isinstance(trace.code, str)
