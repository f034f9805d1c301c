"""What is indexed, what a trigger hands to the worker, what it gets back. Values only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from devstack.functions.protos import RpcException, TypedData
from devstack.functions.trace_context import TraceContext


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedFunction:
    """One function of the app; `raw_bindings` are JSON texts."""

    name: str
    function_id: str
    raw_bindings: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One call of one function: its trigger's parameter, the data for it, the metadata."""

    function_id: str
    function_name: str
    parameter: str
    data: TypedData
    metadata: Mapping[str, TypedData] = field(default_factory=dict)
    trace: TraceContext | None = None
    """That of the request or message; None where it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the function returned, or why it failed."""

    returned: TypedData | None = None
    failure: RpcException | None = None


class Invoke(Protocol):
    """Runs one invocation to its end. Never raises what the function raises."""

    async def __call__(self, invocation: Invocation, /) -> Outcome:
        """Return the outcome."""
        ...
