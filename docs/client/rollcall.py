"""python rollcall.py SUBJECT: puts a meeting on the queue, prints its link, follows its events."""

import json
import os
import sys
import uuid

from azure.servicebus import ServiceBusClient, ServiceBusMessage


def read(receiver):
    for message in receiver:
        receiver.complete_message(message)
        yield message.correlation_id, json.loads(str(message))


key = str(uuid.uuid4())  # sent again under this key, it is the same meeting and the same answer
body = json.dumps({"requestId": key, "subject": sys.argv[1], "join": "now"})
request = ServiceBusMessage(body, message_id=key, reply_to="replies")
with ServiceBusClient.from_connection_string(os.environ["SERVICE_BUS"]) as bus:
    bus.get_queue_sender("create-meeting").send_messages(request)
    answers = read(bus.get_queue_receiver("replies"))
    answer = next(event["data"] for answers_to, event in answers if answers_to == key)
    if "coordinates" not in answer:
        sys.exit(f"{answer['code']}: {answer['message']} {answer['nextStep']}")
    print("join at", answer["coordinates"]["joinWebUrl"], flush=True)
    seen = set()  # delivery is at least once
    for _, event in read(bus.get_subscription_receiver("meeting-events", "all")):
        if event["data"].get("meetingId") == answer["meetingId"] and event["id"] not in seen:
            seen.add(event["id"])
            print(event["time"], event["type"], json.dumps(event["data"]), flush=True)
