"""What is shown of the calls of a meeting once dated sources speak: an example for each rule."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.calls.record import GroupCall, Session
from shared.sources.kept import Found, Numbers, Run, number_of, runs_of
from shared.sources.view import ShownCall, view, without_number
from shared.words.ids import LegKey, SessionId
from shared.words.observations import Person
from shared.words.sources import Attended, Source, Stay

T0 = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
SETTLE = timedelta(seconds=2)


def at(seconds: float) -> datetime:
    """Return the moment so many seconds into the story."""
    return T0 + timedelta(seconds=seconds)


def attended(name: str | None, *stays: tuple[float, float | None], **members: Any) -> Attended:
    """Return an entry for a person, of an identity where there is a name."""
    person = Person(kind="user", user_id=f"u-{name}") if name else Person(kind="phone")
    times = (
        Stay(joined_at=at(begin), left_at=None if end is None else at(end)) for begin, end in stays
    )
    return Attended(person=person, stays=tuple(times), **members)


def report(*entries: Attended, ended: float | None = 900, **members: Any) -> Source:
    """Return an attendance report."""
    known: dict[str, Any] = {"kind": "attendanceReport", "source_id": "report", "version": 0}
    return Source(
        started_at=T0,
        ended_at=None if ended is None else at(ended),
        attended=entries,
        **(known | members),
    )


def call_record(*entries: Attended, **members: Any) -> Source:
    """Return a call record."""
    return report(*entries, **({"kind": "callRecord", "source_id": "record"} | members))


def session(name: str | None, seen: float, left: float | None, **members: Any) -> Session:
    """Return a session as it was observed, its person seen until it ended."""
    known: dict[str, Any] = {
        "session_id": SessionId(f"s-{name}-{seen:g}"),
        "person": Person(kind="user", user_id=f"u-{name}") if name else Person(kind="phone"),
        "last_seen": None if left is None else at(left),
    }
    known |= {"first_version": 1, "legs": (LegKey("leg"),)}
    return Session(
        first_seen=at(seen),
        left_at=None if left is None else at(left),
        **(known | members),
    )


def observed(number: int, *sessions: Session, ended: float | None, **members: Any) -> GroupCall:
    """Return a call as it was observed, from the first session to its end."""
    start = min(one.first_seen for one in sessions)
    known: dict[str, Any] = {
        "ended_at": None if ended is None else at(ended),
        "end_basis": None if ended is None else "polled",
        "reason": None if ended is None else "everyoneLeft",
        "complete": False,
        "heard_at": start if ended is None else at(ended),
    }
    return GroupCall(
        number=number,
        started_at=start,
        start_basis="observed",
        sessions={one.session_id: one for one in sessions},
        **(known | members),
    )


def shown(
    *calls: GroupCall, sources: tuple[Source, ...] = (), numbers: Numbers | None = None
) -> list[ShownCall]:
    """Return what is shown."""
    return list(view(calls, sources, numbers or Numbers(), settle=SETTLE))


def unnumbered(
    *calls: GroupCall, sources: tuple[Source, ...] = ()
) -> list[tuple[datetime, datetime]]:
    """Return from when to when those calls were that need a number."""
    found = without_number(calls, sources, Numbers(), settle=SETTLE)
    return [(one.best.span.started_at, one.best.span.ended_at) for one in found]


def times(one: ShownCall) -> tuple[object, ...]:
    """Return when a call was, and how that is known."""
    call = one.call
    return call.started_at, call.start_basis, call.ended_at, call.end_basis


ADA = observed(1, session("ada", 1, 61), ended=61)


def test_without_a_source_a_call_is_as_observed() -> None:
    """Final unless a source is waited for, and not confirmed."""
    waiting = Numbers(awaited=frozenset({1}))

    assert shown(ADA) == [ShownCall(call=ADA, final=True)]
    assert shown(ADA, numbers=waiting) == [ShownCall(call=ADA)]


def test_a_source_dates_a_call_and_its_people() -> None:
    """The session keeps its id, and has the times, the role and the certainty of the source."""
    said = report(attended("ada", (0.5, 60.25), role="Organizer"))

    [one] = shown(ADA, sources=(said,))

    assert times(one) == (at(0.5), "attendanceReport", at(60.25), "attendanceReport")
    assert (one.confirmed, one.final, one.call.complete) == (True, True, True)
    assert (one.call.end_not_before, one.call.end_not_after) == (at(60.25), at(60.25))
    [ada] = one.call.sessions.values()
    assert (ada.session_id, ada.joined_at, ada.left_at) == ("s-ada-1", at(0.5), at(60.25))
    assert one.roles == {ada.session_id: "Organizer"}


def test_a_source_that_is_not_complete_says_nothing() -> None:
    """A report exists, empty, while its meeting runs."""
    running = report(attended("ada", (0, 10)), ended=None)
    empty = report(attended("ada"), source_id="empty")

    assert shown(ADA, sources=(running, empty)) == shown(ADA)
    assert unnumbered(sources=(running, empty)) == []


def test_a_stay_without_an_end_lasts_to_the_end_of_its_source() -> None:
    """Graph leaves out when somebody left."""
    [one] = shown(ADA, sources=(report(attended("ada", (0, None)), ended=70),))

    assert one.call.ended_at == at(70)


def test_gaps_up_to_settle_end_no_call() -> None:
    """One report may hold two calls, where everybody was away for longer than that."""
    short = report(attended("ada", (0, 30)), attended("bob", (32, 60)))
    long = report(attended("ada", (0, 30)), attended("bob", (32.5, 60)))

    assert unnumbered(sources=(short,)) == [(at(0), at(60))]
    assert unnumbered(sources=(long,)) == [(at(0), at(30)), (at(32.5), at(60))]


def test_sources_that_overlap_are_one_call_with_the_times_of_the_better() -> None:
    """As far as clocks may differ; the worse one adds nobody."""
    better, worse = report(attended("ada", (0, 30))), call_record(attended("bob", (34, 60)))
    apart = call_record(attended("bob", (36, 60)))

    [one] = shown(observed(1, session("ada", 1, 31), ended=31), sources=(better, worse))

    assert times(one) == (at(0), "attendanceReport", at(30), "attendanceReport")
    assert [who.person.user_id for who in one.call.sessions.values()] == ["u-ada"]
    assert unnumbered(sources=(better, apart)) == [(at(0), at(30)), (at(36), at(60))]


def test_reports_a_moment_apart_are_of_two_calls() -> None:
    """One clock dates all reports of a meeting: within five seconds people may come back."""
    first = report(attended("ada", (0, 60)), source_id="first")
    second = report(attended("ada", (64, 120)), source_id="second")

    assert unnumbered(sources=(second, first)) == [(at(0), at(60)), (at(64), at(120))]
    late_record = call_record(attended("ada", (124, 130)))
    assert unnumbered(sources=(second, late_record)) == [(at(64), at(120))]


def test_a_newer_edition_replaces_an_older_one() -> None:
    """In whichever order they are met."""
    old = call_record(attended("ada", (0, 50)), version=1)
    new = call_record(attended("ada", (0, 60)), version=2)

    assert [one.call.ended_at for one in shown(ADA, sources=(new, old))] == [at(60)]


def test_a_call_belongs_to_what_it_overlaps_most() -> None:
    """What it overlaps less is another call, which needs a number."""
    said = report(attended("ada", (0, 20), (30, 61)))

    [one] = shown(ADA, sources=(said,))

    assert times(one) == (at(30), "attendanceReport", at(61), "attendanceReport")
    assert unnumbered(ADA, sources=(said,)) == [(at(0), at(20))]


def test_of_what_it_overlaps_alike_a_call_is_the_earlier() -> None:
    """So that it does not depend on an order."""
    said = report(attended("ada", (1, 21), (41, 61)))

    assert [one.call.ended_at for one in shown(ADA, sources=(said,))] == [at(21)]


def test_of_several_on_one_call_the_lowest_number_stays() -> None:
    """The others are merged into it, and have no people of their own."""
    later = observed(2, session("bob", 70, 90), ended=90)
    said = report(attended("ada", (0, 60)), attended("bob", (0, 90)))

    one, other = shown(ADA, later, sources=(said,))

    assert times(one) == (at(0), "attendanceReport", at(90), "attendanceReport")
    assert {who.person.user_id for who in one.call.sessions.values()} == {"u-ada", "u-bob"}
    assert (other.merged_into, other.confirmed, dict(other.call.sessions)) == (1, True, {})


def test_a_call_of_which_no_source_speaks_stays_as_observed() -> None:
    """Final, and not confirmed."""
    elsewhere = report(attended("ada", (300, 400)))

    assert shown(ADA, sources=(elsewhere,)) == [ShownCall(call=ADA, final=True)]


def test_what_was_recorded_as_one_call_may_be_two() -> None:
    """Each session is of the one in which its person is listed, under the id that it had."""
    call = observed(1, session("ada", 1, 60), session("bob", 66, 80), ended=80)
    said = report(attended("ada", (0, 59)), attended("bob", (65, 95)))
    numbers = Numbers(
        found=(Found(number=2, started_at=at(65), ended_at=at(95), basis="attendanceReport"),)
    )

    one, other = shown(call, sources=(said,), numbers=numbers)

    assert [list(one.call.sessions), list(other.call.sessions)] == [["s-ada-1"], ["s-bob-66"]]
    assert times(one)[2] == at(59)


def test_who_is_listed_in_neither_of_two_calls_was_in_the_one_that_lasted_then() -> None:
    """Such a person opted out, and holds the end of no other call."""
    call = observed(1, session("ada", 1, 60), session("hidden", 70, 80), ended=80)
    said = report(attended("ada", (0, 59)), attended("bob", (65, 95)))
    numbers = Numbers(
        found=(Found(number=2, started_at=at(65), ended_at=at(95), basis="attendanceReport"),)
    )

    one, other = shown(call, sources=(said,), numbers=numbers)

    assert list(one.call.sessions) == ["s-ada-1"]
    assert "s-hidden-70" in other.call.sessions


def test_calls_that_two_sources_have_in_common_stay_apart() -> None:
    """Seconds apart: that both have them shows that their clocks agree."""
    entries = attended("ada", (0, 5)), attended("bob", (10, 60))

    assert unnumbered(sources=(report(*entries), call_record(*entries))) == [
        (at(0), at(5)),
        (at(10), at(60)),
    ]


def test_a_person_who_is_not_listed_holds_the_end_and_the_start() -> None:
    """People may opt out: what was observed of them stays, and the basis says who won."""
    hidden = session("hidden", 1, 61)
    call = observed(1, hidden, session("ada", 10, 40), ended=61)
    said = report(attended("ada", (9.5, 40)))

    [one] = shown(call, sources=(said,))

    assert times(one) == (at(1), "observed", at(61), "polled")
    assert one.confirmed
    assert one.call.sessions[hidden.session_id] == hidden
    assert one.call.sessions[SessionId("s-ada-10")].first_seen == at(9.5)


def test_whom_a_source_lists_at_another_time_was_not_there() -> None:
    """Such a person did not opt out: a roster that came very late showed somebody who had left."""
    first = observed(1, session("ada", 1, 20), session("bob", 1, 30), ended=30)
    second = observed(2, session("ada", 61, 70, blurred=True), session("bob", 62, 90), ended=90)
    said = report(attended("ada", (0, 20)), attended("bob", (0, 30), (60, 88)))

    one, two = shown(first, second, sources=(said,))

    assert list(one.call.sessions) == ["s-ada-1", "s-bob-1"]
    assert list(two.call.sessions) == ["s-bob-62"]
    assert times(two) == (at(60), "attendanceReport", at(88), "attendanceReport")


def test_whom_a_source_lists_at_another_time_joins_no_calls() -> None:
    """Nor was such a person there between two of them."""
    call = observed(1, session("ada", 1, 90), session("bob", 1, 20), ended=90)
    said = report(attended("ada", (200, 220)), attended("bob", (0, 30), (70, 95)))

    [one] = shown(call, sources=(said,))

    assert times(one) == (at(0), "attendanceReport", at(30), "attendanceReport")
    assert unnumbered(call, sources=(said,)) == [(at(70), at(95)), (at(200), at(220))]


def test_no_call_is_taken_for_the_next_one_because_that_could_date_it_better() -> None:
    """The report cannot date the first, for it does not list who came first and left last."""
    hidden = session("hidden", 1, 60)
    first = observed(1, hidden, session("ada", 40, 55), ended=60)
    second = observed(2, session("bo", 65, 80), ended=80)
    said = report(attended("ada", (39.5, 55)), attended("bo", (64.5, 80)))

    one, two = shown(first, second, sources=(said,))

    assert times(one) == (at(1), "observed", at(60), "polled")
    assert hidden.session_id in one.call.sessions
    assert times(two)[:2] == (at(64.5), "attendanceReport")
    assert unnumbered(first, second, sources=(said,)) == []


def test_nobody_leaves_a_call_that_is_over() -> None:
    """Who opted out was last read before the others left, and left after them."""
    hidden = session("hidden", 1, 61, last_seen=at(30))
    call = observed(1, hidden, session("ada", 10, 40), ended=61, end_not_before=at(30))

    [one] = shown(call, sources=(report(attended("ada", (9.5, 40))),))

    assert times(one)[2:] == (at(61), "polled")
    assert one.call.end_not_before == at(40)


def test_nobody_leaves_after_the_source_that_ends_the_call_though_it_was_noticed_late() -> None:
    """The call record lists who is not in the report; that they had gone was read much later."""
    late = session("hidden", 50, 200, last_seen=at(50))
    call = observed(1, late, session("ada", 10, 40), ended=200)
    more = call_record(attended("hidden", (0.5, 60.5)), attended("ada", (9.5, 40)))

    [one] = shown(call, sources=(report(attended("ada", (9.5, 40))), more))

    assert times(one)[2:] == (at(60.5), "callRecord")
    gone = one.call.sessions[late.session_id]
    assert (gone.left_at, gone.left_not_after) == (at(60.5), at(60.5))


def test_the_next_source_dates_what_the_best_cannot() -> None:
    """The call record knows the person who is not in the report."""
    call = observed(1, session("hidden", 1, 60), session("ada", 10, 40), ended=61)
    said = report(attended("ada", (9.5, 40)))
    more = call_record(attended("hidden", (0.5, 60.5)), attended("ada", (9.5, 40)))

    [one] = shown(call, sources=(said, more))

    assert times(one) == (at(0.5), "callRecord", at(60.5), "callRecord")


def test_a_person_who_is_not_listed_joins_what_a_source_takes_for_two() -> None:
    """One session is one stay, so somebody was there all the time."""
    call = observed(1, session("hidden", 1, 90), session("ada", 1, 20), ended=90)
    said = report(attended("ada", (0, 20), (70, 95)))

    [one] = shown(call, sources=(said,))

    assert times(one) == (at(0), "attendanceReport", at(95), "attendanceReport")
    assert unnumbered(call, sources=(said,)) == []


def test_entries_without_an_identity_stand_for_as_many_people_without_one() -> None:
    """One more than the source has stays as observed, and holds the end."""
    call = observed(1, session(None, 1, 40), session(None, 5, 61), ended=61)

    [one] = shown(call, sources=(report(attended(None, (0, 39)), attended(None, (4, 50))),))
    [more] = shown(call, sources=(report(attended(None, (0, 39))),))

    assert times(one)[2:] == (at(50), "attendanceReport")
    assert times(more)[2:] == (at(61), "polled")
    assert len(one.call.sessions) == len(more.call.sessions) == 2


def test_a_session_that_a_source_does_not_know_is_part_of_another() -> None:
    """Its id stays known as an alias."""
    call = observed(1, session("ada", 1, 10), session("ada", 12, 61), ended=61)

    [one] = shown(call, sources=(report(attended("ada", (0, 60))),))

    [ada] = one.call.sessions.values()
    assert (ada.session_id, ada.aliases) == ("s-ada-1", ("s-ada-12",))


def test_two_stays_that_calls_knew_as_one_session_are_both_shown() -> None:
    """A read that found nobody ended the first call; the next one saw the same session again."""
    ada = SessionId("s")
    first = observed(1, session("ada", 1, 61, session_id=ada), ended=61)
    second = observed(2, session("ada", 200, 300, session_id=ada), ended=300)
    said = report(attended("bob", (0, 310)), attended("ada", (1, 61), (200, 300)))

    one, other = shown(first, second, sources=(said,))

    stays = [
        (each.first_seen, each.left_at)
        for each in one.call.sessions.values()
        if each.person.user_id == "u-ada"
    ]
    assert sorted(stays) == [(at(1), at(61)), (at(200), at(300))]
    assert other.merged_into == 1


def test_what_else_is_known_of_a_session_stays() -> None:
    """Every member but the times, the aliases and the bounds, also one that is added some day."""
    dated = {
        "first_seen", "aliases", "present_before", "joined_not_before", "left_at",
        "left_not_before", "left_not_after",
    }  # fmt: skip
    known = session(
        "ada",
        1,
        40,
        opener=True,
        missed_at=at(0.5),
        absent_since=at(39),
        blurred=True,
        first_version=7,
        legs=(LegKey("one"), LegKey("two")),
    )
    call = observed(1, known, ended=41)

    [one] = shown(call, sources=(report(attended("ada", (0.2, 40.2))),))

    [found] = one.call.sessions.values()
    others = [member.name for member in fields(Session) if member.name not in dated]
    assert [getattr(found, name) for name in others] == [getattr(known, name) for name in others]
    plain = session("ada", 1, 40)
    defaults = [name for name in others if getattr(known, name) == getattr(plain, name)]
    assert defaults == ["session_id", "person", "last_seen"], "each other member has a value here"


def test_a_stay_that_is_listed_twice_counts_once() -> None:
    """Call records double sessions; another device is another stay."""
    twice = attended("ada", (0, 60), (0, 60), (5, 50))

    [one] = shown(ADA, sources=(call_record(twice, attended("ada", (0, 60))),))

    stays = [(who.first_seen, who.left_at) for who in one.call.sessions.values()]
    assert sorted(stays) == [(at(0), at(60)), (at(5), at(50))]


def test_a_call_that_only_a_source_knows_is_shown_once_it_has_a_number() -> None:
    """With that number ever after, while the calls of the fold go round it."""
    said = report(attended("ada", (0, 60)))
    numbers = Numbers(
        found=(Found(number=1, started_at=at(0), ended_at=at(60), basis="attendanceReport"),)
    )
    later = observed(1, session("bob", 100, 120), ended=120)

    one, other = shown(later, sources=(said,), numbers=numbers)

    assert times(one) == (at(0), "attendanceReport", at(60), "attendanceReport")
    assert (one.call.number, one.call.reason, one.confirmed) == (1, "everyoneLeft", True)
    assert [who.person.user_id for who in one.call.sessions.values()] == ["u-ada"]
    assert (other.call.number, other.call.started_at) == (2, at(100))


def test_a_found_call_without_its_source_stays_as_it_was() -> None:
    """A newer edition may not know it any more."""
    numbers = Numbers(
        found=(Found(number=1, started_at=at(0), ended_at=at(60), basis="callRecord"),)
    )

    [one] = shown(numbers=numbers)

    assert times(one) == (at(0), "callRecord", at(60), "callRecord")
    assert not one.confirmed


def test_a_call_that_goes_on_is_shown_as_observed() -> None:
    """No source ends it, and what overlaps it gets no number before its end."""
    going_on = observed(1, session("ada", 1, None), ended=None)
    said = report(attended("ada", (0, 60)))

    assert shown(going_on, sources=(said,)) == [ShownCall(call=going_on)]
    assert unnumbered(going_on, sources=(said,)) == []


def test_an_end_that_was_assumed_is_known_after_all() -> None:
    """Its reason with it: the source shows that everybody left."""
    call = observed(1, session("ada", 1, 30), ended=30, end_basis="assumed", reason="unwatched")

    [one] = shown(call, sources=(report(attended("ada", (0, 60))),))

    assert times(one)[2:] == (at(60), "attendanceReport")
    assert one.call.reason == "everyoneLeft"


def test_numbers_of_found_calls_are_left_out_of_the_count() -> None:
    """The fold counts 1, 2, 3, whatever sources find in between."""
    taken = runs_of([2, 3, 6])

    assert taken == (Run(first=2, last=3), Run(first=6, last=6))
    assert [number_of(place, taken) for place in (1, 2, 3, 4)] == [1, 4, 5, 7]
