"""`list`, `show`, `export` and `explain` as processes, against an app that answers as written."""

import json
import os
import re
import signal
import threading
from pathlib import Path

import pytest
from rich.cells import cell_len

from rollcall.console import Exit
from tests.rollcall.records import (
    INJECTIONS,
    LEG,
    MEETING,
    at,
    call,
    interval,
    person,
    record,
    user_id,
)
from tests.rollcall.serving import Answer, finished, on_terminal, run, said, serving, start

OTHER = "k" * 26
HEAD = b"\xef\xbb\xbfmeetingId,seconds\r\n"
SHEET = f"meetings/{MEETING}?format=csv"
OTHER_SHEET = f"meetings/{OTHER}?format=csv"
DAY = "2026-11-24"
CODES = {signal.SIGTERM: 143, signal.SIGINT: Exit.INTERRUPTED, signal.SIGKILL: -9}
"""What an export that is ended by a signal exits with."""


def whole() -> dict[str, Answer]:
    """Return the answers of an app with one meeting, whose log has two pages."""
    held = record(call(1, 0, 60, person("Ada", interval(0, 60))))
    published = {"sequence": 1, "type": "rollcall.meeting.created.v1", "time": at(0)}
    heard = {"kind": "leg", "legKey": LEG, "at": at(1), "phase": "in"}
    log = f"meetings/{MEETING}/log"
    return {
        f"meetings/{MEETING}": said(held, ETag='W/"one"'),
        "meetings?requestId=INC-4711": said(held),
        log: Answer(
            body=json.dumps({"version": 1, "published": published}).encode() + b"\n",
            headers={"Link": f'</api/{log}?after=1>; rel="next"'},
        ),
        f"{log}?after=1": Answer(
            body=json.dumps({"version": 2, "heard": heard}).encode() + b"\n",
            headers={"Link": f'</api/{log}?after=2>; rel="next"'},
        ),
        f"{log}?after=2": Answer(body=b""),
    }


@pytest.mark.parametrize("wanted", [(MEETING,), ("--request-id", "INC-4711")])
def test_show_draws_the_record_and_all_pages_of_the_log(wanted: tuple[str, ...]) -> None:
    """By either id; without a terminal there is no control character in it."""
    with serving(whole()) as app:
        shown = run(app, "show", *wanted)

    assert (shown.code, shown.err) == (0, "")
    assert shown.lines[0] == "checkout is down"
    assert any("published 1 meeting.created" in one for one in shown.lines)
    assert any(f"leg {LEG} is in" in one for one in shown.lines)
    assert b"\x1b" not in shown.out


@pytest.mark.parametrize("plain", [False, True])
def test_only_a_terminal_with_colours_gets_any(*, plain: bool) -> None:
    """NO_COLOR leaves nothing but text; the text is the same."""
    with serving(whole()) as app:
        drawn = on_terminal(app, "show", MEETING, environment={"NO_COLOR": "1"} if plain else {})

        text = re.sub(r"\x1b\[[0-9;]*m", "", drawn)
        assert text.splitlines() == run(app, "show", MEETING).lines
    assert ("\x1b" in drawn) is not plain


def test_show_as_json_is_the_answer_itself() -> None:
    """Byte for byte, and nothing else is read."""
    answers = whole()
    with serving(answers) as app:
        shown = run(app, "show", MEETING, "--json")

        assert shown.out == answers[f"meetings/{MEETING}"].body + b"\n"
        assert app.asked == [f"meetings/{MEETING}"]


