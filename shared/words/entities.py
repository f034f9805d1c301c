"""The names of our queues and our topic. `Config.json` of the local stack has the same. Core."""

CREATE_QUEUE = "create-meeting"
JOIN_QUEUE = "join-meeting"
TEND_QUEUE = "tend-meeting"
REJECTED_QUEUE = "rejected-requests"
EVENTS_TOPIC = "meeting-events"
OWN_ENTITIES = frozenset({EVENTS_TOPIC, CREATE_QUEUE, JOIN_QUEUE, TEND_QUEUE})
"""What a deployment must have. The messages for one that is missing are kept until it exists."""
RESERVED = OWN_ENTITIES | {REJECTED_QUEUE}
"""What no caller may name as the queue for answers."""
