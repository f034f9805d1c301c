"""Call records, one for each conference instance, made from its room. Pure.

Its id is that of the instance: the `callChainId` of the legs in it. A session is one stay: its
`caller` is the one who stayed, its `callee` the meeting.
Sources: the pages callrecords-callrecord, callrecords-session and callrecords-participantendpoint
of the API; what else is known of them stands with the switches.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import unquote

from devstack.graph.attendance import IDENTITY_TYPES
from devstack.graph.identities import derived_guid, same_guid, seeded
from devstack.graph.json_values import JsonObject, graph_time
from devstack.graph.meeting_book import Venue
from devstack.graph.refusals import not_found
from devstack.graph.room import Instance, Stay
from devstack.graph.switches import GraphSwitches

SESSIONS_A_PAGE = 60
"""Page callrecords-callrecord-get."""
_KEPT = timedelta(days=30)


def recorded(
    venues: Iterable[Venue], record_id: str, *, switches: GraphSwitches, now: datetime
) -> tuple[Venue, Instance]:
    """Return the instance whose record can be read under this id, or refuse: too early, too late.

    The meeting may be anybody's, or deleted.
    """
    pause = timedelta(seconds=switches.record_delay_seconds)
    for venue in venues:
        for instance in venue.room.instances:
            if same_guid(instance.chain_id) != same_guid(record_id) or instance.ended_at is None:
                continue
            if instance.ended_at + pause <= now < instance.ended_at + _KEPT:
                return venue, instance
    raise not_found("")


def render_record(
    venue: Venue, instance: Instance, *, switches: GraphSwitches, now: datetime
) -> JsonObject:
    """Return a record without its sessions. Its link is written as Graph's links vary."""
    meeting = venue.meeting
    assert instance.ended_at is not None
    written = instance.ended_at + timedelta(seconds=switches.record_delay_seconds)
    whole = _is_whole(instance, switches, now)
    if whole:
        written += timedelta(seconds=switches.partial_seconds)
    variation = seeded(instance.chain_id)
    link = variation.choice((meeting.join_web_url, unquote(meeting.join_web_url)))
    return {
        "id": instance.chain_id,
        "version": 2 if whole and switches.partial_seconds else 1,
        "type": "groupCall",
        "modalities": ["audio"],
        "lastModifiedDateTime": graph_time(written),
        "startDateTime": graph_time(instance.started_at),
        "endDateTime": graph_time(instance.ended_at),
        "joinWebUrl": link,
        "organizer_v2": {
            "id": meeting.organizer_id,
            "identity": {
                "user": {
                    "id": meeting.organizer_id,
                    "displayName": None,
                    "tenantId": meeting.tenant_id,
                }
            },
        },
    }


def render_sessions(
    instance: Instance, *, switches: GraphSwitches, now: datetime
) -> list[JsonObject]:
    """Return the sessions of a record; a copy of one stands behind it."""
    whole = _is_whole(instance, switches, now)
    return [
        _session(stay, switches, copy)
        for place, stay in enumerate(instance.stays)
        if whole or place % 2 == 0
        for copy in range(switches.session_copies if place % 3 == 0 else 1)
    ]


def _is_whole(instance: Instance, switches: GraphSwitches, now: datetime) -> bool:
    pause = timedelta(seconds=switches.record_delay_seconds + switches.partial_seconds)
    return instance.ended_at is not None and now >= instance.ended_at + pause


def _session(stay: Stay, switches: GraphSwitches, copy: int) -> JsonObject:
    assert stay.left_at is not None
    return {
        "id": derived_guid("session", stay.participant_id),
        "modalities": ["audio"],
        "startDateTime": graph_time(stay.joined_at),
        "endDateTime": graph_time(stay.left_at),
        "isTest": False,
        "failureInfo": None,
        "caller": {
            "@odata.type": "#microsoft.graph.callRecords.participantEndpoint",
            "name": None,
            "userAgent": None,
            "feedback": None,
            "associatedIdentity": _identity(stay, switches),
        },
        "callee": {
            "@odata.type": "#microsoft.graph.callRecords.serviceEndpoint",
            "userAgent": {
                "@odata.type": "#microsoft.graph.callRecords.serviceUserAgent",
                "headerValue": None,
                "applicationVersion": None,
                "role": ("mediaController", "conferencingAnnouncementService")[copy % 2],
            },
        },
    }


def _identity(stay: Stay, switches: GraphSwitches) -> JsonObject:
    if stay.kind == "user" or (stay.kind == "application" and switches.bots == "users"):
        return {
            "@odata.type": "#microsoft.graph.callRecords.userIdentity",
            "id": stay.user_id,
            "displayName": stay.display_name,
            "tenantId": stay.tenant_id,
            "userPrincipalName": f"{stay.user_id}@contoso.example",
        }
    return {
        "@odata.type": f"#microsoft.graph.{IDENTITY_TYPES[stay.kind]}",
        "id": stay.user_id,
        "displayName": stay.display_name,
        "tenantId": None,
    }
