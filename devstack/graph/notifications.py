"""What Graph posts to a leg's callbackUri: commsNotifications envelopes. Pure.

They carry no timestamp, no notification id and no sequence: documented full rosters have no
`rosterSequenceNumber`. `variation` decides, repeatably, what differs from message to message in
captured traffic: the spelling of ids, members that come and go, undocumented members.
"""

from random import Random
from typing import Literal

from devstack.graph.calls import Leg
from devstack.graph.identities import new_guid, restyled
from devstack.graph.json_values import Json, JsonObject
from devstack.graph.participants import lobby_participants, pushed_participants
from devstack.graph.results import result_info
from devstack.graph.room import Room
from devstack.graph.switches import DOCUMENTED, GraphSwitches

type NotificationKind = Literal["state", "roster", "end", "incoming", "legacyIncoming"]

_ROSTER_TAIL = "/participants"


def render_state(
    leg: Leg,
    state: Literal["establishing", "established"],
    variation: Random,
    *,
    detailed: bool = False,
) -> JsonObject:
    """Return the progress of a leg. `established` comes plain first, later again `detailed`."""
    call: JsonObject = {"@odata.type": "#microsoft.graph.call", "state": state}
    if detailed:
        call["mediaState"] = {"@odata.type": "#microsoft.graph.callMediaState", "audio": "active"}
    if detailed or state == "establishing":
        call |= {
            name: value
            for name, value in (("chatInfo", leg.chat_info), ("meetingInfo", leg.meeting_info))
            if value is not None
        }
    # The chain id is not a stable key: captured calls changed it between two messages.
    call["callChainId"] = leg.chain_id if variation.random() < 0.7 else new_guid(variation)
    return render_change(leg, "updated", call | _undocumented(leg, variation), variation)


def render_roster(
    room: Room,
    leg: Leg,
    variation: Random,
    *,
    people: bool = True,
    own: bool = True,
    switches: GraphSwitches = DOCUMENTED,
) -> JsonObject:
    """Return the full roster, our own participant included: who is absent has left.

    `people=False` and `own=False`: see `pushed_participants`. A leg in the lobby sees itself alone.
    """
    if leg.in_lobby:
        listed = lobby_participants(leg, switches)
    else:
        listed = pushed_participants(
            room, variation, people=people, own=own, call_id=leg.call_id, switches=switches
        )
    return _envelope(leg, "updated", _ROSTER_TAIL, listed, variation)


def render_stray_roster(
    room: Room, leg: Leg, variation: Random, *, switches: GraphSwitches = DOCUMENTED
) -> JsonObject:
    """Return a roster without people, empty or bot-only, such as Graph pushes in mid-call."""
    own = variation.random() < 0.5
    return render_roster(room, leg, variation, people=False, own=own, switches=switches)


def render_end(leg: Leg, code: int, subcode: int, variation: Random) -> JsonObject:
    """Return the end of a leg, which is a deletion of the call; the codes are integers."""
    call: JsonObject = {
        "@odata.type": "#microsoft.graph.call",
        "state": "terminated",
        "resultInfo": result_info(code, subcode),
    }
    return render_change(leg, "deleted", call | _undocumented(leg, variation), variation)


def render_change(
    leg: Leg,
    change_type: Literal["created", "updated", "deleted"],
    call: JsonObject,
    variation: Random,
) -> JsonObject:
    """Return a notification of a call itself."""
    return _envelope(leg, change_type, "", call, variation)


def kinds_of(envelope: JsonObject) -> list[NotificationKind]:
    """Return what each item of an envelope is, in their order."""
    value = envelope.get("value")
    return [_kind(item) for item in value] if isinstance(value, list) else ["legacyIncoming"]


def bundled(*envelopes: JsonObject) -> JsonObject:
    """Return one envelope with the items of all: Graph promises not more than a collection."""
    items: list[Json] = []
    for envelope in envelopes:
        value = envelope["value"]
        assert isinstance(value, list)
        items.extend(value)
    return {"@odata.type": "#microsoft.graph.commsNotifications", "value": items}


def _kind(item: JsonObject) -> NotificationKind:
    if str(item["resourceUrl"]).endswith(_ROSTER_TAIL):
        return "roster"
    kinds: dict[Json, NotificationKind] = {"created": "incoming", "deleted": "end"}
    return kinds.get(item["changeType"], "state")


def _envelope(
    leg: Leg, change_type: str, tail: str, data: JsonObject | list[JsonObject], variation: Random
) -> JsonObject:
    call_id = restyled(leg.call_id, variation)
    item: JsonObject = {
        "@odata.type": "#microsoft.graph.commsNotification",
        "changeType": change_type,
        "resource": f"/app/calls/{call_id}{tail}",
        "resourceUrl": f"/communications/calls/{call_id}{tail}",
    }
    if variation.random() < 0.5:
        item["callbackUri"] = leg.callback_uri
    if isinstance(data, dict):
        # Captured call data has no id; documented samples have one, in one of two members.
        match variation.randrange(4):
            case 0:
                data["@odata.id"] = item["resourceUrl"]
            case 1:
                data["id"] = call_id
    item["resourceData"] = data
    return {"@odata.type": "#microsoft.graph.commsNotifications", "value": [item]}


def _undocumented(leg: Leg, variation: Random) -> JsonObject:
    candidates: JsonObject = {
        "meetingCapability": {"allowAnonymousUsersToDialOut": False, "recorderAllowed": True},
        "coOrganizers": [],
        "meetingProperties": {"isOrganizerPresent": False},
        "replacesContext": None,
        "direction": "outgoing" if leg.caller is None else "incoming",
        "mediaStateReason": None,
    }
    return {name: value for name, value in candidates.items() if variation.random() < 0.3}
