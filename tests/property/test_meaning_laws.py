"""Two requests under one id are compared by what they mean, not by how they are written."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from create_meeting.decision import Create, Identity
from create_meeting.meaning import differences_between
from create_meeting.new.plan import plan
from create_meeting.request import CreateMeeting, read_request
from join_meeting import meaning as of_join
from join_meeting.request import read_request as read_join
from shared.inbox.meaning import differing
from shared.meeting.meeting import Asked
from shared.words.ids import MeetingId
from tests.application.world import ORGANIZER, T0, TENANT

OTHER_ID = "0a1b2c3d-0000-4000-8000-00000000000f"
CLASSIC = (
    "https://teams.microsoft.com/l/meetup-join/19%3ameeting_MGQ4%40thread.v2/0?context="
    f"%7b%22Tid%22%3a%22{TENANT}%22%2c%22Oid%22%3a%22{OTHER_ID}%22%7d"
)
moments = st.integers(0, 300_000_000).map(lambda one: T0 + timedelta(seconds=one))
names = st.sampled_from(["ada@example.com", "grace@example.com", "edsger@example.com"])
roles = st.sampled_from(["attendee", "presenter", "coorganizer"])
people = st.lists(
    st.fixed_dictionaries({"upn": names}, optional={"role": roles, "id": st.just(OTHER_ID)}),
    max_size=3,
    unique_by=lambda one: one["upn"],
)
settings_of_options = st.fixed_dictionaries(
    {},
    optional={
        "allowMeetingChat": st.sampled_from(["enabled", "disabled"]),
        "anonymizeIdentityForRoles": st.lists(roles, min_size=1, unique=True),
        "meetingSpokenLanguageTag": st.sampled_from(["en-US", "de-DE"]),
        "joinMeetingIdSettings": st.fixed_dictionaries({"isPasscodeRequired": st.booleans()}),
    },
)
OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "organizerId": st.sampled_from([ORGANIZER, OTHER_ID]),
    "options": settings_of_options,
    "attendees": people,
    "join": st.sampled_from(["never", "now", "atStart"]),
    "watch": st.booleans(),
    "retentionDays": st.integers(3, 90),
    "leaveWhenAloneSeconds": st.integers(1, 900),
    "retryForSeconds": st.integers(0, 900),
    "context": st.dictionaries(st.text("ab", min_size=1), st.none() | st.integers(), max_size=2),
}
DEFAULTS: dict[str, Any] = {
    "organizerId": ORGANIZER,
    "options": {},
    "attendees": [],
    "join": "never",
    "watch": False,
    "action": "create",
}


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """Return the members of a request for a meeting, as JSON."""
    found = draw(st.fixed_dictionaries({"subject": st.text("ab", min_size=1)}, optional=OPTIONAL))
    if draw(st.booleans()):
        start = draw(moments)
        found["startDateTime"] = start.isoformat()
        if draw(st.booleans()):
            hours = draw(st.sampled_from([1, 2]))
            found["endDateTime"] = (start + timedelta(hours=hours)).isoformat()
    return found


@st.composite
def rewritten(draw: st.DrawFn, members: dict[str, Any]) -> dict[str, Any]:
    """Return another way to write the same request."""
    said = {name: draw(_written(name, one, members)) for name, one in members.items()}
    for name, default in DEFAULTS.items():
        if members.get(name, default) == default:
            said.pop(name, None)
            said |= draw(st.sampled_from([{}, {name: None}, {name: default}]))
    start = members.get("startDateTime")
    if start is not None and _end(members) == _later(start):
        said.pop("endDateTime", None)
        said |= draw(st.sampled_from([{}, {"endDateTime": None}, {"endDateTime": _later(start)}]))
    names = draw(st.permutations(sorted(said)))
    return {name: said[name] for name in names}


def _later(start: str) -> str:
    return (datetime.fromisoformat(start) + timedelta(hours=1)).isoformat()


def _end(members: dict[str, Any]) -> str:
    end: str = members.get("endDateTime") or _later(members["startDateTime"])
    return end


@st.composite
def _written(draw: st.DrawFn, name: str, value: Any, members: dict[str, Any]) -> Any:
    match name:
        case "startDateTime" | "endDateTime":
            hours = draw(st.integers(-12, 14))
            moment = datetime.fromisoformat(value).astimezone(timezone(timedelta(hours=hours)))
            return moment.isoformat(timespec=draw(st.sampled_from(["seconds", "microseconds"])))
        case "organizerId":
            return draw(st.sampled_from([value, value.upper()]))
        case "attendees":
            return [draw(_person(one)) for one in draw(st.permutations(value))]
        case "options":
            return draw(_options(value))
        case "leaveWhenAloneSeconds" | "retryForSeconds":
            return draw(st.sampled_from([value, float(value)]))
        case _:
            return value


@st.composite
def _person(draw: st.DrawFn, person: dict[str, Any]) -> Any:
    upn = draw(st.sampled_from([person["upn"], person["upn"].upper()]))
    role = person.get("role", "attendee")
    if role != "attendee":
        return {**person, "upn": upn}
    rest = {name: one for name, one in person.items() if name != "role"} | {"upn": upn}
    ways: list[Any] = [rest, {**rest, "role": "attendee"}, {**rest, "role": None}]
    return draw(st.sampled_from([*ways, upn] if "id" not in person else ways))


@st.composite
def _options(draw: st.DrawFn, options: dict[str, Any]) -> dict[str, Any]:
    found = dict(options)
    if "anonymizeIdentityForRoles" in found:
        order = st.permutations(found["anonymizeIdentityForRoles"])
        found["anonymizeIdentityForRoles"] = draw(order)
    if "meetingSpokenLanguageTag" in found:
        tag = found["meetingSpokenLanguageTag"]
        found["meetingSpokenLanguageTag"] = draw(st.sampled_from([tag, tag.lower()]))
    no_passcode = {"isPasscodeRequired": False}
    if found.get("joinMeetingIdSettings", no_passcode) == no_passcode:
        found.pop("joinMeetingIdSettings", None)
        found |= draw(st.sampled_from([{}, {"joinMeetingIdSettings": no_passcode}]))
    return found | draw(st.sampled_from([{}, {"allowRecording": None}]))


def asked(members: dict[str, Any]) -> Asked:
    """Return what is kept of a request: the default organizer is the one of the tests."""
    body = json.dumps({"requestId": "INC-1", **members}).encode()
    request = read_request(body)
    assert isinstance(request, CreateMeeting)
    identity = Identity(request_id="INC-1", meeting_id=MeetingId("m"), tenant_id=TENANT)
    decision = plan(request, identity, None, organizer_id=ORGANIZER, now=T0)
    assert isinstance(decision, Create)
    return decision.asked


@given(st.data())
def test_a_request_written_otherwise_is_the_same_request(data: st.DataObject) -> None:
    """Another offset, a default in words, another order, another case, null for absent."""
    members = data.draw(requests())

    again = data.draw(rewritten(members))

    assert differences_between(asked(members), asked(again)) == frozenset()


@given(st.data())
def test_another_value_of_a_member_is_named_and_no_other_is(data: st.DataObject) -> None:
    """However the rest is written."""
    members = data.draw(requests())
    name = data.draw(st.sampled_from(["subject", "startDateTime", *OPTIONAL]))
    value = data.draw(
        moments.map(datetime.isoformat)
        if name == "startDateTime"
        else OPTIONAL.get(name, st.text("ab", min_size=1))
    )
    usual = DEFAULTS.get(name)
    assume(not _same(name, members.get(name, usual), value))
    rest = {one: said for one, said in members.items() if one != name}
    if name == "startDateTime":
        members = {one: said for one, said in members.items() if one != "endDateTime"}
        rest = {one: said for one, said in rest.items() if one != "endDateTime"}
    again = data.draw(rewritten({**rest, name: value}))

    found = differences_between(asked(members), asked(again))

    assert found == {name}


def _same(name: str, one: Any, other: Any) -> bool:
    """Return whether two values of a member mean the same: for what `OPTIONAL` draws alone."""
    if name == "attendees":
        return _roles(one) == _roles(other)
    if name == "options":
        return _set(one) == _set(other)
    return type(one) is type(other) and one == other


def _roles(attendees: Any) -> set[tuple[str, str, str]]:
    return {(one["upn"], one.get("role", "attendee"), one.get("id", "")) for one in attendees}


def _set(options: Any) -> dict[str, Any]:
    found = {name: sorted(one) if isinstance(one, list) else one for name, one in options.items()}
    if found.get("joinMeetingIdSettings") == {"isPasscodeRequired": False}:
        del found["joinMeetingIdSettings"]
    return found


JOINS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"joinWebUrl": CLASSIC}, {"joinWebUrl": f"  <{CLASSIC}>  ", "tenantId": TENANT.upper()}),
    (
        {"joinMeetingId": "123456789", "passcode": "Ab1", "tenantId": TENANT},
        {"joinMeetingId": "123 456 789", "passcode": " Ab1 ", "tenantId": TENANT.upper()},
    ),
    (
        {
            "chatInfo": {"threadId": "19:meeting_MGQ4@thread.v2"},
            "meetingInfo": {"organizer": {"user": {"id": OTHER_ID}}},
            "tenantId": TENANT,
        },
        {
            "chatInfo": {"threadId": "19:meeting_MGQ4@thread.v2", "messageId": "0"},
            "meetingInfo": {
                "@odata.type": "#microsoft.graph.organizerMeetingInfo",
                "organizer": {"user": {"id": OTHER_ID.upper(), "tenantId": TENANT}},
                "allowConversationWithoutHost": True,
            },
            "tenantId": TENANT,
        },
    ),
]
JOIN_DEFAULTS = {"action": "join", "watch": False, "allowConversationWithoutHost": True}
JOIN_CHANGES: dict[str, Any] = {
    "guestName": "Scribe",
    "action": "leave",
    "watch": True,
    "leaveWhenAloneSeconds": 5,
    "retryForSeconds": 5,
    "context": {},
}


def join_means(members: dict[str, Any]) -> dict[str, Any]:
    """Return what a request to join means."""
    request = read_join(json.dumps(members).encode())
    return of_join.meaning_of(request, request.target(tenant_id=TENANT))


@given(form=st.sampled_from(JOINS), data=st.data())
def test_a_join_written_otherwise_is_the_same_join(
    form: tuple[dict[str, Any], dict[str, Any]], data: st.DataObject
) -> None:
    """The meeting named with other letters around it, a default in words, null for absent."""
    one, other = form
    rest: dict[str, Any] = {}
    for name, default in JOIN_DEFAULTS.items():
        rest |= data.draw(st.sampled_from([{}, {name: None}, {name: default}]))

    assert differing(join_means(one), join_means({**rest, **other})) == frozenset()


@given(form=st.sampled_from(JOINS), changed=st.sampled_from(sorted(JOIN_CHANGES)))
def test_another_value_of_a_member_of_a_join_is_named(
    form: tuple[dict[str, Any], dict[str, Any]], changed: str
) -> None:
    """And no other member is."""
    one, other = form

    found = differing(join_means(one), join_means({**other, changed: JOIN_CHANGES[changed]}))

    assert found == {changed}


def test_a_time_on_the_clocks_of_a_zone_is_the_instant() -> None:
    """Another zone is another request: the invitation is in it. UTC is what none means."""
    berlin = {"subject": "a", "timeZone": "Europe/Berlin"}
    local = asked({**berlin, "startDateTime": "2026-11-23T09:00:00"})
    instant = asked({**berlin, "startDateTime": "2026-11-23T03:00:00-05:00"})
    plain, utc = (
        asked({"subject": "a", "startDateTime": "2026-11-23T08:00:00Z", **zone})
        for zone in ({}, {"timeZone": "UTC"})
    )

    assert differences_between(local, instant) == frozenset()
    assert differences_between(plain, utc) == frozenset()
    assert differences_between(local, plain) == {"timeZone"}
