"""A second Functions host on a running stack: same bus, tables and Graph, as when it scales out.

Its settings are read from the first one's process. Only its PUBLIC_URL is spelled differently: the
callback address of a leg then tells whose it is, and leads to the first host, whoever has sent it.
"""

import json
import signal
from collections import Counter
from os import kill
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from azure.servicebus.aio import ServiceBusClient

from devstack.process import Part, start
from tests.system import processes
from tests.system.client import Client
from tests.system.lab import Json, eventually
from tests.system.mailbox import Delivered
from tests.system.stack import ROOT, Up

SLOTS: int = json.loads((ROOT / "host.json").read_text())["extensions"]["serviceBus"][
    "maxConcurrentCalls"
]
"""How many messages of one queue a host holds at most; of more than that two hosts have some."""
BOTH = 2 * SLOTS
PAST_A_LOCK = 60.0
"""Seconds. A test that looks for messages may be given one when its look is over: that one comes
again once its lock of 30 seconds has ended."""
FIRST, SECOND = "127.0.0.1", "localhost"
"""The host in the callback address of a leg, by which of the two has sent it."""


class SecondHost:
    """Beside the host of `up`, which nobody starts again when it is killed. Use `run` first."""

    def __init__(self, up: Up, folder: Path) -> None:
        """Its log goes to `folder`."""
        self._up = up
        self._folder = folder
        self._part: Part | None = None

    @property
    def settings(self) -> dict[str, str]:
        """The settings of the first host."""
        return settings_of(self._up)

    async def run(self) -> None:
        """Start it where it does not run, and return when it takes work."""
        if self._part is not None and self._part.process.returncode is None:
            return
        settings = self.settings
        url = settings["PUBLIC_URL"]
        assert FIRST in url
        self._part = await start(
            "second-host",
            "devstack.functions",
            ["--app", str(ROOT), "--port", "0"],
            logs=self._folder,
            environment=settings | {"PUBLIC_URL": url.replace(FIRST, SECOND)},
        )

    async def kill(self) -> None:
        """End it in the middle of whatever it does."""
        assert self._part is not None
        self._part.process.kill()
        await self._part.process.wait()

    def hold(self) -> None:
        """Let it do nothing, its connections open."""
        assert self._part is not None
        self._part.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        assert self._part is not None
        self._part.process.send_signal(signal.SIGCONT)

    async def close(self) -> None:
        """End it in whatever state it is."""
        if self._part is not None:
            await self._part.stop()


async def at_one_instant(
    client: Client, up: Up, queue: str, requests: dict[str, Json]
) -> list[Delivered]:
    """Drop what fills both hosts, and let go of it at once; return the answer to each message.

    Until the tables go on no host can do anything with what it holds: half of it each.
    """
    assert len(requests) == BOTH
    azurite = processes.child(_pid(up, "azurite"), running="azurite")
    kill(azurite, signal.SIGSTOP)
    try:
        for message_id, request in requests.items():
            await client.drop(request, message_id=message_id, queue=queue)
        await _all_in_hands((await up.ready()).service_bus, queue)
    finally:
        kill(azurite, signal.SIGCONT)
    await client.replies.some(
        BOTH,
        lambda one: one.is_answer and one.correlation_id in requests,
        patience=PAST_A_LOCK,
    )
    await client.quiet(f"sentinel {uuid4().hex}")
    answers = client.replies.where(lambda one: one.is_answer and one.correlation_id in requests)
    assert Counter(one.correlation_id for one in answers) == dict.fromkeys(requests, 1)
    return answers


async def _all_in_hands(service_bus: str, queue: str) -> None:
    """Wait until hosts hold all messages of the queue: none is done, and none is to be had."""
    async with (
        ServiceBusClient.from_connection_string(service_bus) as bus,
        bus.get_queue_receiver(queue) as receiver,
    ):

        async def none_to_be_had() -> bool | None:
            for message in await receiver.receive_messages(1, max_wait_time=0.1):
                await receiver.abandon_message(message)
                return None
            return True

        await eventually(none_to_be_had, f"all messages of {queue} are in hands")
        assert len(await receiver.peek_messages(BOTH + 1, sequence_number=1)) == BOTH


def sender(request: Json) -> str:
    """Return which host sent a request for a call: `FIRST` or `SECOND`."""
    return urlsplit(str(request["body"]["callbackUri"])).hostname or ""


def settings_of(up: Up) -> dict[str, str]:
    """Return the settings of the first host."""
    return processes.environment(_pid(up, "functions"))


def _pid(up: Up, part: str) -> int:
    """Return the process of a part that `up` itself has started, the first in order of time."""
    running = f"-m devstack.{part} "
    return min(pid for pid, command in processes.marked(up.mark).items() if running in command)
