"""What the app counts, as an exporter would get it."""

from collections import Counter

import pytest
from opentelemetry.metrics import set_meter_provider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint

from tests.application.joined import Joined
from tests.application.world import envelope, roster


@pytest.fixture(scope="module")
def reader() -> InMemoryMetricReader:
    """Return where the process's figures arrive; a process can be given one such place."""
    found = InMemoryMetricReader()
    set_meter_provider(MeterProvider([found]))
    return found


def figures(reader: InMemoryMetricReader) -> Counter[tuple[str, str]]:
    """Return each counter's figures so far, by its name and the values of its attributes."""
    data = reader.get_metrics_data()
    metrics = (
        metric
        for resource in (data.resource_metrics if data else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
    )
    return Counter(
        {
            (metric.name, " ".join(map(str, (point.attributes or {}).values()))): int(point.value)
            for metric in metrics
            for point in metric.data.data_points
            if isinstance(point, NumberDataPoint)
        }
    )


async def test_pushes_reads_and_what_is_not_read_are_counted(reader: InMemoryMetricReader) -> None:
    """With news and without; what nobody ever heard of is counted as other."""
    world = await Joined().begin()
    before = figures(reader)

    await world.see("ada")
    await world.pump()
    await world.call(roster(world.call_id, "ada"))
    for tail in ("/operations/x", "/thingsOfACaller/x"):
        await world.call(envelope(world.call_id, tail, {"a": 1}))

    assert figures(reader) - before == {
        ("rollcall.pushes", "true"): 3,
        ("rollcall.pushes", "false"): 1,
        ("rollcall.reads", "people"): 2,
        ("rollcall.unparsed", "operations"): 1,
        ("rollcall.unparsed", "other"): 1,
    }


async def test_a_question_that_waits_too_long_is_counted(reader: InMemoryMetricReader) -> None:
    """When its look comes at last, or the backstop."""
    world = await Joined().begin()
    before = figures(reader)
    await world.see("ada")
    world.delivered |= set(range(len(world.fake_bus.sent)))
    world.clock.advance(300)

    await world.mend()
    await world.pump()

    found = figures(reader) - before
    assert found["rollcall.questions.late", ""] == 2
