"""The people and bots of a room as Graph lists them: pushed in rosters, or read. Pure."""

from random import Random

from devstack.graph.calls import Leg, own_identity
from devstack.graph.identities import restyled
from devstack.graph.json_values import Json, JsonObject
from devstack.graph.room import Presence, Room


def pushed_participants(
    room: Room, variation: Random, *, people: bool = True, own: bool = True
) -> list[JsonObject]:
    """Return the participants of a pushed roster: ids in any spelling, members nobody documented.

    `people=False` and `own=False` leave out everybody, or our legs: rosters that Graph has been
    seen to push in the middle of a call.
    """
    listed = [_person(one) for one in room.people] if people else []
    listed += [_leg(leg) for leg in room.legs] if own else []
    for one in listed:
        one["id"] = restyled(str(one["id"]), variation)
        one.update(_what_varies(variation))
    variation.shuffle(listed)
    return listed


def lobby_participants(leg: Leg) -> list[JsonObject]:
    """Return what a leg in the lobby is shown: itself, waiting."""
    return [_leg(leg)]


def render_participants(
    room: Room, *, call_id: str | None = None, waiting: Leg | None = None
) -> JsonObject:
    """Return the answer to GET participants: dashed ids, nulls for the identities not held.

    A leg that is `waiting` in the lobby is shown itself alone.
    """
    listed: list[Json] = []
    everybody = [_person(person) for person in room.people] + [_leg(leg) for leg in room.legs]
    for one in lobby_participants(waiting) if waiting else everybody:
        info, identity = one["info"], {}
        if isinstance(info, dict) and isinstance(info["identity"], dict):
            identity = info["identity"]
        listed.append(
            {
                **one,
                "info": {
                    "@odata.type": "#microsoft.graph.participantInfo",
                    "identity": {
                        "application": None,
                        "user": None,
                        "device": None,
                        "phone": None,
                        **identity,
                    },
                    "languageId": None,
                },
                "metadata": None,
                "recordingInfo": None,
            }
        )
    call = f"calls('{call_id}')" if call_id else "calls"
    return {
        "value": listed,
        "@odata.context": (
            f"https://graph.microsoft.com/v1.0/$metadata#communications/{call}/participants"
        ),
    }


def _person(person: Presence) -> JsonObject:
    identity: JsonObject = {
        "@odata.type": "#microsoft.graph.identity",
        "id": person.user_id,
        "displayName": person.display_name,
    }
    if person.kind == "user":
        identity |= {"tenantId": person.tenant_id, "identityProvider": "AAD"}
    return _participant(
        participant_id=person.participant_id,
        identity={"@odata.type": "#microsoft.graph.identitySet", person.kind: identity},
        in_lobby=person.in_lobby,
        is_muted=person.is_muted,
    )


def _leg(leg: Leg) -> JsonObject:
    return _participant(
        participant_id=leg.participant_id, identity=own_identity(leg), in_lobby=leg.in_lobby
    )


def _participant(
    *, participant_id: str, identity: JsonObject, in_lobby: bool, is_muted: bool = False
) -> JsonObject:
    return {
        "@odata.type": "#microsoft.graph.participant",
        "info": {
            "@odata.type": "#microsoft.graph.participantInfo",
            "identity": identity,
            "languageId": "en-US",
        },
        "mediaStreams": [
            {
                "@odata.type": "#microsoft.graph.mediaStream",
                "mediaType": "audio",
                "sourceId": "1",
                "direction": "sendReceive",
                "serverMuted": False,
            }
        ],
        "isMuted": is_muted,
        "isInLobby": in_lobby,
        "id": participant_id,
    }


def _what_varies(variation: Random) -> JsonObject:
    candidates: JsonObject = {
        "mediaStreams": [],
        "metadata": None,
        "meetingRole": "presenter",
        "publishedStates": [{"type": "raiseHands", "value": "lowerHands"}],
        "restrictedExperience": None,
        "recordingInfo": None,
        "preferredDisplayName": None,
    }
    return {name: value for name, value in candidates.items() if variation.random() < 0.25}
