"""What an observer costs each recorded update, paired in one run with sessions that nobody observes.

Run it with ``python -m benchmarks.observing``. As in ``benchmarks/per_update.py``, a round is one update of each
variant in an order of its own, or a burst of updates of each, and the medians of the differences within rounds are
printed. OpenTelemetry is its API alone, without an SDK.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
from collections.abc import Sequence

from aiogram import Bot
from prometheus_client import CollectorRegistry

from benchmarks.per_update import TOKEN, Variant, dispatcher, run
from tgslices import MemorySessionStorage, setup_sessions
from tgslices.telemetry import SessionEvent, SessionObserver
from tgslices.telemetry.otel import OpenTelemetryObserver
from tgslices.telemetry.prometheus import PrometheusObserver


def nothing(event: SessionEvent) -> None:
    """Do what the least observer does."""


class Observed(Variant):
    """Sessions whose observer is called."""

    def __init__(self, name: str, observer: SessionObserver | None, *, recording: bool = True) -> None:
        super().__init__(name, sessions=False, recording=recording)
        self.bot = Bot(TOKEN)
        self.dispatcher = dispatcher()
        self.storage = MemorySessionStorage()
        setup_sessions(self.dispatcher, self.bot, storage=self.storage, observer=observer)


def report(variants: Sequence[Variant]) -> None:
    """Print what each variant costs more than the first one, and forget it."""
    base = variants[0]
    print(f"{'variant':<40}{'µs/update':>10}{'more, µs':>10}{'ratio':>8}")
    for variant in variants:
        more = statistics.median(ours - theirs for ours, theirs in zip(variant.taken, base.taken, strict=True))
        ratio = statistics.median(ours / theirs for ours, theirs in zip(variant.taken, base.taken, strict=True))
        print(f"{variant.name:<40}{statistics.median(variant.taken):>10.2f}{more:>10.2f}{ratio:>8.3f}")
    for variant in variants:
        variant.taken.clear()


async def main(rounds: int, count: int) -> None:
    """Time all variants and print the figures."""
    recording: list[Variant] = [
        Observed("recording, nobody observes", None),
        Observed("the same once more", None),
        Observed("a function that does nothing", nothing),
        Observed("OpenTelemetry's API, no exporter", OpenTelemetryObserver()),
        Observed("Prometheus", PrometheusObserver(CollectorRegistry())),
    ]
    idle: list[Variant] = [
        Observed("idle, nobody observes", None, recording=False),
        Observed("idle, OpenTelemetry's API", OpenTelemetryObserver(), recording=False),
    ]
    first = 1
    for title, burst in (("one at a time", 1), ("in bursts", count)):
        await run([*recording, *idle], rounds, count, burst, first=first)
        first += (rounds + 1) * count
        print(f"\n{title}: {rounds} rounds of {count} updates; medians")
        report(recording)
        report(idle)
    for variant in (*recording, *idle):
        await variant.bot.session.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--updates", type=int, default=300)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.rounds, arguments.updates))
