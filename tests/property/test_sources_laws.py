"""Whatever JSON stands in reports and records: it is read, counted or refused."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.graph.attendance import report_in, reports_in
from shared.graph.call_record import record_in
from shared.words.errors import Rejected
from shared.words.sources import Source
from tests.fakes.sources import a_record, a_report, a_session, an_entry

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ONE = NOON + timedelta(hours=1)
PEOPLE = ("u-ada", "u-bob", "u-ada", None)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=200),
    st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
    st.just([]),
    st.just({}),
    st.just([None, 7, {"id": {}}]),
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each container in `value`, however deep, with each key or index of it."""
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for name, member in list(members):
        yield value, name
        if isinstance(member, dict | list):
            yield from places(member)


def spoilt(data: st.DataObject, answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer, up to five of its members replaced by other JSON."""
    found = deepcopy(answer)
    for _ in range(data.draw(st.integers(0, 5))):
        inside, name = data.draw(st.sampled_from(list(places(found))))
        inside[name] = deepcopy(data.draw(ODD))
    return found


def hold(source: Source, entries: int) -> None:
    """Hold a source to what every source is."""
    stays = [stay for one in source.attended for stay in one.stays]
    moments = [source.started_at, *(stay.joined_at for stay in stays)]
    assert all(moment.utcoffset() == timedelta() for moment in moments)
    assert all(stay.left_at is None or stay.joined_at <= stay.left_at for stay in stays)
    assert all(one.stays for one in source.attended)
    assert source.ended_at is None or source.started_at <= source.ended_at
    assert source.unread >= 0
    assert len(source.attended) <= entries
    ids = [one.person.user_id for one in source.attended if one.person.user_id is not None]
    assert len(set(ids)) == len(ids)


def unless_refused(read: Callable[[], Source]) -> Source | None:
    """Return what is read; None where the answer is refused as one that cannot be used."""
    try:
        return read()
    except Rejected as refused:
        if refused.code != "graph_answer_unusable":
            raise
        return None


@given(st.data())
def test_any_report_is_read_or_refused(data: st.DataObject) -> None:
    """Nothing but our own refusal is raised."""
    whole = a_report(NOON, ONE, *(an_entry(one, (NOON, ONE)) for one in PEOPLE))
    report = spoilt(data, whole)
    records = report["attendanceRecords"]

    reports_in([report])
    source = unless_refused(
        lambda: report_in(
            report,
            records if isinstance(records, list) else [],
            report_id="r",
            ours=frozenset(),
            show_names=True,
        )
    )
    if source is not None:
        hold(source, len(PEOPLE))


@given(st.data())
def test_any_record_is_read_or_refused(data: st.DataObject) -> None:
    """Nothing but our own refusal is raised."""
    sessions = [
        a_session(one, NOON + timedelta(seconds=place), ONE) for place, one in enumerate(PEOPLE)
    ]
    record = spoilt(data, a_record("c", NOON, ONE, sessions, join_web_url="https://x/meet/1"))
    found = record["sessions"]

    source = unless_refused(
        lambda: record_in(
            record,
            found if isinstance(found, list) else [],
            chain_id="c",
            ours=frozenset(),
            show_names=True,
        )
    )
    if source is not None:
        hold(source, len(PEOPLE))
