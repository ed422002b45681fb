"""Metrics and spans of sessions for OpenTelemetry, by its API alone (the extra ``otel``).

Without an SDK the API does nothing. Spans stand around clears, sweeps, replays and migrations, and around nothing that
an update pays for; calls of databases have instrumentations of their own.
"""

from __future__ import annotations

from contextvars import Token
from typing import Any, Final

from opentelemetry import context, metrics, trace
from opentelemetry.metrics import Meter, MeterProvider
from opentelemetry.trace import Span, StatusCode, Tracer, TracerProvider

from tgslices.model import Direction, TrackedMessage
from tgslices.telemetry.events import SessionEvent, WorkBegun, WorkDone
from tgslices.telemetry.metrics import METRICS, RECORDED, RECORDED_LABELS, Figures, Kind, Metric
from tgslices.telemetry.observer import CountsRecorded, Recorder

SCOPE: Final = "tgslices"
"""The name of the instrumentation."""


class OpenTelemetryObserver(CountsRecorded):
    """An observer that hands metrics and spans of any number of bots to OpenTelemetry.

    Pass it to ``setup_sessions(observer=...)``. It uses the global providers unless it is given others. Every name
    begins with ``tgslices.``; the attribute ``bot`` is the bot's id. What runs inside a clear, a sweep, a replay or a
    migration has its span as the parent.
    """

    def __init__(
        self, *, meter_provider: MeterProvider | None = None, tracer_provider: TracerProvider | None = None
    ) -> None:
        meter = metrics.get_meter(SCOPE, meter_provider=meter_provider)
        self._tracer: Tracer = trace.get_tracer(SCOPE, tracer_provider=tracer_provider)
        self._figures = Figures()
        self._metrics: dict[Metric, Any] = {metric: _made(metric, meter) for metric in METRICS}
        self._spans: dict[int, tuple[Span, Token[context.Context]]] = {}

    def __call__(self, event: SessionEvent, /) -> None:
        """Hand on an event."""
        if type(event) is WorkBegun:
            self._begin(event)
        elif type(event) is WorkDone:
            self._end(event)
        for metric, value, bot_id, labels in self._figures.of(event):
            _KEEP[metric.kind](self._metrics[metric], value, _attributes(metric, bot_id, labels))

    def recorder(self, bot_id: int) -> Recorder:
        """Return what counts a bot's recorded messages."""
        add = self._metrics[RECORDED].add
        incoming, outgoing = (_attributes(RECORDED, bot_id, labels) for labels in RECORDED_LABELS)

        def count(message: TrackedMessage, _sessions: int) -> None:
            add(1, incoming if message.direction is Direction.INCOMING else outgoing)

        return count

    def _begin(self, event: WorkBegun) -> None:
        span = self._tracer.start_span(f"tgslices.{event.work.value}", attributes={"bot": event.bot_id})
        self._spans[event.number] = (span, context.attach(trace.set_span_in_context(span)))

    def _end(self, event: WorkDone) -> None:
        span, token = self._spans.pop(event.begun.number, (None, None))
        if span is None or token is None:
            return  # it could not be begun: the duration is counted all the same
        context.detach(token)
        span.set_attributes({"tgslices.messages": event.messages, "tgslices.requests": event.requests})
        if event.error is not None:
            # Not record_exception: its traceback may show a token.
            span.set_attribute("error.type", type(event.error).__qualname__)
            span.set_status(StatusCode.ERROR)
        span.end()


def _attributes(metric: Metric, bot_id: int, labels: tuple[str, ...]) -> dict[str, Any]:
    return {"bot": bot_id, **dict(zip(metric.labels, labels, strict=True))}


def _made(metric: Metric, meter: Meter) -> Any:
    name = f"tgslices.{metric.name}"
    match metric.kind:
        case Kind.COUNTER:
            return meter.create_counter(name, metric.unit, metric.description)
        case Kind.GAUGE:
            return meter.create_gauge(name, metric.unit, metric.description)
        case Kind.HISTOGRAM:
            return meter.create_histogram(
                name, metric.unit, metric.description, explicit_bucket_boundaries_advisory=metric.buckets
            )


def _add(counter: Any, value: float, attributes: dict[str, Any]) -> None:
    counter.add(value, attributes)


def _set(gauge: Any, value: float, attributes: dict[str, Any]) -> None:
    gauge.set(value, attributes)


def _record(histogram: Any, value: float, attributes: dict[str, Any]) -> None:
    histogram.record(value, attributes)


_KEEP: Final = {Kind.COUNTER: _add, Kind.GAUGE: _set, Kind.HISTOGRAM: _record}
