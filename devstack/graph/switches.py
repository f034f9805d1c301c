"""How hard the simulated Graph is on the app, difference by difference. Pure."""

from collections.abc import Mapping
from typing import Literal

from devstack.switches import Switches, World


class GraphSwitches(Switches):
    """The switches of the Graph simulator."""

    identities: Literal["strict", "any"] = "strict"
    """`strict`: a token names the identity that asked for it, an identity that the app does not
    have gets none (azure-functions-host issue 8037), and Graph serves the bot's app registration
    alone (7503, microsoft-graph-comms-samples issue 432; 7507). `any`: nothing of that is checked.
    """
    consent: bool = True
    """False: nobody consented to the bot's permissions; a call is refused with 7504
    (microsoft-graph-comms-samples issue 276)."""


DOCUMENTED = GraphSwitches()
WORLDS: Mapping[World, GraphSwitches] = {
    World.KIND: GraphSwitches(identities="any"),
    World.DOCUMENTED: DOCUMENTED,
    World.HARSH: DOCUMENTED,
}
