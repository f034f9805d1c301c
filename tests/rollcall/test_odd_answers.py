"""An answer of another form than the app's: one sentence, never a traceback."""

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from typer.testing import CliRunner

from rollcall.asking.happening import event_of, line_of
from rollcall.asking.outcomes import heard
from rollcall.asking.record import heard_of_record
from rollcall.asking.requests import Kind, request
from rollcall.asking.wording import said as said_of
from rollcall.cli import app as commands
from rollcall.console import Exit, Failed
from rollcall.http import as_answered
from rollcall.reading.day_table import day_lines, in_order
from rollcall.reading.meeting_log import log_lines
from rollcall.reading.page import Page
from rollcall.reading.timeline import timeline
from tests.rollcall.records import LEG, MEETING, at, call, interval, leg, log, person, record
from tests.rollcall.serving import KEY, Answer, said, serving

ODD: tuple[Any, ...] = (None, True, -1, 1e400, "x", [], [1], {}, {"x": 1})
LEFT_OUT = object()
BOUNDS = {"startNotBefore": at(0), "notBefore": at(100), "notAfter": at(700)}
RECORD = record(
    call(1, 10, 600, person("Ada", interval(10, 600), role="organizer"), **BOUNDS),
    call(2, 700, None, person("Bo", interval(700, None))),
    legs=(leg(0, 650, reason="serviceFault", result={"code": 5, "subcode": 1, "meaning": "x"}),),
)
ROSTER = {"kind": "roster", "legKey": LEG, "at": at(1), "entries": 2, "listsOurselves": True}
NAMED = [{"sessionId": "s1", "participant": {"kind": "user", "userId": "", "displayName": "Ada"}}]
LOG = log(
    {"published": {"sequence": 1, "type": "rollcall.meeting.created.v1", "time": at(0)}},
    {"heard": {**ROSTER, "unread": 0, "named": NAMED, "missing": []}},
)
DAY = [{"meetingId": MEETING, "requestId": "a", "subject": "s", "calls": 1, "people": 1,
        "openSince": at(0), "firstStartedAt": at(0), "failed": "x"}]  # fmt: skip
EVENT = {
    "type": "rollcall.meeting.updated.v1", "time": at(0), "correlationid": "a",
    "data": {
        "meetingId": MEETING, "requestId": "a", "subject": "s", "startDateTime": at(0),
        "changed": ["subject"], "participant": {"kind": "user"}, "participantCount": 1,
        "coordinates": {"joinWebUrl": "u", "dialIn": {"tollNumbers": ["1"]}, "chatInfo": {}},
        "warnings": [{"member": "/a", "message": "m"}], "undelivered": {"message": "m"},
        "code": "x", "problems": [{"member": "/a", "message": "m"}], "history": [{"at": at(0)}],
        "nextStep": "n", "reason": "r", "message": "m",
    },
}  # fmt: skip


def odd(whole: Any) -> Iterator[Any]:
    """Yield the value with each of its parts, one after another, left out or in another form."""
    for path in paths(whole):
        for value in (*ODD, LEFT_OUT):
            yield changed(whole, path, value)


def paths(part: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each part."""
    pairs = part.items() if isinstance(part, dict) else enumerate(part)
    for key, value in pairs:
        yield (key,)
        if isinstance(value, dict | list):
            yield from ((key, *path) for path in paths(value))


def changed(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return the value with another part at the end of that way."""
    found = part = copy.deepcopy(whole)
    for key in path[:-1]:
        part = part[key]
    if value is LEFT_OUT:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return found


def drawn(record_: Any) -> None:
    list(timeline(record_, Page()))
    list(heard_of_record(UPDATE, record_, before={}, published=["rollcall.meeting.updated.v1"]))


def logged(lines: Any) -> None:
    list(log_lines(lines, RECORD, Page()))


def listed(rows: Any) -> None:
    list(day_lines(in_order(rows), Page()))


def written(event: Any) -> None:
    body = json.dumps(event).encode()
    if found := heard(body):
        list(said_of(found, width=80))
        list(said_of(type(found)(type="meeting.rejected", data=found.data), width=80))


UPDATE = request(
    Kind.UPDATE, file={"requestId": "a", "join": "now"}, options={}, new_id="", new_key=""
)


@pytest.mark.long
@pytest.mark.parametrize(
    ("draw", "whole"),
    [(drawn, RECORD), (logged, LOG), (listed, DAY), (written, EVENT)],
    ids=["record", "log", "day", "answer"],
)
def test_what_has_another_form_is_a_failure_in_words(
    draw: Callable[[Any], None], whole: Any
) -> None:
    """Each part of it left out, null, or of another type. Some of that can be drawn."""
    draw(whole)

    for one in odd(whole):
        with suppress(Failed), as_answered():
            draw(one)


def test_an_event_of_another_form_does_not_end_tail() -> None:
    """A subscription may hold what others published."""
    for kind in ("meeting.updated", "call.ended", "participant.left"):
        for one in odd({**EVENT, "type": f"rollcall.{kind}.v1"}):
            if event := event_of(json.dumps(one).encode()):
                assert line_of(event).isprintable()


BODIES = {
    "list": b"[]", "null": b"null", "nothing": b"{}", "deep": b"[" * 100_000,
    "bytes": b"\xff\xfe", "html": b"<html>", "null members": b'{"meeting": null}',
    "odd members": b'{"meeting": 1, "calls": 2, "bot": 3, "meetings": 4, "continuation": 5}',
    "odd lists": b'{"meeting": {"meetingId": 1}, "calls": [1], "bot": {}, "meetings": [1]}',
    "odd id": b'{"meetings": [{"meetingId": 1}], "continuation": null}',
    "no end": b'{"meetings": [], "continuation": "t"}',
}  # fmt: skip
COMMANDS = (
    ("show", MEETING),
    ("show", MEETING, "--json"),
    ("show", MEETING, "--follow"),
    ("list", "--day", "d", "--all"),
    ("list", "--day", "d", "--all", "--json"),
    ("export", "csv", "--day", "d"),
)


@pytest.mark.parametrize("body", list(BODIES.values()), ids=list(BODIES))
def test_an_answer_that_is_not_the_app_s_is_said_so(body: bytes) -> None:
    """By each command that reads one, with exit code 3."""
    answer = Answer(body=body)
    paths_ = (f"meetings/{MEETING}", "meetings?day=d", "meetings?day=d&continuation=t")
    with serving(dict.fromkeys(paths_, answer)) as app:
        for command in COMMANDS:
            run = CliRunner().invoke(commands, ["--url", app.url, "--key", KEY, *command])

            if command == COMMANDS[1] and body.startswith(b"{"):
                continue  # it is passed on as it is
            assert isinstance(run.exception, Failed), (command, run.output, run.exception)
            assert run.exception.code is Exit.UNREACHABLE
            assert "Check --url" in str(run.exception)
            assert str(run.exception).isprintable()


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=b"no gzip", headers={"Content-Encoding": "gzip"}),
        Answer(
            body=b"{}", headers={"Content-Encoding": "br, nonsense", "Content-Type": "x;charset=y"}
        ),
        Answer(body=b"", status=302, headers={"Location": "http://[nowhere"}),
        said({"message": ["no text"]}, 500),
        Answer(body=b"[" * 100_000, status=503),
    ],
    ids=["encoding", "charset", "redirect", "message", "deep"],
)
def test_an_answer_that_cannot_be_read_is_said_so(answer: Answer) -> None:
    """Whatever the HTTP library makes of it."""
    with serving({f"meetings/{MEETING}": answer}) as app:
        run = CliRunner().invoke(commands, ["--url", app.url, "--key", KEY, "show", MEETING])

    assert isinstance(run.exception, Failed), run.exception
    assert run.exception.code is Exit.UNREACHABLE


