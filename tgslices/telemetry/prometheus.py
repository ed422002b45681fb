"""Metrics of sessions for Prometheus, by the package ``prometheus-client`` (the extra ``prometheus``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

from tgslices.model import Direction, TrackedMessage
from tgslices.telemetry.events import SessionEvent
from tgslices.telemetry.metrics import METRICS, RECORDED, RECORDED_LABELS, Figures, Kind, Metric
from tgslices.telemetry.observer import CountsRecorded, Recorder

_UNITS: Final = {"s": "seconds"}
"""What Prometheus calls the units that belong into a name.

Source: https://prometheus.io/docs/practices/naming/
"""


class PrometheusObserver(CountsRecorded):
    """An observer that keeps the metrics of any number of bots in a registry.

    Pass it to ``setup_sessions(observer=...)`` and serve the registry by any means of ``prometheus-client``. Every name
    begins with ``tgslices_``; ``bot`` is the bot's id.

    Raises:
        ValueError: the registry has these metrics already: one observer does for all bots of a process.
    """

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._figures = Figures()
        self._metrics: dict[Metric, Any] = {metric: _made(metric, registry) for metric in METRICS}

    def __call__(self, event: SessionEvent, /) -> None:
        """Count an event."""
        for metric, value, bot_id, labels in self._figures.of(event):
            _KEEP[metric.kind](self._metrics[metric].labels(bot_id, *labels), value)

    def recorder(self, bot_id: int) -> Recorder:
        """Return what counts a bot's recorded messages."""
        incoming, outgoing = (self._metrics[RECORDED].labels(bot_id, *labels).inc for labels in RECORDED_LABELS)

        def count(message: TrackedMessage, _sessions: int) -> None:
            (incoming if message.direction is Direction.INCOMING else outgoing)()

        return count


def _made(metric: Metric, registry: CollectorRegistry) -> Any:
    name, labels = f"tgslices_{metric.name.replace('.', '_')}", ("bot", *metric.labels)
    unit = _UNITS.get(metric.unit, "")
    match metric.kind:
        case Kind.COUNTER:
            return Counter(name, metric.description, labels, unit=unit, registry=registry)
        case Kind.GAUGE:
            return Gauge(name, metric.description, labels, unit=unit, registry=registry)
        case Kind.HISTOGRAM:
            return Histogram(name, metric.description, labels, unit=unit, registry=registry, buckets=metric.buckets)


_KEEP: Final[dict[Kind, Callable[[Any, float], None]]] = {
    Kind.COUNTER: Counter.inc,
    Kind.GAUGE: Gauge.set,
    Kind.HISTOGRAM: Histogram.observe,
}
