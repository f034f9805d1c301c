"""What is given in a form that cannot be used: one sentence with the fix, and exit code 2."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from typer.testing import CliRunner

from rollcall.asking.happening import Wanted
from rollcall.asking.tail import follow
from rollcall.cli import app
from rollcall.console import Exit, Failed
from rollcall.target import Given, target
from tests.rollcall.records import MEETING, call, interval, person, record
from tests.rollcall.serving import KEY, ROOT, Answer, Done, said, serving

CLOSED = (
    "Endpoint=sb://127.0.0.1:9;SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true"
)
ROW = {"meetingId": MEETING, "subject": "\u6f22 \ud83d", "calls": 1, "people": 1}
NAMED = record(call(1, 0, 60, person("Zo\xeb \u6f22", interval(0, 60))))


def run(
    *arguments: str | bytes,
    stdin: bytes = b"",
    stdout: int = subprocess.PIPE,
    stderr: int = subprocess.PIPE,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Done:
    """Run the command line as a process with nothing but this environment."""
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-m", "rollcall", *arguments],
        cwd=ROOT,
        env={"SERVICE_BUS": CLOSED, "DEVSTACK_FOLDER": "none", "COLUMNS": "200", **environment},
        input=stdin,
        stdout=stdout,
        stderr=stderr,
        timeout=60,
        check=False,
    )
    return Done(code=done.returncode, out=done.stdout or b"", err=(done.stderr or b"").decode())


def without_output(*arguments: str, environment: Mapping[str, str]) -> Done:
    """Run it with a standard output that is closed."""
    done = subprocess.run(  # noqa: S603 - our own
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-m", "rollcall", *arguments],
        cwd=ROOT,
        env={"DEVSTACK_FOLDER": "none", **environment},
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    return Done(code=done.returncode, out=b"", err=done.stderr.decode())


@pytest.mark.parametrize(
    "url",
    [
        "http://h:abc", "http://h:99999", "http://", "h", "http://[::1", "ftp://h", "http://h?a=b",
        "http://h#a", "http://\udcff", "http://h\n", "http://\u0663", "http://a..\xfc", "x" * 99999,
        "http://127.0.0.1:0",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """Before anything is read."""
    for command in (("show", MEETING), ("list",), ("export", "csv", MEETING), ("doctor",)):
        ran = CliRunner().invoke(app, ["--url", url, *command])

        assert isinstance(ran.exception, Failed), ran.exception
        assert ran.exception.code is Exit.USAGE
        assert "is no address of a function app. Give --url" in str(ran.exception)
        assert str(ran.exception).isprintable()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", f"http://{'a' * 64}.invalid"])
def test_an_address_where_no_app_is_does_not_answer(url: str) -> None:
    """Nor does a host name that has no form in DNS."""
    ran = CliRunner().invoke(app, ["--url", url, "show", MEETING])

    assert isinstance(ran.exception, Failed), ran.exception
    assert ran.exception.code is Exit.UNREACHABLE
    assert "does not answer" in str(ran.exception)


@pytest.mark.parametrize(
    "bus",
    [
        "sb://h.servicebus.windows.net/", "a b", "h/", "\udcff", "h:port", "Endpoint=", "a=b", "=",
        "Endpoint=sb://;SharedAccessKeyName=a;SharedAccessKey=b", "Endpoint=sb://h",
        "SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true", f"{CLOSED};;x",
        f"{CLOSED};EntityPath=create-meeting",
    ],
)  # fmt: skip
def test_a_namespace_that_is_none_is_refused(bus: str) -> None:
    """Before a connection is opened."""
    for command in (("ask", "x"), ("tail",), ("cancel", "--request-id", "a", "--reply-to", "q")):
        ran = CliRunner().invoke(app, ["--service-bus", bus, *command])

        assert isinstance(ran.exception, Failed), (command, ran.exception)
        assert ran.exception.code is Exit.USAGE
        assert "--service-bus" in str(ran.exception)
        assert str(ran.exception).isprintable()


@pytest.mark.parametrize(
    "arguments",
    [
        ("ask", "x", "--wait", "nan"),
        ("ask", "x", "--wait", "inf"),
        ("update", "--request-id", "a", "--wait", "-1"),
        ("ask", "x", "--wait", "1e300"),
        ("join", "--retry-for", "nan"),
        ("leave", "--retry-for", "-inf"),
        ("ask", "x", "--leave-when-alone", "inf"),
    ],
)
def test_a_length_of_time_that_is_none_is_refused(arguments: tuple[str, ...]) -> None:
    """By its name, and with what it may be."""
    ran = CliRunner().invoke(app, ["--service-bus", CLOSED, *arguments])

    assert ran.exit_code == Exit.USAGE
    assert arguments[-2] in ran.output
    assert "seconds" in ran.output


@pytest.mark.parametrize("option", ["--subscription", "--peek"])
def test_a_subscription_without_a_name_is_refused(option: str) -> None:
    """A variable of the shell's that is not set gives one."""
    ran = CliRunner().invoke(app, ["--service-bus", CLOSED, "tail", option, ""])

    assert isinstance(ran.exception, Failed), ran.exception
    assert ran.exception.code is Exit.USAGE


