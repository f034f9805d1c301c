"""Plain dataclasses that stand for the protobuf messages between host and worker.

The worker library takes this very module as its `protos` namespace, so the names and the keyword
arguments are those of azure-functions-rpc-messages. It holds no behaviour.
Source: https://github.com/Azure/azure-functions-language-worker-protobuf
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

# A field called `bytes` or `int` hides the type within its own class.
type Octets = bytes
type Whole = int

_KINDS = ("string", "json", "bytes", "http", "int", "double")


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedData:
    """One value with its kind; nothing set means an empty message body."""

    string: str | None = None
    json: str | None = None
    bytes: Octets | None = None
    http: "RpcHttp | None" = None
    int: Whole | None = None
    double: float | None = None

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - protobuf's name
        """Return the name of the kind that is set, or None."""
        return next((kind for kind in _KINDS if getattr(self, kind) is not None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterBinding:
    """A named input or output of an invocation."""

    name: str
    data: TypedData

    def WhichOneof(self, _group: str) -> str:  # noqa: N802 - protobuf's name
        """Return `data`: shared memory is never used."""
        return "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class NullableString:
    """A text that may be absent."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NullableBool:
    """A truth value that may be absent."""

    value: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NullableDouble:
    """A number that may be absent."""

    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """Seconds since 1970 UTC."""

    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NullableTimestamp:
    """A time that may be absent."""

    value: Timestamp


class SameSite:
    """The values of a cookie's SameSite."""

    Lax: ClassVar[str] = "Lax"
    Strict: ClassVar[str] = "Strict"
    ExplicitNone: ClassVar[str] = "None"


# The library reads the member `None`, which Python's grammar does not let a class body spell.
setattr(SameSite, "None", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcHttpCookie:
    """One Set-Cookie of an answer."""

    SameSite: ClassVar[type[SameSite]] = SameSite

    name: str
    value: str
    domain: NullableString | None = None
    path: NullableString | None = None
    expires: NullableTimestamp | None = None
    secure: NullableBool | None = None
    http_only: NullableBool | None = None
    same_site: str = ""
    max_age: NullableDouble | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcHttp:
    """An HTTP request (method to query) or an answer (status_code to cookies)."""

    method: str = ""
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: TypedData | None = None
    status_code: str = ""
    cookies: Sequence[RpcHttpCookie] | None = None
    enable_content_negotiation: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingInfo:
    """A binding as the library keeps it beside its raw JSON."""

    out: ClassVar[int] = 1
    inout: ClassVar[int] = 2
    undefined: ClassVar[int] = 0

    type: str
    data_type: int | None
    direction: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcRetryOptions:
    """A retry policy; read by nobody, for the host ignores it on queue triggers."""

    max_retry_count: int
    retry_strategy: str
    delay_interval: timedelta | None = None
    minimum_interval: timedelta | None = None
    maximum_interval: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcFunctionMetadata:
    """One indexed function."""

    name: str
    function_id: str
    managed_dependency_enabled: bool
    directory: str
    script_file: str
    entry_point: str
    is_proxy: bool
    language: str
    bindings: Mapping[str, BindingInfo]
    raw_bindings: Sequence[str]
    retry_options: RpcRetryOptions | None
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcException:
    """What went wrong, and where."""

    message: str = ""
    stack_trace: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusResult:
    """Success, or Failure with its exception."""

    Failure: ClassVar[int] = 0
    Success: ClassVar[int] = 1

    status: int
    exception: RpcException | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerMetadata:
    """Which worker answers."""

    runtime_name: str
    runtime_version: str
    worker_version: str
    worker_bitness: str
    custom_properties: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerInitResponse:
    """The answer to init; a failed index is told here and nowhere else."""

    capabilities: Mapping[str, str]
    worker_metadata: WorkerMetadata
    result: StatusResult


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionMetadataResponse:
    """The indexed functions; None where the index failed."""

    use_default_metadata_indexing: bool
    function_metadata_results: Sequence[RpcFunctionMetadata] | None
    result: StatusResult


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionLoadResponse:
    """The answer to a load."""

    function_id: str
    result: StatusResult


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationResponse:
    """What one invocation came to."""

    invocation_id: str
    result: StatusResult
    return_value: TypedData | None = None
    output_data: Sequence[ParameterBinding] = ()
