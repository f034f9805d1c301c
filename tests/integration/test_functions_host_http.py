"""HTTP and timer functions through the real worker library, asked from outside."""

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fixtures.functions_apps.host_process import HostProcess

EVERY_SECOND = {"TICK": "* * * * * *"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: str

    def header(self, name: str) -> str | None:
        """Return the first header of that name."""
        return next((value for key, value in self.headers if key.lower() == name), None)


class Web:
    """A client of one host."""

    def __init__(self, port: int) -> None:
        """Make a connection for each request."""
        self.port = port

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        body: bytes | Iterator[bytes] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return Answer(
                status=answer.status, headers=answer.getheaders(), body=answer.read().decode()
            )
        finally:
            connection.close()


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    """Return a client of a host without function keys."""
    with HostProcess("web", "--port", "0", settings=EVERY_SECOND) as host:
        yield Web(host.ready())


def test_request_reaches_the_function_as_in_azure(web: Web) -> None:
    """Lower-case headers, decoded query without empty values, route parameters, bytes."""
    answer = web.ask(
        "/web/things/a%20b/12?token=x%20y&empty=&n=1&n=2",
        method="POST",
        body=b'{"a": 1}',
        headers={"X-Thing": "T", "Content-Type": "application/json"},
    )

    seen = json.loads(answer.body)
    assert seen["method"] == "POST"
    assert seen["url"] == (
        f"http://127.0.0.1:{web.port}/web/things/a%20b/12?token=x%20y&empty=&n=1&n=2"
    )
    assert seen["query"] == {"token": "x y", "n": "1,2"}
    assert seen["route"] == {"thing": "a b", "number": "12"}
    assert seen["headers"]["x-thing"] == "T"
    assert (seen["bodyType"], seen["body"]) == ("bytes", '{"a": 1}')
    assert answer.header("content-type") == "application/json"


@pytest.mark.parametrize(("chunked_bodies", "arrives"), [("passed", "onetwo"), ("empty", "")])
def test_chunked_body_arrives_as_the_switch_says(
    web: Web, chunked_bodies: str, arrives: str
) -> None:
    """The host reads no body without a length."""
    change = json.dumps({"chunkedBodies": chunked_bodies}).encode()
    assert web.ask("/admin/switches", method="POST", body=change).status == 200

    answer = web.ask("/web/things/a", method="POST", body=iter([b"one", b"two"]))
    measured = web.ask("/web/things/a", method="POST", body=b"three")

    assert json.loads(answer.body)["body"] == arrives
    assert json.loads(measured.body)["body"] == "three"


def test_sync_function_answers_a_text(web: Web) -> None:
    """A returned str is the body; the literal route wins over the parameter."""
    answer = web.ask("/web/things/first")

    assert (answer.status, answer.body) == (200, "the literal route")


def test_empty_answer_has_the_default_content_type(web: Web) -> None:
    """The library names text/plain even without a body; cookies are headers of their own."""
    answer = web.ask("/web/accepted", method="POST")

    assert (answer.status, answer.body) == (202, "")
    assert answer.header("content-type") == "text/plain; charset=utf-8"
    assert [value for name, value in answer.headers if name.lower() == "set-cookie"] == [
        "a=1; path=/; httponly; samesite=Lax",
        "b=2; max-age=60; secure",
    ]


def test_text_that_is_an_answer_object(web: Web) -> None:
    """The host reads it as the answer."""
    answer = web.ask("/web/json-text")

    assert (answer.status, answer.header("x-pot"), answer.body) == (418, "tea", '{"short": true}')


@pytest.mark.parametrize("path", ["/web/silent", "/web/failing"])
def test_failure_answers_500_and_tells_nothing(web: Web, path: str) -> None:
    """Neither None nor an exception is an answer."""
    answer = web.ask(path)

    assert (answer.status, answer.body) == (500, "")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/things/a"),
        ("GET", "/web/nothing"),
        ("GET", "/web/things/a/notanumber"),
        ("POST", "/web/things/first/1/2"),
        ("GET", "/web/accepted"),
        ("HEAD", "/web/keyed"),
    ],
)
def test_unmatched_requests_are_not_found(web: Web, method: str, path: str) -> None:
    """Neither the path alone nor the method alone is enough."""
    assert web.ask(path, method=method).status == 404


