"""The attendance reports of a meeting, one for each conference instance, made from its room. Pure.

Sources: the pages meetingattendancereport, attendancerecord and attendanceinterval of the API; what
else is known of them stands with the switches.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from devstack.graph.identities import derived_guid, same_guid
from devstack.graph.json_values import Json, JsonObject, graph_time
from devstack.graph.meeting_book import Venue
from devstack.graph.refusals import not_found
from devstack.graph.room import Instance, Stay
from devstack.graph.switches import GraphSwitches

MOST_REPORTS = 50
"""Only so many are listed, the newest: page meetingattendancereport-list."""
IDENTITY_TYPES = {
    "user": "communicationsUserIdentity",
    "guest": "communicationsGuestIdentity",
    "phone": "communicationsPhoneIdentity",
    "acsUser": "azureCommunicationServicesUserIdentity",
    "application": "communicationsApplicationIdentity",
}


def report_id_of(instance: Instance) -> str:
    """Return the id of an instance's report."""
    return derived_guid("attendance report", instance.chain_id)


def listed_reports(venue: Venue, *, switches: GraphSwitches, now: datetime) -> list[JsonObject]:
    """Return the reports of a list, newest first: without records, as in every list."""
    newest = reversed(venue.room.instances[-MOST_REPORTS:])
    return [
        {**render_report(one, switches=switches, now=now), "attendanceRecords": []}
        for one in newest
    ]


def instance_of(venue: Venue, report_id: str) -> Instance:
    """Return the instance that a report is about, or refuse."""
    for instance in venue.room.instances:
        if same_guid(report_id) == same_guid(report_id_of(instance)):
            return instance
    raise not_found("The attendance report does not exist.")


def render_report(instance: Instance, *, switches: GraphSwitches, now: datetime) -> JsonObject:
    """Return a report without its records."""
    people = {(one.kind, one.user_id) for one in instance.stays}
    return {
        "id": report_id_of(instance),
        "totalParticipantCount": len(people) if _is_filled(instance, switches, now) else 0,
        "meetingStartDateTime": graph_time(instance.started_at),
        "meetingEndDateTime": None if instance.ended_at is None else graph_time(instance.ended_at),
        "externalEventInformation": [],
    }


def render_records(
    venue: Venue, instance: Instance, *, switches: GraphSwitches, now: datetime
) -> list[JsonObject]:
    """Return the records of a report: none while the instance is on, nor for a while after it."""
    if not _is_filled(instance, switches, now):
        return []
    hidden = {same_guid(one) for one in switches.hidden_people}
    entries: dict[tuple[str, ...], list[Stay]] = {}
    for stay in instance.stays:
        if same_guid(stay.user_id) not in hidden:
            device = (stay.participant_id,) if switches.report_entries == "device" else ()
            entries.setdefault((stay.kind, stay.user_id, *device), []).append(stay)
    return [_record(venue, stays, switches) for stays in entries.values()]


def _is_filled(instance: Instance, switches: GraphSwitches, now: datetime) -> bool:
    pause = timedelta(seconds=switches.report_delay_seconds)
    return instance.ended_at is not None and now >= instance.ended_at + pause


def _record(venue: Venue, stays: list[Stay], switches: GraphSwitches) -> JsonObject:
    somebody = stays[0]
    intervals = [_interval(stay) for stay in stays]
    return {
        "id": derived_guid("attendance record", *(one.participant_id for one in stays)),
        "emailAddress": f"{somebody.user_id}@contoso.example" if somebody.kind == "user" else None,
        "totalAttendanceInSeconds": _seconds(stays),
        "role": _role(venue, somebody),
        "registrationId": None,
        "identity": _identity(somebody, switches),
        "attendanceIntervals": intervals,
        "externalRegistrationInformation": None,
    }


def _interval(stay: Stay) -> Json:
    assert stay.left_at is not None
    return {
        "joinDateTime": graph_time(stay.joined_at),
        "leaveDateTime": graph_time(stay.left_at),
        "durationInSeconds": _seconds([stay]),
    }


def _seconds(stays: Iterable[Stay]) -> int:
    return round(
        sum((stay.left_at - stay.joined_at).total_seconds() for stay in stays if stay.left_at)
    )


def _role(venue: Venue, somebody: Stay) -> str:
    meeting = venue.meeting
    if same_guid(somebody.user_id) == same_guid(meeting.organizer_id):
        return "Organizer"
    roles = {
        same_guid(one.user_id): one.role for one in meeting.attendees if one.user_id is not None
    }
    return "Presenter" if roles.get(same_guid(somebody.user_id)) == "presenter" else "Attendee"


def _identity(somebody: Stay, switches: GraphSwitches) -> JsonObject:
    kind, user_id = somebody.kind, somebody.user_id
    if kind == "application" and switches.bots == "users":
        kind = "user"
    anonymous = kind in ("guest", "phone") and switches.anonymous_ids == "absent"
    return {
        "@odata.type": f"#microsoft.graph.{IDENTITY_TYPES[kind]}",
        "id": None if anonymous else user_id,
        "displayName": somebody.display_name,
        "tenantId": somebody.tenant_id if kind == "user" else None,
    }
