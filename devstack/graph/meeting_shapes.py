"""The onlineMeeting of Graph's answers. Pure."""

from collections.abc import Collection
from datetime import timedelta

from devstack.graph import identities
from devstack.graph.json_values import JsonObject, graph_time
from devstack.graph.meeting_rules import Attendee
from devstack.graph.meetings import Meeting
from devstack.graph.switches import GraphSwitches

_LIFETIME = timedelta(days=60)
_ALWAYS_IN_A_CHANGE = frozenset(
    {
        "id", "creationDateTime", "startDateTime", "endDateTime", "joinWebUrl", "subject",
        "participants",
    }
)  # fmt: skip


def render_meeting(meeting: Meeting) -> JsonObject:
    """Return the onlineMeeting of an answer, with a few members the metadata does not know."""
    options: JsonObject = {
        "isEntryExitAnnounced": True,
        "allowedPresenters": "everyone",
        "allowMeetingChat": "enabled",
        "allowTeamworkReactions": True,
        "allowAttendeeToEnableMic": True,
        "allowAttendeeToEnableCamera": True,
        "recordAutomatically": False,
        "meetingSpokenLanguageTag": "en-US",
        "lobbyBypassSettings": {"scope": "organization", "isDialInBypassEnabled": False},
        **meeting.options,
    }
    return {
        "id": meeting.meeting_id,
        "creationDateTime": graph_time(meeting.created_at),
        "startDateTime": graph_time(meeting.starts_at),
        "endDateTime": graph_time(meeting.ends_at),
        "expiryDateTime": graph_time(meeting.ends_at + _LIFETIME),
        "joinWebUrl": meeting.join_web_url,
        "subject": meeting.subject,
        "isBroadcast": False,
        "externalId": meeting.external_id,
        "videoTeleconferenceId": None,
        "participants": {
            "organizer": _organizer(meeting),
            "attendees": [_attendee(one, meeting.tenant_id) for one in meeting.attendees],
        },
        "joinMeetingIdSettings": {
            "isPasscodeRequired": meeting.passcode is not None,
            "joinMeetingId": meeting.join_meeting_id,
            "passcode": meeting.passcode,
        },
        "chatInfo": {
            "threadId": meeting.thread_id,
            "messageId": "0",
            "replyChainMessageId": None,
        },
        "audioConferencing": _dial_in(meeting),
        **({"meetingTemplateId": meeting.template_id} if meeting.template_id else {}),
        **options,
        **_undocumented(meeting),
    }


def render_found(meeting: Meeting, switches: GraphSwitches) -> JsonObject:
    """Return the onlineMeeting of an answer to createOrGet."""
    left_out = {"joinMeetingIdSettings"} if switches.answers == "documented" else set()
    return {name: one for name, one in render_meeting(meeting).items() if name not in left_out}


def render_changed(meeting: Meeting, named: Collection[str], switches: GraphSwitches) -> JsonObject:
    """Return the onlineMeeting of an answer to a PATCH that named these members."""
    whole = render_meeting(meeting)
    if switches.answers == "whole":
        return whole
    shown = {name: one for name, one in whole.items() if name in {*_ALWAYS_IN_A_CHANGE, *named}}
    if "participants" not in named:
        shown["participants"] = {"organizer": _organizer(meeting)}
    return shown


def chat_info(meeting: Meeting) -> JsonObject:
    """Return the chatInfo of a call in the meeting."""
    return {
        "@odata.type": "#microsoft.graph.chatInfo",
        "threadId": meeting.thread_id,
        "messageId": "0",
        "replyChainMessageId": None,
    }


def _organizer(meeting: Meeting) -> JsonObject:
    return {
        "upn": f"organizer-{meeting.organizer_id[:8]}@contoso.example",
        "role": "presenter",
        "identity": {
            "user": {
                "id": meeting.organizer_id,
                "displayName": None,
                "tenantId": meeting.tenant_id,
                "identityProvider": "AAD",
            }
        },
    }


def _attendee(attendee: Attendee, tenant_id: str) -> JsonObject:
    user_id = attendee.user_id or identities.user_id_of(attendee.upn or "")
    return {
        "upn": attendee.upn,
        "role": attendee.role,
        "identity": {
            "user": {
                "id": user_id,
                "displayName": None,
                "tenantId": tenant_id,
                "identityProvider": "AAD",
            }
        },
    }


def _dial_in(meeting: Meeting) -> JsonObject | None:
    if meeting.conference_id is None:
        return None
    return {
        "conferenceId": meeting.conference_id,
        "tollNumber": "+1 206-555-0100",
        "tollFreeNumber": None,
        "dialinUrl": "https://dialin.teams.microsoft.com/"
        f"{meeting.tenant_id}?id={meeting.conference_id}",
    }


def _undocumented(meeting: Meeting) -> JsonObject:
    candidates: JsonObject = {
        "autoAdmittedUsers": "EveryoneInCompany",
        "capabilities": [],
        "outerMeetingAutoAdmittedUsers": None,
        "meetingInfo": None,
        "meetingOptionsWebUrl": "https://teams.microsoft.com/meetingOptions/?meetingId=abc123",
    }
    # Seeded by the meeting, so that it looks the same each time it is read.
    variation = identities.seeded(meeting.meeting_id)
    return {name: value for name, value in candidates.items() if variation.random() < 0.5}
