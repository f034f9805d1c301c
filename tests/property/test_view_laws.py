"""The laws of the view over made-up records and sources, however contradictory."""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from shared.calls.record import GroupCall
from shared.sources.kept import Numbers
from shared.sources.spans import RANK, Span, newest, source_calls
from shared.sources.view import ShownCall, view, without_number
from shared.words.observations import Basis
from shared.words.sources import Source
from tests.property.sources import (
    SETTLE,
    a_call,
    a_session,
    a_source,
    an_entry,
    recorded,
    sources,
)
from tests.property.sources import given as numbers_given

several = st.lists(sources(), max_size=5)


def two_calls_with_one_session() -> tuple[tuple[GroupCall, ...], list[Source]]:
    """Return calls that both knew one session, and a report of one call that does not list it."""
    calls = (a_call(1, a_session("s", "a", 1, 61)), a_call(2, a_session("s", "a", 100, 120)))
    return calls, [a_source("attendanceReport", an_entry("b", (0, 130)))]


def a_person_whom_only_the_worse_source_lists() -> tuple[tuple[GroupCall, ...], list[Source]]:
    """Return a record that lists a person in another call, and a report of that without them."""
    record = a_source("callRecord", an_entry("b", (65, 87)), an_entry("c", (105, 106)))
    report = a_source("attendanceReport", an_entry("a", (98, 160)))
    return (a_call(1, a_session("s", "c", 82, 86)),), [record, report]


def shown(
    calls: tuple[GroupCall, ...], known: list[Source], numbers: Numbers
) -> dict[int, ShownCall]:
    """Return the calls as they are shown, by number."""
    return {one.call.number: one for one in view(calls, known, numbers, settle=SETTLE)}


def listed_in_what_goes_on(calls: tuple[GroupCall, ...], known: list[Source]) -> set[str]:
    """Return whom sources list in calls that may be part of one that goes on."""
    still = [
        Span(started_at=one.started_at, ended_at=one.heard_at)
        for one in calls
        if one.ended_at is None
    ]
    return {
        key
        for one in source_calls(known, settle=SETTLE)
        if any(one.hull.meets(span) for span in still)
        for layer in one.layers
        for key in layer.listed
    }


def rank(basis: Basis | None) -> int:
    """Return the place of a basis, the best first; that of a call that goes on is the last."""
    return len(RANK) if basis is None else RANK[basis]


@given(recorded(), several, st.data())
def test_the_view_is_a_function_of_the_set_of_sources(
    calls: tuple[GroupCall, ...], known: list[Source], data: st.DataObject
) -> None:
    """In any order, repeated, and with older editions beside the newest."""
    newest_only = newest(known)
    numbers = numbers_given(calls, newest_only)
    again = data.draw(st.lists(st.sampled_from(newest_only), max_size=3)) if newest_only else []
    order = data.draw(st.permutations([*newest_only, *again]))

    assert shown(calls, order, numbers) == shown(calls, newest_only, numbers)


@given(recorded(), several, sources())
def test_more_sources_never_lower_a_basis(
    calls: tuple[GroupCall, ...], known: list[Source], more: Source
) -> None:
    """But where they show that calls were one, or that one was two, which is another call."""
    ids = {(one.kind, one.source_id) for one in known}
    more_known = known if (more.kind, more.source_id) in ids else [*known, more]
    numbers = numbers_given(calls, known)
    before = shown(calls, known, numbers)
    after = shown(calls, more_known, numbers_given(calls, more_known, numbers))

    for number, earlier in before.items():
        later = after[number]
        merged = {one.call.number for one in after.values() if one.merged_into == number}
        known_merged = {one.call.number for one in before.values() if one.merged_into == number}
        if later.merged_into is None is earlier.merged_into and merged == known_merged:
            assert rank(later.call.start_basis) <= rank(earlier.call.start_basis)
            assert rank(later.call.end_basis) <= rank(earlier.call.end_basis)


@given(recorded(), several, several)
def test_a_number_is_given_once(
    calls: tuple[GroupCall, ...], first: list[Source], then: list[Source]
) -> None:
    """A call keeps its number, whatever is learned later, and none is left without one."""
    numbers = numbers_given(calls, first)
    later = numbers_given(calls, [*first, *then], numbers)

    assert later.found[: len(numbers.found)] == numbers.found
    assert not without_number(calls, [*first, *then], later, settle=SETTLE)
    given_numbers = list(shown(calls, [*first, *then], later))
    assert given_numbers == list(range(1, len(calls) + len(later.found) + 1))


@given(recorded(), several)
def test_what_is_shown_is_in_order(calls: tuple[GroupCall, ...], known: list[Source]) -> None:
    """No end before its start, bounds around their times, everybody within the call."""
    for one in shown(calls, known, numbers_given(calls, known)).values():
        call = one.call
        if call.ended_at is None or not one.confirmed:
            continue
        assert call.started_at <= call.ended_at
        if call.start_not_before is not None:
            assert call.start_not_before <= call.started_at
        if call.end_not_before is not None:
            assert call.end_not_before <= call.ended_at
        if call.end_not_after is not None:
            assert call.ended_at <= call.end_not_after
        for session in call.sessions.values():
            assert session.left_at is not None
            assert session.first_seen <= session.left_at


@given(recorded(), several)
def test_calls_that_sources_confirm_lie_apart(
    calls: tuple[GroupCall, ...], known: list[Source]
) -> None:
    """A person is in one call at a time, whatever the record took for one or for two."""
    confirmed = [
        one.call
        for one in shown(calls, known, numbers_given(calls, known)).values()
        if one.confirmed and one.merged_into is None
    ]
    confirmed.sort(key=lambda call: call.started_at)

    for call, after in pairwise(confirmed):
        assert call.ended_at is not None
        assert call.ended_at <= after.started_at


@given(recorded(), several)
@example(*a_person_whom_only_the_worse_source_lists())
def test_nobody_is_lost(calls: tuple[GroupCall, ...], known: list[Source]) -> None:
    """Each person who was observed, or whom the best source of a call lists, is in some call.

    Whom a source lists only in a call that goes on, by our own evidence, is shown when it is over.
    """
    found = shown(calls, known, numbers_given(calls, known)).values()

    people = {session.person.user_id for one in found for session in one.call.sessions.values()}

    observed = {session.person.user_id for call in calls for session in call.sessions.values()}
    assert observed - {None} - listed_in_what_goes_on(calls, known) <= people
    reports = [one for one in newest(known) if one.kind == "attendanceReport"]
    if not any(call.ended_at is None for call in calls):
        listed = {entry.person.user_id for one in reports for entry in one.attended if entry.stays}
        assert listed - {None} <= people


@given(recorded(), several)
@example(*two_calls_with_one_session())
def test_each_stay_of_whom_no_source_lists_is_shown(
    calls: tuple[GroupCall, ...], known: list[Source]
) -> None:
    """Once, whatever calls turn out to be one, and though they knew several under one id."""
    found = shown(calls, known, numbers_given(calls, known)).values()
    listed = {
        entry.person.user_id for one in newest(known) for entry in one.attended if entry.stays
    }

    def stays(of: Iterable[GroupCall]) -> Counter[str | None]:
        keys = (one.person.user_id for call in of for one in call.sessions.values())
        return Counter(key for key in keys if key is not None and key not in listed)

    assert stays(one.call for one in found) == stays(calls)
