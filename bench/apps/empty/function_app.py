"""An app with one queue function that does nothing but say when it was called."""

import os
import time
from pathlib import Path

import azure.functions as func

app = func.FunctionApp()


@app.function_name("create_meeting")
@app.service_bus_queue_trigger(
    arg_name="message", queue_name="create-meeting", connection="SERVICE_BUS"
)
async def create_meeting(message: func.ServiceBusMessage) -> None:
    """Say when the message came."""
    _witness()


def _witness() -> None:
    with Path(os.environ["BENCH_WITNESS"]).open("a", encoding="ascii") as witness:
        witness.write(f"{time.monotonic()}\n")