def test_without_a_function_key_none_is_asked_for(web: Web) -> None:
    """As Core Tools do locally."""
    assert web.ask("/web/keyed").body == "unlocked"


def test_host_status(web: Web) -> None:
    """The admin address says that it runs."""
    assert json.loads(web.ask("/admin/host/status").body)["state"] == "Running"


def test_timer_runs_on_start_and_on_schedule(web: Web) -> None:
    """The first run has no last one; the next knows it."""
    first = json.loads(web.ask("/web/tick").body)
    second = json.loads(web.ask("/web/tick").body)

    assert first["pastDue"] is False
    assert first["schedule"]["Last"].startswith("0001-01-01")
    assert second["schedule"]["Last"] >= first["schedule"]["LastUpdated"]


def test_missed_run_is_made_up_for_on_start(tmp_path: Path) -> None:
    """Once, and told to the function; without a missed one the timer is on time."""
    then = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
    due = then + timedelta(hours=1)
    file = tmp_path / "timers" / "tick.json"
    file.parent.mkdir()
    missed = {"Last": then.isoformat(), "Next": due.isoformat(), "LastUpdated": then.isoformat()}
    file.write_text(json.dumps(missed))

    runs = []
    for _ in range(2):
        options = ("--port", "0", "--state", str(tmp_path))
        with HostProcess("web", *options, settings={"TICK": "0 0 * * * *"}) as host:
            runs.append(json.loads(Web(host.ready()).ask("/web/tick").body))
            assert host.stop() == 0
    after = json.loads(file.read_text())

    assert [run["pastDue"] for run in runs] == [True, False]
    assert runs[0]["schedule"] == missed
    assert runs[1]["schedule"]["Last"] > missed["Last"]
    assert after["Last"] > runs[1]["schedule"]["Last"]


def test_status_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """The host does not start as if nothing had been missed."""
    file = tmp_path / "timers" / "tick.json"
    file.parent.mkdir()
    file.write_text("{")

    options = ("--port", "0", "--state", str(tmp_path))
    with HostProcess("web", *options, settings={"TICK": "0 0 * * * *"}) as host:
        assert host.ended() == 1
        assert f"{file} is not the status of a timer: delete it" in host.log()


def test_function_key_is_asked_for_where_the_level_says_so() -> None:
    """In the query or in the header; anonymous functions stay open."""
    options = ("--port", "0", "--function-key", "s3cret+/=")
    with HostProcess("web", *options, settings=EVERY_SECOND) as host:
        web = Web(host.ready())

        assert web.ask("/web/keyed").status == 401
        assert web.ask("/web/keyed?code=wrong").status == 401
        assert web.ask("/web/keyed", headers={"x-functions-key": "wrong"}).status == 401
        assert web.ask("/web/keyed?code=s3cret%2B%2F%3D").status == 200
        assert web.ask("/web/keyed", headers={"x-functions-key": "s3cret+/="}).status == 200
        assert web.ask("/web/things/first").status == 200


def test_disabled_function_answers_404_to_its_key_alone() -> None:
    """Whether there is a function is no stranger's business: 401 comes first."""
    options = ("--port", "0", "--function-key", "k")
    off = {"AzureWebJobs.keyed.Disabled": "true"}
    with HostProcess("web", *options, settings=EVERY_SECOND | off) as host:
        web = Web(host.ready())

        assert web.ask("/web/keyed").status == 401
        assert web.ask("/web/keyed?code=k").status == 404
