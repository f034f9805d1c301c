"""The parts of one simulator, put together. Nobody else constructs them."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from devstack.graph.access_tokens import AccessTokens
from devstack.graph.calls import Leg
from devstack.graph.courier import Courier
from devstack.graph.faults import FaultPlan
from devstack.graph.identities import IDENTITY_HEADER, Tenant, seeded
from devstack.graph.lapses import Lapses
from devstack.graph.request_log import RequestLog
from devstack.graph.switches import DOCUMENTED, GraphSwitches
from devstack.graph.tokens import GRAPH_ISSUER, CallbackSigner
from devstack.graph.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulator:
    """What the routes work on."""

    world: World
    lapses: Lapses
    courier: Courier
    faults: FaultPlan
    requests: RequestLog
    access_tokens: AccessTokens
    signer: CallbackSigner
    identity_header: str
    calling_webhook: str | None

    async def forget(self) -> None:
        """Forget meetings, rooms, faults and requests; switches go back to those of the start.

        Keys and tokens stay.
        """
        self.world.forget()
        self.lapses.look_again()
        self.faults.clear()
        self.requests.clear()
        await self.courier.forget()

    def change(self, members: Mapping[str, Any], *, back: Collection[str] = ()) -> None:
        """Set switches, as `World.change` does; all that goes by them notices at once."""
        self.world.change(members, back=back)
        if "dropNth" in {*members, *back}:
            self.courier.count_anew()
        self.lapses.look_again()


SIMULATOR: web.AppKey[Simulator] = web.AppKey("simulator", Simulator)


def build_simulator(
    *,
    tenant: Tenant,
    seed: int,
    report: Callable[[str], None],
    identity_header: str = IDENTITY_HEADER,
    issuer: str = GRAPH_ISSUER,
    switches: GraphSwitches = DOCUMENTED,
    token_key: rsa.RSAPrivateKey | None = None,
    calling_webhook: str | None = None,
) -> Simulator:
    """Put a simulator together. `seed` decides ids, variation and luck; `report` takes one line.

    `token_key` signs access tokens; None: a key of this simulator's own. `calling_webhook`: what
    the bot's channel of Teams names.
    """

    def now() -> datetime:
        return datetime.now(UTC)

    def answered_without_content(leg: Leg) -> None:
        world.incoming.ask_for_graph_form(leg)

    signer = CallbackSigner(tenant, issuer=issuer)
    chance, ids = seeded(seed), seeded(seed + 1)
    courier = Courier(
        switches=lambda: world.switches,
        bearer=lambda: signer.bearer(now=now()),
        chance=chance,
        report=report,
        no_content=answered_without_content,
    )
    world = World(tenant=tenant, ids=ids, now=now, notify=courier.send, switches=switches)
    return Simulator(
        world=world,
        lapses=Lapses(world),
        courier=courier,
        faults=FaultPlan(),
        requests=RequestLog(),
        access_tokens=AccessTokens(tenant, key=token_key),
        signer=signer,
        identity_header=identity_header,
        calling_webhook=calling_webhook,
    )
