"""The body of Graph's calls POST that puts our bot into a meeting. Core: values in, JSON out.

The service hosts the media. The tenant stands at the top of the call: Graph refuses a call without
it, or with it in another place, with 7505.
Source: https://learn.microsoft.com/graph/api/application-post-calls
"""

from typing import Any

from shared.words.coordinates import ByJoinId, ByThread, JoinTarget
from shared.words.errors import Rejected
from shared.words.ids import LegKey, guest_id_for

JOIN_ID_INFO = "#microsoft.graph.joinMeetingIdMeetingInfo"
HOST_MEMBER = "allowConversationWithoutHost"
"""Without it, people who came after the bot are put out when it leaves.

Source: https://github.com/microsoftgraph/microsoft-graph-comms-samples/blob/master/changelog.md
"""


def call_body(
    target: JoinTarget,
    *,
    callback: str,
    bot_app_id: str,
    leg_key: LegKey,
    guest_name: str | None = None,
    without_host: bool = True,
) -> dict[str, Any]:
    """Return the call to create. With `guest_name` the bot joins as a guest of that name.

    `without_host`: people may begin without the organizer, and may stay when the bot leaves.
    """
    return {
        "@odata.type": "#microsoft.graph.call",
        "callbackUri": callback,
        "requestedModalities": ["audio"],
        "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
        "source": {
            "@odata.type": "#microsoft.graph.participantInfo",
            "identity": {
                "@odata.type": "#microsoft.graph.identitySet",
                **_identity(bot_app_id, leg_key, guest_name),
            },
        },
        **_coordinates(target, without_host=without_host),
        "tenantId": target.tenant_id,
    }


def without_host_member(body: dict[str, Any], said: Rejected) -> dict[str, Any] | None:
    """Return the call to send after the refusal `said`; None where the refusal is final.

    Graph documents `allowConversationWithoutHost` for neither form of `meetingInfo`; its own SDK
    sends it with an organizer. With a join id Graph may refuse it as unknown, by a 400 whose code
    says nothing more. The call is then sent once without it.
    """
    refused = said.code == "invalid_request" and said.graph is not None and said.graph.status == 400
    info = body["meetingInfo"]
    if not refused or info["@odata.type"] != JOIN_ID_INFO:
        return None
    return {**body, "meetingInfo": {name: info[name] for name in info if name != HOST_MEMBER}}


def _identity(bot_app_id: str, leg_key: LegKey, guest_name: str | None) -> dict[str, Any]:
    if guest_name is None:
        return {"application": {"@odata.type": "#microsoft.graph.identity", "id": bot_app_id}}
    return {
        "guest": {
            "@odata.type": "#microsoft.graph.identity",
            "id": guest_id_for(leg_key),
            "displayName": guest_name,
        }
    }


def _coordinates(target: JoinTarget, *, without_host: bool) -> dict[str, Any]:
    match target:
        case ByThread():
            return _by_thread(target, without_host=without_host)
        case ByJoinId():
            return {
                "meetingInfo": {
                    "@odata.type": JOIN_ID_INFO,
                    "joinMeetingId": target.join_meeting_id,
                    "passcode": target.passcode,
                    HOST_MEMBER: without_host,
                }
            }


def _by_thread(target: ByThread, *, without_host: bool) -> dict[str, Any]:
    chat = {
        "@odata.type": "#microsoft.graph.chatInfo",
        "threadId": target.thread_id,
        "messageId": target.message_id,
    }
    if target.reply_chain_message_id is not None:
        chat["replyChainMessageId"] = target.reply_chain_message_id
    return {
        "chatInfo": chat,
        "meetingInfo": {
            "@odata.type": "#microsoft.graph.organizerMeetingInfo",
            "organizer": {
                "@odata.type": "#microsoft.graph.identitySet",
                "user": {
                    "@odata.type": "#microsoft.graph.identity",
                    "id": target.organizer_id,
                    "tenantId": target.tenant_id,
                },
            },
            HOST_MEMBER: without_host,
        },
    }
