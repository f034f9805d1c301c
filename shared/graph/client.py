"""Microsoft Graph through msgraph-sdk: the request of each method, and the reading of its answer.

Adapter of `ports.Graph`. sdk.py moves the bytes. answers.py, meeting.py, call.py and roster.py say
what they mean.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shared.graph.answers import Asking, hold_to_success, read_as
from shared.graph.call import call_in
from shared.graph.meeting import change_in, meeting_in
from shared.graph.roster import page_in, read_roster
from shared.ports import Clock
from shared.words.answers import Call, GivenMeeting, MeetingAnswer, Roster
from shared.words.errors import Rejected
from shared.words.ids import CallId
from shared.words.problems import rejected

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential
    from kiota_abstractions.base_request_builder import BaseRequestBuilder

    from shared.graph.sdk import GraphSdk

NOT_FOUND = 404
EVERY_VALUE = {"Prefer": "include-unknown-enum-members"}
"""Without it Graph answers `unknownFutureValue` for the newer roles and lobby scopes.

Source: https://learn.microsoft.com/graph/best-practices-concept#handling-future-members-in-evolvable-enumerations
"""
MOST_PAGES = 100
"""A roster of more pages is refused: links that lead round must not be followed for ever."""


class GraphOverSdk:
    """Implements `ports.Graph`. One instance a process; the first request opens the SDK."""

    def __init__(
        self,
        open_sdk: "Callable[[], GraphSdk]",
        *,
        clock: Clock,
        bot_app_id: str,
        new_id: Callable[[], str],
    ) -> None:
        """`new_id` gives the `client-request-id` of each request."""
        self._open_sdk = open_sdk
        self._opened: GraphSdk | None = None
        self._clock = clock
        self._bot_app_id = bot_app_id
        self._new_id = new_id

    async def create_or_get_meeting(self, organizer_id: str, body: dict[str, Any]) -> GivenMeeting:
        """See `ports.Graph.create_or_get_meeting`."""
        sdk, asking = self._sdk(), self._asking(organizer_id)
        builder = sdk.client.users.by_user_id(organizer_id).online_meetings.create_or_get
        answer = await sdk.send("POST", builder, asking, body, EVERY_VALUE)
        return read_as(meeting_in, answer, asking=asking, now=self._clock.now())

    async def create_meeting(self, organizer_id: str, body: dict[str, Any]) -> GivenMeeting:
        """See `ports.Graph.create_meeting`."""
        sdk, asking = self._sdk(), self._asking(organizer_id)
        builder = sdk.client.users.by_user_id(organizer_id).online_meetings
        answer = await sdk.send("POST", builder, asking, body, EVERY_VALUE)
        return read_as(meeting_in, answer, asking=asking, now=self._clock.now())

    async def read_meeting(self, organizer_id: str, online_meeting_id: str) -> MeetingAnswer:
        """See `ports.Graph.read_meeting`."""
        sdk, asking = self._sdk(), self._asking(organizer_id)
        answer = await sdk.send("GET", _meeting(sdk, organizer_id, online_meeting_id), asking)
        return read_as(change_in, answer, asking=asking, now=self._clock.now())

    async def update_meeting(
        self, organizer_id: str, online_meeting_id: str, body: dict[str, Any]
    ) -> MeetingAnswer:
        """See `ports.Graph.update_meeting`."""
        sdk, asking = self._sdk(), self._asking(organizer_id)
        builder = _meeting(sdk, organizer_id, online_meeting_id)
        answer = await sdk.send("PATCH", builder, asking, body, EVERY_VALUE)
        return read_as(change_in, answer, asking=asking, now=self._clock.now())

    async def delete_meeting(self, organizer_id: str, online_meeting_id: str) -> None:
        """See `ports.Graph.delete_meeting`."""
        sdk, asking = self._sdk(), self._asking(organizer_id)
        answer = await sdk.send("DELETE", _meeting(sdk, organizer_id, online_meeting_id), asking)
        if answer.status != NOT_FOUND:
            hold_to_success(answer, asking=asking, now=self._clock.now())

    async def create_call(self, body: dict[str, Any]) -> Call:
        """See `ports.Graph.create_call`."""
        sdk, asking = self._sdk(), self._asking()
        answer = await sdk.send("POST", sdk.client.communications.calls, asking, body)
        return read_as(call_in, answer, asking=asking, now=self._clock.now())

    async def read_call(self, call_id: CallId) -> Call | None:
        """See `ports.Graph.read_call`."""
        sdk, asking = self._sdk(), self._asking()
        builder = sdk.client.communications.calls.by_call_id(call_id)
        answer = await sdk.send("GET", builder, asking)
        if answer.status == NOT_FOUND:
            return None
        return read_as(call_in, answer, asking=asking, now=self._clock.now())

    async def read_participants(
        self, call_id: CallId, *, own_ids: frozenset[str], show_names: bool
    ) -> Roster | None:
        """See `ports.Graph.read_participants`."""
        sdk = self._sdk()
        builder = sdk.client.communications.calls.by_call_id(call_id).participants
        found: list[Any] = []
        for _ in range(MOST_PAGES):
            asking = self._asking()
            answer = await sdk.send("GET", builder, asking)
            if answer.status == NOT_FOUND:
                return None
            listed, link = read_as(page_in, answer, asking=asking, now=self._clock.now())
            found.extend(listed)
            if link is None:
                return read_roster(
                    found,
                    bot_app_id=self._bot_app_id,
                    my_participant_ids=own_ids,
                    show_names=show_names,
                )
            if not sdk.leads_here(link):
                raise _lost("Graph's next page is on another server.")
            builder = builder.with_url(link)
        raise _lost(f"A roster has more than {MOST_PAGES} pages.")

    async def keep_alive(self, call_id: CallId) -> bool:
        """See `ports.Graph.keep_alive`."""
        sdk, asking = self._sdk(), self._asking()
        builder = sdk.client.communications.calls.by_call_id(call_id).keep_alive
        answer = await sdk.send("POST", builder, asking)
        if answer.status == NOT_FOUND:
            return False
        hold_to_success(answer, asking=asking, now=self._clock.now())
        return True

    async def end_call(self, call_id: CallId) -> None:
        """See `ports.Graph.end_call`."""
        sdk, asking = self._sdk(), self._asking()
        builder = sdk.client.communications.calls.by_call_id(call_id)
        answer = await sdk.send("DELETE", builder, asking)
        if answer.status != NOT_FOUND:
            hold_to_success(answer, asking=asking, now=self._clock.now())

    async def reject_call(self, call_id: CallId) -> None:
        """See `ports.Graph.reject_call`."""
        sdk, asking = self._sdk(), self._asking()
        builder = sdk.client.communications.calls.by_call_id(call_id).reject
        answer = await sdk.send("POST", builder, asking, {"reason": "busy"})
        if answer.status != NOT_FOUND:
            hold_to_success(answer, asking=asking, now=self._clock.now())

    async def check(self) -> None:
        """See `ports.Graph.check`."""
        await self._sdk().check_token()

    async def close(self) -> None:
        """Close what the requests opened."""
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    def _sdk(self) -> "GraphSdk":
        if self._opened is None:
            self._opened = self._open_sdk()
        return self._opened

    def _asking(self, organizer_id: str | None = None) -> Asking:
        return Asking(
            bot_app_id=self._bot_app_id,
            organizer_id=organizer_id,
            client_request_id=self._new_id(),
        )


def open_graph(
    *,
    graph_url: str,
    scope: str,
    credential: "AsyncTokenCredential",
    clock: Clock,
    bot_app_id: str,
    new_id: Callable[[], str],
) -> GraphOverSdk:
    """Return Graph under `graph_url` (without a version), for the lifetime of the process.

    `scope`: what its tokens are requested for.
    """

    def open_sdk() -> "GraphSdk":
        from shared.graph.sdk import GraphSdk  # noqa: PLC0415 - a callback needs no SDK to start

        return GraphSdk(graph_url, credential, scope=scope, now=clock.now)

    return GraphOverSdk(open_sdk, clock=clock, bot_app_id=bot_app_id, new_id=new_id)


def _meeting(sdk: "GraphSdk", organizer_id: str, online_meeting_id: str) -> "BaseRequestBuilder":
    meetings = sdk.client.users.by_user_id(organizer_id).online_meetings
    return meetings.by_online_meeting_id(online_meeting_id)


def _lost(message: str) -> Rejected:
    return rejected("graph_refused", what=message)
