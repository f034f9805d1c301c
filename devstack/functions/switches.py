"""The switches of the Functions host: where Azure's own behaviour is not settled. Pure.

All else that the host imitates is the same in every world: see README.md.
"""

from collections.abc import Mapping
from typing import Literal

from devstack.switches import Switches, World


class FunctionsSwitches(Switches):
    """How hard the host is on the app."""

    chunked_bodies: Literal["passed", "empty"] = "empty"
    """What a function gets of a request body without Content-Length (`Transfer-Encoding: chunked`).

    The host reads a body only where `request.ContentLength > 0`: ToRpcHttp in
    GrpcMessageConversionExtensions.cs of Azure/azure-functions-host (October 2024); reported in
    Azure/azure-functions-nodejs-worker issue 524. A front end before the host may add the length.
    """


WORLDS: Mapping[World, FunctionsSwitches] = {
    World.KIND: FunctionsSwitches(chunked_bodies="passed"),
    World.DOCUMENTED: FunctionsSwitches(),
    World.HARSH: FunctionsSwitches(),
}
