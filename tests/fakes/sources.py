"""Attendance reports and call records in memory, and the JSON in which Graph writes them.

The contract suite holds the fake to what the simulator does.
"""

from collections.abc import Iterable
from copy import deepcopy
from datetime import datetime
from typing import Any

from shared.graph.attendance import report_in, reports_in
from shared.graph.call_record import record_in
from shared.graph.stays import ours_of
from shared.words.ids import same_id
from shared.words.sources import ListedReports, Source
from tests.fakes.graph_shapes import guid

type Stretch = tuple[datetime, datetime | None]
"""From when to when somebody was there."""


class FakeSources:
    """Implements `graph_port.Sources` on what a test puts into it.

    `reports` are those of each meeting, by its id at Graph: newest first, with their records.
    `records` are call records by chain id. Both as Graph writes them: see the functions below. A
    meeting without an entry in `reports` is not there.
    """

    bot_app_id: str

    def __init__(self) -> None:
        self.reports: dict[str, list[dict[str, Any]]] = {}
        self.records: dict[str, dict[str, Any]] = {}

    async def answering(self) -> None:
        """Raise what the next request is to fail with."""
        raise NotImplementedError

    async def attendance_reports(
        self, organizer_id: str, online_meeting_id: str
    ) -> ListedReports | None:
        """See `graph_port.Sources.attendance_reports`."""
        await self.answering()
        listed = self.reports.get(online_meeting_id)
        return None if listed is None else reports_in(deepcopy(listed))

    async def attendance_report(
        self,
        organizer_id: str,
        online_meeting_id: str,
        report_id: str,
        *,
        own_ids: frozenset[str],
        show_names: bool,
    ) -> Source | None:
        """See `graph_port.Sources.attendance_report`."""
        await self.answering()
        for report in self.reports.get(online_meeting_id, []):
            if report["id"] == report_id:
                return report_in(
                    report,
                    report["attendanceRecords"],
                    report_id=report_id,
                    ours=ours_of(self.bot_app_id, own_ids),
                    show_names=show_names,
                )
        return None

    async def call_record(
        self, chain_id: str, *, own_ids: frozenset[str], show_names: bool
    ) -> Source | None:
        """See `graph_port.Sources.call_record`."""
        await self.answering()
        record = self.records.get(same_id(chain_id))
        if record is None:
            return None
        return record_in(
            record,
            record["sessions"],
            chain_id=chain_id,
            ours=ours_of(self.bot_app_id, own_ids),
            show_names=show_names,
        )

    def hold_record(self, record: dict[str, Any]) -> None:
        """Let Graph have this edition of a call record, in place of the one before."""
        self.records[same_id(record["id"])] = record


def a_report(
    started: datetime, ended: datetime | None, *records: dict[str, Any], report_id: str = ""
) -> dict[str, Any]:
    """Return a report with its records; its id follows from its start."""
    return {
        "id": report_id or guid("report", started.isoformat()),
        "totalParticipantCount": len(records),
        "meetingStartDateTime": _text(started),
        "meetingEndDateTime": _text(ended),
        "attendanceRecords": list(records),
    }


def an_entry(
    user_id: str | None,
    *stretches: Stretch,
    kind: str = "communicationsUserIdentity",
    role: str = "Attendee",
) -> dict[str, Any]:
    """Return the attendanceRecord of a person, or of a bot."""
    return {
        "emailAddress": None,
        "role": role,
        "identity": _identity(kind, user_id),
        "attendanceIntervals": [
            {"joinDateTime": _text(joined), "leaveDateTime": _text(left)}
            for joined, left in stretches
        ],
    }


def a_record(
    chain_id: str,
    started: datetime,
    ended: datetime,
    sessions: Iterable[dict[str, Any]],
    *,
    version: int = 1,
    join_web_url: str | None = None,
) -> dict[str, Any]:
    """Return an edition of a call record with its sessions."""
    return {
        "id": chain_id,
        "version": version,
        "type": "groupCall",
        "startDateTime": _text(started),
        "endDateTime": _text(ended),
        "joinWebUrl": join_web_url,
        "sessions": list(sessions),
    }


def a_session(
    user_id: str | None,
    joined: datetime,
    left: datetime | None,
    *,
    kind: str = "callRecords.userIdentity",
) -> dict[str, Any]:
    """Return one session: the stay of a person, or of a bot, which records show as a user."""
    return {
        "id": guid("session", str(user_id), joined.isoformat()),
        "startDateTime": _text(joined),
        "endDateTime": _text(left),
        "isTest": False,
        "failureInfo": None,
        "caller": {
            "@odata.type": "#microsoft.graph.callRecords.participantEndpoint",
            "associatedIdentity": _identity(kind, user_id),
        },
        "callee": {"@odata.type": "#microsoft.graph.callRecords.serviceEndpoint"},
    }


def _identity(kind: str, user_id: str | None) -> dict[str, Any]:
    return {
        "@odata.type": f"#microsoft.graph.{kind}",
        "id": user_id,
        "displayName": None if user_id is None else f"Name of {user_id}",
        "tenantId": None,
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
