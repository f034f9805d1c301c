"""The join-meeting message: body to `JoinMeeting`, or `Rejected` with every problem found.

Core: parses, without I/O. forms.py says which members name a meeting together.
"""

from collections.abc import Set as AbstractSet
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from join_meeting.forms import FORMS, form_problems
from join_meeting.join_links import DIGITS, PUBLIC_HOSTS, THREAD, read_join_link
from join_meeting.link_text import visible
from join_meeting.short_links import PASSCODE, join_id_of
from shared.inbox.models import (
    Context,
    Flag,
    Message,
    ObjectId,
    RequestId,
    Text,
    matching,
    null_means,
    read_members,
    read_message,
)
from shared.inbox.queues import require_queue
from shared.inbox.refusals import refused, wrong
from shared.words.coordinates import NO_MESSAGE, ByJoinId, ByThread, JoinTarget
from shared.words.entities import JOIN_QUEUE
from shared.words.errors import Rejected
from shared.words.ids import MEETING_ID, MeetingId, meeting_id_for
from shared.words.kinds import pointer, problem
from shared.words.problems import rejected


def _join_id(text: str) -> str:
    digits = join_id_of(visible(text))
    if digits is None:
        raise wrong("not_join_id")
    return digits


def _passcode(text: str) -> str:
    passcode = visible(text).strip()
    if PASSCODE.fullmatch(passcode) is None:
        raise wrong("not_passcode")
    return passcode


Link = Annotated[Text, Field(max_length=32_768)]
Passcode = Annotated[Text, Field(max_length=128), AfterValidator(_passcode)]
Action = Literal["join", "leave"]
MessageId = Annotated[str, matching(DIGITS, "not_message_id")]


class GraphPart(Message):
    """A part of a message in Graph's own form, which may name its type."""

    type_name: Annotated[str | None, Field(alias="@odata.type")] = None


class ChatInfo(GraphPart):
    """Source: https://learn.microsoft.com/graph/api/resources/chatinfo."""

    thread_id: Annotated[str, matching(THREAD, "not_thread")]
    message_id: Annotated[MessageId, null_means(NO_MESSAGE, str)] = NO_MESSAGE
    reply_chain_message_id: MessageId | None = None


class Identity(GraphPart):
    """Source: https://learn.microsoft.com/graph/api/resources/identity."""

    id: ObjectId
    tenant_id: ObjectId | None = None
    display_name: str | None = None


class IdentitySet(GraphPart):
    """Source: https://learn.microsoft.com/graph/api/resources/identityset."""

    user: Identity


class OrganizerMeetingInfo(GraphPart):
    """Source: https://learn.microsoft.com/graph/api/resources/organizermeetinginfo."""

    type_name: Annotated[
        Literal["#microsoft.graph.organizerMeetingInfo"] | None, Field(alias="@odata.type")
    ] = None
    organizer: IdentitySet
    allow_conversation_without_host: bool | None = None


