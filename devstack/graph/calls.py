"""The bot's leg: a Graph `call`, and how Graph shows it. Pure; not the group call (see room.py)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Literal

from devstack.graph.call_rules import JoinWish
from devstack.graph.identities import BOT_APP_ID, BOT_NAME, TENANT_ID, new_guid
from devstack.graph.json_values import Json, JsonObject
from devstack.graph.results import result_info

LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)

type LegState = Literal["incoming", "establishing", "established", "terminated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The user who calls the bot."""

    user_id: str
    participant_id: str
    display_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One call of the bot, placed by it or, where there is a `caller`, to it.

    Ids are dashed GUIDs in lower case.

    `in_lobby`: it waits to be admitted, and nobody else is visible to it. `chain_id` is the id of
    the conference instance it is in. `entered_at` is when it got in, `kept_alive_at` its last
    successful keepAlive, `ended` the codes with which it ended; None before. The last six members
    are what the request asked for, shown again in answers.
    """

    call_id: str
    participant_id: str
    callback_uri: str
    state: LegState = "establishing"
    in_lobby: bool = False
    placed_at: datetime = LONG_AGO
    entered_at: datetime | None = None
    kept_alive_at: datetime | None = None
    ended: tuple[int, int] | None = None
    caller: Caller | None = None
    chain_id: str = "00000000-0000-4000-8000-000000000000"
    tenant_id: str = TENANT_ID
    app_id: str = BOT_APP_ID
    display_name: str = BOT_NAME
    guest: Mapping[str, Json] | None = None
    chat_info: Mapping[str, Json] | None = None
    meeting_info: Mapping[str, Json] | None = None
    media_config: Mapping[str, Json] | None = None
    modalities: tuple[str, ...] = ("audio",)
    subject: str | None = None


def new_leg(wish: JoinWish, *, app_id: str, display_name: str, ids: Random, at: datetime) -> Leg:
    """Return a leg with fresh ids. An application's own display name wins over one it sends.

    `at` is now. Its chain id is its own until the leg reaches a meeting.
    """
    return Leg(
        call_id=new_guid(ids),
        participant_id=new_guid(ids),
        callback_uri=wish.callback_uri,
        placed_at=at,
        chain_id=new_guid(ids),
        tenant_id=wish.tenant_id,
        app_id=app_id,
        display_name=display_name,
        guest=wish.guest,
        chat_info=wish.chat_info,
        meeting_info=wish.meeting_info,
        media_config=wish.media_config,
        modalities=wish.modalities,
        subject=wish.subject,
    )


def own_identity(leg: Leg) -> JsonObject:
    """Return the identity set under which the leg is in the room: application, or named guest."""
    if leg.guest is not None:
        return {
            "@odata.type": "#microsoft.graph.identitySet",
            "guest": {"@odata.type": "#microsoft.graph.identity", **leg.guest},
        }
    return {
        "@odata.type": "#microsoft.graph.identitySet",
        "application": {
            "@odata.type": "#microsoft.graph.identity",
            "displayName": leg.display_name,
            "id": leg.app_id,
        },
    }


def caller_identity(leg: Leg) -> JsonObject:
    """Return the identity set of the user who calls the bot."""
    assert leg.caller is not None
    return {
        "@odata.type": "#microsoft.graph.identitySet",
        "user": {
            "@odata.type": "#microsoft.graph.identity",
            "id": leg.caller.user_id,
            "displayName": leg.caller.display_name,
            "tenantId": leg.tenant_id,
        },
    }


def called(leg: Leg) -> JsonObject:
    """Return the bot as the target of a call to it."""
    return {
        "@odata.type": "#microsoft.graph.invitationParticipantInfo",
        "identity": own_identity(leg),
    }


def render_call(leg: Leg) -> JsonObject:
    """Return the call of an answer to POST or GET."""
    return {
        "@odata.type": "#microsoft.graph.call",
        "state": leg.state,
        "direction": "outgoing" if leg.caller is None else "incoming",
        "callbackUri": leg.callback_uri,
        "callChainId": leg.chain_id,
        "callRoutes": [],
        "source": {
            "@odata.type": "#microsoft.graph.participantInfo",
            "identity": own_identity(leg) if leg.caller is None else caller_identity(leg),
            "region": None,
            "languageId": None,
        },
        "targets": [] if leg.caller is None else [called(leg)],
        "requestedModalities": list(leg.modalities),
        "activeModalities": [],
        "mediaConfig": leg.media_config,
        "chatInfo": leg.chat_info,
        "meetingInfo": leg.meeting_info,
        "transcription": None,
        "routingPolicies": [],
        "tenantId": leg.tenant_id,
        "myParticipantId": leg.participant_id,
        "id": leg.call_id,
        "terminationReason": None,
        "ringingTimeoutInSeconds": None,
        "mediaState": None,
        "subject": leg.subject,
        "resultInfo": None if leg.ended is None else result_info(*leg.ended),
        "answeredBy": None,
        "meetingCapability": None,
        "toneInfo": None,
    }