def test_show_follows_until_all_is_over() -> None:
    """What is the same is not drawn again."""
    answers = whole()
    open_call = record(call(1, 0, None, person("Ada", interval(0, None))))
    path = f"meetings/{MEETING}"
    with serving(answers | {path: said(open_call, ETag='W/"open"')}) as app:
        process = start(app, "show", MEETING, "--follow")
        app.wait_for(f"{path}/log?after=2")
        app.answers[path] = Answer(body=b"", status=304)
        with app.came:
            seen = len(app.asked)
            assert app.came.wait_for(lambda: len(app.asked) > seen, 30)
        app.answers[path] = answers[path]
        shown = finished(process)

    assert shown.code == 0
    assert shown.out.decode().count("checkout is down") == 2
    assert any("goes on" in one for one in shown.lines)
    assert "Call 1 · 1 person · final" in shown.lines


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (said({"message": "No such meeting is known here."}, 404), Exit.NO, "No such meeting"),
        (said({"message": "The record was purged at x."}, 410), Exit.NO, "was purged at"),
        (said({"message": "The record cannot be read now."}, 503), Exit.UNREACHABLE, "read now"),
        (said({"message": INJECTIONS["cursor"]}, 404), Exit.NO, "[2J [Hgone"),
        (Answer(body=b"<html>", status=404), Exit.NO, "answered 404"),
        (Answer(body=b"", status=302), Exit.UNREACHABLE, "answered 302"),
        (Answer(body=b"<html>"), Exit.UNREACHABLE, "not the app"),
    ],
    ids=["unknown", "purged", "unreadable", "injected", "no words", "elsewhere", "another site"],
)
def test_show_says_why_there_is_nothing(answer: Answer, code: Exit, words: str) -> None:
    """Beside the output, in the app's own words, with an exit code."""
    with serving({f"meetings/{MEETING}": answer}) as app:
        for options in ((), ("--json",)):
            shown = run(app, "show", MEETING, *options)

            assert (shown.code, shown.out) == (code, b"")
            assert words in shown.err
            assert "\x1b" not in shown.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show",), "Give a MEETING_ID, or --request-id"),
        (("show", MEETING, "--request-id", "x"), "Give a MEETING_ID, or --request-id"),
        (("show", MEETING, "--tz", "Europe/Brelin"), "Did you mean Europe/Berlin?"),
        (("show", MEETING, "--json", "--follow"), "leave out --follow"),
        (("export", "csv"), "Give MEETING_IDs, or --day"),
        (("export", "csv", MEETING, "--day", DAY), "Give MEETING_IDs, or --day"),
        (("export", "xlsx", MEETING), "xlsx"),
    ],
)
def test_a_wrong_use_says_what_is_right(arguments: tuple[str, ...], words: str) -> None:
    """Before anything is read."""
    with serving({}) as app:
        done = run(app, *arguments)

        assert (done.code, done.out, app.asked) == (Exit.USAGE, b"", [])
    assert words in done.err


def test_an_id_is_no_path() -> None:
    """What is given as an id stays one part of the address."""
    with serving({}) as app:
        run(app, "show", "../health?x=1")

        assert app.asked == ["meetings/..%2Fhealth%3Fx%3D1"]


def test_what_people_choose_does_not_reach_the_terminal_as_it_is() -> None:
    """In a list and a record, from the process's output."""
    people = [person(one, interval(0, 60)) for one in INJECTIONS.values()]
    rows = [
        {"meetingId": MEETING, "requestId": one, "subject": one, "calls": 1, "people": 1}
        for one in INJECTIONS.values()
    ]
    answers = {
        f"meetings/{MEETING}": said(record(call(1, 0, 60, *people))),
        f"meetings/{MEETING}/log": Answer(body=b""),
        f"meetings?day={DAY}": said({"day": DAY, "meetings": rows, "continuation": None}),
    }
    with serving(answers) as app:
        shown, listed = run(app, "show", MEETING), run(app, "list", "--day", DAY)

    for done in (shown, listed):
        assert (done.code, done.err) == (0, "")
        assert all(one.isprintable() for one in done.out.decode().split("\n"))
        assert INJECTIONS["emoji code"] in done.out.decode()
        assert INJECTIONS["markup"][:18] in done.out.decode()
    assert max(map(cell_len, shown.lines)) <= 80
    assert len([one for one in shown.lines if one.endswith(" 1m00s")]) == len(people)


def test_list_reads_a_page_or_all_of_them() -> None:
    """And says that there are more."""

    def page(meeting: str, continuation: str | None) -> Answer:
        row = {"meetingId": meeting, "subject": "s", "calls": 1, "people": 2}
        return said({"day": DAY, "meetings": [row], "continuation": continuation})

    path = f"meetings?day={DAY}&open=true"
    with serving({path: page(MEETING, "t"), f"{path}&continuation=t": page(OTHER, None)}) as app:
        first = run(app, "list", "--day", DAY, "--open")
        whole = run(app, "list", "--day", DAY, "--open", "--all")
        both = json.loads(run(app, "list", "--day", DAY, "--open", "--all", "--json").out)

    assert [one.split()[0] for one in first.lines] == ["meeting", MEETING]
    assert "--all reads them" in first.err
    assert [one.split()[0] for one in whole.lines] == ["meeting", MEETING, OTHER]
    assert whole.err == ""
    assert [one["meetingId"] for one in both["meetings"]] == [MEETING, OTHER]
    assert both["complete"] is True


