"""docs/asyncapi.json: queues, topic, messages and answers, as AsyncAPI 3. Pure: writes no file.

Source: https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from typing import Any

from docs.contract.events import EVENTS
from shared.events.replies import HEARD_BY

type Json = dict[str, Any]

FORMAT = "application/schema+json;version=draft-2020-12"
CLOUD_EVENT = "application/cloudevents+json"
KINDS: dict[str, frozenset[str]] = {
    "create-meeting": frozenset({"create", "join"}),
    "create-meeting.update": frozenset({"update"}),
    "create-meeting.cancel": frozenset({"cancel"}),
    "join-meeting": frozenset({"join", "leave"}),
}
"""What a request may set going, by the name of its schema."""
ANSWERS: dict[str, tuple[str, ...]] = {
    name: tuple(event for event, heard_by in HEARD_BY.items() if kinds & set(heard_by))
    for name, kinds in KINDS.items()
}
"""The events that a request's `reply_to` queue gets, by the name of its schema."""
TOPIC, REPLIES, KEPT = "meeting-events", "replies", "rejected-requests"
TEXT = {"type": "string"}
PROPERTIES = {
    "type": "the event's `type`",
    "meetingid": "the event's `data.meetingId`",
    "requestid": "the event's `correlationid`",
    "callnumber": "the number of the group call that the event is about",
}
"""The application properties of an event's message."""
KEPT_PROPERTIES = {
    "rollcall-code": "the code of the refusal",
    "rollcall-queue": "the queue that the message came from",
    "rollcall-tries": "what its tries came to, where there were several",
    "rollcall-origin": "the id of the first message",
    "rollcall-left-out": "which of the caller's properties found no room, and where a body was cut",
}


def asyncapi(version: str) -> Json:
    """Return the document. Payloads are the files of docs/schemas beside it."""
    queues = sorted({_queue(name) for name in ANSWERS})
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Rollcall",
            "version": version,
            "description": "Microsoft Teams meetings on a queue: requests, their answers, and the "
            "events of meetings. From the point of view of Rollcall, which receives requests and "
            "sends events. messages.md says it in words.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "serviceBus": {
                "host": "{namespace}.servicebus.windows.net",
                "protocol": "amqps",
                "protocolVersion": "1.0",
                "variables": {"namespace": {"description": "The Service Bus namespace."}},
                "security": [
                    {"$ref": "#/components/securitySchemes/entra"},
                    {"$ref": "#/components/securitySchemes/sharedAccessKey"},
                ],
            }
        },
        "channels": {
            **{queue: _queue_of_requests(queue) for queue in queues},
            TOPIC: {
                "address": TOPIC,
                "title": "The topic of all events",
                "description": "With sessions, the events of one meeting come in order: the "
                "session id is the `meetingId`.",
                "messages": _messages(EVENTS),
            },
            REPLIES: {
                "address": None,
                "title": "A queue of the caller's",
                "description": "The queue that `reply_to` of a request names.",
                "messages": _messages(
                    sorted({name for names in ANSWERS.values() for name in names})
                ),
            },
            KEPT: {
                "address": KEPT,
                "title": "Copies of refused requests",
                "messages": _messages(["refused-request"]),
            },
        },
        "operations": {
            **{f"receive {name}": _receive(name) for name in ANSWERS},
            "publish": {
                "action": "send",
                "title": "An event of a meeting, or the refusal of a request",
                "channel": {"$ref": f"#/channels/{TOPIC}"},
                "messages": _in_channel(TOPIC, EVENTS),
            },
            "keep": {
                "action": "send",
                "title": "A copy of a request that was refused, for an operator",
                "channel": {"$ref": f"#/channels/{KEPT}"},
                "messages": _in_channel(KEPT, ["refused-request"]),
            },
        },
        "components": {
            "messages": {
                **{name: _request(name) for name in ANSWERS},
                **{name: _event(name) for name in EVENTS},
                "refused-request": {
                    "name": "refused-request",
                    "title": "A refused request, byte for byte",
                    "headers": _texts(KEPT_PROPERTIES),
                    "payload": {"description": "The body as it was sent, of whatever form."},
                },
            },
            "correlationIds": {
                "request": {
                    "description": "On the topic the event's `correlationid`. On a queue for "
                    "answers the `correlation_id` of the request, else its `message_id`.",
                    "location": "$message.header#/correlation_id",
                }
            },
            "securitySchemes": {
                "entra": {
                    "type": "plain",
                    "description": "A token of Microsoft Entra ID, with the role Azure Service Bus "
                    "Data Sender or Data Receiver.",
                },
                "sharedAccessKey": {
                    "type": "plain",
                    "description": "A shared access policy of the namespace, where it has one.",
                },
            },
        },
    }


def _queue(request: str) -> str:
    return request.partition(".")[0]


def _queue_of_requests(queue: str) -> Json:
    names = [name for name in ANSWERS if _queue(name) == queue]
    return {"address": queue, "title": "A queue of requests", "messages": _messages(names)}


def _receive(name: str) -> Json:
    queue = _queue(name)
    return {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{queue}"},
        "messages": _in_channel(queue, [name]),
        "reply": {
            "address": {
                "description": "Without `reply_to` the topic alone has the answer.",
                "location": "$message.header#/reply_to",
            },
            "channel": {"$ref": f"#/channels/{REPLIES}"},
            "messages": _in_channel(REPLIES, ANSWERS[name]),
        },
    }


def _messages(names: Any) -> Json:
    return {name: {"$ref": f"#/components/messages/{name}"} for name in names}


def _in_channel(channel: str, names: Any) -> list[Json]:
    return [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in names]


def _request(name: str) -> Json:
    return {
        "name": name,
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "properties": {
                "message_id": {**TEXT, "description": "Stands in for `requestId`."},
                "reply_to": {**TEXT, "description": "A queue of the caller's, for the answer."},
                "correlation_id": {**TEXT, "description": "Comes back with the answer."},
            },
        },
        "payload": _payload(name),
    }


def _event(name: str) -> Json:
    return {
        "name": f"rollcall.{name}.v1",
        "contentType": CLOUD_EVENT,
        "correlationId": {"$ref": "#/components/correlationIds/request"},
        "headers": _texts(PROPERTIES),
        "payload": _payload(name),
    }


def _payload(name: str) -> Json:
    return {"schemaFormat": FORMAT, "schema": {"$ref": f"schemas/{name}.json"}}


def _texts(described: dict[str, str]) -> Json:
    return {
        "type": "object",
        "properties": {name: {**TEXT, "description": said} for name, said in described.items()},
    }
