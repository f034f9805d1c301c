"""How long a message is tried: through failures to answer, and through problems that heal."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.inbox.attempts import MOST_KEPT, history_text, read_history
from shared.inbox.copies import copy_of
from shared.inbox.message import QueueMessage
from shared.inbox.patience import fits_here, hold_before, next_try, patience_of
from shared.words.errors import Attempt, Rejected, Transient
from shared.words.rules import RetryPolicy

NOW = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
POLICY = RetryPolicy(
    attempts=4,
    total=timedelta(minutes=30),
    base=timedelta(seconds=2),
    ceiling=timedelta(seconds=300),
)
MESSAGE = QueueMessage(
    queue="create-meeting",
    body=b'{"subject": "x"}',
    message_id="m-1",
    correlation_id=None,
    reply_to=None,
    sequence_number=42,
    delivery_count=1,
    enqueued_at=NOW,
)
PATIENT = replace(MESSAGE, body=b'{"subject": "x", "retryForSeconds": 1800}')
BUSY = Transient("busy")
NO_POLICY = Rejected(code="organizer_not_allowed", message="m", next_step="n")


def most(seconds: float) -> float:
    return seconds


def pauses(
    message: QueueMessage, failed: Transient | Rejected, *, jitter: float = 1.0
) -> list[float]:
    """Return the pauses between the tries of a message that fails for ever."""
    now = message.enqueued_at
    found: list[float] = []
    while len(found) < 1000:
        due = next_try(message, failed, now=now, policy=POLICY, jitter=lambda most: most * jitter)
        if due is None:
            return found
        found.append((due - now).total_seconds())
        sent = copy_of(message.after(failed, at=now), due=due)
        message = replace(message, properties=sent.properties, enqueued_at=due)
        now = due
    raise AssertionError("tried without end")


def test_pauses_grow_and_end() -> None:
    """2, 4, 8 s at most, and after the fourth try no more."""
    assert pauses(MESSAGE, BUSY) == [2, 4, 8]


def test_what_the_other_side_asked_for_is_the_least_pause() -> None:
    """Requests made while throttled still count."""
    failed = Transient("throttled", retry_after=timedelta(seconds=90))

    due = next_try(MESSAGE, failed, now=NOW, policy=POLICY, jitter=lambda _: 0)

    assert due == NOW + timedelta(seconds=90)


def test_a_message_is_not_tried_beyond_its_total_time() -> None:
    """However few attempts it had."""
    failed = Transient("throttled", retry_after=timedelta(hours=1))

    assert next_try(MESSAGE, failed, now=NOW, policy=POLICY, jitter=most) is None


def test_what_does_not_heal_is_refused_at_once_however_patient_the_caller() -> None:
    """Waiting mends no typing error."""
    for code in ("invalid_request", "tenant_mismatch", "a code from elsewhere"):
        refused = Rejected(code=code, message="m", next_step="n")
        assert next_try(PATIENT, refused, now=NOW, policy=POLICY, jitter=most) is None


def test_what_heals_is_refused_at_once_where_nobody_asked_for_patience() -> None:
    """In an incident the caller needs the answer now."""
    assert next_try(MESSAGE, NO_POLICY, now=NOW, policy=POLICY, jitter=most) is None


@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
def test_what_heals_is_tried_with_pauses_that_grow_to_two_minutes(jitter: float) -> None:
    """To the very end of the patience, and not beyond."""
    found = pauses(PATIENT, NO_POLICY, jitter=jitter)

    assert max(found) <= 120
    assert sum(found) == pytest.approx(1800, abs=1)
    assert len(found) <= 40
    growing = found[:5]
    assert growing == sorted(growing)


def test_a_day_of_patience_is_not_a_thousand_tries() -> None:
    """The pauses grow with what was asked for."""
    patient = replace(MESSAGE, body=b'{"retryForSeconds": 86400}')

    assert len(pauses(patient, NO_POLICY, jitter=0.0)) < 150


def test_a_service_that_is_away_meanwhile_is_counted_by_itself() -> None:
    """Twenty tries for the policy do not use up those for a busy Graph."""
    tried = PATIENT
    for _ in range(20):
        tried = tried.after(NO_POLICY, at=NOW)

    assert next_try(tried, BUSY, now=NOW, policy=POLICY, jitter=most) is not None


def test_patience_outlasts_the_total_time_of_the_policy() -> None:
    """An hour of patience is an hour, also when Graph is busy in its second half."""
    patient = replace(MESSAGE, body=b'{"retryForSeconds": 3600}').after(NO_POLICY, at=NOW)
    late = NOW + timedelta(minutes=45)

    assert next_try(patient, BUSY, now=late, policy=POLICY, jitter=most) is not None
    other = MESSAGE.after(NO_POLICY, at=NOW)
    assert next_try(other, BUSY, now=late, policy=POLICY, jitter=most) is None
    assert next_try(MESSAGE, BUSY, now=late, policy=POLICY, jitter=most) is not None


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        (90, 90),
        (0.5, 0.5),
        (0, 0),
        (-1, 0),
        (10**9, 86_400),
        (True, 0),
        ("90", 0),
        (None, 0),
        (float("nan"), 0),
        (float("inf"), 86_400),
        (10**400, 86_400),
    ],
)
def test_patience_is_read_leniently_and_is_a_day_at_most(asked: object, seconds: float) -> None:
    """Whatever stands there was or will be refused by name; here it only must not break."""
    body = json.dumps({"retryForSeconds": asked}).encode()

    assert patience_of(body) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("pause", "stayed", "waits", "fits"),
    [(5, 0, 0, True), (5.1, 0, 0, False), (1, 0, 2, False), (5, 7, 1, True), (5, 8, 1, False)],
)
def test_a_pause_fits_into_an_invocation_that_is_short(
    pause: float, stayed: float, waits: int, fits: bool
) -> None:
    """5 s, twice, and within the lock."""
    due = NOW + timedelta(seconds=pause)
    began = NOW - timedelta(seconds=stayed)

    assert fits_here(due, now=NOW, began=began, waits=waits) is fits


@pytest.mark.parametrize(("jitter", "seconds"), [(0.0, 120), (0.5, 180), (1.0, 240)])
def test_ten_deliveries_take_minutes(jitter: float, seconds: float) -> None:
    """However the pauses fall, and none is longer than half the lock of a deployed queue."""
    holds = [
        hold_before(count, jitter=lambda most: most * jitter).total_seconds()
        for count in range(1, 10)
    ]

    assert sum(holds) == seconds
    assert holds == sorted(holds)
    assert max(holds) <= 30


def test_a_message_delivered_for_ever_is_held_no_longer() -> None:
    """A queue may be set to deliver more often."""
    assert hold_before(2000, jitter=most) == timedelta(seconds=30)


ATTEMPTS = st.lists(
    st.builds(
        Attempt,
        at=st.datetimes(min_value=datetime(2000, 1, 1)).map(  # noqa: DTZ001 - made aware below
            lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=UTC)
        ),
        said=st.text(max_size=200),
        request_id=st.none() | st.text(max_size=64),
    ),
    max_size=40,
)


def test_the_worst_of_texts_still_travels() -> None:
    """Twelve of the longest, of characters that JSON writes at length."""
    worst = [Attempt(at=NOW, said="\x00" * 200, request_id="\x00" * 64)] * MOST_KEPT

    assert len(read_history(history_text(worst))) == MOST_KEPT


@given(ATTEMPTS)
def test_a_history_keeps_its_beginning_and_its_end(attempts: list[Attempt]) -> None:
    """And is small enough to travel, whatever was said."""
    text = history_text(attempts)

    kept = read_history(text)

    assert len(kept) <= MOST_KEPT
    assert kept[:1] == tuple(attempts[:1])
    assert kept[1:] == tuple(attempts[1:][-(MOST_KEPT - 1) :])


@given(st.text() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_a_foreign_history_is_none(text: str) -> None:
    """Anybody can put properties on a message."""
    assert all(isinstance(one, Attempt) for one in read_history(text))
