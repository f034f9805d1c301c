"""Graph's paths and what answers them. Pure of HTTP: a request goes in, an Answer comes out."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from devstack.graph.attendance import (
    MOST_REPORTS,
    instance_of,
    listed_reports,
    render_records,
    render_report,
)
from devstack.graph.call_records import (
    SESSIONS_A_PAGE,
    recorded,
    render_record,
    render_sessions,
)
from devstack.graph.calls import render_call
from devstack.graph.json_values import Json, JsonObject
from devstack.graph.meeting_shapes import render_changed, render_found, render_meeting
from devstack.graph.meetings import Meeting
from devstack.graph.pages import is_expanded, one_page
from devstack.graph.refusals import GraphRefusal, bad_request, check_grant
from devstack.graph.users import render_user
from devstack.graph.world import World

METADATA = "https://graph.microsoft.com/v1.0/$metadata"
BASE_URL = "https://graph.microsoft.com/v1.0"
REPORTS, RECORDS = "OnlineMeetingArtifact.Read.All", "CallRecords.Read.All"
"""The permissions without which attendance reports and call records are not read."""
USERS = "User.Read.All"
"""The permission without which no user is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One Graph request. `path` has no version and no doubled slashes; `query` is decoded once.

    `base` is what stood before the path, the version included.
    """

    method: str
    path: str
    base: str = BASE_URL
    query: Mapping[str, str] = field(default_factory=dict)
    body: Json = None
    body_is_json: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is answered. `body` None means an empty one."""

    status: int
    body: JsonObject | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


type Handler = Callable[[World, Asked, re.Match[str]], Answer]


def answer(world: World, asked: Asked) -> Answer:
    """Do the work and return the answer; raise GraphRefusal where Graph refuses."""
    if not asked.body_is_json:
        raise bad_request("Unable to read JSON request payload.")
    other_method = False
    for method, pattern, handler in _ROUTES:
        match = pattern.fullmatch(asked.path)
        if match is None:
            continue
        if method == asked.method:
            return handler(world, asked, match)
        other_method = True
    if other_method:
        raise GraphRefusal(405, "MethodNotAllowed", "The method is not allowed here.")
    raise GraphRefusal(404, "ResourceNotFound", "This simulator does not serve that resource.")


def _create_or_get(world: World, asked: Asked, match: re.Match[str]) -> Answer:
    meeting, created = world.meetings.create_or_get(match["user"], asked.body)
    shown = render_found(meeting, world.switches)
    return Answer(status=201 if created else 200, body=_with_context(meeting, shown))


def _create(world: World, asked: Asked, match: re.Match[str]) -> Answer:
    meeting = world.meetings.create(match["user"], asked.body)
    return Answer(status=201, body=_with_context(meeting, render_meeting(meeting)))


def _find(world: World, asked: Asked, match: re.Match[str]) -> Answer:
    expression = asked.query.get("$filter")
    if not expression:
        raise bad_request("A list of meetings needs a $filter.")
    found = world.meetings.find(match["user"], expression)
    return Answer(status=200, body={"value": [render_meeting(one) for one in found]})


def _read(world: World, _: Asked, match: re.Match[str]) -> Answer:
    meeting = world.meetings.meeting(match["user"], match["meeting"])
    return Answer(status=200, body=_with_context(meeting, render_meeting(meeting)))


def _update(world: World, asked: Asked, match: re.Match[str]) -> Answer:
    meeting = world.meetings.update(match["user"], match["meeting"], asked.body)
    named = asked.body if isinstance(asked.body, dict) else {}
    shown = render_changed(meeting, named, world.switches)
    return Answer(status=200, body=_with_context(meeting, shown))


def _delete(world: World, _: Asked, match: re.Match[str]) -> Answer:
    world.meetings.delete(match["user"], match["meeting"])
    return Answer(status=204)


def _user(world: World, _: Asked, match: re.Match[str]) -> Answer:
    check_grant(USERS, granted=world.switches.granted)
    return Answer(status=200, body=render_user(world.tenant, match["user"], world.switches))


def _place_call(world: World, asked: Asked, _: re.Match[str]) -> Answer:
    leg = world.place_call(asked.body)
    body = render_call(leg) | {"@odata.context": f"{METADATA}#communications/calls/$entity"}
    location = {"Location": f"{BASE_URL}/communications/calls/{leg.call_id}"}
    return Answer(status=201, body=body, headers=location)


def _call(world: World, _: Asked, match: re.Match[str]) -> Answer:
    body = render_call(world.call(match["call"]))
    return Answer(
        status=200, body=body | {"@odata.context": f"{METADATA}#communications/calls/$entity"}
    )


def _hang_up(world: World, _: Asked, match: re.Match[str]) -> Answer:
    world.hang_up(match["call"])
    return Answer(status=204)


