"""What Graph accepts as a new or changed meeting, and what it refuses. Pure.

Sources: the API pages onlinemeeting-createorget, application-post-onlinemeetings and
onlinemeeting-update, and the v1.0 metadata.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from devstack.graph.json_values import Json, JsonObject
from devstack.graph.members import (
    an_object,
    flag,
    moment,
    odata_type,
    one_of,
    only_known,
    required_text,
    text,
)
from devstack.graph.refusals import bad_request
from devstack.graph.switches import DOCUMENTED, GraphSwitches

NOBODYS_DOMAIN = "@nobody.example"
ROLES = frozenset({"attendee", "presenter", "producer", "coorganizer"})
CREATE_OR_GET_MEMBERS = frozenset(
    {"externalId", "startDateTime", "endDateTime", "subject", "participants", "chatInfo"}
)
FLAGS = frozenset(
    {
        "allowAttendeeToEnableCamera", "allowAttendeeToEnableMic", "allowBreakoutRooms",
        "allowCopyingAndSharingMeetingContent", "allowParticipantsToChangeName",
        "allowPowerPointSharing", "allowRecording", "allowTeamworkReactions", "allowTranscription",
        "allowWhiteboard", "isEndToEndEncryptionEnabled", "isEntryExitAnnounced",
        "recordAutomatically",
    }
)  # fmt: skip
CHOICES: Mapping[str, frozenset[str]] = {
    "allowedLobbyAdmitters": frozenset(
        {"organizerAndCoOrganizersAndPresenters", "organizerAndCoOrganizers"}
    ),
    "allowedPresenters": frozenset({"everyone", "organization", "roleIsPresenter", "organizer"}),
    "allowLiveShare": frozenset({"enabled", "disabled"}),
    "allowMeetingChat": frozenset({"enabled", "disabled", "limited"}),
    "shareMeetingChatHistoryDefault": frozenset({"none", "all"}),
}
PARTS: Mapping[str, frozenset[str]] = {
    "lobbyBypassSettings": frozenset({"scope", "isDialInBypassEnabled"}),
    "watermarkProtection": frozenset({"isEnabledForContentSharing", "isEnabledForVideo"}),
    "sensitivityLabelAssignment": frozenset({"sensitivityLabelId"}),
    "chatRestrictions": frozenset({"allowTextOnly"}),
}
LOBBY_SCOPES = frozenset(
    {"organizer", "organization", "organizationAndFederated", "everyone", "invited",
     "organizationExcludingGuests"}
)  # fmt: skip
OPTIONS = (
    FLAGS
    | CHOICES.keys()
    | PARTS.keys()
    | {"meetingSpokenLanguageTag", "anonymizeIdentityForRoles"}
)
NOT_IN_THE_TABLE = frozenset(
    {"allowParticipantsToChangeName", "chatRestrictions", "shareMeetingChatHistoryDefault"}
)
"""Options that the page onlinemeeting-update does not list as ones that can be updated."""
UPDATE_MEMBERS = OPTIONS | {"startDateTime", "endDateTime", "subject", "participants"}
CREATE_MEMBERS = UPDATE_MEMBERS | {"externalId", "joinMeetingIdSettings", "meetingTemplateId"}
DEFAULT_LENGTH = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendee:
    """One invited person. `user_id` is the object id where the request named one."""

    upn: str | None
    role: str | None
    user_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingWish:
    """A request that Graph accepts. None and absent members mean: as it is, or Graph's default."""

    external_id: str | None = None
    subject: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    attendees: tuple[Attendee, ...] | None = None
    passcode_required: bool = False
    template_id: str | None = None
    options: Mapping[str, Json] = field(default_factory=dict)

    def times(self, now: datetime) -> tuple[datetime, datetime]:
        """Return start and end: by default now, and one hour after the start."""
        start = self.starts_at or now
        return start, self.ends_at or start + DEFAULT_LENGTH


def parse_create_or_get(body: Json, switches: GraphSwitches = DOCUMENTED) -> MeetingWish:
    """Read a createOrGet body. It takes coordinates only: options need a PATCH afterwards."""
    wanted = an_object(body, "The request body")
    only_known(wanted, CREATE_OR_GET_MEMBERS, "createOrGet", switches)
    required_text(wanted, "externalId")
    return _wish(wanted, switches)


def parse_create(body: Json, switches: GraphSwitches = DOCUMENTED) -> MeetingWish:
    """Read the body of POST onlineMeetings."""
    wanted = an_object(body, "The request body")
    if "externalId" in wanted and not switches.post_takes_external_id:
        raise bad_request("externalId is only for use with createOrGet.")
    only_known(wanted, CREATE_MEMBERS, "onlineMeeting", switches)
    return _wish(wanted, switches)