@pytest.mark.parametrize("odd_id", [1, ["x"], "\ud83d"])
def test_an_id_that_is_none_is_said_so(odd_id: Any) -> None:
    """It would become a part of an address."""
    shown = {**RECORD, "meeting": {**RECORD["meeting"], "meetingId": odd_id}}
    rows = {"meetings": [{**DAY[0], "meetingId": odd_id}], "continuation": None}
    with serving({f"meetings/{MEETING}": said(shown), "meetings?day=d": said(rows)}) as app:
        for command in (("show", MEETING), ("export", "csv", "--day", "d")):
            run = CliRunner().invoke(commands, ["--url", app.url, "--key", KEY, *command])

            assert isinstance(run.exception, Failed), run.exception
            assert run.exception.code is Exit.UNREACHABLE


@pytest.mark.parametrize("status", [200, 204])
def test_a_page_of_another_server_s_is_no_sheet(status: int) -> None:
    """It would be exported as one."""
    page = b"" if status == 204 else b"<html>Sign in</html>"
    answer = Answer(body=page, status=status, headers={"Content-Type": "text/html"})
    for form in ("csv", "ndjson"):
        with serving({f"meetings/{MEETING}?format={form}": answer}) as app:
            run = CliRunner().invoke(
                commands, ["--url", app.url, "--key", KEY, "export", form, MEETING]
            )

        assert isinstance(run.exception, Failed), run.exception
        assert (run.exception.code, run.stdout) == (Exit.UNREACHABLE, "")
        assert "it gave no sheet" in str(run.exception)


def test_a_log_without_end_is_left() -> None:
    """Its pages name themselves as the next one."""
    path = f"meetings/{MEETING}/log"
    again = {"Link": f'</api/{path}?after=1>; rel="next"'}
    odd_link = {"Link": '<http://[>; rel="next"'}
    for links in (again, odd_link):
        log_ = Answer(body=b"", headers=links)
        answers = {f"meetings/{MEETING}": said(RECORD), path: log_, f"{path}?after=1": log_}
        with serving(answers) as app:
            run = CliRunner().invoke(commands, ["--url", app.url, "--key", KEY, "show", MEETING])

        assert isinstance(run.exception, Failed), run.exception
        assert run.exception.code is Exit.UNREACHABLE


def test_pages_in_a_circle_are_left() -> None:
    """Each names the other one as the next one."""
    path = f"meetings/{MEETING}/log"
    one, two = (
        Answer(body=b"", headers={"Link": f'</api/{path}?after={n}>; rel="next"'}) for n in (1, 2)
    )
    log_ = {path: one, f"{path}?after=1": two, f"{path}?after=2": one}
    first, second = (said({"meetings": [], "continuation": name}) for name in ("t", "u"))
    day = "meetings?day=d"
    days = {day: first, f"{day}&continuation=t": second, f"{day}&continuation=u": first}
    with serving({f"meetings/{MEETING}": said(RECORD), **log_, **days}) as app:
        for command in (("show", MEETING), ("list", "--day", "d", "--all")):
            run = CliRunner().invoke(commands, ["--url", app.url, "--key", KEY, *command])

            assert isinstance(run.exception, Failed), run.exception
            assert run.exception.code is Exit.UNREACHABLE
