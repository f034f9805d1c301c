"""`rollcall requeue` as a process, on the local broker and on the whole stack."""

import asyncio
import json
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusMessageState
from azure.servicebus.aio import ServiceBusClient as AsyncClient
from azure.servicebus.amqp import AmqpAnnotatedMessage

from tests.stack import rollcall
from tests.stack.connections import bus_at
from tests.stack.process import StackProcess
from tests.stack.put_aside import Bus, with_short_locks
from tests.system.lab import Lab, eventually
from tests.system.mailbox import Mailbox
from tests.system.stack import Up

DONE, NO, USAGE, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes; docs/cli.md has them."""
CUT_RUNS = 4
"""How many runs lose their connections again and again."""
CREATE, JOIN, REJECTED = "create-meeting", "join-meeting", "rejected-requests"
SECRET = "https://teams.microsoft.com/meet/23456789012345?p=aB3dE6"

JSON = ("--yes", "--json")
SEND = ("requeue", "send", "--queue", CREATE, "--yes")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[StackProcess]:
    """Return a broker of the test's own."""
    with StackProcess("bus", "--config", str(with_short_locks(tmp_path))) as broker:
        yield broker


@pytest.fixture
def service_bus(broker: StackProcess) -> str:
    """Return the connection string of that broker."""
    return bus_at(broker.port)


@pytest.fixture
def bus(service_bus: str) -> Iterator[Bus]:
    """Return a client of that broker."""
    with client_of(service_bus) as bus:
        yield bus


@contextmanager
def client_of(service_bus: str) -> Iterator[Bus]:
    """Open a client of a broker."""
    with ServiceBusClient.from_connection_string(service_bus) as client:
        yield Bus(client)


def test_a_walk_through_list_send_and_drop(service_bus: str, bus: Bus) -> None:
    """What can be sent goes as it was, byte for byte; what cannot stays and says why."""
    parts = [b'{"requestId": "INC-1", "joinWebUrl": ', json.dumps(SECRET).encode(), b"}"]
    names = {"message_id": "one", "correlation_id": "c-1", "reply_to": "replies"}
    one = AmqpAnnotatedMessage(
        data_body=parts,
        properties=names | {"content_type": "application/json"},
        application_properties={"team": "a", "count": 7, "at": {"TYPE": "LONG", "VALUE": 2**41}},
    )
    odd = AmqpAnnotatedMessage(value_body="never read", properties={"message_id": "odd"})
    two = ServiceBusMessage(
        b"{}",
        message_id="two",
        time_to_live=timedelta(hours=1),
        application_properties={"rollcall-queue": JOIN, "rollcall-code": "gave_up"},
    )
    bus.fail(CREATE, [one, odd])
    bus.send(REJECTED, [two])

    code, out, _ = rollcall.run(service_bus, "requeue", "list", "--json")

    listed = {each["messageId"]: each for each in json.loads(out)}
    assert code == DONE
    assert listed["one"]["requestId"] == "INC-1"
    assert (listed["one"]["reason"], listed["two"]["code"]) == (
        "MaxDeliveryCountExceeded",
        "gave_up",
    )
    assert SECRET not in out
    assert {each.delivery_count for each in bus.peek(CREATE, dead=True)} == {0}
    assert rollcall.run(service_bus, "requeue", "send", "--all")[0] == USAGE
    code, _, err = rollcall.run(service_bus, "requeue", "list", "--subscription", "none")
    assert (code, "meeting-events/none/" in err) == (UNREACHABLE, True), err

    code, out, err = rollcall.run(service_bus, "requeue", "send", "--all", "--yes", "--json")

    said = json.loads(out)
    assert (code, said["sent"], said["stays"]) == (NO, 2, 1), err
    assert "AMQP value" in said["left"][0]["why"]
    [first], [second] = bus.peek(CREATE), bus.peek(JOIN)
    raw = first.raw_amqp_message
    assert list(raw.body) == parts
    assert {name: getattr(first, name) for name in names} == names
    assert (first.content_type, first.delivery_count) == ("application/json", 0)
    assert first.application_properties == {b"team": b"a", b"count": 7, b"at": 2**41}
    assert (second.message_id, second.time_to_live) == ("two", timedelta(hours=1))

    drop = ("requeue", "drop", "--queue", CREATE, "--message-id", "odd")
    code, said = rollcall.answer(service_bus, "n", *drop)

    assert (code, "Nothing was done" in said) == (NO, True), said
    assert len(bus.peek(CREATE, dead=True)) == 1

    code, said = rollcall.answer(service_bus, "y", *drop)

    assert (code, "Remove 1 message for good?" in said) == (DONE, True), said
    assert not bus.peek(CREATE, dead=True)
    assert not bus.peek(REJECTED)


def fill(bus: Bus, number: int) -> list[str]:
    """Put messages aside; return their ids."""
    ids = [f"m-{each}" for each in range(number)]
    bus.fail(CREATE, [ServiceBusMessage(b"{}", message_id=each) for each in ids])
    return ids


def all_once(bus: Bus, ids: list[str]) -> None:
    """Each lies in its queue once; no dead letter and no note is left."""
    there = bus.peek(CREATE)
    assert Counter(each.message_id for each in there) == Counter(ids)
    assert {each.state for each in there} == {ServiceBusMessageState.ACTIVE}
    assert not bus.peek(CREATE, dead=True)