class JoinMeeting(Message):
    """A request that our bot join a meeting, or leave it. Exactly one form names the meeting.

    `meeting_request_id` is the request id under which the meeting was created.
    """

    meeting_id: Annotated[str, matching(MEETING_ID, "not_meeting_id")] | None = None
    meeting_request_id: RequestId | None = None
    join_web_url: Link | None = Field(default=None, repr=False)
    join_meeting_id: Annotated[str, AfterValidator(_join_id)] | None = None
    passcode: Passcode | None = Field(default=None, repr=False)
    chat_info: ChatInfo | None = None
    meeting_info: OrganizerMeetingInfo | None = None
    tenant_id: ObjectId | None = None
    request_id: RequestId | None = None
    action: Annotated[Action, null_means("join", Action)] = "join"
    guest_name: Annotated[Text, Field(max_length=64)] | None = None
    allow_conversation_without_host: bool | None = None
    watch: Flag = False
    leave_when_alone_seconds: Annotated[float, Field(gt=0)] | None = None
    retry_for_seconds: Annotated[float, Field(ge=0)] | None = None
    context: Context | None = None

    def own_meeting(self, *, tenant_id: str) -> MeetingId:
        """Return the id of the meeting of ours that the request names; "" where it names none."""
        if self.meeting_request_id is None:
            return MeetingId(self.meeting_id or "")
        return meeting_id_for(tenant_id=tenant_id, request_id=self.meeting_request_id)

    @property
    def named(self) -> str:
        """How the request names a meeting of ours, for a refusal."""
        if self.meeting_request_id is None:
            return f"the meetingId {self.meeting_id}"
        return f"the request id {self.meeting_request_id}"

    @property
    def without_host(self) -> bool:
        """Whether people and our bot may begin without the organizer; yes, unless requested not."""
        said = self.allow_conversation_without_host
        if said is None and self.meeting_info is not None:
            said = self.meeting_info.allow_conversation_without_host
        return said is not False

    def target(
        self, *, tenant_id: str, hosts: AbstractSet[str] = PUBLIC_HOSTS
    ) -> JoinTarget | None:
        """Return how to join, as the request says; None where it names a meeting of ours.

        `tenant_id` is the bot's own, and counts where the request names no tenant. `hosts`: those
        of links of the cloud that is served. Raises `Rejected`: `link_not_understood`,
        `tenant_mismatch`, `invalid_request`.
        """
        target = self._target(tenant_id=tenant_id, hosts=hosts)
        if target is not None and target.tenant_id != tenant_id.lower():
            found = problem("foreign_tenant", "tenantId")
            raise rejected("tenant_mismatch", problems=[found])
        if isinstance(target, ByJoinId) and not self.without_host:
            # Graph's joinMeetingIdMeetingInfo has no such member.
            raise refused([problem("host_not_required", "allowConversationWithoutHost")])
        return target

    def _target(self, *, tenant_id: str, hosts: AbstractSet[str]) -> JoinTarget | None:
        own = (self.tenant_id or tenant_id).lower()
        if self.join_web_url is not None:
            target = read_join_link(self.join_web_url, tenant_id=own, hosts=hosts)
            if self.tenant_id is not None and target.tenant_id != own:
                raise refused([problem("not_the_links", "tenantId")])
            return target
        if self.join_meeting_id is not None:
            return ByJoinId(
                join_meeting_id=self.join_meeting_id, passcode=self.passcode, tenant_id=own
            )
        if self.chat_info is not None and self.meeting_info is not None:
            if self.allow_conversation_without_host not in {
                None,
                self.meeting_info.allow_conversation_without_host,
            }:
                name = "allowConversationWithoutHost"
                other = pointer(("meetingInfo", name))
                raise refused([problem("contradicts", name, other=other)])
            organizer = self.meeting_info.organizer.user
            if organizer.tenant_id is not None and organizer.tenant_id.lower() != own:
                path = ("meetingInfo", "organizer", "user", "tenantId")
                raise refused([problem("contradicts", *path, other=pointer(["tenantId"]))])
            return ByThread(
                thread_id=self.chat_info.thread_id,
                message_id=self.chat_info.message_id,
                reply_chain_message_id=self.chat_info.reply_chain_message_id,
                organizer_id=organizer.id.lower(),
                tenant_id=own,
            )
        return None


def read_request(body: bytes) -> JoinMeeting:
    """Return the request in `body`; raise `Rejected` naming every problem."""
    members = read_members(body)
    require_queue(JOIN_QUEUE, members)
    of_form = form_problems(members)
    try:
        request = read_message(JoinMeeting, body)
    except Rejected as error:
        if any(not problem.member for problem in error.problems):
            raise  # not even an object: which members it lacks does not matter
        meant = {one.params.get("suggestion") for one in error.problems}
        if not meant.isdisjoint(FORMS):
            of_form = [one for one in of_form if one.code != "no_form"]
        raise refused([*error.problems, *of_form]) from error
    if of_form:
        raise refused(of_form)
    return request
