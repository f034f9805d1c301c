"""Events as `tail` shows them: which are wanted, and each as one line. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from rollcall.plain import counted, plain

type Event = Mapping[str, Any]

_WHAT = {
    "meeting.created": "{subject}",
    "meeting.updated": "changed: {changed}",
    "meeting.cancelled": "{subject}",
    "meeting.purged": "its record was deleted",
    "meeting.rejected": "{code}: {message}",
    "meeting.warning": "{code}: {message}",
    "bot.joining": "Graph accepted the bot's call",
    "bot.waiting": "the bot is in the lobby",
    "bot.joined": "the bot is in the meeting",
    "bot.left": "the bot is out of the meeting ({reason})",
    "bot.absent": "there was no bot to leave",
    "bot.failed": "{code}",
    "call.started": "group call {callNumber}",
    "call.unwatched": "group call {callNumber} goes on, unheard",
    "call.ended": "group call {callNumber}, {people} ({reason})",
    "call.corrected": "group call {callNumber}, revision {revision}",
    "participant.joined": "{who} is in group call {callNumber}",
    "participant.left": "{who} left group call {callNumber}",
}
"""An event of a type that is not here yet is shown without this part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events are shown; None and () are all. `types`: patterns such as `call.*`."""

    meeting_id: str | None
    request_id: str | None
    types: tuple[str, ...]

    def takes(self, event: Event) -> bool:
        """Whether the event is shown."""
        data = event["data"]
        ids = (event.get("correlationid"), data.get("requestId"))
        return (
            self.meeting_id in (None, data.get("meetingId"))
            and (self.request_id is None or self.request_id in ids)
            and (not self.types or any(fnmatchcase(type_of(event), one) for one in self.types))
        )


def event_of(body: bytes) -> Event | None:
    """Read a CloudEvent; None where the message is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    is_event = isinstance(found, dict) and isinstance(found.get("data"), dict)
    return found if is_event else None


def type_of(event: Event) -> str:
    """Return the middle of its type: `call.started`."""
    return str(event.get("type", "")).removeprefix("rollcall.").removesuffix(".v1")


def line_of(event: Event) -> str:
    """Return time, type, what happened, and the id of the request that made the meeting known."""
    what = _WHAT.get(type_of(event), "").format_map(_Said(event["data"]))
    said = plain(f"{what} [{event.get('correlationid')}]")
    # Spaces in a row are one where a text is made plain: so what is aligned is plain before.
    return f"{plain(event.get('time'))} {plain(type_of(event)):<18} {said}"


class _Said(dict[str, Any]):
    """The members of `data` as texts; what is absent reads as a question mark."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        participant, changed = data.get("participant"), data.get("changed")
        self["who"] = _who(participant if isinstance(participant, dict) else {})
        self["people"] = counted(data.get("participantCount", "?"), "person", "people")
        self["changed"] = (
            ", ".join(map(str, changed)) if isinstance(changed, list) and changed else "nothing"
        )

    def __missing__(self, _: str) -> str:
        return "?"


def _who(participant: Mapping[str, Any]) -> str:
    """Deployments may show no names."""
    names = (participant.get(name) for name in ("displayName", "userId", "kind"))
    return str(next(filter(None, names), "a person"))