@pytest.mark.parametrize(
    ("option", "text"),
    [("--context", '{"a": NaN}'), ("--options", "[" * 100_000), ("--context", "9" * 5000)],
)
def test_json_that_is_none_is_refused(option: str, text: str) -> None:
    """Python reads more than the standard has, and less than it allows."""
    ran = CliRunner().invoke(app, ["--service-bus", CLOSED, "ask", "x", option, text])

    assert isinstance(ran.exception, Failed)
    assert ran.exception.code is Exit.USAGE
    assert option in str(ran.exception)


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (("join", "--join-web-url", "-"), "https://h/\xe9t\xe9".encode("latin-1")),
        (("join", "--passcode", "-"), b"\xff"),
        (("ask", "--file", "-"), b"\xff\xfe"),
        ((b"ask", b"\xff"), b""),
        ((b"show", b"\xff"), b""),
        ((b"list", b"--day", b"\xff"), b""),
    ],
)
def test_what_is_not_utf_8_is_refused(arguments: tuple[str | bytes, ...], stdin: bytes) -> None:
    """From standard input, whatever the terminal's encoding is, and as an argument."""
    ran = run(*arguments, stdin=stdin, environment={"ROLLCALL_URL": "http://127.0.0.1:9"})

    assert (ran.code, ran.out) == (Exit.USAGE, b"")
    assert (len(ran.err.splitlines()), "not UTF-8" in ran.err) == (1, True), ran.err


def test_standard_input_is_utf_8_in_every_locale() -> None:
    """An invitation is copied with its umlauts."""
    ran = run(
        "join", "--join-web-url", "-", "--wait", "1",
        stdin="\ufeffK\xf6ln https://h/".encode(),
        environment={"PYTHONIOENCODING": "ascii"},
    )  # fmt: skip

    assert ran.code == Exit.UNREACHABLE
    assert "Traceback" not in ran.err


@pytest.mark.long
@pytest.mark.parametrize("environment", [{"PYTHONIOENCODING": "ascii"}, {"LANG": "C"}])
def test_an_output_without_a_character_gets_another(environment: Mapping[str, str]) -> None:
    """JSON is escaped, and is the same value; lines have a question mark."""
    answers = {
        f"meetings/{MEETING}": said(NAMED), f"meetings/{MEETING}/log": Answer(body=b""),
        "meetings?day=d": said({"meetings": [ROW], "continuation": None}),
    }  # fmt: skip
    everything = {**environment, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    with serving(answers) as served:
        where = {"ROLLCALL_URL": served.url, "ROLLCALL_KEY": KEY, **everything}
        shown = run("show", MEETING, environment=where)
        explained = run("explain", "--json", environment=where)
        listed = run("list", "--day", "d", "--json", environment=where)

    assert (shown.code, b"Zo? ?" in shown.out, shown.err) == (0, True, "")
    assert (explained.code, explained.out.isascii(), explained.err) == (0, True, "")
    assert (listed.code, json.loads(listed.out)["meetings"]) == (0, [ROW])


@pytest.mark.long
def test_an_output_that_takes_nothing_is_a_failure() -> None:
    """Not a traceback, and not a success."""
    answers = {f"meetings/{MEETING}{one}": said(NAMED) for one in ("", "?format=ndjson")}
    with serving(answers) as served:
        where = {"ROLLCALL_URL": served.url, "ROLLCALL_KEY": KEY}
        for command in (("explain",), ("explain", "--json"), ("show", MEETING, "--json"),
                        ("export", "ndjson", MEETING)):  # fmt: skip
            with Path("/dev/full").open("wb") as full:
                ran = run(*command, stdout=full.fileno(), environment=where)

            assert ran.code == Exit.NO, (command, ran.err)
            assert ran.err.splitlines() == [
                "The output cannot be written: No space left on device. Check where it goes."
            ]


def test_advice_that_cannot_be_written_ends_nothing(tmp_path: Path) -> None:
    """The output is whole, and the exit code that of the command."""
    file = tmp_path / "a.csv"
    with serving({f"meetings/{MEETING}?format=csv": Answer(body=b"a\r\n")}) as served:
        where = {"ROLLCALL_URL": served.url, "ROLLCALL_KEY": KEY}
        with Path("/dev/full").open("wb") as full:
            ran = run(
                "export", "csv", MEETING, "-o", str(file), environment=where, stderr=full.fileno()
            )

    assert (ran.code, file.read_bytes()) == (Exit.DONE, b"a\r\n")


@pytest.mark.parametrize(("encoding", "signs"), [("latin-1", "line"), ("utf-8", "dots")])
def test_what_is_waited_for_is_shown_in_signs_that_the_terminal_has(
    encoding: str, signs: str
) -> None:
    """In Latin-1 a spinner of Braille would be an escape of Python's."""
    shown = "from rollcall.console import waiting; print(waiting('x').renderable.name)"
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-c", shown], cwd=ROOT, env={"PYTHONIOENCODING": encoding},
        stdout=subprocess.PIPE, timeout=60, check=True,
    )  # fmt: skip

    assert done.stdout.decode().strip() == signs


