"""The claim to POST a meeting: a handler that lost it stores nothing under the next one."""

from datetime import UTC, datetime, timedelta

from create_meeting.decision import Create, Identity
from create_meeting.post.plan import Posting, plan_post, record_claim, record_failed, record_posted
from create_meeting.request import CreateMeeting
from shared.inbox.message import QueueMessage
from shared.meeting.meeting import Asked, Meeting
from shared.words.answers import GivenMeeting, MeetingAnswer
from shared.words.ids import MeetingId

T0 = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
LEASE = timedelta(minutes=1)
CREATE = Create(
    identity=Identity(request_id="INC-1", meeting_id=MeetingId("m"), tenant_id="t"),
    request=CreateMeeting(subject="down"),
    asked=Asked(
        request_id="INC-1",
        members={"subject": "down"},
        organizer_id="o",
        start_date_time=T0,
        end_date_time=T0 + timedelta(hours=1),
    ),
    body={},
    post={},
)
MESSAGE = QueueMessage(
    queue="create-meeting",
    body=b"",
    message_id="m-1",
    correlation_id=None,
    reply_to=None,
    sequence_number=1,
    delivery_count=1,
    enqueued_at=T0,
)
GIVEN = GivenMeeting(
    online_meeting_id="MSo1",
    join_web_url="https://teams.microsoft.com/meet/1",
    thread_id="19:x@thread.v2",
    message_id="0",
    said=MeetingAnswer(),
)


def claimed(known: Meeting | None, now: datetime) -> tuple[Meeting, Posting]:
    """Return the meeting whose claim was taken at `now`, and the claim."""
    posting = plan_post(known, CREATE, MESSAGE, now=now, lease=LEASE)
    assert isinstance(posting, Posting)
    return record_claim(known, CREATE, posting).meeting, posting


def test_a_claim_that_was_given_back_is_not_mistaken_for_the_next_one() -> None:
    """Both are the first attempt; the first holder's answer comes late."""
    meeting, first = claimed(None, T0)
    meeting, second = claimed(meeting, T0 + LEASE)
    failed = record_failed(meeting, second, now=T0 + LEASE)
    assert failed is not None
    assert failed.meeting.post_claim is None
    meeting, third = claimed(failed.meeting, T0 + 2 * LEASE)

    assert third.post.claim.attempt == first.post.claim.attempt
    assert record_posted(meeting, first, GIVEN) is None
    assert record_posted(meeting, third, GIVEN) is not None


def test_a_try_that_fails_with_a_meeting_hands_it_to_the_next_one() -> None:
    """The next one takes it over at once, and sends no POST."""
    meeting, first = claimed(None, T0)
    posted = record_posted(meeting, first, GIVEN)
    assert posted is not None
    failed = record_failed(posted.meeting, first, now=T0)
    assert failed is not None

    _, second = claimed(failed.meeting, T0)

    assert second.post.given == GIVEN
