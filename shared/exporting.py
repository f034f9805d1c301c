"""Sends spans, figures and log lines to Application Insights. Adapter: the only user of the SDK.

The SDK takes up from the first invocation on. The exporter, whose import takes longer than all else
of a cold start, is opened by the SDK's own threads when they first have something to send, seconds
later. What comes before that waits in their queues, which have bounds.

The exporter reads `APPLICATIONINSIGHTS_CONNECTION_STRING` and
`APPLICATIONINSIGHTS_AUTHENTICATION_STRING` itself.
Source: https://learn.microsoft.com/python/api/overview/azure/monitor-opentelemetry-exporter-readme
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, override

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.metrics import set_meter_provider
from opentelemetry.sdk._logs import LoggerProvider, ReadableLogRecord
from opentelemetry.sdk._logs.export import (
    BatchLogRecordProcessor,
    LogRecordExporter,
    LogRecordExportResult,
)
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics import _Gauge as Gauge
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    MetricExporter,
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from shared.telemetry import LOGGER, Failure
from shared.tracing.recorder import record_in
from shared.tracing.work import here

if TYPE_CHECKING:
    from azure.monitor.opentelemetry.exporter import (
        AzureMonitorLogExporter,
        AzureMonitorMetricExporter,
        AzureMonitorTraceExporter,
    )

SEVERITIES = {
    logging.INFO: SeverityNumber.INFO,
    logging.WARNING: SeverityNumber.WARN,
    logging.ERROR: SeverityNumber.ERROR,
}


def export(role: str) -> None:
    """Export what this process says of itself from now on, under the name `role`."""
    # Without the SDK's search for what else could describe this process: it reads every package.
    resource = Resource({"service.name": role})
    spans = TracerProvider(resource=resource)
    spans.add_span_processor(BatchSpanProcessor(LateSpans(partial(_open_spans, spans))))
    record_in(spans)
    reader = PeriodicExportingMetricReader(LateFigures(_open_figures))
    set_meter_provider(MeterProvider([reader], resource=resource))
    lines = LoggerProvider(resource=resource)
    lines.add_log_record_processor(BatchLogRecordProcessor(LateLines(_open_lines)))
    hand_over_lines(lines)


def hand_over_lines(provider: LoggerProvider) -> None:
    """Let Rollcall's log lines go to `provider` too."""
    # Telemetry from here replaces what the worker would pass on to the host.
    LOGGER.setLevel(logging.INFO)
    LOGGER.addHandler(_Lines(provider))


class _Lines(logging.Handler):
    """Hands over the lines, as part of the span that they were written in.

    With the class and the stack of its error, so that Application Insights has it as an exception.
    """

    def __init__(self, provider: LoggerProvider) -> None:
        super().__init__()
        self._logger = provider.get_logger("rollcall")

    @override
    def emit(self, record: logging.LogRecord) -> None:
        attributes: dict[str, Any] = {}
        failure: Failure | None = getattr(record, "failure", None)
        if failure is not None:
            attributes["exception.type"] = failure.kind
            attributes["exception.stacktrace"] = failure.stack
        self._logger.emit(
            LogRecord(
                timestamp=int(record.created * 1e9),
                context=here(),
                severity_number=SEVERITIES.get(record.levelno, SeverityNumber.UNSPECIFIED),
                severity_text=record.levelname,
                body=record.getMessage(),
                attributes=attributes,
            )
        )


class _Late[Exporter]:
    """Opens an exporter when there is something to send."""

    def __init__(self, open_exporter: Callable[[], Exporter]) -> None:
        """`open_exporter` is called once, in the thread that exports."""
        self._open = open_exporter
        self.opened: Exporter | None = None

    def exporter(self) -> Exporter:
        if self.opened is None:
            self.opened = self._open()
        return self.opened


class LateSpans(_Late[SpanExporter], SpanExporter):
    """Exports spans through an exporter that is opened by the first of them."""

    @override
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self.exporter().export(spans)

    @override
    def shutdown(self) -> None:
        if self.opened is not None:
            self.opened.shutdown()


class LateLines(_Late[LogRecordExporter], LogRecordExporter):
    """Exports log lines through an exporter that is opened by the first of them."""

    @override
    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        return self.exporter().export(batch)

    @override
    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True

    @override
    def shutdown(self) -> None:
        if self.opened is not None:
            self.opened.shutdown()  # type: ignore[no-untyped-call]


class LateFigures(_Late[MetricExporter], MetricExporter):
    """Exports figures through an exporter that is opened by the first of them."""

    def __init__(self, open_exporter: Callable[[], MetricExporter]) -> None:
        _Late.__init__(self, open_exporter)
        # As the exporter itself prefers, which the reader must know before it is there.
        delta = AggregationTemporality.DELTA
        # A gauge, too: else what was measured once would be said again each minute, for good.
        kinds = (Counter, Histogram, Gauge)
        MetricExporter.__init__(self, preferred_temporality=dict.fromkeys(kinds, delta))

    @override
    def export(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any
    ) -> MetricExportResult:
        return self.exporter().export(metrics_data, timeout_millis, **kwargs)

    @override
    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        return True

    @override
    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:
        if self.opened is not None:
            self.opened.shutdown(timeout_millis, **kwargs)


def _open_spans(provider: TracerProvider) -> "AzureMonitorTraceExporter":
    from azure.monitor.opentelemetry.exporter import AzureMonitorTraceExporter  # noqa: PLC0415

    return AzureMonitorTraceExporter(tracer_provider=provider)


def _open_lines() -> "AzureMonitorLogExporter":
    from azure.monitor.opentelemetry.exporter import AzureMonitorLogExporter  # noqa: PLC0415

    return AzureMonitorLogExporter()


def _open_figures() -> "AzureMonitorMetricExporter":
    from azure.monitor.opentelemetry.exporter import AzureMonitorMetricExporter  # noqa: PLC0415

    return AzureMonitorMetricExporter()
