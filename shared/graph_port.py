"""What the core asks of Microsoft Graph, as Protocols. Each docstring is the contract, and
tests/contract holds every implementation, fakes included, to it.
"""

from typing import Any, Protocol

from shared.words.answers import Call, GivenMeeting, MeetingAnswer, Roster, UserAnswer
from shared.words.ids import CallId
from shared.words.sources import ListedReports, Source


class Sources(Protocol):
    """What Graph says of calls when they are over. No call is retried inside.

    Every method raises `Unavailable` for 429, 5xx, time-outs and connections that fail (with
    Graph's `Retry-After`), also in the middle of several pages: nothing of them is returned then.
    It raises `Rejected`: `attendance_not_readable` for a permission or an access policy that is
    missing, which an administrator heals; `graph_answer_unusable` for a success that lacks what is
    essential; `graph_refused` for more pages than are followed; other codes for other refusals.

    An entry that cannot be read is left out and counted. `own_ids` are how legs of ours are named,
    beside our application. Display names are read only where `show_names` is set.
    """

    async def attendance_reports(
        self, organizer_id: str, online_meeting_id: str
    ) -> ListedReports | None:
        """GET `/users/{id}/onlineMeetings/{id}/attendanceReports`, all pages (of 50 reports, one).

        None for 404: the meeting is deleted, or not this organizer's. A report is listed while its
        conference runs, without an end.
        Source: https://learn.microsoft.com/graph/api/meetingattendancereport-list
        """
        ...

    async def attendance_report(
        self,
        organizer_id: str,
        online_meeting_id: str,
        report_id: str,
        *,
        own_ids: frozenset[str],
        show_names: bool,
    ) -> Source | None:
        """GET `…/attendanceReports/{id}?$expand=attendanceRecords`, all pages; None for 404.

        `ended_at` None, or nobody in `attended`: Graph has not written the report yet. At most
        5,000 entries and 10,000 stays are read.
        Source: https://learn.microsoft.com/graph/api/meetingattendancereport-get
        """
        ...

    async def call_record(
        self, chain_id: str, *, own_ids: frozenset[str], show_names: bool
    ) -> Source | None:
        """GET `/communications/callRecords/{id}?$expand=sessions`, all pages, of 60 sessions each.

        `chain_id` is the `callChainId` of a leg that was in the call. None for 404: Graph has not
        written the record yet, or keeps it no more (30 days), or the id is none. A later edition
        has a higher `version` and replaces an earlier one. `alias` says of which meeting it is.
        Bounds as in `attendance_report`; 40 pages are followed.
        Source: https://learn.microsoft.com/graph/api/callrecords-callrecord-get
        """
        ...


class Directory(Protocol):
    """Who the bot is in the directory, and who an organizer is: for examinations."""

    async def granted(self) -> frozenset[str] | None:
        """Return the application permissions that a token requested now names; None: it cannot say.

        They are those of the claim `roles`. The token is a fresh one, also where one is held.
        Raises `Unavailable` where none is to be had.
        Source: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
        """
        ...

    async def read_user(self, user_id: str) -> UserAnswer:
        """GET `/users/{id}`; return what Graph answers, refusals included.

        Without the permission `User.Read.All` Graph refuses it with 403. Raises `Unavailable` where
        no answer came.
        Source: https://learn.microsoft.com/graph/api/user-get
        """
        ...


class Graph(Sources, Directory, Protocol):
    """Microsoft Graph, as far as Rollcall uses it. No call is retried inside.

    Every method raises `Unavailable` for 429, 5xx, time-outs and connections that fail (with
    Graph's `Retry-After`), and `Rejected` with a stable code and next step for every other refusal.
    Members of an answer that have a kind of JSON they never have count as absent; a success that
    lacks what is essential raises `Rejected` (`graph_answer_unusable`): it was done all the same.
    """

    async def create_or_get_meeting(self, organizer_id: str, body: dict[str, Any]) -> GivenMeeting:
        """POST `/users/{id}/onlineMeetings/createOrGet`; return Graph's onlineMeeting.

        Idempotent by organizer and `externalId`.
        Source: https://learn.microsoft.com/graph/api/onlinemeeting-createorget
        """
        ...

    async def create_meeting(self, organizer_id: str, body: dict[str, Any]) -> GivenMeeting:
        """POST `/users/{id}/onlineMeetings`; return Graph's onlineMeeting.

        Never idempotent: each accepted POST is another meeting. After `Unavailable` whose
        `graph.status` is not 429 the meeting may be there all the same.
        Source: https://learn.microsoft.com/graph/api/application-post-onlinemeetings
        """
        ...

    async def read_meeting(self, organizer_id: str, online_meeting_id: str) -> MeetingAnswer:
        """GET `/users/{id}/onlineMeetings/{id}`; return what Graph says of it.

        Source: https://learn.microsoft.com/graph/api/onlinemeeting-get
        """
        ...

    async def update_meeting(
        self, organizer_id: str, online_meeting_id: str, body: dict[str, Any]
    ) -> MeetingAnswer:
        """PATCH `/users/{id}/onlineMeetings/{id}`; return Graph's onlineMeeting. Idempotent.

        The answer may lack members that the one to a creation has.
        Source: https://learn.microsoft.com/graph/api/onlinemeeting-update
        """
        ...

    async def delete_meeting(self, organizer_id: str, online_meeting_id: str) -> None:
        """DELETE `/users/{id}/onlineMeetings/{id}`. A meeting that is gone is no error.

        Source: https://learn.microsoft.com/graph/api/onlinemeeting-delete
        """
        ...

    async def create_call(self, body: dict[str, Any]) -> Call:
        """POST `/communications/calls`; return Graph's call (state `establishing`).

        Never idempotent: each accepted POST is another bot. After `Unavailable` whose
        `graph.status` is not 429 the bot may be on its way all the same.
        Source: https://learn.microsoft.com/graph/api/application-post-calls
        """
        ...

    async def read_call(self, call_id: CallId) -> Call | None:
        """GET `/communications/calls/{id}`: Graph's call; None for 404, the leg is gone.

        Right for a leg that is not in its meeting yet, whose roster may be refused.
        Source: https://learn.microsoft.com/graph/api/call-get
        """
        ...

    async def read_participants(
        self, call_id: CallId, *, own_ids: frozenset[str], show_names: bool
    ) -> Roster | None:
        """GET `/communications/calls/{id}/participants`, all pages; None for 404, the leg is gone.

        `own_ids` are how rosters name legs of ours, beside our application. Display names are read
        only where `show_names` is set.
        Source: https://learn.microsoft.com/graph/api/call-list-participants
        """
        ...

    async def keep_alive(self, call_id: CallId) -> bool:
        """POST `/communications/calls/{id}/keepAlive`; False for 404, the leg is gone.

        Graph ends a leg that had none for 45 minutes.
        Source: https://learn.microsoft.com/graph/api/call-keepalive
        """
        ...

    async def end_call(self, call_id: CallId) -> None:
        """DELETE `/communications/calls/{id}`: our leg leaves. A leg that is gone is no error.

        Source: https://learn.microsoft.com/graph/api/call-delete
        """
        ...

    async def reject_call(self, call_id: CallId) -> None:
        """POST `/communications/calls/{id}/reject`: turn down a call to the bot, as busy.

        A call that is gone is no error. Graph refuses it for a call that was answered, a leg of
        ours among them.
        Source: https://learn.microsoft.com/graph/api/call-reject
        """
        ...

    async def check(self) -> None:
        """Return when a token for Graph can be had; raise `Unavailable` saying why not else."""
        ...