@pytest.mark.parametrize("arguments", [("",), ("--request-id", ""), ()])
def test_an_id_that_is_empty_is_none(arguments: tuple[str, ...]) -> None:
    """It would be left out of the sentence."""
    ran = CliRunner().invoke(app, ["--url", "http://127.0.0.1:9", "show", *arguments])

    assert str(ran.exception) == "Give a MEETING_ID, or --request-id ID."


@pytest.mark.timeout(30)
def test_a_bus_that_never_answered_is_not_waited_for() -> None:
    """Only a connection that was there is made again, for a minute."""
    with pytest.raises(Failed, match="does not answer") as failed:
        follow(
            target(Given(url=None, key=None, service_bus=CLOSED, folder=Path("none"))),
            Wanted(meeting_id=None, request_id=None, types=()),
            as_json=True,
            subscription="all",
            peek=None,
        )

    assert failed.value.code is Exit.UNREACHABLE


def test_an_output_that_is_closed_is_a_failure(tmp_path: Path) -> None:
    """As `>&-` closes it; a file is written all the same."""
    file = tmp_path / "sheet"
    file.write_bytes(b"before")
    answers = {
        "meetings?day=d": said({"meetings": [ROW], "continuation": None}),
        f"meetings/{MEETING}?format=ndjson": said(NAMED),
    }
    with serving(answers) as served:
        where = {"ROLLCALL_URL": served.url, "ROLLCALL_KEY": KEY}
        for command in (("explain", "--json"), ("list", "--day", "d", "--json"), ("explain",)):
            ran = without_output(*command, environment=where)

            assert ran.code == Exit.NO, (command, ran.err)
            assert ran.err.startswith("The standard output is closed."), ran.err
        ran = without_output("export", "ndjson", MEETING, "-o", str(file), environment=where)

    assert (ran.code, json.loads(file.read_bytes())) == (0, NAMED), ran.err


@pytest.mark.parametrize(
    "variables",
    [{"HTTPS_PROXY": "nonsense://x"}, {"ALL_PROXY": "http://h:abc"}, {"SSL_CERT_FILE": "/none"}],
)
def test_a_setting_of_http_that_cannot_be_used_is_named(variables: Mapping[str, str]) -> None:
    """The HTTP library reads them when it is set up."""
    ran = run("show", MEETING, environment={"ROLLCALL_URL": "https://127.0.0.1:9", **variables})

    assert ran.code in (Exit.USAGE, Exit.UNREACHABLE)
    assert len(ran.err.splitlines()) == 1, ran.err


EARLY = """
import os, runpy, signal, sys

class Interrupting:
    def find_spec(self, name, path, target=None):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
runpy.run_module("rollcall", run_name="__main__")
"""


def test_ctrl_c_ends_a_command_whose_modules_are_still_read() -> None:
    """Half a second of its life; without a traceback."""
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-c", EARLY], cwd=ROOT, stderr=subprocess.PIPE, timeout=60, check=False
    )

    assert (done.returncode, done.stderr) == (Exit.INTERRUPTED, b"")
