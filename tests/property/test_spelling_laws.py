"""Graph writes ids in either case, with and without dashes: whatever the spelling, one record.

Rosters, a report and a call record as Graph writes them, read, folded and shown as the app does.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from devstack.graph.identities import BOT_APP_ID, TENANT_ID, restyled, seeded
from meeting_record.view import record_view
from shared.calls.fold import fold
from shared.calls.record import Commit, SessionPage, seal
from shared.graph.attendance import report_in
from shared.graph.call import call_in
from shared.graph.call_record import record_in
from shared.graph.meeting import meeting_in
from shared.graph.roster import read_roster
from shared.graph.stays import ours_of
from shared.meeting.meeting import Meeting
from shared.sources.kept import KeptSource
from shared.words.answers import Call, GivenMeeting
from shared.words.ids import LegKey, MeetingId, directory_id, same_id
from shared.words.observations import LegSeen, Observation, RosterPushed, RosterRead
from shared.words.rules import Shown
from tests.fakes.graph_shapes import guid
from tests.fakes.sources import a_record, a_report, a_session, an_entry
from tests.fixtures.legs import claimed

T0 = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
SETTLE = timedelta(seconds=1)
KEY = LegKey("leg")
PEOPLE = {name: guid("user", name) for name in "abc"}
rooms = st.lists(
    st.tuples(st.booleans(), st.frozensets(st.sampled_from("abc"))), min_size=1, max_size=8
)
"""Rosters, half a minute apart: whether it is read, or else pushed, and who is there."""
stays = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 240), st.integers(1, 90)), max_size=5
)
"""Who a source lists, from when, and for how long: in seconds."""
spellings = st.randoms(use_true_random=False)


class Said:
    """What Graph says of one meeting, with ids as `variation` spells them; None: as they are."""

    def __init__(self, variation: Random | None) -> None:
        self._variation = variation
        self._devices = count()

    def roster(self, at: datetime, there: frozenset[str], *, is_read: bool) -> Observation:
        """Return a roster of those who are there, and of our bot."""
        listed = [self._participant(name) for name in sorted(there)]
        bot = {"id": guid("bot"), "info": {"identity": {"application": {"id": BOT_APP_ID}}}}
        roster = read_roster([*listed, bot], bot_app_id=BOT_APP_ID, my_participant_ids=frozenset())
        if is_read:
            return RosterRead(
                asked_at=at,
                answered_at=at + timedelta(milliseconds=200),
                leg_key=KEY,
                people=roster.people,
                lists_ourselves=roster.lists_ourselves,
                entries=roster.entries,
                version=10_000,
            )
        return RosterPushed(
            at=at,
            leg_key=KEY,
            people=roster.people,
            lists_ourselves=roster.lists_ourselves,
            entries=roster.entries,
        )

    def sources(
        self, report: list[tuple[str, int, int]], record: list[tuple[str, int, int]]
    ) -> list[KeptSource]:
        """Return a report and a call record; entries are as many as the stays."""
        ended, ours = at(400), ours_of(BOT_APP_ID, frozenset())
        entries = [
            an_entry(
                self._spelled(PEOPLE[name]), (at(begin), at(begin + lasting)), role="Presenter"
            )
            for name, begin, lasting in report
        ]
        sessions = [
            a_session(self._spelled(PEOPLE[name]), at(begin), at(begin + lasting))
            for name, begin, lasting in record
        ]
        for number, one in enumerate(sessions):
            one["id"] = guid("session", str(number))
        read = (
            report_in(
                a_report(T0, ended, *entries),
                entries,
                report_id="report",
                ours=ours,
                show_names=False,
            ),
            record_in(
                a_record("chain", T0, ended, sessions),
                sessions,
                chain_id="chain",
                ours=ours,
                show_names=False,
            ),
        )
        return [KeptSource(source=one) for one in read]

    def _participant(self, name: str) -> dict[str, Any]:
        """Return someone in a roster; each time in another session, as of another device."""
        user = {"id": self._spelled(PEOPLE[name]), "tenantId": self._spelled(TENANT_ID)}
        session_id = guid("session", name, str(next(self._devices) // 2))
        return {"id": self._spelled(session_id), "info": {"identity": {"user": user}}}

    def _spelled(self, one: str) -> str:
        return one if self._variation is None else restyled(one, self._variation)


def at(seconds: float) -> datetime:
    """Return the moment so many seconds after the meeting began."""
    return T0 + timedelta(seconds=seconds)


def record_of(
    said: Said,
    seen: list[tuple[bool, frozenset[str]]],
    report: list[tuple[str, int, int]],
    record: list[tuple[str, int, int]],
) -> dict[str, Any]:
    """Return the record as its readers see it: what is over has left the head, into pages."""
    known, pages = claimed(KEY), list[SessionPage]()
    heard: list[Observation] = [LegSeen(at=T0, leg_key=KEY, phase="in")]
    heard += [
        said.roster(at(30 * number), there, is_read=is_read)
        for number, (is_read, there) in enumerate(seen, 1)
    ]
    for version, one in enumerate(heard, 1):
        by = Commit(version=version, settle=SETTLE, roster_cap=100)
        known, left = seal(fold(known, [one], by))
        pages += left
    meeting = Meeting(
        meeting_id=MeetingId("m" * 26), tenant_id=TENANT_ID, correlation_id="c", record=known
    )
    shown = Shown(names=False, within=SETTLE)
    return record_view(meeting, pages, said.sources(report, record), shown=shown, settle=SETTLE)


@given(rooms, stays, stays, spellings)
@example([(False, frozenset("a")), (True, frozenset())], [("a", 20, 40)], [], seeded(4))
def test_the_spelling_of_ids_changes_nothing(
    seen: list[tuple[bool, frozenset[str]]],
    report: list[tuple[str, int, int]],
    record: list[tuple[str, int, int]],
    variation: Random,
) -> None:
    """No person, no time, no count, no role: wherever Graph spells an id otherwise."""
    plain = record_of(Said(None), seen, report, record)

    assert record_of(Said(variation), seen, report, record) == plain


@given(st.uuids().map(str) | st.text(min_size=1))
def test_an_id_has_one_spelling(graph_id: str) -> None:
    """Reading what was read changes nothing; no two ids become one that are not the same."""
    one = directory_id(graph_id)

    assert directory_id(one) == one
    assert same_id(one) == same_id(graph_id)


@given(st.uuids().map(str), spellings)
def test_a_guid_is_spelled_as_the_directory_does(graph_id: str, variation: Random) -> None:
    """In lower case, with dashes."""
    assert directory_id(restyled(graph_id, variation)) == graph_id


@given(spellings)
def test_a_leg_and_a_meeting_are_read_alike(variation: Random) -> None:
    """One conference has one chain, whichever leg names it; an attendee is the requested one."""

    def read(spelled: Callable[[str], str]) -> tuple[Call, GivenMeeting]:
        leg = {
            "id": spelled(guid("call")),
            "callChainId": spelled(guid("chain")),
            "myParticipantId": "p",
        }
        user = {"id": spelled(PEOPLE["a"]), "tenantId": spelled(TENANT_ID)}
        person = {"upn": "ada@example.com", "identity": {"user": user}}
        meeting = {
            "id": "M",
            "joinWebUrl": "https://teams.example/1",
            "chatInfo": {"threadId": "19:meeting_1@thread.v2"},
            "participants": {"organizer": person, "attendees": [person]},
        }
        return call_in(leg), meeting_in(meeting)

    assert read(lambda one: restyled(one, variation)) == read(str)
