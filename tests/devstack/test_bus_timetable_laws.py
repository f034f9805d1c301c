"""The timetable of the local Service Bus is a dictionary of due times, sorted on demand."""

from hypothesis import given
from hypothesis import strategies as st

from devstack.bus.timetable import Timetable

TIMES = st.integers(0, 50).map(float)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.integers(0, 9), st.none() | TIMES),
        st.tuples(st.just("take"), st.just(0), TIMES),
    ),
    max_size=300,
)


@given(steps=STEPS)
def test_it_gives_what_is_due_once_and_in_order(
    steps: list[tuple[str, int, float | None]],
) -> None:
    """Any history of changes and looks equals that of a plain dictionary."""
    timetable, model = Timetable(), dict[int, float]()

    for step, key, when in steps:
        if step == "take":
            assert when is not None
            due = sorted((t, k) for k, t in model.items() if t <= when)
            assert timetable.take_due(when) == [k for _, k in due]
            for _, k in due:
                del model[k]
        elif when is None:
            timetable.set(key, None)
            model.pop(key, None)
        else:
            timetable.set(key, when)
            model[key] = when
        assert timetable.next() == min(model.values(), default=None)