def test_export_passes_sheets_on_byte_for_byte(tmp_path: Path) -> None:
    """One as it is; of several the columns are named once. The zone is the app's matter."""
    own, other = b'"a\r\nb",\xff1\r\n', b"c,2\r\n"
    lines = b'{"x": 1}\n'
    answers = {
        SHEET: Answer(body=HEAD + own),
        f"{SHEET}&tz=Asia%2FTokyo": Answer(body=HEAD + b"tokyo\r\n"),
        OTHER_SHEET: Answer(body=HEAD + other),
        f"meetings/{MEETING}?format=ndjson": Answer(body=lines),
        f"meetings/{OTHER}?format=ndjson": Answer(body=lines),
    }
    with serving(answers) as app:
        one = run(app, "export", "csv", MEETING)
        both = run(app, "export", "csv", MEETING, OTHER)
        zoned = run(app, "export", "csv", MEETING, "--tz", "Asia/Tokyo")
        objects = run(app, "export", "ndjson", MEETING, OTHER)
        file = tmp_path / "sheet.csv"
        saved = run(app, "export", "csv", MEETING, OTHER, "--output", str(file))

    assert one.out == HEAD + own
    assert both.out == HEAD + own + other
    assert zoned.out == HEAD + b"tokyo\r\n"
    assert objects.out == lines * 2
    assert (saved.code, saved.out, file.read_bytes()) == (0, b"", both.out)
    assert [one.name for one in tmp_path.iterdir()] == ["sheet.csv"]


def test_export_of_a_day_leaves_out_what_was_purged_meanwhile(tmp_path: Path) -> None:
    """And says so, and counts the others; a meeting that was named must be there."""
    listed = [
        {"meetingId": one, "subject": None, "calls": 1, "people": 1} for one in (MEETING, OTHER)
    ]
    answers = {
        f"meetings?day={DAY}": said({"day": DAY, "meetings": listed, "continuation": None}),
        "meetings?day=2026-11-25": said({"day": "", "meetings": [], "continuation": None}),
        SHEET: said({"message": "It was purged."}, 410),
        OTHER_SHEET: Answer(body=HEAD + b"c,2\r\n"),
    }
    with serving(answers) as app:
        day = run(app, "export", "csv", "--day", DAY)
        saved = run(app, "export", "csv", "--day", DAY, "-o", str(tmp_path / "a.csv"))
        named = run(app, "export", "csv", OTHER, MEETING)
        empty = run(app, "export", "csv", "--day", "2026-11-25")

    assert (day.code, day.out) == (0, HEAD + b"c,2\r\n")
    assert f"left out: {MEETING}: It was purged." in " ".join(day.err.split())
    assert saved.err.splitlines()[-1].endswith("a.csv: 1 meeting")
    assert named.code == Exit.NO
    assert (empty.code, empty.out) == (0, b"")
    assert "No meetings on 2026-11-25" in empty.err


