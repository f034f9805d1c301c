"""What an examination needs to know, and what it answers. Core.

It says what was seen and judges nothing: the command line does (rollcall/doctor).
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.environment import GUID
from shared.settings_table import SETTINGS
from shared.words.answers import UserAnswer
from shared.words.errors import Rejected
from shared.words.ids import utc_text
from shared.words.rules import Deployment

ROLES = (
    "OnlineMeetings.ReadWrite.All",
    "Calls.JoinGroupCall.All",
    "Calls.JoinGroupCallAsGuest.All",
    "OnlineMeetingArtifact.Read.All",
)
"""The permissions at Graph that the app works with; `graphRoles` of infra/main.bicep."""
RECORDS = "CallRecords.Read.All"
INSTEAD_OF_SERVICE_BUS = "SERVICE_BUS__fullyQualifiedNamespace"
MOST_ORGANIZERS = 20
PROBE_LASTS = timedelta(minutes=1)

type Json = dict[str, Any]


class BadRequest(Exception):
    """The body is not as it must be; the text says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """What became of a probe meeting of one organizer.

    `refused`: why it was not made. `left`: why it could not be deleted again.
    """

    organizer_id: str
    refused: str | Rejected | None = None
    left: str | None = None

    def shown(self) -> Json:
        """Return it as JSON."""
        refused = self.refused
        if isinstance(refused, Rejected):
            graph = refused.graph
            return {
                "organizerId": self.organizer_id,
                "made": False,
                "code": refused.code,
                "message": refused.message,
                "status": graph.status if graph else None,
                "left": None,
            }
        return {
            "organizerId": self.organizer_id,
            "made": refused is None,
            "code": None,
            "message": refused,
            "status": None,
            "left": self.left,
        }


def organizers_in(body: bytes, default: str) -> tuple[str, ...]:
    """Return whose meetings are probed: `organizerIds` of the body, else the default organizer."""
    if not body.strip():
        return (default,)
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("The body is not JSON.") from None
    named = read.get("organizerIds") if isinstance(read, dict) and len(read) == 1 else None
    if not isinstance(named, list) or not 0 < len(named) <= MOST_ORGANIZERS:
        raise BadRequest(
            f'The body is {{}} or {{"organizerIds": […]}} with 1 to {MOST_ORGANIZERS} object ids.'
        )
    if not all(isinstance(one, str) and GUID.fullmatch(one) for one in named):
        raise BadRequest("organizerIds must be object ids (GUIDs).")
    return tuple(dict.fromkeys(one.lower() for one in named))


def probe_body(bot_app_id: str, now: datetime) -> Json:
    """Return the meeting that is made and deleted: the same one each time, should one be left."""
    return {
        "externalId": f"rollcall-doctor-{bot_app_id}",
        "subject": "Rollcall doctor: a probe, deleted at once",
        "startDateTime": utc_text(now),
        "endDateTime": utc_text(now + PROBE_LASTS),
    }


def needed_roles(deployment: Deployment) -> tuple[str, ...]:
    """Return the permissions that this deployment needs."""
    return (*ROLES, RECORDS) if deployment.call_records else ROLES


def settings_shown(given: Iterable[str]) -> Json:
    """Return the settings by name: those given, and required ones that are not."""
    named = frozenset(given)
    required = [one.name for one in SETTINGS if one.default is None]
    stands = {"SERVICE_BUS"} if INSTEAD_OF_SERVICE_BUS in named else set()
    missing = [name for name in required if name not in named and name not in stands]
    return {"required": required, "given": sorted(named), "missing": missing}


def organizer_shown(organizer_id: str, found: UserAnswer | str) -> Json:
    """Return what is known of the organizer; text: why there is no answer."""
    answer = None if isinstance(found, str) else found
    return {
        "id": organizer_id,
        "error": found if isinstance(found, str) else None,
        "status": answer and answer.status,
        "code": answer and answer.code,
        "enabled": answer and answer.enabled,
        "teams": answer and answer.teams,
    }


def clock_shown(found: UserAnswer | str, *, asked: datetime, answered: datetime) -> Json:
    """Return our time, and how far Graph's is ahead of it; None where Graph did not say its time.

    `withinSeconds`: the difference is known so well; a `Date` has whole seconds.
    """
    date = None if isinstance(found, str) else found.date
    ahead, within = None, None
    if date is not None:
        half = (answered - asked) / 2
        # The header leaves the fraction out: on average it is half a second behind.
        ahead = round((date + timedelta(seconds=0.5) - (asked + half)).total_seconds(), 3)
        within = round(half.total_seconds() + 0.5, 3)
    return {"now": utc_text(answered), "graphAheadSeconds": ahead, "withinSeconds": within}
