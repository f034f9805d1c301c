"""The rows of the ledger: their keys, their sizes, and what does not fit."""

import random
import traceback
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.calls.history import Heard, LogEntry
from shared.calls.record import Record, Session, SessionPage
from shared.ledger.outbox_rows import (
    outbox_of,
    outbox_rows,
    read_outboxes,
    riding_properties,
    sent_row,
)
from shared.ledger.rows import (
    HEAD,
    HEAD_AND_OUTBOX,
    LOG,
    PAGES,
    TRANSACTION_BYTES,
    UNFINISHED,
    alias_partition,
    commits_of,
    head_row,
    hold_to_limits,
    log_rows,
    moment_text,
    page_rows,
    read_head,
    read_log,
    read_pages,
    unfinished_partition,
)
from shared.meeting.meeting import Meeting
from shared.meeting.packing import (
    PROPERTIES,
    PROPERTY_BYTES,
    ROW_BYTES,
    Messages,
    blob_of,
    parcels,
    properties,
    unpacked,
)
from shared.words.errors import Unreadable
from shared.words.ids import LegKey, MeetingId, SessionId
from shared.words.observations import LegSeen, Person, ReadFailed
from shared.words.outgoing import Outgoing
from tests.fixtures.legs import a_leg

AT = datetime(2026, 3, 4, 9, 30, 0, 123456, tzinfo=UTC)
MEETING_ID = MeetingId("a2b3c4d5e6f7a2b3c4d5e6f7a2")
LEG = LegKey("leg2leg2leg2leg2")


def a_meeting() -> Meeting:
    return Meeting(meeting_id=MEETING_ID, tenant_id="tenant", correlation_id="request")


def noise(size: int, *, seed: int = 1) -> str:
    """Return text that compresses to about `size` bytes."""
    return random.Random(seed).randbytes(size).hex()  # noqa: S311 - test data


def a_message(number: int, *, size: int = 10) -> Outgoing:
    body = noise(size, seed=number)
    return Outgoing(entity="meeting-events", message_id=f"m{number}", body=body)


def a_page(call_number: int, *, sessions: int = 1) -> SessionPage:
    return SessionPage(
        call_number=call_number,
        sessions=tuple(
            Session(
                session_id=SessionId(noise(16, seed=n)),
                person=Person(kind="user"),
                first_seen=AT,
                first_version=1,
                legs=(LEG,),
            )
            for n in range(sessions)
        ),
    )


def within(key: str, bounds: tuple[str, str]) -> bool:
    low, high = bounds
    return low <= key < high


def test_one_range_holds_the_head_and_the_outbox_and_nothing_else() -> None:
    """What a load reads does not grow with the log and the pages."""
    outbox = outbox_rows(MEETING_ID, version=7, written_at=AT, messages=[a_message(1)])[0]
    failed = ReadFailed(at=AT, leg_key=LEG, status=500)
    logged = log_rows(MEETING_ID, LogEntry(version=7, heard=(Heard(observation=failed),)))[0]
    page = page_rows(MEETING_ID, version=7, pages=[a_page(2)])[0]

    assert outbox["RowKey"] == "b-outbox-000000000007-000"
    assert logged["RowKey"] == "c-log-000000000007-000"
    assert page["RowKey"] == "d-page-000002-000000000007-000"
    assert within(HEAD, HEAD_AND_OUTBOX)
    assert within(outbox["RowKey"], HEAD_AND_OUTBOX)
    assert outbox["RowKey"] > HEAD
    assert within(logged["RowKey"], LOG)
    assert not within(logged["RowKey"], HEAD_AND_OUTBOX)
    assert within(page["RowKey"], PAGES)
    assert not within(page["RowKey"], HEAD_AND_OUTBOX)


def test_keys_hold_no_character_that_the_store_refuses() -> None:
    """An alias is any text, so only its hash goes into a key."""
    key = alias_partition("https://teams.example/l/meetup-join/19%3a?x=#y\\z\n")

    assert key.startswith("alias-")
    assert key.replace("-", "").isalnum()
    assert key == alias_partition("https://teams.example/l/meetup-join/19%3a?x=#y\\z\n")
    assert key != alias_partition("https://teams.example/l/meetup-join/19%3A?x=#y\\z\n")


def test_the_list_of_unfinished_meetings_is_one_range_of_shards() -> None:
    """Shards spread the writes; one range reads them all."""
    shards = {unfinished_partition(MeetingId(letter * 26)) for letter in "az27"}

    assert len(shards) == 4
    assert all(within(shard, UNFINISHED) for shard in shards)