def test_export_writes_through_links_and_into_pipes(tmp_path: Path) -> None:
    """Only a file is replaced by a whole one: a link, a pipe and a device stay what they are."""
    file, link, pipe = (tmp_path / one for one in ("sheet.csv", "link.csv", "pipe"))
    loop, long_name = tmp_path / "loop.csv", "\N{SNOWMAN}" * 85
    before = tmp_path / "before.csv"
    file.write_bytes(b"before")
    before.write_bytes(b"before\n")
    link.symlink_to("sheet.csv")
    os.mkfifo(pipe)
    with serving({SHEET: Answer(body=HEAD + b"c,2\r\n")}) as app:
        linked = run(app, "export", "csv", MEETING, "-o", str(link))
        process = start(app, "export", "csv", MEETING, "-o", str(pipe))
        piped = pipe.read_bytes()
        assert finished(process).code == 0
        output = run(app, "export", "csv", MEETING, "-o", "/dev/stdout")
        with before.open("ab") as appended:
            ours = start(
                app, "export", "csv", MEETING, "-o", "/dev/stdout", output=appended.fileno()
            )
            assert finished(ours).code == 0
        nowhere = run(app, "export", "csv", MEETING, "-o", str(tmp_path))
        loop.symlink_to("loop.csv")
        looped = run(app, "export", "csv", MEETING, "-o", str(loop))
        named = run(app, "export", "csv", MEETING, "-o", str(tmp_path / long_name))

    assert (looped.code, loop.is_symlink()) == (Exit.NO, True)
    assert (named.code, (tmp_path / long_name).read_bytes()) == (0, HEAD + b"c,2\r\n")
    assert (linked.code, file.read_bytes(), link.is_symlink()) == (0, HEAD + b"c,2\r\n", True)
    assert (piped, pipe.is_fifo()) == (HEAD + b"c,2\r\n", True)
    assert output.out == HEAD + b"c,2\r\n"
    assert before.read_bytes() == b"before\n" + HEAD + b"c,2\r\n"
    assert (nowhere.code, "Is a directory" in nowhere.err) == (Exit.NO, True)
    assert {one.name for one in tmp_path.iterdir()} == {
        "sheet.csv",
        "link.csv",
        "pipe",
        "before.csv",
        "loop.csv",
        long_name,
    }


@pytest.mark.parametrize("number", list(CODES))
def test_a_killed_export_leaves_no_half_file(tmp_path: Path, number: signal.Signals) -> None:
    """The file is as it was. What a process that is killed outright leaves is not it."""
    file = tmp_path / "sheet.csv"
    file.write_bytes(b"before")
    held = Answer(body=HEAD, held=threading.Event())
    with serving({SHEET: Answer(body=HEAD + b"c,2\r\n"), OTHER_SHEET: held}) as app:
        process = start(app, "export", "csv", MEETING, OTHER, "--output", str(file))
        app.wait_for(OTHER_SHEET)
        process.send_signal(number)
        done = finished(process)

    assert done.code == CODES[number]
    assert file.read_bytes() == b"before"
    left = [one.name for one in tmp_path.iterdir() if one != file]
    assert all(one.startswith(".sheet.csv.") for one in left)
    assert number is signal.SIGKILL or left == []


def test_an_export_that_cannot_be_done_leaves_nothing(tmp_path: Path) -> None:
    """The app's answer, its columns, or the folder is why."""
    answers = {
        SHEET: Answer(body=HEAD),
        OTHER_SHEET: Answer(body=b"other\r\n"),
    }
    with serving(answers) as app:
        changed = run(app, "export", "csv", MEETING, OTHER, "-o", str(tmp_path / "a.csv"))
        unknown = run(app, "export", "csv", MEETING, "x" * 26, "-o", str(tmp_path / "b.csv"))
        nowhere = run(app, "export", "csv", MEETING, "-o", str(tmp_path / "no" / "c.csv"))

    for done, words in (
        (changed, "changed the columns"),
        (unknown, "No such meeting"),
        (nowhere, "cannot be written"),
    ):
        assert done.code == Exit.NO
        assert words in done.err
    assert list(tmp_path.iterdir()) == []


def test_explain_needs_no_app() -> None:
    """It reads its own catalogue."""
    with serving({}) as app:
        one = run(app, "explain", "403/7504")
        several = run(app, "explain", "code", "403", "subcode", "7504", "--json")
        two = run(app, "explain", "5010", "call.unwatched")
        every = run(app, "explain")
        none = run(app, "explain", "organizer_not_alowed")

        assert app.asked == []
    assert one.lines[0] == "7504 (code of Graph's)"
    (entry,) = json.loads(several.out)
    assert entry["word"] == "7504"
    assert two.lines[0] == "200/5010 (end of the bot's call)"
    assert "call.unwatched (event)" in two.lines
    assert len(every.lines) > 200
    assert (none.code, none.out) == (Exit.NO, b"")
    assert "Did you mean organizer_not_allowed" in " ".join(none.err.split())


def test_a_person_is_found_by_the_id_where_names_are_not_shown() -> None:
    """As the record has them."""
    unnamed = person("", interval(0, 60))
    del unnamed["participant"]["displayName"]
    answers = whole() | {f"meetings/{MEETING}": said(record(call(1, 0, 60, unnamed)))}
    with serving(answers) as app:
        shown = run(app, "show", MEETING, columns=200)

    assert any(one.startswith(f"  {user_id(1)}") for one in shown.lines)
