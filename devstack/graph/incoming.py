"""Calls to the bot: how its webhook is told of one, and how the bot rejects it. Pure.

Sources: the API pages call-answer and call-reject; the Teams page call-notifications for the legacy
format, microsoft-graph-docs issue 8310 for its members. Answering and redirecting a call are not
imitated.
"""

from dataclasses import replace
from random import Random

from devstack.graph.call_rules import checked_callback_uri
from devstack.graph.calls import Caller, Leg, called, caller_identity
from devstack.graph.identities import Tenant, new_guid
from devstack.graph.json_values import Json, JsonObject
from devstack.graph.members import an_object, only_known, text
from devstack.graph.notifications import render_change
from devstack.graph.refusals import bad_request
from devstack.graph.switches import DOCUMENTED, GraphSwitches

REASONS = frozenset({"none", "busy", "forbidden"})


def new_incoming(
    tenant: Tenant, *, webhook_uri: str, user_id: str, display_name: str | None, ids: Random
) -> Leg:
    """Return a call of a user of the tenant to the bot, to be told to its webhook."""
    caller = Caller(user_id=user_id, participant_id=new_guid(ids), display_name=display_name)
    return Leg(
        call_id=new_guid(ids),
        participant_id=new_guid(ids),
        callback_uri=webhook_uri,
        state="incoming",
        chain_id=new_guid(ids),
        tenant_id=tenant.tenant_id,
        app_id=tenant.bot_app_id,
        display_name=tenant.bot_name,
        caller=caller,
    )


def invitation(leg: Leg, *, chat_info: JsonObject, chain_id: str, ids: Random) -> Leg:
    """Return the call as an invitation to a meeting. Its token opens nothing."""
    meeting_info: JsonObject = {
        "@odata.type": "#microsoft.graph.tokenMeetingInfo",
        "token": new_guid(ids),
    }
    return replace(leg, chat_info=chat_info, meeting_info=meeting_info, chain_id=chain_id)


def render_incoming(leg: Leg, variation: Random) -> JsonObject:
    """Return the notification of a call to the bot; an invitation names chat and meeting."""
    call: JsonObject = {
        "@odata.type": "#microsoft.graph.call",
        "state": "incoming",
        "direction": "incoming",
        "callChainId": leg.chain_id,
        "source": {
            "@odata.type": "#microsoft.graph.participantInfo",
            "identity": caller_identity(leg),
            "region": "amer",
            "languageId": "en-US",
        },
        "targets": [called(leg)],
        "tenantId": leg.tenant_id,
    }
    if leg.meeting_info is not None:
        call |= {"chatInfo": leg.chat_info, "meetingInfo": leg.meeting_info}
    candidates: JsonObject = {
        "callbackUri": leg.callback_uri,
        "myParticipantId": leg.participant_id,
        "requestedModalities": list(leg.modalities),
    }
    call |= {name: value for name, value in candidates.items() if variation.random() < 0.5}
    return render_change(leg, "created", call, variation)


def render_legacy_incoming(leg: Leg) -> JsonObject:
    """Return the same in the format of Skype, which is no envelope: 204 asks for Graph's."""
    assert leg.caller is not None
    thread = {} if leg.chat_info is None else {"threadId": leg.chat_info["threadId"]}
    return {
        "id": leg.call_id,
        "participants": [
            {
                "identity": f"8:orgid:{leg.caller.user_id}",
                "participantId": leg.caller.participant_id,
                "languageId": "en-us",
                "tenantId": leg.tenant_id,
                "region": "amer",
                "originator": True,
                "isHidden": False,
            },
            {
                "identity": f"28:{leg.app_id}",
                "participantId": leg.participant_id,
                "originator": False,
                "isHidden": False,
            },
        ],
        "isMultiparty": leg.chat_info is not None,
        "presentedModalityTypes": list(leg.modalities),
        "callState": "incoming",
        "tenantId": leg.tenant_id,
        **thread,
    }


def render_rejected(leg: Leg, variation: Random) -> JsonObject:
    """Return the end of a rejected call: a deletion that says neither state nor result."""
    call: JsonObject = {"@odata.type": "#microsoft.graph.call"}
    return render_change(leg, "deleted", call, variation)


def parse_reject(body: Json, switches: GraphSwitches = DOCUMENTED) -> str | None:
    """Read the body of POST reject; return where later notifications go, if it says so.

    The page writes reasons with a capital, its examples without.
    """
    wanted = an_object(body, "The request body")
    only_known(wanted, {"reason", "callbackUri"}, "call", switches)
    reason, callback_uri = text(wanted, "reason"), text(wanted, "callbackUri")
    if reason is not None and reason.lower() not in REASONS:
        raise bad_request(f"'{reason}' is not a value of reason.")
    return None if callback_uri is None else checked_callback_uri(callback_uri)