def test_moments_are_written_in_utc() -> None:
    """Whatever zone they came in."""
    summer = AT.astimezone(timezone(timedelta(hours=2)))

    assert moment_text(summer) == moment_text(AT) == "2026-03-04T09:30:00.123456Z"
    assert moment_text(AT.replace(microsecond=0)) == "2026-03-04T09:30:00.000000Z"


def test_the_head_remembers_its_newest_commits() -> None:
    """Enough of them to know one that was overtaken; not all that ever were."""
    commits = [f"c{n}" for n in range(20)]

    remembered = commits_of(head_row(a_meeting(), commits))

    assert remembered == tuple(commits[:8])
    assert commits_of(head_row(a_meeting(), [])) == ()


def test_a_blob_is_cut_into_properties_that_the_store_takes() -> None:
    """The last one may be short; together they are the blob again."""
    blob = random.Random(2).randbytes(PROPERTY_BYTES * 10 + 1)  # noqa: S311 - test data

    cut = properties(blob)

    assert list(cut) == [f"p{n:02d}" for n in range(11)]
    assert max(map(len, cut.values())) == PROPERTY_BYTES
    assert blob_of({"PartitionKey": "x", "pages": 1, "p": b"no", **cut}) == blob


def test_a_blob_larger_than_a_row_is_refused() -> None:
    """With its size, and what a row holds."""
    properties(bytes(ROW_BYTES))

    with pytest.raises(ValueError, match=r"840,001 bytes are more than one row holds \(840,000\)"):
        properties(bytes(ROW_BYTES + 1))
    assert ROW_BYTES == PROPERTIES * PROPERTY_BYTES
    assert ROW_BYTES < 1024 * 1024


def test_a_meeting_that_no_row_holds_is_refused_by_name() -> None:
    """Its content is not in the message."""
    meeting = replace(a_meeting(), context={"secret": noise(ROW_BYTES + 10_000)})

    with pytest.raises(ValueError, match=f"meeting {MEETING_ID} fits no row: ") as refused:
        head_row(meeting, [])

    assert "secret" not in str(refused.value)


def test_messages_are_spread_over_as_few_rows_as_hold_them() -> None:
    """Each row is read by itself, in the order of its key."""
    messages = [a_message(n, size=500_000) for n in range(3)]

    rows = outbox_rows(MEETING_ID, version=1, written_at=AT, messages=messages)

    assert [row["RowKey"][-3:] for row in rows] == ["000", "001", "002"]
    assert [unpacked(Messages, blob_of(row)) for row in rows] == [(one,) for one in messages]


def test_small_messages_share_one_row() -> None:
    """300 events are one row, not 300."""
    rows = outbox_rows(
        MEETING_ID, version=1, written_at=AT, messages=[a_message(n) for n in range(300)]
    )

    assert len(rows) == 1
    assert outbox_rows(MEETING_ID, version=1, written_at=AT, messages=[]) == []


def test_a_message_that_no_row_holds_is_refused() -> None:
    """Even between others that would fit."""
    messages = [a_message(1), a_message(2, size=ROW_BYTES + 10_000), a_message(3)]

    with pytest.raises(ValueError, match=r"one Outgoing of .* bytes fits no row"):
        list(parcels(Messages, messages))


def test_few_messages_ride_in_the_head_until_they_are_marked_as_sent() -> None:
    """They cost no row of their own, and what is committed meanwhile waits beside them."""
    first = outbox_of(MEETING_ID, None, version=1, written_at=AT, messages=[a_message(1)])
    head = head_row(a_meeting(), ["c1"]) | riding_properties(first.riding)
    second = outbox_of(MEETING_ID, first.riding, version=2, written_at=AT, messages=[a_message(2)])

    assert first.rows == ()
    assert read_outboxes(head, ()) == (first.riding, first.added)
    assert second.riding == first.riding
    assert read_outboxes(head, second.rows) == (first.riding, (*first.added, *second.added))

    mark = sent_row(MEETING_ID, first.added[0].key)
    assert read_outboxes(head, (*second.rows, mark)) == (None, second.added)


