"""A worker process with nothing around it: indexes an app, calls its function once, says when.

Run by starting.py as `python -m bench.first_call APP [REQUEST]`; prints moments on the monotonic
clock as JSON. No host is in this process: in Azure, too, the host is another one.
"""

import asyncio
import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

from devstack.functions.invocation import Invocation
from devstack.functions.metadata import Delivery, body_data, trigger_metadata
from devstack.functions.worker import Worker, index

LONGEST = timedelta(seconds=30)


async def _measure(app: Path, request: str | None) -> dict[str, float]:
    moments = {"began": time.monotonic()}
    functions = await index(app)
    moments["indexed"] = time.monotonic()
    if request is None:
        return moments
    function = next(one for one in functions if one.name == "create_meeting")
    delivery = Delivery(
        body=request.encode(),
        sequence_number=1,
        delivery_count=0,
        enqueued_time=datetime.now(UTC),
        message_id=json.loads(request)["requestId"],
        reply_to="replies",
    )
    outcome = await Worker(timeout=LONGEST, on_overrun=_overrun).invoke(
        Invocation(
            function_id=function.function_id,
            function_name=function.name,
            parameter="message",
            data=body_data(delivery, binary=True),
            metadata=trigger_metadata(delivery, binary=True),
        )
    )
    if outcome.failure is not None:
        sys.exit(outcome.failure.message)
    return {**moments, "returned": time.monotonic()}


def _overrun(function: str) -> NoReturn:
    sys.exit(f"{function} did not return")


if __name__ == "__main__":
    app, *rest = sys.argv[1:]
    found = asyncio.run(_measure(Path(app), rest[0] if rest else None))
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()
    os._exit(0)  # as a worker process ends, which sends no telemetry that waits
