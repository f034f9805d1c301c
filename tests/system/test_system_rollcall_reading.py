"""`python -m rollcall` reads a stack that runs: each command as a process of its own."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.system.client import JOIN, Client
from tests.system.lab import eventually
from tests.system.stack import ROOT, Endpoints, Up
from tests.system.watched import ADA, BO, Watched

pytestmark = pytest.mark.asyncio(loop_scope="session")

NO, USAGE, UNREACHABLE = 1, 2, 3
"""Exit codes; docs/cli.md has the table."""
NOBODY = "e13c7f90-2b6d-4e8f-b5a1-4c0d7e9f2b04"
"""An organizer whom no access policy covers."""
LISTED_WITHIN = 150.0
"""Seconds; the list is written a minute after the record."""
AGAIN = 300
"""How often a meeting is exported, so that the export lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a process left."""

    code: int | None
    out: bytes
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of its output."""
        return self.out.decode().splitlines()


async def start(up: Up, *arguments: str, **environment: str) -> Process:
    """Start the command line on the stack, without a terminal."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "rollcall", *arguments),
        cwd=ROOT,
        env=os.environ | {"DEVSTACK_FOLDER": str(up.folder), "COLUMNS": "80"} | environment,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )


async def run(up: Up, *arguments: str, **environment: str) -> Done:
    """Run the command line to its end."""
    process = await start(up, *arguments, **environment)
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    return Done(code=process.returncode, out=out, err=err.decode())


async def sheet(client: Client, endpoints: Endpoints, path: str) -> bytes:
    """GET what the app answers, byte for byte."""
    key = {"x-functions-key": endpoints.function_key}
    async with client.http.get(f"{endpoints.functions}/api/{path}", headers=key) as response:
        assert response.status == 200
        return await response.read()


async def held(client: Client, subject: str) -> Watched:
    """Return a meeting in which Ada and Bo held a call that is over."""
    meeting = await Watched.begin(client, subject)
    ada, bo = await meeting.come(ADA), await meeting.come(BO)
    await meeting.joined(2)
    await client.lab.leave(ada)
    await client.lab.leave(bo)
    await meeting.told("call.ended", callNumber=1)
    return meeting


def beside(file: Path) -> list[Path]:
    """Return what else there is in the folder of a file."""
    return [one for one in file.parent.iterdir() if one != file]


async def caught_up(client: Client, day: str, now: str, before: str) -> bool:
    """Return whether the list says that one meeting has an open call, and that one had a call."""
    _, page = await client.get(f"meetings?day={day}")
    rows = {one["meetingId"]: one for one in page["meetings"]}
    return bool("openSince" in rows[now] and rows[before]["calls"])


async def test_a_short_afternoon_is_read(
    up: Up, client: Client, endpoints: Endpoints, subject: str, tmp_path: Path
) -> None:
    """Show, export and explain, of one meeting with a call that is over and one that is not."""
    meeting = await held(client, subject)
    await meeting.come(ADA)
    await meeting.told("call.started", callNumber=2)
    path = f"meetings/{meeting.meeting_id}"
    record = await client.record(meeting.meeting_id)
    assert record is not None

    file = tmp_path / "sheet.csv"
    shown, by_request, plain, exported, unknown, explained = await asyncio.gather(
        run(up, "show", meeting.meeting_id),
        run(up, "show", "--request-id", subject, "--tz", "Asia/Tokyo", COLUMNS="200"),
        run(up, "show", meeting.meeting_id, "--json"),
        run(up, "export", "ndjson", meeting.meeting_id, "--output", str(file)),
        run(up, "show", "a" * 26),
        run(up, "explain", "403-7504", "--json"),
    )

    assert (shown.code, shown.err) == (0, "")
    assert shown.lines[1] == f"  meeting   {meeting.meeting_id}"
    assert max(map(len, shown.lines)) <= 80
    assert b"\x1b" not in shown.out
    heads = [one for one in shown.lines if one.startswith("Call ")]
    assert [one.split(" · ")[:2] for one in heads] == [
        ["Call 1", "2 people"],
        ["Call 2", "1 person"],
    ]
    published = [one.split("published ")[1] for one in shown.lines if "  published " in one]
    story = client.story(meeting.meeting_id)
    assert published[: len(story)] == [f"{one.event['sequence']} {one.kind}" for one in story]

    assert by_request.code == 0
    assert any("+09:00" in one for one in by_request.lines)
    assert json.loads(plain.out)["meeting"] == record["meeting"]
    assert exported.code == 0
    lines = [json.loads(one) for one in file.read_text().splitlines()]
    assert [one["callNumber"] for one in lines] == [1, 1, 2]
    assert (unknown.code, unknown.out) == (NO, b"")
    assert "No such meeting is known here." in unknown.err
    assert json.loads(explained.out)[0]["word"] == "7504"
    assert await sheet(client, endpoints, f"{path}?format=csv&tz=Asia/Tokyo")


@pytest.mark.long
async def test_what_is_exported_is_what_the_app_gives(
    up: Up, client: Client, endpoints: Endpoints, subject: str
) -> None:
    """One meeting byte for byte in each form; a day's meetings under one head."""
    meeting = await held(client, subject)
    path = f"meetings/{meeting.meeting_id}"

    for form, tz in (("csv", None), ("csv", "Asia/Tokyo"), ("ndjson", None)):
        zone = () if tz is None else ("--tz", tz)
        done = await run(up, "export", form, meeting.meeting_id, *zone)
        asked = f"{path}?format={form}" + ("" if tz is None else f"&tz={tz}")
        assert (done.code, done.err) == (0, "")
        assert done.out == await sheet(client, endpoints, asked)
    both = await run(up, "export", "csv", meeting.meeting_id, meeting.meeting_id)
    one = await sheet(client, endpoints, f"{path}?format=csv")
    assert both.out == one + one.partition(b"\r\n")[2]

    record = await client.record(meeting.meeting_id)
    assert record is not None
    day = record["meeting"]["startDateTime"][:10]
    whole = await run(up, "export", "csv", "--day", day)
    assert whole.code == 0
    assert whole.out.count(b'"meetingId"') == 1
    assert meeting.meeting_id.encode() in whole.out
    refused = await run(up, "export", "csv", meeting.meeting_id, "--tz", "Mars")
    assert (refused.code, refused.out) == (USAGE, b"")


