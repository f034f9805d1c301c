"""What is exported, how often."""

from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    MetricExporter,
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)

from shared.exporting import LateFigures


class Kept(MetricExporter):
    """Keeps the names of the figures of each export."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[list[str]] = []

    def export(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any
    ) -> MetricExportResult:
        """See the SDK."""
        self.names.append(
            [
                figure.name
                for resource in metrics_data.resource_metrics
                for scope in resource.scope_metrics
                for figure in scope.metrics
            ]
        )
        return MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """See the SDK."""
        return True

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:
        """See the SDK."""


def test_what_was_measured_once_is_exported_once() -> None:
    """An alert waits for walks: one that was walked must not count again each minute."""
    kept = Kept()
    reader = PeriodicExportingMetricReader(LateFigures(lambda: kept), float("inf"))
    provider = MeterProvider([reader])
    meter = provider.get_meter("test")
    walked = meter.create_gauge("walked")
    counted = meter.create_counter("counted")

    walked.set(1)
    reader.collect()
    counted.add(1)
    reader.collect()
    provider.shutdown()

    assert kept.names[:2] == [["walked"], ["counted"]]