def test_a_mark_says_nothing_of_messages_that_came_aboard_later() -> None:
    """A sender that is late with its mark must not hide what another has not sent yet."""
    later = outbox_of(MEETING_ID, None, version=12, written_at=AT, messages=[a_message(1)])
    head = head_row(a_meeting(), ["c12"]) | riding_properties(later.riding)
    mark = sent_row(MEETING_ID, "b-outbox-000000000009-head")

    assert read_outboxes(head, (mark,)) == (later.riding, later.added)


def test_many_messages_do_not_ride() -> None:
    """Every load would read them."""
    large = [a_message(1, size=20_000)]
    outbox = outbox_of(MEETING_ID, None, version=1, written_at=AT, messages=large)

    assert outbox.riding is None
    assert [row["RowKey"] for row in outbox.rows] == ["b-outbox-000000000001-000"]


def test_log_rows_sort_in_the_order_of_commits() -> None:
    """By the version; no moment and no content decides."""
    early = LegSeen(at=AT, leg_key=LEG, phase="in")
    late = replace(early, at=AT + timedelta(hours=1))
    entries = [
        LogEntry(version=9, heard=(Heard(observation=late),) * 11),
        LogEntry(version=10, heard=(Heard(observation=early),)),
    ]

    rows = [row for entry in entries for row in log_rows(MEETING_ID, entry)]

    keys = [row["RowKey"] for row in rows]
    assert keys == ["c-log-000000000009-000", "c-log-000000000010-000"]
    assert read_log(rows) == entries
    assert log_rows(MEETING_ID, LogEntry(version=11, heard=())) == []


def test_pages_of_many_calls_share_a_row() -> None:
    """A commit that seals 200 calls is a few rows, so that one transaction holds it."""
    rows = page_rows(MEETING_ID, version=9, pages=[a_page(n) for n in range(200)])

    assert len(rows) == 1
    assert [page.call_number for page in read_pages(rows)] == list(range(200))
    assert page_rows(MEETING_ID, version=12, pages=[]) == []


def test_pages_of_several_commits_come_in_the_order_of_their_calls() -> None:
    """A late one of a call stands beside the call's others."""
    rows = [
        *page_rows(MEETING_ID, version=8, pages=[a_page(2), a_page(3)]),
        *page_rows(MEETING_ID, version=9, pages=[a_page(1)]),
        *page_rows(MEETING_ID, version=10, pages=[a_page(2, sessions=2)]),
    ]

    assert read_pages(rows) == [a_page(1), a_page(2), a_page(2, sessions=2), a_page(3)]


def test_a_transaction_is_held_to_its_limits() -> None:
    """100 operations, and 2.8 MiB."""
    row = {"PartitionKey": "x", "RowKey": "y", "p00": bytes(TRANSACTION_BYTES)}

    hold_to_limits([row], operations=100)

    with pytest.raises(ValueError, match="101 operations are more than one transaction holds"):
        hold_to_limits([row], operations=101)
    with pytest.raises(ValueError, match="bytes are more than one transaction holds"):
        hold_to_limits([row, {"p00": b"1"}], operations=2)


def test_times_come_back_aware_and_in_utc() -> None:
    """With their microseconds, wherever in the meeting they are."""
    leg = a_leg(LEG, phases={"in": AT})
    meeting = replace(a_meeting(), made_at=AT, record=Record(legs={LEG: leg}))

    read = read_head(head_row(meeting, []))

    assert read == meeting
    for moment in (read.made_at, read.record.legs[LEG].phases["in"]):
        assert moment is not None
        assert moment.utcoffset() == timedelta(0)
        assert moment.microsecond == 123456


@pytest.mark.parametrize("blob", [b"", b"no zlib", zlib.compress(b"{"), zlib.compress(b"{}")])
def test_a_head_that_holds_no_meeting_is_unreadable(blob: bytes) -> None:
    """Named by its meeting; what it holds is not in the message."""
    row = {"PartitionKey": MEETING_ID, "RowKey": HEAD, "commits": "", "p00": blob}

    with pytest.raises(Unreadable, match=f"meeting {MEETING_ID} cannot be read"):
        read_head(row)


def test_what_cannot_be_read_is_quoted_in_no_log() -> None:
    """A trace of the error names no link and no name of the row that another version wrote."""
    blob = zlib.compress(b'{"meeting_id":["https://secret"],"tenant_id":{"secret":1}}')
    row = {"PartitionKey": MEETING_ID, "RowKey": HEAD, "commits": "", "p00": blob}

    with pytest.raises(Unreadable) as caught:
        read_head(row)

    assert "secret" not in "".join(traceback.format_exception(caught.value))