@pytest.mark.long
async def test_a_killed_export_leaves_no_half_file(
    up: Up, client: Client, subject: str, tmp_path: Path
) -> None:
    """The file of before is there as it was, whichever signal comes in the middle."""
    meeting = await held(client, subject)
    file = tmp_path / "sheet.csv"
    file.write_text("before")

    for number in (signal.SIGTERM, signal.SIGKILL):
        ids = [meeting.meeting_id] * AGAIN
        process = await start(up, "export", "csv", *ids, "--output", str(file))

        async def begun() -> list[Path] | None:
            return beside(file) or None

        await eventually(begun, "the export has begun")
        process.send_signal(number)
        await process.communicate()

        assert process.returncode != 0
        assert file.read_text() == "before"
        assert number == signal.SIGKILL or not beside(file)
    done = await run(up, "export", "csv", meeting.meeting_id, "--output", str(file))
    assert done.code == 0
    assert meeting.meeting_id in file.read_text()


@pytest.mark.long
async def test_a_refused_request_is_shown_with_its_next_step(
    up: Up, client: Client, subject: str
) -> None:
    """There is no meeting; Graph's ids are there for support."""
    await client.drop({"requestId": subject, "subject": subject, "organizerId": NOBODY})
    await client.replies.first(lambda one: one.data.get("requestId") == subject)

    async def known() -> bool | None:
        status, _ = await client.get(f"meetings?{urlencode({'requestId': subject})}")
        return status == 200 or None

    await eventually(known, "what became of the request is written down")
    shown = await run(up, "show", "--request-id", subject)
    record = json.loads((await run(up, "show", "--request-id", subject, "--json")).out)

    assert shown.code == 0
    assert shown.lines[0].startswith("No meeting yet for")
    said = " ".join(" ".join(shown.lines).split())
    assert "why organizer_not_allowed: No application access policy" in said
    assert "next step A Teams administrator runs" in said
    assert f"request-id {record['request']['graph']['requestId']}" in said


@pytest.mark.long
async def test_a_call_is_followed_until_it_is_over(up: Up, client: Client, subject: str) -> None:
    """It is drawn again with what changes, and ends when the bot has left."""
    meeting = await Watched.begin(client, subject)
    ada = await meeting.come(ADA)
    await meeting.told("call.started", callNumber=1)
    process = await start(up, "show", meeting.meeting_id, "--follow", PYTHONUNBUFFERED="1")
    assert process.stdout is not None
    seen: list[str] = []

    async def until(part: str) -> None:
        assert process.stdout is not None
        while not seen or part not in seen[-1]:
            line = await process.stdout.readline()
            assert line, seen
            seen.append(line.decode().rstrip())

    async with asyncio.timeout(60):
        await until("Call 1 · 1 person · goes on")
        await client.lab.leave(ada)
        await meeting.told("call.ended", callNumber=1)
        await client.drop({"meetingId": meeting.meeting_id, "action": "leave"}, queue=JOIN)
        await meeting.told("bot.left")
        await until("Bot: has left")
        out, err = await process.communicate()

    assert (process.returncode, err) == (0, b"")
    assert any("Call 1 · 1 person" in one and "final" in one for one in seen)
    assert b"published" in out


@pytest.mark.long
async def test_a_day_is_listed_with_open_calls_first(up: Up, client: Client, subject: str) -> None:
    """Once the list has caught up with the record."""
    over = await held(client, subject)
    meeting = await Watched.begin(client, f"{subject} open")
    await meeting.come(ADA)
    await meeting.told("call.started", callNumber=1)
    record = await client.record(meeting.meeting_id)
    assert record is not None
    day = record["meeting"]["startDateTime"][:10]

    async with asyncio.timeout(LISTED_WITHIN):
        while not await caught_up(client, day, meeting.meeting_id, over.meeting_id):  # noqa: ASYNC110 - nothing says when the list is written
            await asyncio.sleep(1)
    page = json.loads((await run(up, "list", "--day", day, "--json", "--all")).out)
    rows = page["meetings"]
    ids = [one["meetingId"] for one in rows]
    assert ids.index(meeting.meeting_id) < ids.index(over.meeting_id)
    table = await run(up, "list", "--day", day, "--all")
    assert table.code == 0
    assert table.lines[0] == "meeting                     calls  people  open since  subject"
    assert any(one.startswith(meeting.meeting_id) for one in table.lines)
    only = await run(up, "list", "--day", day, "--open")
    assert any(one.startswith(meeting.meeting_id) for one in only.lines)
    assert not any(one.startswith(over.meeting_id) for one in only.lines)


async def test_where_nothing_answers_it_says_so(up: Up, endpoints: Endpoints) -> None:
    """No app, or another key: exit code 3, and what to give."""
    gone, refused = await asyncio.gather(
        run(up, "--url", "http://127.0.0.1:9", "show", "a" * 26),
        run(up, "--url", endpoints.functions, "--key", "wrong", "list"),
    )

    assert (gone.code, gone.out) == (UNREACHABLE, b"")
    assert "does not answer" in gone.err
    assert (refused.code, refused.out) == (UNREACHABLE, b"")
    assert "refused the key" in refused.err