def parse_update(body: Json, switches: GraphSwitches = DOCUMENTED) -> MeetingWish:
    """Read a PATCH body. Start and end travel together; coordinates and organizer never change."""
    wanted = an_object(body, "The request body")
    for fixed in (
        "externalId",
        "joinMeetingIdSettings",
        "meetingTemplateId",
        "chatInfo",
        "joinWebUrl",
        "id",
    ):
        if fixed in wanted:
            raise bad_request(f"{fixed} cannot be updated.")
    if switches.patch_takes == "table" and (left_out := wanted.keys() & NOT_IN_THE_TABLE):
        raise bad_request(f"{', '.join(sorted(left_out))} cannot be updated.")
    only_known(wanted, UPDATE_MEMBERS, "onlineMeeting", switches)
    if ("startDateTime" in wanted) != ("endDateTime" in wanted):
        raise bad_request("startDateTime and endDateTime must be updated together.")
    people = wanted.get("participants")
    if isinstance(people, dict) and people.get("organizer") is not None:
        raise bad_request("The organizer of a meeting cannot be changed.")
    by_role = wanted.get("allowedPresenters") == "roleIsPresenter"
    if by_role and (not isinstance(people, dict) or people.get("attendees") is None):
        raise bad_request("allowedPresenters roleIsPresenter needs the full list of attendees.")
    return _wish(wanted, switches)


def _wish(body: JsonObject, switches: GraphSwitches) -> MeetingWish:
    starts_at, ends_at = moment(body, "startDateTime"), moment(body, "endDateTime")
    if ends_at is not None and starts_at is None:
        raise bad_request("endDateTime needs a startDateTime.")
    if starts_at is not None and ends_at is not None and ends_at < starts_at:
        raise bad_request("endDateTime must not be before startDateTime.")
    return MeetingWish(
        external_id=text(body, "externalId"),
        subject=text(body, "subject"),
        starts_at=starts_at,
        ends_at=ends_at,
        attendees=_attendees(body, switches),
        passcode_required=_passcode_required(body, switches),
        template_id=text(body, "meetingTemplateId"),
        options={name: _option(body, name, switches) for name in body if name in OPTIONS},
    )


def _passcode_required(body: JsonObject, switches: GraphSwitches) -> bool:
    if body.get("joinMeetingIdSettings") is None:
        return False
    settings = an_object(body["joinMeetingIdSettings"], "joinMeetingIdSettings")
    only_known(settings, {"isPasscodeRequired"}, "joinMeetingIdSettings", switches)
    return flag(settings, "isPasscodeRequired") or False


def _attendees(body: JsonObject, switches: GraphSwitches) -> tuple[Attendee, ...] | None:
    if body.get("participants") is None:
        return None
    people = an_object(body["participants"], "participants")
    only_known(people, {"organizer", "attendees"}, "meetingParticipants", switches)
    attendees = people.get("attendees")
    if attendees is None:
        return None
    if not isinstance(attendees, list):
        raise bad_request("participants.attendees must be a collection.")
    wanted = (_attendee(an_object(one, "An attendee"), switches) for one in attendees)
    # Graph drops those it cannot find, and says nothing.
    return tuple(one for one in wanted if not (one.upn or "").lower().endswith(NOBODYS_DOMAIN))


def _attendee(body: JsonObject, switches: GraphSwitches) -> Attendee:
    only_known(body, {"upn", "role", "identity"}, "meetingParticipantInfo", switches)
    identity = body.get("identity")
    user = an_object(identity, "identity").get("user") if identity is not None else None
    user_id = text(an_object(user, "identity.user"), "id") if user is not None else None
    upn = text(body, "upn")
    if not upn and not user_id:
        raise bad_request("An attendee needs a upn or an identity.")
    return Attendee(upn=upn, role=one_of(body, "role", ROLES), user_id=user_id)


def _option(body: JsonObject, name: str, switches: GraphSwitches) -> Json:
    if name in FLAGS:
        return flag(body, name)
    if name in CHOICES:
        return one_of(body, name, CHOICES[name])
    if name in PARTS and body[name] is not None:
        part = an_object(body[name], name)
        only_known(part, PARTS[name], name, switches)
        if name == "lobbyBypassSettings":
            one_of(part, "scope", LOBBY_SCOPES)
            flag(part, "isDialInBypassEnabled")
        if "@odata.type" in part:
            odata_type(part, name)
    return body[name]
