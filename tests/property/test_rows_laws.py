"""Laws of the ledger's rows: what goes into them comes out equal, and their keys sort like time."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.calls.history import Heard, LogEntry, Published
from shared.calls.record import GroupCall, Leg, Question, Record, Session, SessionPage
from shared.graph.meeting import change_in
from shared.ledger.outbox_rows import (
    outbox_of,
    outbox_rows,
    read_outbox,
    read_outboxes,
    riding_properties,
)
from shared.ledger.rows import (
    head_row,
    log_rows,
    moment_text,
    page_rows,
    read_head,
    read_log,
    read_pages,
)
from shared.meeting.meeting import (
    Asked,
    Cancellation,
    Leaver,
    LegClaim,
    Meeting,
    Planned,
    PostClaim,
    Tending,
    Told,
)
from shared.words.answers import GivenMeeting
from shared.words.coordinates import Attendee, ByJoinId, ByThread, Coordinates, OnlineMeeting
from shared.words.ids import CallId, LegKey, MeetingId, SessionId
from shared.words.observations import (
    LegSeen,
    Observation,
    Person,
    Present,
    ReadFailed,
    RosterPushed,
    RosterRead,
    Unparsed,
)
from shared.words.outgoing import Outgoing, ReplyAddress

MEETING_ID = MeetingId("a" * 26)

words = st.text(max_size=8)
maybe_words = st.none() | words
numbers = st.integers(min_value=0, max_value=10**6)
moments = st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone itself
maybe_moments = st.none() | moments
planned_looks = st.builds(Planned, generation=numbers, due=moments)
bases = st.sampled_from(["attendanceReport", "graphEvent", "observed", "polled", "assumed"])
phases = st.sampled_from(["joining", "lobby", "in", "gone"])
documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(words, documents, max_size=3)
session_ids = words.map(SessionId)
leg_keys = words.map(LegKey)

people = st.builds(
    Person, kind=words, user_id=maybe_words, display_name=maybe_words, tenant_id=maybe_words
)
rosters = st.lists(st.builds(Present, session_id=session_ids, person=people), max_size=3).map(tuple)
observations: st.SearchStrategy[Observation] = st.one_of(
    st.builds(
        LegSeen,
        at=moments,
        leg_key=leg_keys,
        phase=phases,
        code=st.none() | numbers,
        subcode=st.none() | numbers,
    ),
    st.builds(
        RosterPushed,
        at=moments,
        leg_key=leg_keys,
        people=rosters,
        lists_ourselves=st.booleans(),
        entries=numbers,
        hidden=numbers,
    ),
    st.builds(
        RosterRead,
        asked_at=moments,
        answered_at=moments,
        leg_key=leg_keys,
        people=rosters,
        lists_ourselves=st.booleans(),
        entries=numbers,
        hidden=numbers,
        version=numbers,
    ),
    st.builds(ReadFailed, at=moments, leg_key=leg_keys, status=numbers),
    st.builds(
        Unparsed,
        at=moments,
        leg_key=leg_keys,
        resource=words,
        change_type=words,
        members=st.lists(words, max_size=3).map(tuple),
        size=numbers,
    ),
)
sessions = st.builds(
    Session,
    session_id=session_ids,
    person=people,
    first_seen=moments,
    first_version=numbers,
    legs=st.lists(leg_keys, min_size=1, max_size=2).map(tuple),
    aliases=st.lists(session_ids, max_size=2).map(tuple),
    opener=st.booleans(),
    present_before=st.booleans(),
    joined_not_before=maybe_moments,
    missed_at=maybe_moments,
    last_seen=maybe_moments,
    absent_since=maybe_moments,
    blurred=st.booleans(),
    left_at=maybe_moments,
    left_not_before=maybe_moments,
    left_not_after=maybe_moments,
)
calls = st.builds(
    GroupCall,
    number=numbers,
    started_at=moments,
    start_basis=bases,
    heard_at=moments,
    provisional=st.booleans(),
    start_not_before=maybe_moments,
    empty_at=maybe_moments,
    last_seen=maybe_moments,
    quiet_since=maybe_moments,
    unwatched_since=maybe_moments,
    unwatched_by=st.none() | leg_keys,
    ended_at=maybe_moments,
    end_basis=st.none() | bases,
    end_not_before=maybe_moments,
    end_not_after=maybe_moments,
    reason=maybe_words,
    complete=st.booleans(),
    sessions=st.dictionaries(session_ids, sessions, max_size=2),
    sealed=st.frozensets(words, max_size=3),
    sealed_people=st.frozensets(words, max_size=3),
)
legs = st.builds(
    Leg,
    key=leg_keys,
    phases=st.dictionaries(phases, moments),
    code=st.none() | numbers,
    subcode=st.none() | numbers,
    last_sign=maybe_moments,
    listened=st.booleans(),
    call_number=st.none() | numbers,
)
records = st.builds(
    Record,
    legs=st.dictionaries(leg_keys, legs, max_size=2),
    calls=st.lists(calls, max_size=2).map(tuple),
    question=st.none() | st.builds(Question, due=moments, last=moments, version=numbers),
    moment=maybe_moments,
    failures=numbers,
    failed_at=maybe_moments,
    answered_at=maybe_moments,
    read_at=maybe_moments,
    empty_at=maybe_moments,
)
requests = st.builds(
    Asked,
    request_id=words,
    members=objects,
    organizer_id=words,
    start_date_time=moments,
    end_date_time=moments,
)
meetings = st.builds(
    Meeting,
    meeting_id=st.just(MEETING_ID),
    tenant_id=words,
    correlation_id=words,
    context=st.none() | objects,
    asked=st.none() | requests,
    answer=st.none() | objects,
    post_claim=st.none()
    | st.builds(
        PostClaim,
        attempt=numbers,
        asked=requests,
        first_claimed_at=moments,
        lease_until=moments,
        given=st.none()
        | st.builds(
            GivenMeeting,
            online_meeting_id=words,
            join_web_url=words,
            thread_id=words,
            message_id=words,
            organizer_id=maybe_words,
            tenant_id=maybe_words,
            creation_date_time=maybe_words,
            said=objects.map(change_in),
        ),
    ),
    updates=numbers,
    cancellation=st.none()
    | st.builds(Cancellation, asked_at=moments, done_at=maybe_moments, sequence=numbers),
    online=st.none()
    | st.builds(
        OnlineMeeting,
        coordinates=st.builds(
            Coordinates,
            online_meeting_id=words,
            join_web_url=words,
            thread_id=words,
            message_id=words,
            organizer_id=words,
            tenant_id=words,
            join_meeting_id=maybe_words,
            passcode=maybe_words,
            dial_in=st.none() | objects,
        ),
        subject=maybe_words,
        start_date_time=maybe_words,
        end_date_time=maybe_words,
        attendees=st.lists(
            st.builds(Attendee, upn=maybe_words, role=maybe_words, user_id=maybe_words), max_size=2
        ).map(tuple),
    ),
    created_at=maybe_moments,
    claims=st.lists(
        st.builds(
            LegClaim,
            leg_key=leg_keys,
            attempt=numbers,
            request_id=words,
            claimed_at=moments,
            lease_until=moments,
            state=st.sampled_from(["claimed", "joined", "failed"]),
            call_id=st.none() | words.map(CallId),
            told=st.booleans(),
            told_sequence=numbers,
            told_at=maybe_moments,
            over_sequence=numbers,
            over=st.none() | st.builds(Told, at=moments, sequence=numbers, key=words, data=objects),
            participant_id=maybe_words,
            chain_ids=st.lists(words, max_size=2).map(tuple),
            asked=st.dictionaries(words, st.dictionaries(words, words, max_size=2), max_size=2),
            asked_at=maybe_moments,
            leaving=st.lists(
                st.builds(
                    Leaver,
                    request_id=words,
                    origin_id=words,
                    reply=st.none() | st.builds(ReplyAddress, queue=words, correlation_id=words),
                ),
                max_size=2,
            ).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
    target=st.none()
    | st.builds(
        ByThread,
        thread_id=words,
        organizer_id=words,
        tenant_id=words,
        message_id=words,
        reply_chain_message_id=maybe_words,
    )
    | st.builds(ByJoinId, join_meeting_id=words, tenant_id=words, passcode=maybe_words),
    same_as=st.none() | st.just(MEETING_ID),
    leave_asked=maybe_moments,
    made_at=maybe_moments,
    answered=st.lists(words, max_size=2).map(tuple),
    record=records,
    sequence=numbers,
    created_sequence=numbers,
    version=numbers,
    revisions=st.dictionaries(numbers, numbers, max_size=2),
    tend=st.builds(
        Tending,
        soon=st.none() | planned_looks,
        later=st.none() | planned_looks,
        generation=numbers,
        indexed=maybe_moments,
        ahead=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=1)),
    ),
)
messages = st.builds(
    Outgoing,
    entity=words,
    message_id=words,
    body=words,
    content_type=words,
    subject=maybe_words,
    correlation_id=maybe_words,
    session_id=maybe_words,
    reply_to=maybe_words,
    properties=st.dictionaries(words, words, max_size=2),
    due=maybe_moments,
)


heard = st.builds(
    Heard,
    observation=observations,
    missing=st.lists(st.text(max_size=8), max_size=3).map(tuple),
    listed=st.none() | st.lists(st.text(max_size=8), max_size=3).map(tuple),
)
log_entries = st.lists(
    st.builds(
        LogEntry,
        version=numbers,
        heard=st.lists(heard, max_size=4).map(tuple),
        published=st.lists(
            st.builds(Published, sequence=numbers, type=st.text(), time=moments), max_size=2
        ).map(tuple),
    ),
    max_size=4,
    unique_by=lambda entry: entry.version,
).map(lambda entries: sorted(entries, key=lambda entry: entry.version))


@given(meetings)
def test_a_meeting_comes_out_of_its_row_as_it_went_in(meeting: Meeting) -> None:
    """Every member, with every time to the microsecond."""
    assert read_head(head_row(meeting, ["commit"])) == meeting


@given(log_entries)
def test_the_log_comes_out_of_its_rows_as_it_went_in(entries: list[LogEntry]) -> None:
    """Every kind of observation, in the order of commits."""
    rows = [row for entry in entries for row in log_rows(MEETING_ID, entry)]

    assert read_log(sorted(rows, key=lambda row: row["RowKey"])) == [
        entry for entry in entries if entry.heard
    ]


@given(st.lists(messages, min_size=1, max_size=5), moments)
def test_messages_come_out_of_the_outbox_as_they_went_in(
    outgoing: list[Outgoing], written_at: datetime
) -> None:
    """All of them, in order, with the time they were written."""
    rows = outbox_rows(MEETING_ID, version=3, written_at=written_at, messages=outgoing)

    read = [read_outbox(row) for row in rows]

    assert [message for row in read for message in row.messages] == outgoing
    assert {row.written_at for row in read} == {written_at}


@given(st.lists(messages, min_size=1, max_size=5), moments)
def test_messages_that_ride_come_out_of_the_head_as_they_went_in(
    outgoing: list[Outgoing], written_at: datetime
) -> None:
    """Riding or not, what a commit added is what a load finds."""
    outbox = outbox_of(MEETING_ID, None, version=3, written_at=written_at, messages=outgoing)

    found = read_outboxes(riding_properties(outbox.riding), outbox.rows)

    assert found == (outbox.riding, outbox.added)
    assert [message for row in outbox.added for message in row.messages] == outgoing


@given(st.lists(sessions, max_size=4), numbers)
def test_sessions_come_out_of_their_page_as_they_went_in(
    held: list[Session], call_number: int
) -> None:
    """All of them, in order."""
    page = SessionPage(call_number=call_number, sessions=tuple(held))

    assert read_pages(page_rows(MEETING_ID, version=1, pages=[page])) == [page]


@settings(max_examples=300)
@given(moments, moments)
def test_moments_sort_as_text_as_they_do_as_moments(one: datetime, other: datetime) -> None:
    """Bounds on renewals rest on it."""
    assert (moment_text(one) < moment_text(other)) == (one < other)
    assert datetime.fromisoformat(moment_text(one)) == one
