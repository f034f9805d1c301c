"""The only place that knows concrete adapters: settings in, services out, once a process."""

import asyncio
import random
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import lru_cache

from shared.bus.naming import NamingSchemas
from shared.bus.outbox import open_outbox
from shared.graph.client import open_graph
from shared.graph_port import Graph
from shared.health import Checkup
from shared.identity import OpenIdSigningKeys, fetch_json, graph_credential, managed_identity
from shared.inbox.verdict import Inbox, ShortWaits
from shared.journal.commits import Commits
from shared.journal.journal import Journal
from shared.ledger.ledger import open_ledger
from shared.meeting.older_legs import KEPT, Kept
from shared.ports import Bus, Clock, Ledger, SigningKeys
from shared.services import Services
from shared.settings import Settings, export_role
from shared.telemetry import log, quiet_libraries

SEATS = 2
"""How many invocations of a process may be waiting at once; host.json lets 4 run on a queue."""


class SystemClock:
    """Implements `ports.Clock`."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@lru_cache(maxsize=1)
def services() -> Services:
    """Return the services of this process, built on first use and kept."""
    quiet_libraries()
    built, role = build(Settings.load()), export_role()
    if role is not None:
        _export(role)
    return built


def _export(role: str) -> None:
    """Export what this process says; without that it works all the same."""
    try:
        from shared.exporting import export  # noqa: PLC0415 - the SDK's, where it is used

        export(role)
    except Exception as error:  # noqa: BLE001 - a mistake in one of the SDK's own settings, of any type
        log("telemetry.not_exported", error=error)


def build(
    settings: Settings,
    *,
    ledger: Ledger | None = None,
    bus: Bus | None = None,
    graph: Graph | None = None,
    keys: SigningKeys | None = None,
    clock: Clock | None = None,
    jitter: Callable[[float], float] | None = None,
    waits: ShortWaits | None = None,
    kept: Kept = KEPT,
    pause: Callable[[float], Awaitable[None]] | None = asyncio.sleep,
) -> Services:
    """Return services over the adapters that `settings` choose, or over those that are given.

    `kept`: a rule that no setting changes, for tests. `pause`: see `Commits`.
    """
    clock, jitter, policy = clock or SystemClock(), jitter or _jitter, settings.policy
    ledger = ledger or open_ledger(
        settings.tables,
        settings.table_name,
        credential=None
        if "AccountName=" in settings.tables
        else managed_identity(settings.azure_client_id),
    )
    bus = NamingSchemas(
        bus
        or open_outbox(
            settings.service_bus,
            credential=None
            if "Endpoint=" in settings.service_bus
            else managed_identity(settings.service_bus_client_id or settings.azure_client_id),
        ),
        schemas=f"{policy.public_url}/api/schemas",
    )
    graph = graph or _graph(settings, clock)
    return Services(
        ledger=ledger,
        bus=bus,
        graph=graph,
        keys=keys or OpenIdSigningKeys(settings.openid_config_url, clock=clock, fetch=fetch_json),
        clock=clock,
        journal=Journal(
            Commits(
                ledger=ledger,
                bus=bus,
                clock=clock,
                recording=policy.recording,
                tending=settings.tending,
                jitter=jitter,
                kept=kept,
                retention_days=policy.retention_days,
                pause=pause,
            )
        ),
        inbox=Inbox(
            bus=bus,
            clock=clock,
            policy=settings.retry,
            jitter=jitter,
            waits=waits or ShortWaits(asyncio.sleep, seats=SEATS),
            namespace=policy.namespace,
        ),
        checkup=Checkup(ledger=ledger, bus=bus, graph=graph, clock=clock),
        policy=policy,
        deployment=settings.deployment,
    )


def _graph(settings: Settings, clock: Clock) -> Graph:
    return open_graph(
        graph_url=settings.graph_url,
        scope=settings.cloud.graph_scope,
        credential=graph_credential(
            tenant_id=settings.policy.tenant_id,
            bot_app_id=settings.policy.bot_app_id,
            client_id=settings.azure_client_id,
            secret=settings.graph_client_secret,
            certificate_path=settings.graph_certificate_path,
            federated=settings.graph_federated,
            authority_host=settings.authority_host,
            exchange_scope=settings.cloud.exchange_scope,
        ),
        clock=clock,
        bot_app_id=settings.policy.bot_app_id,
        new_id=lambda: str(uuid.uuid4()),
    )


def _jitter(most: float) -> float:
    return random.uniform(0, most)  # noqa: S311 - spreads retries, protects nothing
