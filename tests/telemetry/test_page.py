"""The page about watching names every metric, and asks for nothing that there is not."""

from __future__ import annotations

import re

from prometheus_client import CollectorRegistry

from tests.docs.pages import ROOT
from tgslices.telemetry.metrics import METRICS, Kind
from tgslices.telemetry.prometheus import PrometheusObserver

PAGE = (ROOT / "docs" / "watching.md").read_text("utf-8")
SAMPLES = {Kind.COUNTER: ("_total",), Kind.GAUGE: ("",), Kind.HISTOGRAM: ("", "_bucket", "_count", "_sum")}


def _labels() -> dict[str, set[str]]:
    """Return the labels of every sample that a registry may show, by its name."""
    registry = CollectorRegistry()
    observer = PrometheusObserver(registry)
    found: dict[str, set[str]] = {}
    for metric, made in observer._metrics.items():
        for ending in SAMPLES[metric.kind]:
            found[f"{made._name}{ending}"] = {"bot", "le", *metric.labels}
    return found


def test_every_metric_has_its_row() -> None:
    rows = dict(re.findall(r"^\| `(tgslices_\w+)` \|\s*([^|]*?)\s*\|", PAGE, re.MULTILINE))
    expected = {name: labels for name, labels in _labels().items() if not name.endswith(("_bucket", "_count", "_sum"))}
    assert rows.keys() == expected.keys()
    assert len(rows) == len(METRICS)
    told = {name: {label.partition("`")[0] for label in labels.split("`")[1::2]} for name, labels in rows.items()}
    assert told == {name: labels - {"bot", "le"} for name, labels in expected.items()}


def test_the_queries_ask_for_metrics_and_labels_that_there_are() -> None:
    queries = "".join(re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL))
    known = _labels()
    asked = re.findall(r"(tgslices_\w+)(?:\{([^}]*)\})?", queries)
    assert len(asked) > 10
    for name, selectors in asked:
        assert name in known
        assert set(re.findall(r"(\w+)\s*(?:=~|!=|=)", selectors)) <= known[name]
    for labels in re.findall(r"by \(([^)]*)\)", queries):
        assert {label.strip() for label in labels.split(",")} <= {"bot", "instance", *set().union(*known.values())}


def test_the_bounds_of_ages_in_queries_are_buckets() -> None:
    [age] = [metric for metric in METRICS if metric.name == "message.age"]
    bounds = re.findall(r'le="([^"]*)"', PAGE)
    assert bounds
    assert {float(bound) for bound in bounds} <= set(age.buckets)
