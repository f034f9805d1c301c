"""Drives the production worker library: index an app once, then invoke its functions.

The library keeps its state in module globals, so there is one app per process. Nothing a function
raises, BaseException included, gets out of here.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import azure_functions_runtime as library

from devstack.functions import protos
from devstack.functions.invocation import IndexedFunction, Invocation, Outcome
from devstack.functions.protos import ParameterBinding, RpcException, StatusResult
from devstack.functions.trace_context import invoked_by
from devstack.packaged import NotPackaged, import_only_from


class IndexingError(Exception):
    """The app could not be indexed; the text is the library's reason with its stack."""


_ENDED = Outcome(failure=RpcException(message="the worker is started again"))


async def index(app: Path) -> tuple[IndexedFunction, ...]:
    """Import `function_app.py` in the folder `app` and return its functions.

    Raises IndexingError: one bad function fails them all.
    """
    if not (app / "function_app.py").is_file():
        raise IndexingError(f"there is no function_app.py in {app}")
    try:
        import_only_from(app)
    except NotPackaged as exc:
        raise IndexingError(str(exc)) from exc
    library.start_threadpool_executor()
    answer = await library.worker_init_request(
        _request(
            worker_init_request=SimpleNamespace(capabilities={}, function_app_directory=str(app))
        )
    )
    # The metadata answer says Success even where the index failed: only init tells.
    if answer.result.status != StatusResult.Success:
        raise IndexingError(
            f"{answer.result.exception.message}\n{answer.result.exception.stack_trace}"
        )
    found = await library.functions_metadata_request(_request())
    functions = tuple(
        IndexedFunction(
            name=each.name, function_id=each.function_id, raw_bindings=tuple(each.raw_bindings)
        )
        for each in found.function_metadata_results
    )
    for function in functions:
        await library.function_load_request(
            _request(function_load_request=SimpleNamespace(function_id=function.function_id))
        )
    return functions


class Worker:
    """Invokes the functions of the indexed app, until one of them exceeds its time."""

    def __init__(self, *, timeout: timedelta | None, on_overrun: Callable[[str], None]) -> None:
        """`on_overrun` is told the function that exceeds `timeout`, once and first of all.

        Then all invocations under way fail, as when Azure restarts the worker, and no more begin.
        Needs a running loop.
        """
        self._timeout = timeout
        self._on_overrun = on_overrun
        self._ended = asyncio.get_running_loop().create_future()

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run one invocation to its end, or the worker's, in a task and context of its own."""
        if self._ended.done():
            return _ENDED
        # Not awaited itself: a function that raises CancelledError must not cancel its caller.
        running = asyncio.create_task(_guarded(invocation))
        await asyncio.wait(
            {running, self._ended},
            timeout=None if self._timeout is None else self._timeout.total_seconds(),
            return_when=asyncio.FIRST_COMPLETED,
        )
        if running.done():
            return running.result()
        if self._ended.done():
            return _ENDED
        name = invocation.function_name
        self._on_overrun(name)
        self._ended.set_result(None)
        text = f"Timeout value of {self._timeout} was exceeded by function: {name}"
        return Outcome(failure=RpcException(message=f"FunctionTimeoutException: {text}"))


async def _guarded(invocation: Invocation) -> Outcome:
    invocation_id = str(uuid4())
    # The library sets it for sync functions only.
    library.invocation_id_cv.set(invocation_id)
    try:
        answer = await library.invocation_request(_invocation_request(invocation, invocation_id))
    except BaseException as exc:  # noqa: BLE001 - SystemExit and CancelledError are the app's, too
        return Outcome(failure=RpcException(message=f"{type(exc).__name__}: {exc}"))
    if answer.result.status != StatusResult.Success:
        return Outcome(failure=answer.result.exception)
    return Outcome(returned=answer.return_value)


def _invocation_request(invocation: Invocation, invocation_id: str) -> SimpleNamespace:
    trace = invoked_by(invocation.trace)
    return _request(
        invocation_request=SimpleNamespace(
            invocation_id=invocation_id,
            function_id=invocation.function_id,
            input_data=[ParameterBinding(name=invocation.parameter, data=invocation.data)],
            trigger_metadata=dict(invocation.metadata),
            trace_context=SimpleNamespace(
                trace_parent=trace.traceparent, trace_state=trace.tracestate, attributes={}
            ),
            retry_context=SimpleNamespace(
                retry_count=0, max_retry_count=0, exception=RpcException()
            ),
        )
    )


def _request(**content: Any) -> SimpleNamespace:
    properties: Mapping[str, object] = {"host": "127.0.0.1", "protos": protos}
    return SimpleNamespace(request=SimpleNamespace(**content), properties=properties)