@pytest.mark.long
def test_killed_again_and_again_each_message_is_in_its_queue_once(
    service_bus: str, bus: Bus
) -> None:
    """SIGKILL at random moments of the work, until a run comes to its end."""
    ids = fill(bus, 600)
    chance = random.Random(20261126)  # noqa: S311 - moments, not secrets
    kills = 0
    while bus.peek(CREATE, dead=True):
        with bus.watching(CREATE) as came, rollcall.start(service_bus, *SEND) as process:
            enough = chance.randrange(1, 200)
            while process.poll() is None and came() < enough:
                time.sleep(chance.random() / 50)
            kills += process.poll() is None
            process.kill()

    rollcall.run(service_bus, *SEND)

    all_once(bus, ids)
    assert kills >= 5


@pytest.mark.long
def test_two_operators_at_once_send_each_message_once(service_bus: str, bus: Bus) -> None:
    """What the one has locked the other leaves alone."""
    ids = fill(bus, 300)

    with (
        rollcall.start(service_bus, *SEND, "--json") as one,
        rollcall.start(service_bus, *SEND, "--json") as other,
    ):
        said = [json.loads(process.communicate()[0]) for process in (one, other)]

    assert sum(each["sent"] for each in said) == len(ids)
    all_once(bus, ids)


@pytest.mark.long
def test_connections_that_are_cut_in_the_midst_lose_and_double_nothing(
    broker: StackProcess, service_bus: str
) -> None:
    """A batch of which no answer came is not sent again unless it did not arrive."""
    lab = f"http://127.0.0.1:{broker.ready['lab']}/lab"
    chance = random.Random(20261127)  # noqa: S311 - moments, not secrets
    codes: list[int] = []
    with client_of(service_bus) as bus:
        ids = fill(bus, 600)
    dead = len(ids)
    while dead:
        with rollcall.start(service_bus, *SEND) as process:
            while process.poll() is None and not sends(lab):
                time.sleep(0.01)
            while process.poll() is None and len(codes) < CUT_RUNS:
                time.sleep(chance.random() / 2)
                httpx.post(f"{lab}/connections/cut", json={}).raise_for_status()
            codes.append(process.wait(timeout=60))
        with client_of(service_bus) as bus:
            dead = len(bus.peek(CREATE, dead=True))

    rollcall.run(service_bus, *SEND)

    with client_of(service_bus) as bus:
        all_once(bus, ids)
    assert set(codes) <= {DONE, NO, UNREACHABLE}
    assert UNREACHABLE in codes


def sends(lab: str) -> bool:
    """Return whether the command has begun to send."""
    links = httpx.get(f"{lab}/links").raise_for_status().json()["open"]
    return any(link["sends"] and link["entity"] == CREATE for link in links)


@pytest.mark.long
def test_ctrl_c_ends_it_after_the_batch_with_a_summary(service_bus: str, bus: Bus) -> None:
    """The rest stays, and the next run sends it."""
    ids = fill(bus, 600)
    with bus.watching(CREATE) as came, rollcall.start(service_bus, *SEND, "--json") as process:
        while not came():
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)

    said = json.loads(out)
    assert process.returncode == INTERRUPTED
    assert 0 < said["sent"] < len(ids)
    assert said["sent"] + said["notReached"] == len(ids)
    assert rollcall.run(service_bus, *SEND)[0] == DONE
    all_once(bus, ids)


@pytest.mark.long
async def test_a_refused_request_is_carried_out_once_its_cause_is_mended(tmp_path: Path) -> None:
    """Refused for the want of a policy; the policy is granted; sent again; answered."""
    async with Up.serving(tmp_path, {}) as up:
        stack = await up.ready()
        async with (
            AsyncClient.from_connection_string(stack.service_bus) as client,
            aiohttp.ClientSession() as http,
            Mailbox(client.get_queue_receiver("replies")) as replies,
        ):
            lab = Lab(http, stack.graph)
            await lab.switches(accessPolicy=False)
            body = {"requestId": "INC-1", "subject": "down"}
            request = ServiceBusMessage(
                json.dumps(body), message_id="m-1", correlation_id="c-1", reply_to="replies"
            )
            async with client.get_queue_sender(CREATE) as sender:
                await sender.send_messages(request)
            refused = await replies.first(lambda one: one.kind == "meeting.rejected")

            async def listed() -> list[dict[str, str]] | None:
                return await requeue(stack.service_bus, "list", "--json") or None

            [copy] = await eventually(listed, "the copy is put aside")
            assert refused.data["code"] == copy["code"] == "organizer_not_allowed"
            assert copy["requestId"] == "INC-1"
            await lab.switches(accessPolicy=True)

            said = await requeue(stack.service_bus, "send", "--code", copy["code"], *JSON)

            created = await replies.first(lambda one: one.kind == "meeting.created")
            assert said["sent"] == 1
            assert created.data["requestId"] == "INC-1"
            assert created.correlation_id == "c-1"
            assert await requeue(stack.service_bus, "list", "--json") == []


async def requeue(service_bus: str, *arguments: str) -> Any:
    """Run the command beside the event loop; return the JSON that it prints."""
    code, out, err = await asyncio.to_thread(rollcall.run, service_bus, "requeue", *arguments)
    assert code == DONE, err
    return json.loads(out)
