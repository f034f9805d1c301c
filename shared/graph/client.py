"""Microsoft Graph through msgraph-sdk: the request of each method, and the reading of its answer.

Adapter of `graph_port.Graph`. sdk.py moves the bytes. answers.py, meeting.py, call.py, roster.py,
attendance.py, call_record.py and user.py say what they mean.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from shared.graph.answers import Asking, hold_to_success, is_missing, read_as
from shared.graph.attendance import report_in, reports_in
from shared.graph.call import call_in
from shared.graph.call_record import record_in
from shared.graph.documents import page_in
from shared.graph.meeting import change_in, meeting_in
from shared.graph.roster import read_roster
from shared.graph.stays import ours_of
from shared.graph.user import SELECTED, user_in
from shared.ports import Clock
from shared.words.answers import Call, GivenMeeting, MeetingAnswer, Roster, UserAnswer
from shared.words.errors import Rejected
from shared.words.ids import CallId
from shared.words.outside import CALL_ID
from shared.words.problems import rejected
from shared.words.sources import ListedReports, Source

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
"""A list of more pages is refused: links that lead round must not be followed for ever."""
MOST_RECORD_PAGES = 40
"""A call record of more pages (60 sessions each) is refused: Graph throttles a record's 41st
request within 20 seconds, so a reading that starts again would never come to its end.

