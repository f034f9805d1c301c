"""Drives the production worker library: index an app once, then invoke its functions.

The library keeps its state in module globals, so there is one app per process. Nothing a function
raises, BaseException included, gets out of here.
"""

import asyncio
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn
from uuid import uuid4

import azure_functions_runtime as library

from devstack.functions import protos
from devstack.functions.invocation import IndexedFunction, Invocation, Outcome
from devstack.functions.protos import ParameterBinding, RpcException, StatusResult

type Overrun = Callable[[str], NoReturn]


class IndexingError(Exception):
    """The app could not be indexed; the text is the library's reason with its stack."""


async def index(app: Path) -> tuple[IndexedFunction, ...]:
    """Import `function_app.py` in the folder `app` and return its functions.

    Raises IndexingError: one bad function fails them all.
    """
    if not (app / "function_app.py").is_file():
        raise IndexingError(f"there is no function_app.py in {app}")
    sys.path.insert(0, str(app))
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
    """Invokes the functions of the indexed app."""

    def __init__(self, *, timeout: timedelta | None, on_overrun: Overrun) -> None:
        """`on_overrun` ends the process, for Azure restarts a worker that exceeds `timeout`."""
        self._seconds = None if timeout is None else timeout.total_seconds()
        self._on_overrun = on_overrun

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run one invocation to its end, in a task and context of its own."""
        # Not awaited itself: a function that raises CancelledError must not cancel its caller.
        running = asyncio.create_task(_guarded(invocation))
        done, _ = await asyncio.wait({running}, timeout=self._seconds)
        if not done:
            self._on_overrun(invocation.function_name)
        return running.result()


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
    trace = uuid4().hex
    return _request(
        invocation_request=SimpleNamespace(
            invocation_id=invocation_id,
            function_id=invocation.function_id,
            input_data=[ParameterBinding(name=invocation.parameter, data=invocation.data)],
            trigger_metadata=dict(invocation.metadata),
            trace_context=SimpleNamespace(
                trace_parent=f"00-{trace}-{trace[:16]}-01", trace_state="", attributes={}
            ),
            retry_context=SimpleNamespace(
                retry_count=0, max_retry_count=0, exception=RpcException()
            ),
        )
    )


def _request(**content: Any) -> SimpleNamespace:
    properties: Mapping[str, object] = {"host": "127.0.0.1", "protos": protos}
    return SimpleNamespace(request=SimpleNamespace(**content), properties=properties)
