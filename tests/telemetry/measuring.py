"""Every way of measuring, with its figures named alike: by metric, and by the values of its labels but the bot's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from prometheus_client import CollectorRegistry

from tests.telemetry.conftest import Told
from tgslices.telemetry.metrics import METRICS, Figures, Kind, Metric
from tgslices.telemetry.otel import OpenTelemetryObserver
from tgslices.telemetry.prometheus import PrometheusObserver

Measured: TypeAlias = Mapping[tuple[str, ...], float]
"""Of a histogram how many values it has."""


class Measuring(Protocol):
    """An observer, and what it has measured so far."""

    observer: Any

    def measured(self) -> Measured:
        """Return every figure."""


class ByEvents:
    """An observer of one's own, which adds up what it is told."""

    def __init__(self) -> None:
        self.observer = Told()

    def measured(self) -> Measured:
        """Return what the events come to."""
        figures, found = Figures(), Counter[tuple[str, ...]]()
        for event in self.observer.events:
            for metric, value, _, labels in figures.of(event):
                name = (metric.name, *labels)
                if metric.kind is Kind.GAUGE:
                    found[name] = value  # type: ignore[assignment]  # a counter takes any number
                else:
                    found[name] += value if metric.kind is Kind.COUNTER else 1  # type: ignore[assignment]
        return found


class ByPrometheus:
    """The observer for Prometheus."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.observer = PrometheusObserver(self._registry)

    def measured(self) -> Measured:
        """Return the samples."""
        names = {_name_in_prometheus(metric): metric for metric in METRICS}
        return {
            (metric.name, *(sample.labels[label] for label in metric.labels)): sample.value
            for collected in self._registry.collect()
            for sample in collected.samples
            if (metric := names.get(sample.name)) is not None
        }


class ByOpenTelemetry:
    """The observer for OpenTelemetry."""

    def __init__(self) -> None:
        self._reader = InMemoryMetricReader()
        self.observer = OpenTelemetryObserver(meter_provider=MeterProvider([self._reader]))

    def measured(self) -> Measured:
        """Return the last points."""
        metrics = {f"tgslices.{metric.name}": metric for metric in METRICS}
        found: dict[tuple[str, ...], float] = {}
        data: Any = self._reader.get_metrics_data()
        for told in (metric for part in data.resource_metrics for it in part.scope_metrics for metric in it.metrics):
            metric = metrics[told.name]
            for point in told.data.data_points:
                labels = (str(point.attributes[label]) for label in metric.labels)
                found[metric.name, *labels] = point.count if metric.kind is Kind.HISTOGRAM else point.value
        return found


def _name_in_prometheus(metric: Metric) -> str:
    name = f"tgslices_{metric.name.replace('.', '_')}" + ("_seconds" if metric.unit == "s" else "")
    return name + {Kind.COUNTER: "_total", Kind.GAUGE: "", Kind.HISTOGRAM: "_count"}[metric.kind]
