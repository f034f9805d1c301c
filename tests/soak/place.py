"""Two Functions hosts on one stack. Graph calls back to either; requests to tables are counted."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from devstack.endpoints import tables_connection
from devstack.plan import Plan
from devstack.process import start
from devstack.serving import free_port
from devstack.stack import Stack
from tests.soak.front import Front, front
from tests.system.client import Client
from tests.system.stack import ROOT, Endpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A running stack. `hosts` are the processes of the two hosts.

    `callbacks` stands before the hosts, `tables` before the tables.
    """

    client: Client
    hosts: tuple[int, int]
    callbacks: Front
    tables: Front


@asynccontextmanager
async def place(
    folder: Path, settings: Mapping[str, str], *, patience: float, luck: Random
) -> AsyncIterator[Place]:
    """Start it, and end it. `settings`: of the app. What the parts write goes to `folder`.

    Raises `PartFailed` where a part does not start.
    """
    async with front(luck) as callbacks, front(luck) as tables:
        tables_port = free_port()
        tables.lead_to([tables_port])
        own = {
            "PUBLIC_URL": f"http://127.0.0.1:{callbacks.port}",
            "TABLES": tables_connection(tables.port),
            **settings,
        }
        plan = Plan(app=ROOT, folder=folder, tables_port=tables_port, restarts=False, settings=own)
        stack = Stack(plan, tell=lambda _: None)
        at = await stack.start()
        try:
            second = await start(
                "second-host",
                "devstack.functions",
                ["--app", str(ROOT), "--port", "0"],
                logs=folder / "logs",
                environment=stack.settings,
            )
            try:
                callbacks.lead_to([int(at.functions.rpartition(":")[2]), second.port])
                async with Client(_known(stack), patience=patience) as client:
                    yield Place(
                        client=client,
                        hosts=(stack.pid_of("functions"), second.process.pid),
                        callbacks=callbacks,
                        tables=tables,
                    )
                    stack.check()
            finally:
                await second.stop()
        finally:
            await stack.stop()


def _known(stack: Stack) -> Endpoints:
    assert stack.endpoints is not None
    return Endpoints.said(stack.endpoints.as_json())