def _keep_alive(world: World, _: Asked, match: re.Match[str]) -> Answer:
    world.keep_alive(match["call"])
    return Answer(status=200)


def _reject(world: World, asked: Asked, match: re.Match[str]) -> Answer:
    world.reject(match["call"], asked.body)
    return Answer(status=202)


def _participants(world: World, _: Asked, match: re.Match[str]) -> Answer:
    return Answer(status=200, body=world.roster(match["call"]))


def _reports(world: World, asked: Asked, match: re.Match[str]) -> Answer:
    switches = world.switches
    check_grant(REPORTS, granted=switches.granted, status=switches.report_status)
    venue = world.meetings.venue(match["user"], match["meeting"])
    body = one_page(
        listed_reports(venue, switches=switches, now=world.now()),
        size=switches.report_page or MOST_REPORTS,
        address=asked.base + asked.path,
        query=asked.query,
    )
    return Answer(status=200, body=body)


def _report(world: World, asked: Asked, match: re.Match[str]) -> Answer:
    switches, now = world.switches, world.now()
    check_grant(REPORTS, granted=switches.granted, status=switches.report_status)
    venue = world.meetings.venue(match["user"], match["meeting"])
    instance = instance_of(venue, match["report"])
    by_itself = match["records"] is not None
    shown = {} if by_itself else render_report(instance, switches=switches, now=now)
    if by_itself or is_expanded(asked.query, "attendanceRecords"):
        records = render_records(venue, instance, switches=switches, now=now)
        shown |= one_page(
            records,
            size=switches.report_page or max(len(records), 1),
            address=asked.base + asked.path + ("" if by_itself else "/attendanceRecords"),
            query=asked.query,
            name="" if by_itself else "attendanceRecords",
        )
    return Answer(status=200, body=shown)


def _call_record(world: World, asked: Asked, match: re.Match[str]) -> Answer:
    switches, now = world.switches, world.now()
    check_grant(RECORDS, granted=switches.granted, status=switches.record_status)
    venue, instance = recorded(world.meetings.venues, match["record"], switches=switches, now=now)
    by_itself = match["sessions"] is not None
    shown = {} if by_itself else render_record(venue, instance, switches=switches, now=now)
    if by_itself or is_expanded(asked.query, "sessions"):
        shown |= one_page(
            render_sessions(instance, switches=switches, now=now),
            size=SESSIONS_A_PAGE,
            address=asked.base + asked.path + ("" if by_itself else "/sessions"),
            query=asked.query,
            name="" if by_itself else "sessions",
        )
    return Answer(status=200, body=shown)


def _with_context(meeting: Meeting, shown: JsonObject) -> JsonObject:
    context = f"{METADATA}#users('{meeting.organizer_id}')/onlineMeetings/$entity"
    return {"@odata.context": context, **shown}


_MEETINGS = "/users/(?P<user>[^/]+)/onlineMeetings"
_ATTENDANCE = rf"{_MEETINGS}/(?P<meeting>[^/]+)/attendanceReports"
_CALLS = "/communications/calls"
_RECORDS = "/communications/callRecords"
_ROUTES: tuple[tuple[str, re.Pattern[str], Handler], ...] = tuple(
    (method, re.compile(pattern), handler)
    for method, pattern, handler in (
        ("POST", rf"{_MEETINGS}/(microsoft\.graph\.)?createOrGet", _create_or_get),
        ("POST", _MEETINGS, _create),
        ("GET", _MEETINGS, _find),
        ("GET", rf"{_MEETINGS}/(?P<meeting>[^/]+)", _read),
        ("PATCH", rf"{_MEETINGS}/(?P<meeting>[^/]+)", _update),
        ("DELETE", rf"{_MEETINGS}/(?P<meeting>[^/]+)", _delete),
        ("GET", _ATTENDANCE, _reports),
        ("GET", rf"{_ATTENDANCE}/(?P<report>[^/]+)(?P<records>/attendanceRecords)?", _report),
        ("GET", "/users/(?P<user>[^/]+)", _user),
        ("POST", _CALLS, _place_call),
        ("GET", rf"{_CALLS}/(?P<call>[^/]+)", _call),
        ("DELETE", rf"{_CALLS}/(?P<call>[^/]+)", _hang_up),
        ("POST", rf"{_CALLS}/(?P<call>[^/]+)/(microsoft\.graph\.)?keepAlive", _keep_alive),
        ("POST", rf"{_CALLS}/(?P<call>[^/]+)/(microsoft\.graph\.)?reject", _reject),
        ("GET", rf"{_CALLS}/(?P<call>[^/]+)/participants", _participants),
        ("GET", rf"{_RECORDS}/(?P<record>[^/]+)(?P<sessions>/sessions)?", _call_record),
    )
)
