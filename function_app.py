"""The composition root of the Functions app: settings, one blueprint a package. Nothing else."""

import azure.functions as func

from call_callback.trigger import bp as call_callback
from create_meeting.trigger import bp as create_meeting
from health_doctor.trigger import bp as health_doctor
from join_meeting.trigger import bp as join_meeting
from meeting_record.trigger import bp as meeting_record
from shared.settings import Settings
from tend_meeting.trigger import bp as tend_meeting

Settings.load()  # an app that cannot work does not start, and says everything that is wrong

app = func.FunctionApp()
for blueprint in (
    create_meeting,
    join_meeting,
    call_callback,
    tend_meeting,
    meeting_record,
    health_doctor,
):
    app.register_functions(blueprint)
