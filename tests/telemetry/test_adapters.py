"""What OpenTelemetry and Prometheus get of a conversation, and what they never get."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import Sampler, SamplingResult
from opentelemetry.trace import StatusCode
from prometheus_client import CollectorRegistry, generate_latest

from tests.promises.storages import Line
from tests.telemetry.conftest import Watched
from tgslices import Lifetime, MemorySessionStorage, Outcome, SessionStorage
from tgslices.telemetry import MessagesSettled, SessionEvent
from tgslices.telemetry.metrics import MAX_REASONS, METRICS, Figures
from tgslices.telemetry.otel import OpenTelemetryObserver
from tgslices.telemetry.prometheus import PrometheusObserver
from tgslices.testing import Failure

HOUR = timedelta(hours=1)
QUALIFIER = "order-of-somebody"


@pytest.fixture
def storage() -> SessionStorage:
    """One kind will do."""
    return MemorySessionStorage()


async def _lives(watched: Watched, observer: Any) -> None:
    """Let a bot open, record, fail, be refused, replay, end a session by itself and close another one."""
    line = Line(watched.storage)
    lifetimes = {QUALIFIER: Lifetime(idle=HOUR)}
    async with watched.worker(observer=observer, storage=line, polls=True, lifetimes=lifetimes) as bot:
        session = bot.sessions.get(watched.chat.id, watched.ann.id, qualifier=QUALIFIER)
        await session.send_message("one")
        await watched.says("two")
        line.is_down = True
        await session.send_message("three")
        line.is_down = False
        desk = watched.api.add_supergroup("Desk", members=[watched.ann, watched.account])
        await session.replay(desk.id)
        watched.api.faults.add(Failure(400, "Bad Request: message can't be deleted"), method="deleteMessages", times=2)
        assert len((await session.clear()).refused) == 1
        await session.send_message("four")
        watched.later(2 * HOUR)
        await bot.sessions.sweep()
        await session.send_message("five")
        await session.close()


def _samples(registry: CollectorRegistry) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return all samples, by name and the values of their labels but the bot's."""
    return {
        (sample.name, tuple(value for name, value in sorted(sample.labels.items()) if name != "bot")): sample.value
        for metric in registry.collect()
        for sample in metric.samples
        if not sample.name.endswith("_created")
    }


async def test_prometheus_gets_what_happened(watched: Watched) -> None:
    registry = CollectorRegistry()
    await _lives(watched, PrometheusObserver(registry))
    samples = _samples(registry)
    assert samples["tgslices_messages_recorded_total", ("incoming",)] == 1
    assert samples["tgslices_messages_recorded_total", ("outgoing",)] == 4
    assert samples["tgslices_sessions_opened_total", ()] == 2
    assert samples["tgslices_sessions_closed_total", ()] == 1
    assert samples["tgslices_sessions_ended_total", ("idle",)] == 1
    assert samples["tgslices_messages_claimed_total", ()] == 4
    assert samples["tgslices_message_age_seconds_count", ()] == 4
    assert samples["tgslices_message_age_seconds_bucket", ("3600.0",)] == 3
    assert samples["tgslices_messages_settled_total", ("accepted", "")] == 3
    assert samples["tgslices_messages_settled_total", ("refused", "Bad Request: message can't be deleted")] == 1
    assert samples["tgslices_deletion_requests_total", ("refused",)] == 2
    assert samples["tgslices_storage_failures_total", ("ConnectionError", "add")] >= 1
    assert samples["tgslices_writes_waiting", ()] == 0
    assert samples["tgslices_work_duration_seconds_count", ("", "clear")] == 1
    assert samples["tgslices_work_duration_seconds_count", ("", "replay")] == 1


async def test_no_chat_no_user_and_no_qualifier_is_a_label(watched: Watched) -> None:
    registry, reader, spans = CollectorRegistry(), InMemoryMetricReader(), InMemorySpanExporter()
    prometheus, otel = PrometheusObserver(registry), _otel(reader, spans)

    def both(event: SessionEvent) -> None:
        prometheus(event)
        otel(event)

    await _lives(watched, both)
    exported = [generate_latest(registry).decode(), str(list(_points(reader)))]
    exported += [
        f"{span.name} {dict(span.attributes or {})} {span.events} {span.status.description}" for span in _of(spans)
    ]
    assert str(watched.account.id) in exported[0]
    user_id = re.compile(rf"(?<![\d.]){watched.ann.id}(?!\d)")  # and not some digits of a time
    for text in exported:
        assert not user_id.search(text)
        for secret in (QUALIFIER, watched.account.token, "three"):
            assert secret not in text
    assert {label for metric in METRICS for label in metric.labels} == {
        *("direction", "reason", "answer", "outcome", "method", "error", "work", "older_than"),
    }


def test_a_registry_takes_one_observer() -> None:
    registry = CollectorRegistry()
    PrometheusObserver(registry)
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        PrometheusObserver(registry)


