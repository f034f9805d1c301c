"""What a test asks of the world through /lab: people, ends of legs, the room log. No HTTP here."""

from collections.abc import Sequence
from contextlib import suppress
from typing import get_args
from urllib.parse import unquote, urlsplit

from devstack.graph.call_rules import is_loopback
from devstack.graph.delivery import Made
from devstack.graph.identities import ORGANIZER_ID, derived_guid
from devstack.graph.json_values import Json, JsonObject, lab_time
from devstack.graph.lab_requests import (
    LabMistake,
    lab_object,
    needed_text,
    number,
    optional_text,
    switch,
)
from devstack.graph.meeting_book import Venue
from devstack.graph.meeting_rules import MeetingWish
from devstack.graph.meetings import Meeting
from devstack.graph.refusals import GraphRefusal
from devstack.graph.room import Kind
from devstack.graph.world import World

_KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind.__value__)}
_CALL = frozenset(
    {"webhookUri", "format", "userId", "displayName", "joinWebUrl", "onlineMeetingId"}
)
_CODES = frozenset({"code", "subcode"})
_REPORTS = {
    "delaySeconds": "reportDelaySeconds", "status": "reportStatus", "hide": "hiddenPeople",
}  # fmt: skip
_RECORDS = {"delaySeconds": "recordDelaySeconds", "status": "recordStatus"}
SOURCES = frozenset({"keepAliveLapseSeconds", *_REPORTS.values(), *_RECORDS.values()})
"""The switches that POST /lab/sources sets, each of them every time."""
_MEETING = frozenset({"organizerId", "subject", "passcode", "foreign"})
_PERSON = frozenset({"joinWebUrl", "onlineMeetingId", "userId", "displayName", "isInLobby", "kind"})


def meeting_made(world: World, body: Json) -> JsonObject:
    """Make a meeting as somebody in Teams does, and return its coordinates."""
    wanted = lab_object(body, _MEETING)
    subject, (required, chosen) = optional_text(wanted, "subject"), _passcode(wanted)
    wish = MeetingWish(subject=subject, passcode_required=required)
    return _coordinates(world.meetings.add(_organizer(world, wanted), wish, passcode=chosen))


def person_joins(world: World, body: Json) -> str:
    """Let a person into a meeting, tell the legs, return the participant id."""
    wanted = lab_object(body, _PERSON)
    kind = _KINDS.get(optional_text(wanted, "kind") or "user")
    if kind is None:
        raise LabMistake(f"kind must be one of {', '.join(_KINDS)}")
    user_id, in_lobby = needed_text(wanted, "userId"), switch(wanted, "isInLobby")
    display_name = optional_text(wanted, "displayName")
    venue = _venue(world, wanted)
    participant_id = venue.room.join(
        user_id=user_id,
        at=world.now(),
        display_name=display_name,
        kind=kind,
        in_lobby=in_lobby,
        tenant_id=world.tenant.tenant_id,
    )
    world.push_rosters(venue)
    return participant_id


def person_leaves(world: World, participant_id: str) -> None:
    """Let a person go, and tell the legs."""
    venue = _venue_of_person(world, participant_id)
    venue.room.leave(participant_id, at=world.now())
    world.push_rosters(venue)


def person_changes(world: World, participant_id: str, body: Json) -> None:
    """Let a person in from the lobby, or mute or unmute one; push the roster to the legs."""
    wanted = body if isinstance(body, dict) and len(body) == 1 else {}
    match wanted:
        case {"isInLobby": False}:
            venue = _venue_of_person(world, participant_id)
            venue.room.admit(participant_id, at=world.now())
        case {"isMuted": bool(muted)}:
            venue = _venue_of_person(world, participant_id)
            venue.room.mute(participant_id, muted=muted)
        case _:
            raise LabMistake('the body must be {"isInLobby": false} or {"isMuted": true | false}')
    world.push_rosters(venue)


def call_arrives(world: World, body: Json) -> str:
    """Let a user call the bot, or invite it to a meeting; return the call id."""
    wanted = lab_object(body, _CALL)
    form = optional_text(wanted, "format") or "graph"
    if form not in ("graph", "legacy"):
        raise LabMistake("format must be graph or legacy")
    meeting = wanted.keys() & {"joinWebUrl", "onlineMeetingId"}
    leg = world.incoming.ring(
        webhook_uri=_webhook_uri(wanted),
        user_id=optional_text(wanted, "userId"),
        display_name=optional_text(wanted, "displayName"),
        venue=_venue(world, wanted) if meeting else None,
        legacy=form == "legacy",
    )
    return leg.call_id


def leg_ends(world: World, call_id: str, body: Json) -> None:
    """End the bot's leg with the codes asked for; people stay."""
    code, subcode = _codes(lab_object(body, _CODES))
    try:
        world.end_leg(call_id, code, subcode)
    except GraphRefusal as refusal:
        raise LabMistake(f"no live leg has the call id {call_id}") from refusal


def leg_changes(world: World, call_id: str, body: Json) -> None:
    """Decide that the bot's leg fails when it is about to get in, or admit it, or both."""
    wanted = lab_object(body, {"isInLobby", "outcome"})
    if not wanted or wanted.get("isInLobby", False) is not False:
        raise LabMistake('the body must be {"isInLobby": false} or have an outcome')
    if "outcome" in wanted:
        codes = _codes(lab_object(wanted["outcome"], _CODES))
        try:
            world.fail_admission(call_id, *codes)
        except GraphRefusal as refusal:
            raise LabMistake(f"no leg on its way has the call id {call_id}") from refusal
    if "isInLobby" in wanted:
        leg_admitted(world, call_id)


