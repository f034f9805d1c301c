"""What is asked for in a wrong way is refused with every problem named, and kept."""

import json
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from tests.fixtures.bodies import SENT
from tests.system.client import Client

pytestmark = pytest.mark.asyncio(loop_scope="session")

NINE, TEN = "2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z"
JUNK = Random(7).randbytes(200_000)  # noqa: S311 - the same junk every time


def _json(**members: Any) -> bytes:
    return json.dumps(members).encode()


REFUSED: dict[str, tuple[bytes, set[str]]] = {
    "not JSON": (b"checkout is down", {""}),
    "no bytes": (b"", {""}),
    "not UTF-8": (b'{"subject": "\xff"}', {""}),
    "not an object": (b'["subject"]', {""}),
    "JSON null": (b"null", {""}),
    "XML": (b"<?xml version='1.0'?><request/>", {""}),
    "an envelope": (_json(messageType=["urn:message:A:B"], message={"subject": "s"}), {""}),
    "doubled": (b'{"subject": "s", "subject": "t"}', {"/subject"}),
    "a control character": (_json(subject="disk\x00full"), {"/subject"}),
    "junk": (JUNK, {""}),
    "junk in JSON": (_json(subject="junk", x=JUNK.hex()[:200_000]), {""}),
    "nothing asked": (b"{}", {"/subject"}),
    "wrong types": (
        _json(
            subject=7,
            attendees="ada@example.com",
            join=True,
            watch="no",
            leaveWhenAloneSeconds="60",
            context=[],
            startDateTime=1700000000,
        ),
        {
            "/subject", "/attendees", "/join", "/watch", "/leaveWhenAloneSeconds", "/context",
            "/startDateTime",
        },
    ),
    "end before start": (_json(subject="s", startDateTime=TEN, endDateTime=NINE), {"/endDateTime"}),
    "end without start": (_json(subject="s", endDateTime=TEN), {"/endDateTime"}),
    "times without offset": (
        _json(subject="s", startDateTime=NINE.rstrip("Z"), endDateTime=TEN.rstrip("Z")),
        {"/startDateTime", "/endDateTime"},
    ),
    "unknown members": (
        _json(subject="s", attendes=[], Join="now", attendees=[{"upn": "a@b", "rol": 1}]),
        {"/attendes", "/Join", "/attendees/0/rol"},
    ),
    "everything at once": (
        _json(
            attendees=["nobody", {"role": "king"}],
            organizerId="me",
            extra=1,
            endDateTime="soon",
            requestId="",
        ),
        {
            "/subject", "/attendees/0", "/attendees/1/upn", "/attendees/1/role", "/organizerId",
            "/extra", "/endDateTime", "/requestId",
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
async def test_wrong_request_is_refused_with_every_problem_named(client: Client, case: str) -> None:
    """Published to topic and caller, kept whole in rejected-requests; Graph is not asked."""
    body, wrong = REFUSED[case]
    message_id = uuid4().hex
    await client.drop(body, message_id=message_id)

    event = await client.events.first(lambda one: one.correlation_id == message_id)
    reply = await client.replies.first(lambda one: one.correlation_id == message_id)
    kept = await client.rejected.first(lambda one: message_id in (one.message_id or ""))

    assert event.kind == "meeting.rejected"
    assert event.data["code"] == "invalid_request"
    assert {one["member"] for one in event.data["problems"]} == wrong
    assert all(one["message"] for one in event.data["problems"])
    assert event.data["message"]
    assert event.data["nextStep"]
    assert event.event["subject"] == f"requests/{message_id}"
    assert event.event["correlationid"] == event.data["requestId"] == message_id
    assert event.message_id == event.event["id"]
    assert event.subject == event.properties["type"] == "rollcall.meeting.rejected.v1"
    assert reply.body == event.body
    assert kept.body == body
    status, found = await client.get(f"meetings?requestId={message_id}")
    # What came of it is noted for readers after the answer.
    assert status == 404 or (found["meeting"], found["request"]["state"]) == (None, "refused")


@pytest.mark.parametrize("way", SENT)
async def test_a_request_is_carried_out_however_its_body_is_sent(client: Client, way: str) -> None:
    """The host passes the bytes on as they came."""
    subject = f"sent as {way} {uuid4().hex}"

    await client.drop(SENT[way](_json(subject=subject, watch=None)))

    assert (await client.created(subject)).data["coordinates"]


async def test_refused_request_is_told_under_its_own_readable_id(
    client: Client, subject: str
) -> None:
    """The caller's key and context come back, whatever else is wrong with the request."""
    body = {"requestId": subject, "context": {"ticket": 7}, "subject": ""}
    await client.drop(body, message_id=uuid4().hex)

    event = await client.events.first(lambda one: one.correlation_id == subject)

    assert event.event["subject"] == f"requests/{subject}"
    assert event.data["requestId"] == subject
    assert event.data["context"] == {"ticket": 7}


async def test_refused_request_is_done_with(client: Client, subject: str) -> None:
    """It is completed: nothing of it waits, and its refusal was told once."""
    body = {"requestId": subject, "x": 1}
    await client.drop(body, message_id=subject)
    await client.events.first(lambda one: one.correlation_id == subject)

    await client.quiet(f"sentinel {uuid4().hex}")

    for mailbox in (client.events, client.replies):
        assert len(mailbox.where(lambda one: one.event.get("correlationid") == subject)) == 1
