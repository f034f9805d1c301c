"""The people and bots of a room as Graph lists them: pushed in rosters, or read. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from random import Random

from devstack.graph.calls import Leg, own_identity
from devstack.graph.identities import derived_guid, restyled, same_guid
from devstack.graph.json_values import Json, JsonObject
from devstack.graph.room import Presence, Seen
from devstack.graph.switches import DOCUMENTED, GraphSwitches


def pushed_participants(
    room: Seen,
    variation: Random,
    *,
    people: bool = True,
    own: bool = True,
    call_id: str | None = None,
    switches: GraphSwitches = DOCUMENTED,
) -> list[JsonObject]:
    """Return the participants of a pushed roster: ids in any spelling, undocumented members.

    `people=False` and `own=False` leave out everybody, or our legs: rosters that Graph has been
    seen to push in the middle of a call. `call_id` names the leg that gets it.
    """
    here: list[Presence | Leg] = [*(room.people if people else ()), *(room.legs if own else ())]
    listed = _listed(_cut(here, switches.roster_cap, variation), room, call_id, switches)
    for one in listed:
        one["id"] = restyled(str(one["id"]), variation)
        one.update(_what_varies(variation))
    variation.shuffle(listed)
    return listed


def lobby_participants(leg: Leg, switches: GraphSwitches = DOCUMENTED) -> list[JsonObject]:
    """Return what a leg in the lobby is shown: itself, waiting."""
    return [_leg(leg, switches)]


def render_participants(
    room: Seen,
    *,
    call_id: str | None = None,
    waiting: Leg | None = None,
    switches: GraphSwitches = DOCUMENTED,
    variation: Random | None = None,
) -> JsonObject:
    """Return the answer to GET participants: dashed ids, nulls for the identities not held.

    A leg that is `waiting` in the lobby is shown itself alone. A cut answer needs `variation`, and
    lists a person while one is in the conversation: no read claims that our bot is alone when it
    is not.
    """
    if waiting:
        shown = lobby_participants(waiting, switches)
    else:
        shown = _listed(_read(room, switches.roster_cap, variation), room, call_id, switches)
    listed: list[Json] = []
    for one in shown:
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


def shown_participant_id(
    room: Seen, participant_id: str, *, call_id: str | None, switches: GraphSwitches
) -> str:
    """Return the id under which a leg is shown a person: the true one, or one of that leg alone."""
    if switches.participant_ids == "kept" or call_id is None or call_id == room.first_leg:
        return participant_id
    return derived_guid(same_guid(participant_id), same_guid(call_id))


def _read(room: Seen, cap: int | None, variation: Random | None) -> list[Presence | Leg]:
    here: list[Presence | Leg] = [*room.people, *room.legs]
    if cap is None:
        return here
    assert variation is not None, "a cut read needs variation"
    people = [one for one in room.people if one.counts]
    return _cut_with_one_of(here, people, cap, variation)


def _listed(
    here: Sequence[Presence | Leg], room: Seen, call_id: str | None, switches: GraphSwitches
) -> list[JsonObject]:
    return [
        _leg(one, switches)
        if isinstance(one, Leg)
        else _person(
            one,
            shown_participant_id(room, one.participant_id, call_id=call_id, switches=switches),
        )
        for one in here
    ]


def _person(person: Presence, participant_id: str) -> JsonObject:
    identity: JsonObject = {
        "@odata.type": "#microsoft.graph.identity",
        "id": person.user_id,
        "displayName": person.display_name,
    }
    if person.kind == "user":
        identity |= {"tenantId": person.tenant_id, "identityProvider": "AAD"}
    return _participant(
        participant_id=participant_id,
        identity={"@odata.type": "#microsoft.graph.identitySet", person.kind: identity},
        in_lobby=person.in_lobby,
        is_muted=person.is_muted,
    )


def _leg(leg: Leg, switches: GraphSwitches) -> JsonObject:
    listed = leg if switches.bot_id is None else replace(leg, app_id=switches.bot_id)
    return _participant(
        participant_id=leg.participant_id, identity=own_identity(listed), in_lobby=leg.in_lobby
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


def _cut[T](entries: Sequence[T], cap: int | None, chance: Random) -> list[T]:
    if cap is None or len(entries) <= cap:
        return list(entries)
    return chance.sample(entries, cap)


def _cut_with_one_of[T](
    entries: Sequence[T], needed: Collection[T], cap: int | None, chance: Random
) -> list[T]:
    """Return the entries, or `cap` of them at random; one of `needed` is kept if there is any."""
    shown = _cut(entries, cap, chance)
    if needed and not any(one in needed for one in shown):
        shown[chance.randrange(len(shown))] = chance.choice(list(needed))
    return shown
