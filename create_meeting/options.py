"""The options of a meeting, under Graph's own names and with Graph's own values.

Core: parses, and says which request to Graph sets which option. createOrGet takes no options. PATCH
takes most of them. Only POST sets the other two.
Sources: https://learn.microsoft.com/graph/api/resources/onlinemeeting
https://learn.microsoft.com/graph/api/onlinemeeting-update
"""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from shared.inbox.models import Message, ObjectId, Text, matching
from shared.inbox.refusals import wrong

type Role = Literal["attendee", "presenter", "producer", "coorganizer"]
type LobbyScope = Literal[
    "organizer",
    "organization",
    "organizationAndFederated",
    "everyone",
    "invited",
    "organizationExcludingGuests",
]
POST_ONLY = frozenset({"join_meeting_id_settings", "meeting_template_id"})
LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class Settings(Message):
    """Options that Graph keeps in one object, which must set at least one of them."""

    @model_validator(mode="after")
    def _sets_something(self) -> Self:
        if not self.model_dump(exclude_none=True):
            raise wrong("sets_nothing")
        return self


class LobbyBypassSettings(Settings):
    """Who enters without waiting in the lobby.

    Source: https://learn.microsoft.com/graph/api/resources/lobbybypasssettings
    """

    scope: LobbyScope | None = None
    is_dial_in_bypass_enabled: bool | None = None


class WatermarkProtection(Settings):
    """Which streams carry a watermark."""

    is_enabled_for_content_sharing: bool | None = None
    is_enabled_for_video: bool | None = None


class SensitivityLabelAssignment(Message):
    """The sensitivity label of the meeting, by its id."""

    sensitivity_label_id: ObjectId


class JoinMeetingIdSettings(Message):
    """Whether the join id needs a passcode. Graph makes up the passcode, and never changes it."""

    is_passcode_required: bool


class MeetingOptions(Message):
    """The options that can be changed at any time. One that is absent, or null, stays as it is."""

    allow_attendee_to_enable_camera: bool | None = None
    allow_attendee_to_enable_mic: bool | None = None
    allow_breakout_rooms: bool | None = None
    allow_copying_and_sharing_meeting_content: bool | None = None
    allowed_lobby_admitters: (
        Literal["organizerAndCoOrganizersAndPresenters", "organizerAndCoOrganizers"] | None
    ) = None
    allowed_presenters: (
        Literal["everyone", "organization", "roleIsPresenter", "organizer"] | None
    ) = None
    allow_live_share: Literal["enabled", "disabled"] | None = None
    allow_meeting_chat: Literal["enabled", "disabled", "limited"] | None = None
    allow_power_point_sharing: bool | None = None
    allow_recording: bool | None = None
    allow_teamwork_reactions: bool | None = None
    allow_transcription: bool | None = None
    allow_whiteboard: bool | None = None
    anonymize_identity_for_roles: tuple[Role, ...] | None = None
    is_end_to_end_encryption_enabled: bool | None = None
    is_entry_exit_announced: bool | None = None
    lobby_bypass_settings: LobbyBypassSettings | None = None
    meeting_spoken_language_tag: (
        Annotated[str, matching(LANGUAGE_TAG, "not_language_tag")] | None
    ) = None
    record_automatically: bool | None = None
    sensitivity_label_assignment: SensitivityLabelAssignment | None = None
    watermark_protection: WatermarkProtection | None = None

    def patch(self) -> dict[str, Any]:
        """Return those of these options that a PATCH sets."""
        return self.model_dump(
            mode="json", by_alias=True, exclude_none=True, exclude=set(POST_ONLY)
        )


class NewMeetingOptions(MeetingOptions):
    """The options of a new meeting. They include the two that never change afterwards."""

    join_meeting_id_settings: JoinMeetingIdSettings | None = None
    meeting_template_id: Annotated[Text, Field(max_length=256)] | None = None

    def every(self) -> dict[str, Any]:
        """Return all requested options, whichever request to Graph sets them."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def post(self) -> dict[str, Any]:
        """Return those of these options that only a POST can set; empty if createOrGet will do.

        A meeting has no passcode unless the request names one.
        """
        settings, template = self.join_meeting_id_settings, self.meeting_template_id
        found: dict[str, Any] = {}
        if settings is not None and settings.is_passcode_required:
            found["joinMeetingIdSettings"] = {"isPasscodeRequired": True}
        if template is not None:
            found["meetingTemplateId"] = template
        return found
