"""Rollcall, whose backstop walks every six seconds beside its own schedule: a twentieth of its two
minutes, as bench/live.py sets the other durations to a twentieth.
"""

import azure.functions as func

from call_callback.trigger import bp as call_callback
from create_meeting.trigger import bp as create_meeting
from join_meeting.trigger import bp as join_meeting
from meeting_record.trigger import bp as meeting_record
from shared.bootstrap import services
from tend_meeting.handler import mend_meetings
from tend_meeting.trigger import bp as tend_meeting

app = func.FunctionApp()
for blueprint in (create_meeting, join_meeting, call_callback, tend_meeting, meeting_record):
    app.register_functions(blueprint)


@app.function_name("mend_meetings_sooner")
@app.timer_trigger(arg_name="timer", schedule="*/6 * * * * *")
async def mend_meetings_sooner(timer: func.TimerRequest) -> None:
    """Walk the unfinished meetings."""
    await mend_meetings(services())
