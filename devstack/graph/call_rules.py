"""What Graph accepts as a request to join a meeting, and what it refuses. Pure.

Sources: the API page application-post-calls, the resource page call, the v1.0 metadata; for
`tenantId` at top level (error 7505) microsoft-graph-docs issue 9481. Joins only: calling people
(`targets`) and meeting tokens are not imitated.
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from devstack.graph.identities import same_guid
from devstack.graph.json_values import Json, JsonObject
from devstack.graph.members import an_object, flag, odata_type, only_known, required_text, text
from devstack.graph.refusals import bad_request, tenant_mismatch
from devstack.graph.switches import DOCUMENTED, GraphSwitches

CALL_MEMBERS = frozenset(
    {"callbackUri", "callChainId", "callOptions", "chatInfo", "direction", "mediaConfig",
     "meetingInfo", "myParticipantId", "requestedModalities", "source", "subject", "targets",
     "tenantId"}
)  # fmt: skip
MODALITIES = frozenset({"audio", "video", "videoBasedScreenSharing", "data"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ByThread:
    """Coordinates of the form organizerMeetingInfo + chatInfo."""

    thread_id: str
    organizer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ByJoinId:
    """Coordinates of the form joinMeetingIdMeetingInfo."""

    join_meeting_id: str
    passcode: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinWish:
    """A well-formed join. Whether its coordinates lead to a meeting is known only later."""

    callback_uri: str
    tenant_id: str
    coordinates: ByThread | ByJoinId
    meeting_info: JsonObject
    chat_info: JsonObject | None
    media_config: JsonObject
    modalities: tuple[str, ...]
    guest: JsonObject | None
    subject: str | None


def parse_join(body: Json, *, tenant_id: str, switches: GraphSwitches = DOCUMENTED) -> JoinWish:
    """Read the body of POST communications/calls; `tenant_id` is the token's tenant."""
    call = an_object(body, "The request body")
    only_known(call, CALL_MEMBERS, "call", switches)
    if call.get("targets"):
        raise bad_request("This simulator imitates joining meetings only, not calling targets.")
    callback_uri = checked_callback_uri(required_text(call, "callbackUri"))
    modalities = _modalities(call)
    media_config = _media_config(call, switches)
    coordinates = _coordinates(call, switches)
    _check_tenant(call, tenant_id)
    chat_info, guest = call.get("chatInfo"), _guest(call)
    return JoinWish(
        callback_uri=callback_uri,
        tenant_id=tenant_id,
        coordinates=coordinates,
        meeting_info=an_object(call["meetingInfo"], "meetingInfo"),
        chat_info=None if chat_info is None else an_object(chat_info, "chatInfo"),
        media_config=media_config,
        modalities=modalities,
        guest=guest,
        subject=text(call, "subject"),
    )


def checked_callback_uri(uri: str) -> str:
    """Return the URI, or refuse one that is neither https nor plain http to this machine."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        raise bad_request("callbackUri is not a URL.") from None
    secure = parts.scheme == "https" and bool(parts.hostname)
    # Real Graph takes https alone; plain http to this machine is what makes a local stack possible.
    if not secure and not (parts.scheme == "http" and is_loopback(parts)):
        raise bad_request("callbackUri must be an https URL.")
    return uri


def is_loopback(parts: SplitResult) -> bool:
    """Say whether a URL leads to this machine: 127.0.0.0/8, ::1 or the name localhost."""
    host = parts.hostname or ""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _modalities(call: JsonObject) -> tuple[str, ...]:
    wanted = call.get("requestedModalities")
    if not isinstance(wanted, list) or not wanted:
        raise bad_request("requestedModalities is required.")
    for one in wanted:
        if one not in MODALITIES:
            raise bad_request("requestedModalities holds something that is no modality.")
    return tuple(str(one) for one in wanted)


def _media_config(call: JsonObject, switches: GraphSwitches) -> JsonObject:
    if call.get("mediaConfig") is None:
        raise bad_request("mediaConfig is required: exactly one media configuration.")
    config = an_object(call["mediaConfig"], "mediaConfig")
    match odata_type(config, "mediaConfig"):
        case "serviceHostedMediaConfig":
            known = {"preFetchMedia", "removeFromDefaultAudioGroup"}
            only_known(config, known, "serviceHostedMediaConfig", switches)
        case "appHostedMediaConfig":
            known = {"blob", "removeFromDefaultAudioGroup"}
            only_known(config, known, "appHostedMediaConfig", switches)
            required_text(config, "blob")
        case other:
            raise bad_request(f"'{other}' is not a media configuration.")
    return config


def _coordinates(call: JsonObject, switches: GraphSwitches) -> ByThread | ByJoinId:
    if call.get("meetingInfo") is None:
        raise bad_request("meetingInfo is required to join a meeting.")
    info = an_object(call["meetingInfo"], "meetingInfo")
    # No type declares it; documented joins by organizer send it. Both types are open.
    flag(info, "allowConversationWithoutHost")
    match odata_type(info, "meetingInfo"):
        case "organizerMeetingInfo":
            return _by_thread(call, info, switches)
        case "joinMeetingIdMeetingInfo":
            join_id = required_text(info, "joinMeetingId")
            if not join_id.replace(" ", "").isdecimal():
                raise bad_request("joinMeetingId must be made of digits.")
            return ByJoinId(
                join_meeting_id=join_id.replace(" ", ""), passcode=text(info, "passcode")
            )
        case other:
            raise bad_request(f"This simulator does not join by '{other}'.")


def _by_thread(call: JsonObject, info: JsonObject, switches: GraphSwitches) -> ByThread:
    organizer = an_object(info.get("organizer"), "meetingInfo.organizer")
    user = an_object(organizer.get("user"), "meetingInfo.organizer.user")
    chat = an_object(call.get("chatInfo"), "chatInfo, required with organizerMeetingInfo,")
    only_known(chat, {"threadId", "messageId", "replyChainMessageId"}, "chatInfo", switches)
    required_text(chat, "messageId")
    return ByThread(
        thread_id=required_text(chat, "threadId"), organizer_id=required_text(user, "id")
    )


def _check_tenant(call: JsonObject, tenant_id: str) -> None:
    named = text(call, "tenantId")
    if named is None or same_guid(named) != same_guid(tenant_id):
        raise tenant_mismatch()


def _guest(call: JsonObject) -> JsonObject | None:
    if call.get("source") is None:
        return None
    source = an_object(call["source"], "source")
    identity = an_object(source.get("identity"), "source.identity")
    guest = identity.get("guest")
    return None if guest is None else an_object(guest, "source.identity.guest")