def leg_admitted(world: World, call_id: str) -> None:
    """Let the bot's leg in from the lobby, and tell the legs."""
    try:
        world.admit(call_id)
    except GraphRefusal as refusal:
        raise LabMistake(f"no live leg has the call id {call_id}") from refusal


def sources_wanted(body: Json) -> JsonObject:
    """Return the switches that a request about sources names, under their own names."""
    wanted = lab_object(body, {"attendanceReports", "callRecords", "keepAliveLapseSeconds"})
    switches = {}
    for name, value in wanted.items():
        names = {"attendanceReports": _REPORTS, "callRecords": _RECORDS}.get(name)
        if names is None:
            switches[name] = value
        else:
            switches |= {names[one]: set_to for one, set_to in lab_object(value, names).items()}
    return switches


def shown_meetings(world: World) -> list[JsonObject]:
    """Return all meetings with their legs, true sessions and true group calls."""
    return [_shown(venue) for venue in world.meetings.venues]


def shown_notifications(world: World, made: Sequence[Made]) -> list[JsonObject]:
    """Return every notification made, oldest first; a call that led nowhere has no meeting."""
    homes = {
        leg.call_id: venue.meeting.meeting_id
        for venue in world.meetings.venues
        for leg in venue.legs
    }
    return [
        {
            "kind": one.kind,
            "callId": one.call_id,
            "onlineMeetingId": homes.get(one.call_id),
            "dropped": one.dropped,
        }
        for one in made
    ]


def _shown(venue: Venue) -> JsonObject:
    meeting, room = venue.meeting, venue.room
    return {
        **_coordinates(meeting),
        "externalId": meeting.external_id,
        "deleted": venue.deleted,
        "legs": [
            {
                "callId": leg.call_id,
                "participantId": leg.participant_id,
                "callChainId": leg.chain_id,
                "state": leg.state,
                "isInLobby": leg.in_lobby,
                "keptAliveDateTime": lab_time(leg.kept_alive_at),
                "callbackUri": leg.callback_uri,
            }
            for leg in venue.legs
        ],
        "sessions": [
            {
                "participantId": session.participant_id,
                "userId": session.user_id,
                "displayName": session.display_name,
                "joinedAt": lab_time(session.joined_at),
                "leftAt": lab_time(session.left_at),
            }
            for session in room.sessions
        ],
        "calls": [
            {
                "startedAt": lab_time(call.started_at),
                "endedAt": lab_time(call.ended_at),
                "userIds": list(call.user_ids),
                "callChainId": call.chain_id,
            }
            for call in room.calls
        ],
    }


def _coordinates(meeting: Meeting) -> JsonObject:
    return {
        "organizerId": meeting.organizer_id,
        "onlineMeetingId": meeting.meeting_id,
        "subject": meeting.subject,
        "joinWebUrl": meeting.join_web_url,
        "shortLink": meeting.short_link,
        "joinMeetingId": meeting.join_meeting_id,
        "passcode": meeting.passcode,
        "threadId": meeting.thread_id,
    }


def _codes(wanted: JsonObject) -> tuple[int, int]:
    code, subcode = (int(number(wanted, name, 0, 2**31 - 1)) for name in ("code", "subcode"))
    return code, subcode


def _organizer(world: World, wanted: JsonObject) -> str:
    ours = world.tenant.organizers | world.tenant.without_policy
    named, foreign = optional_text(wanted, "organizerId"), switch(wanted, "foreign")
    if named is not None:
        if (named.lower() in ours) == foreign:
            raise LabMistake("foreign must be true for an organizer outside the directory alone")
        return named.lower()
    if foreign:
        return derived_guid("stranger", str(len(world.meetings.venues)))
    organizers = world.tenant.organizers
    return ORGANIZER_ID if ORGANIZER_ID in organizers else min(organizers)


def _passcode(wanted: JsonObject) -> tuple[bool, str | None]:
    match wanted.get("passcode"):
        case None:
            return False, None
        case bool(required):
            return required, None
        case str(chosen) if chosen:
            return True, chosen
    raise LabMistake("passcode must be a text, or true for one that is made up")


def _webhook_uri(wanted: JsonObject) -> str:
    uri = needed_text(wanted, "webhookUri")
    with suppress(ValueError):
        parts = urlsplit(uri)
        if parts.scheme in ("http", "https") and is_loopback(parts):
            return uri
    raise LabMistake("webhookUri must be an http address of this machine")


def _venue(world: World, wanted: JsonObject) -> Venue:
    url, meeting_id = optional_text(wanted, "joinWebUrl"), optional_text(wanted, "onlineMeetingId")
    if (url is None) == (meeting_id is None):
        raise LabMistake("give one of joinWebUrl and onlineMeetingId")
    for venue in world.meetings.venues:
        meeting = venue.meeting
        if meeting_id == meeting.meeting_id:
            return venue
        if url is not None and unquote(url) in (unquote(meeting.classic_link), meeting.short_link):
            return venue
    raise LabMistake("no meeting has that joinWebUrl or onlineMeetingId")


def _venue_of_person(world: World, participant_id: str) -> Venue:
    for venue in world.meetings.venues:
        if any(one.participant_id == participant_id for one in venue.room.people):
            return venue
    raise LabMistake(f"nobody here has the participant id {participant_id}")
