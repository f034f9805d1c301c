"""What is read over HTTP beside the record, through the real host: headers, forms, parameters."""

import csv
import io
import json
from uuid import uuid4

import aiohttp
import pytest

from tests.system.client import Client
from tests.system.lab import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_meeting_is_read_in_every_form(client: Client, subject: str) -> None:
    """While a person is there: the sheet, the lines, who is there, the log, the day's list."""
    ada = str(uuid4())
    created = await client.begun_call(subject, ada)
    meeting_id = created["meetingId"]
    path = f"meetings/{meeting_id}"

    sheet, text = await client.get_text(f"{path}?format=csv&tz=Asia/Tokyo")
    assert sheet.status == 200
    assert sheet.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert sheet.headers["Content-Disposition"].endswith(f'"attendance-{meeting_id}.csv"')
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["meetingId"], row["userId"], row["lastLeftAt"]) == (meeting_id, ada, "")
    assert row["firstJoinedAt"].endswith("+09:00")

    lines, text = await client.get_text(path, Accept="application/x-ndjson")
    assert lines.headers["Content-Type"] == "application/x-ndjson"
    (line,) = [json.loads(line) for line in text.splitlines()]
    assert line["participant"]["userId"] == ada

    status, now = await client.get(f"{path}/now")
    assert (status, [one["participant"] for one in now["people"]]) == (200, [line["participant"]])

    async def known_already() -> aiohttp.ClientResponse | None:
        known, _ = await client.get_text(f"{path}/now")
        same = {"If-None-Match": known.headers["ETag"]}
        again, text = await client.get_text(f"{path}/now", **same)
        if again.status != 304:  # a roster came in between
            return None
        assert (text, again.headers["ETag"]) == ("", known.headers["ETag"])
        return known

    known = await eventually(known_already, "an answer that is known already")
    assert known.headers["Cache-Control"] == "no-store"

    _, text = await client.get_text(f"{path}/log")
    log = [json.loads(line) for line in text.splitlines()]
    numbers = [line["published"]["sequence"] for line in log if "published" in line]
    assert numbers == list(range(1, len(numbers) + 1))

    day = created["startDateTime"][:10]
    status, page = await client.get(f"meetings?day={day}")
    (listed,) = [one for one in page["meetings"] if one["meetingId"] == meeting_id]
    assert (status, listed["requestId"], listed["subject"]) == (200, subject, subject)


async def test_what_is_wrong_with_a_request_is_said_by_parameter(client: Client) -> None:
    """Of a record, a list and a log; and what accepts no form that there is."""
    unknown = "a" * 26
    for path, wrong in (
        (f"meetings/{unknown}?format=xlsx&tz=Mars", ["format", "tz"]),
        ("meetings?day=tomorrow&open=maybe", ["day", "open"]),
        (f"meetings?day=2026-11-24&continuation={'b' * 39}", ["continuation"]),
        (f"meetings/{unknown}/log?after=x", ["after"]),
        (f"meetings/{unknown}/now?now=1", ["now"]),
    ):
        status, said = await client.get(path)

        assert status == 400
        assert [one["parameter"] for one in said["problems"]] == wrong
        assert all(one["message"] for one in said["problems"])
    found, _ = await client.get_text(f"meetings/{unknown}", Accept="image/png")
    assert found.status == 406
    assert (await client.get(f"meetings/{unknown}/log"))[0] == 404
