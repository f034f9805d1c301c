"""The bindings of `tend_meeting`: its queue, and the backstop timer (every two minutes)."""

import azure.functions as func

from shared.edge import at_edge
from shared.words.entities import TEND_QUEUE

bp = func.Blueprint()


@bp.function_name("tend_meeting")
@bp.service_bus_queue_trigger(
    arg_name="message",
    queue_name=TEND_QUEUE,
    connection="SERVICE_BUS",
    data_type=func.DataType.BINARY,
)
@at_edge
async def tend_meeting(message: func.ServiceBusMessage) -> None:
    """Hand one message of the queue to the handler."""
    from shared.bootstrap import services
    from shared.inbox.message import bound
    from tend_meeting.handler import tend_meeting as handle

    ready = services()
    await handle(bound(message, queue=TEND_QUEUE, now=ready.clock.now()), ready)


@bp.function_name("mend_meetings")
@bp.timer_trigger(arg_name="timer", schedule="0 */2 * * * *")
@at_edge
async def mend_meetings(timer: func.TimerRequest) -> None:
    """Walk the unfinished meetings."""
    from shared.bootstrap import services
    from tend_meeting.handler import mend_meetings as walk

    await walk(services())
