"""The queue binding of `join_meeting`.

The body is read as bytes: a JSON body read as text would overwrite the message's own properties
with members of the same name.
"""

import azure.functions as func

from shared.edge import at_edge
from shared.words.entities import JOIN_QUEUE

bp = func.Blueprint()


@bp.function_name("join_meeting")
@bp.service_bus_queue_trigger(
    arg_name="message",
    queue_name=JOIN_QUEUE,
    connection="SERVICE_BUS",
    data_type=func.DataType.BINARY,
)
@at_edge
async def join_meeting(message: func.ServiceBusMessage) -> None:
    """Pass one message of the queue to the handler."""
    # Imported on first use: indexing the app must stay quick.
    from join_meeting.handler import join_meeting as handle
    from shared.bootstrap import services
    from shared.inbox.message import bound

    ready = services()
    await handle(bound(message, queue=JOIN_QUEUE, now=ready.clock.now()), ready)