Source: https://learn.microsoft.com/graph/throttling-limits
"""


class GraphOverSdk:
    """Implements `graph_port.Graph`. One instance a process; the first request opens the SDK."""

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

    async def granted(self) -> frozenset[str] | None:
        return await self._sdk().granted()

    async def read_user(self, user_id: str) -> UserAnswer:
        sdk, asking = self._sdk(), self._asking()
        builder = sdk.client.users.by_user_id(user_id)
        return user_in(await sdk.send("GET", builder, asking, query={"select": SELECTED}))

    async def create_or_get_meeting(self, organizer_id: str, body: dict[str, Any]) -> GivenMeeting:
        sdk, asking = self._sdk(), self._asking(organizer_id)
        builder = sdk.client.users.by_user_id(organizer_id).online_meetings.create_or_get
        answer = await sdk.send("POST", builder, asking, body, EVERY_VALUE)
        return read_as(meeting_in, answer, asking=asking, now=self._clock.now())

    async def create_meeting(self, organizer_id: str, body: dict[str, Any]) -> GivenMeeting:
        sdk, asking = self._sdk(), self._asking(organizer_id)
        builder = sdk.client.users.by_user_id(organizer_id).online_meetings
        answer = await sdk.send("POST", builder, asking, body, EVERY_VALUE)
        return read_as(meeting_in, answer, asking=asking, now=self._clock.now())

    async def read_meeting(self, organizer_id: str, online_meeting_id: str) -> MeetingAnswer:
        sdk, asking = self._sdk(), self._asking(organizer_id)
        answer = await sdk.send("GET", _meeting(sdk, organizer_id, online_meeting_id), asking)
        return read_as(change_in, answer, asking=asking, now=self._clock.now())

    async def update_meeting(
        self, organizer_id: str, online_meeting_id: str, body: dict[str, Any]
    ) -> MeetingAnswer:
        sdk, asking = self._sdk(), self._asking(organizer_id)
        builder = _meeting(sdk, organizer_id, online_meeting_id)
        answer = await sdk.send("PATCH", builder, asking, body, EVERY_VALUE)
        return read_as(change_in, answer, asking=asking, now=self._clock.now())

    async def delete_meeting(self, organizer_id: str, online_meeting_id: str) -> None:
        sdk, asking = self._sdk(), self._asking(organizer_id)
        answer = await sdk.send("DELETE", _meeting(sdk, organizer_id, online_meeting_id), asking)
        if answer.status != NOT_FOUND:
            hold_to_success(answer, asking=asking, now=self._clock.now())

    async def create_call(self, body: dict[str, Any]) -> Call:
        sdk, asking = self._sdk(), self._asking()
        answer = await sdk.send("POST", sdk.client.communications.calls, asking, body)
        return read_as(call_in, answer, asking=asking, now=self._clock.now())

    async def read_call(self, call_id: CallId) -> Call | None:
        sdk, asking = self._sdk(), self._asking()
        builder = sdk.client.communications.calls.by_call_id(call_id)
        answer = await sdk.send("GET", builder, asking)
        if answer.status == NOT_FOUND:
            return None
        return read_as(call_in, answer, asking=asking, now=self._clock.now())

    async def read_participants(
        self, call_id: CallId, *, own_ids: frozenset[str], show_names: bool
    ) -> Roster | None:
        builder = self._sdk().client.communications.calls.by_call_id(call_id).participants
        found = await self._pages(builder, Asking(bot_app_id=self._bot_app_id))
        if found is None:
            return None
        _, listed = found
        return read_roster(
            listed,
            bot_app_id=self._bot_app_id,
            my_participant_ids=own_ids,
            show_names=show_names,
        )

    async def keep_alive(self, call_id: CallId) -> bool:
        sdk, asking = self._sdk(), self._asking()
        builder = sdk.client.communications.calls.by_call_id(call_id).keep_alive
        answer = await sdk.send("POST", builder, asking)
        if answer.status == NOT_FOUND:
            return False
        hold_to_success(answer, asking=asking, now=self._clock.now())
        return True

    async def end_call(self, call_id: CallId) -> None:
        sdk, asking = self._sdk(), self._asking()
        builder = sdk.client.communications.calls.by_call_id(call_id)
        answer = await sdk.send("DELETE", builder, asking)
        if answer.status != NOT_FOUND:
            hold_to_success(answer, asking=asking, now=self._clock.now())

    async def reject_call(self, call_id: CallId) -> None:
        sdk, asking = self._sdk(), self._asking()
        builder = sdk.client.communications.calls.by_call_id(call_id).reject
        answer = await sdk.send("POST", builder, asking, {"reason": "busy"})
        if answer.status != NOT_FOUND:
            hold_to_success(answer, asking=asking, now=self._clock.now())

    async def attendance_reports(
        self, organizer_id: str, online_meeting_id: str
    ) -> ListedReports | None:
        builder = self._reports(organizer_id, online_meeting_id)
        found = await self._pages(builder, self._reading_reports(organizer_id))
        if found is None:
            return None
        _, listed = found
        return reports_in(listed)

    async def attendance_report(
        self,
        organizer_id: str,
        online_meeting_id: str,
        report_id: str,
        *,
        own_ids: frozenset[str],
        show_names: bool,
    ) -> Source | None:
        if not CALL_ID.fullmatch(report_id):
            return None
        reports = self._reports(organizer_id, online_meeting_id)
        found = await self._pages(
            reports.by_meeting_attendance_report_id(report_id),
            self._reading_reports(organizer_id),
            expand="attendanceRecords",
        )
        if found is None:
            return None
        report, records = found
        return report_in(
            report,
            records,
            report_id=report_id,
            ours=ours_of(self._bot_app_id, own_ids),
            show_names=show_names,
        )

    async def call_record(
        self, chain_id: str, *, own_ids: frozenset[str], show_names: bool
    ) -> Source | None:
        if not CALL_ID.fullmatch(chain_id):
            return None
        found = await self._pages(
            self._sdk().client.communications.call_records.by_call_record_id(chain_id),
            Asking(bot_app_id=self._bot_app_id, reading="call records"),
            expand="sessions",
            most=MOST_RECORD_PAGES,
        )
        if found is None:
            return None
        record, sessions = found
        return record_in(
            record,
            sessions,
            chain_id=chain_id,
            ours=ours_of(self._bot_app_id, own_ids),
            show_names=show_names,
        )

    async def check(self) -> None:
        await self._sdk().check_token()

    async def close(self) -> None:
        """Close what the requests opened."""
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    async def _pages(
        self, builder: Any, asking: Asking, *, expand: str = "", most: int = MOST_PAGES
    ) -> tuple[Mapping[str, Any], list[Any]] | None:
        """Return the first answer, and the entries of all pages; None where Graph has it not.

        `expand`: the member of the first answer that holds the list; empty, where the list is all.
        """
        sdk, query = self._sdk(), {"expand": expand} if expand else {}
        read_page = partial(page_in, name=expand or "value")
        first: Mapping[str, Any] = {}
        found: list[Any] = []
        for _ in range(most):
            asking = replace(asking, client_request_id=self._new_id())
            answer = await sdk.send("GET", builder, asking, query=query)
            if is_missing(answer, asking=asking):
                return None
            members, (listed, link) = read_as(
                lambda members: (members, read_page(members)),
                answer,
                asking=asking,
                now=self._clock.now(),
            )
            first = first or members
            found.extend(listed)
            if link is None:
                return first, found
            if not sdk.leads_here(link):
                raise _lost("Graph's next page is on another server.")
            builder, query = builder.with_url(link), {}
        raise _lost(f"A list has more than {most} pages.")

    def _reports(self, organizer_id: str, online_meeting_id: str) -> Any:
        meetings = self._sdk().client.users.by_user_id(organizer_id).online_meetings
        return meetings.by_online_meeting_id(online_meeting_id).attendance_reports

    def _reading_reports(self, organizer_id: str) -> Asking:
        return Asking(
            bot_app_id=self._bot_app_id,
            organizer_id=organizer_id,
            reading="attendance reports",
        )

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