def test_reasons_are_told_apart_up_to_a_bound() -> None:
    figures = Figures()
    reasons = {
        figure.labels[1]
        for number in range(2 * MAX_REASONS)
        for figure in figures.of(MessagesSettled(42, 1, Outcome.REFUSED, f"reason {number}"))
    }
    assert len(reasons) == MAX_REASONS + 1
    assert "other" in reasons


# OpenTelemetry


def _otel(reader: InMemoryMetricReader, spans: InMemorySpanExporter) -> OpenTelemetryObserver:
    tracing = TracerProvider()
    tracing.add_span_processor(SimpleSpanProcessor(spans))
    return OpenTelemetryObserver(meter_provider=MeterProvider([reader]), tracer_provider=tracing)


def _of(spans: InMemorySpanExporter) -> list[ReadableSpan]:
    return list(spans.get_finished_spans())


def _points(reader: InMemoryMetricReader) -> Iterator[tuple[str, Mapping[str, Any], Any]]:
    data = reader.get_metrics_data()
    assert data is not None
    for resource in data.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in metric.data.data_points:
                    value = getattr(point, "value", None)
                    yield metric.name, dict(point.attributes or {}), point.count if value is None else value  # type: ignore[union-attr]


async def test_opentelemetry_gets_metrics_and_spans_around_work_alone(watched: Watched) -> None:
    reader, spans = InMemoryMetricReader(), InMemorySpanExporter()
    await _lives(watched, _otel(reader, spans))
    points = {(name, *sorted(map(str, attributes.values()))): value for name, attributes, value in _points(reader)}
    bot = str(watched.account.id)
    assert points["tgslices.messages.recorded", bot, "incoming"] == 1
    assert points["tgslices.messages.settled", "", bot, "accepted"] == 3
    assert points["tgslices.message.age", bot] == 4
    assert points["tgslices.writes.waiting", bot] == 0
    assert {span.name for span in _of(spans)} == {"tgslices.clear", "tgslices.sweep", "tgslices.replay"}
    [clear] = [span for span in _of(spans) if span.name == "tgslices.clear"]
    assert dict(clear.attributes or {}) == {"bot": watched.account.id, "tgslices.messages": 3, "tgslices.requests": 3}
    assert clear.status.status_code is StatusCode.UNSET


class _Broken(Sampler):
    def should_sample(self, *_: Any, **__: Any) -> SamplingResult:
        raise LookupError

    def get_description(self) -> str:
        return "broken"


async def test_work_whose_span_cannot_be_begun_is_counted_all_the_same(watched: Watched) -> None:
    reader = InMemoryMetricReader()
    metering, tracing = MeterProvider([reader]), TracerProvider(sampler=_Broken())
    await _lives(watched, OpenTelemetryObserver(meter_provider=metering, tracer_provider=tracing))
    works = {attributes["work"] for name, attributes, _ in _points(reader) if name == "tgslices.work.duration"}
    assert works == {"clear", "sweep", "replay"}


async def test_what_runs_inside_a_clear_has_its_span_as_the_parent(watched: Watched) -> None:
    spans, tracing = InMemorySpanExporter(), TracerProvider()
    tracing.add_span_processor(SimpleSpanProcessor(spans))
    observer = OpenTelemetryObserver(tracer_provider=tracing)
    async with watched.worker(observer=observer) as bot:

        async def traced(make_request: Any, bot: Any, method: Any) -> Any:
            with tracing.get_tracer("http").start_as_current_span(type(method).__name__):
                return await make_request(bot, method)

        bot.session.middleware(traced)
        order = watched.order(bot)
        await order.send_message("one")
        with tracing.get_tracer("app").start_as_current_span("handler"):
            await order.clear()
    found = {span.name: span for span in _of(spans)}
    clear, handler = found["tgslices.clear"], found["handler"]
    assert clear.parent is not None
    assert clear.parent.span_id == handler.context.span_id
    assert found["DeleteMessages"].parent is not None
    assert found["DeleteMessages"].parent.span_id == clear.context.span_id
    assert found["SendMessage"].parent is None


async def test_a_span_tells_the_type_of_what_ended_it_and_no_more(watched: Watched) -> None:
    spans, tracing = InMemorySpanExporter(), TracerProvider()
    tracing.add_span_processor(SimpleSpanProcessor(spans))
    async with watched.worker(observer=OpenTelemetryObserver(tracer_provider=tracing)) as bot:
        order = watched.order(bot)
        await order.send_message("one")
        watched.api.faults.add(
            Failure(401, f"Unauthorized {watched.account.token}"), method="deleteMessages", times=None
        )
        with pytest.raises(Exception, match="Unauthorized"):
            await order.clear()
        await asyncio.sleep(0)
    clear = next(span for span in _of(spans) if span.name == "tgslices.clear")
    assert (clear.attributes or {})["error.type"] == "TelegramUnauthorizedError"
    assert clear.status.status_code is StatusCode.ERROR
    assert watched.account.token not in clear.to_json()
