"""What an SQL storage costs: ours, what a user writes by hand today, and what the driver can do at most, in one run.

Run it with ``python -m benchmarks.storage``, and with ``--large`` for a million open sessions and ten million messages.
Every round times each contender once, in turn, and the best round of each is printed beside the median of its ratios to
the others in the same round, so that a noisy machine disturbs all alike.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.contenders import BareDriver, ByHand, Coalesced
from benchmarks.databases import Target, postgresql_target, sqlite_target
from benchmarks.large import measure_large
from benchmarks.on_redis import redis_server, show_redis
from benchmarks.ours import Ours
from benchmarks.rows import Contender

WRITERS = 100
ROUNDS = 5


def report(name: str, rates: dict[str, list[float]]) -> None:
    """Print the best rate of each contender, and its median ratios to two of them."""
    others = ("by hand", "coalesced")
    print(f"\n{name:26}{'rows/s':>10}" + "".join(f"{f'to {other}':>15}" for other in others))
    for contender, measured in rates.items():
        ratios = (
            statistics.median(mine / theirs for mine, theirs in zip(measured, rates[other], strict=True))
            for other in others
        )
        print(f"  {contender:24}{max(measured):>10,.0f}" + "".join(f"{ratio:>15.2f}" for ratio in ratios))


async def compare(
    target: Target, *, rows: int | None, writers: int, rounds: int, ours: dict[str, bool]
) -> dict[str, list[float]]:
    """Return rows per second of each contender in each round; each writes as many as it is to, unless told."""
    contenders: list[Contender] = [ByHand(target), BareDriver(target), Coalesced(target)]
    contenders += [Ours(target, name, shared=shared) for name, shared in ours.items()]
    rates: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for contender in contenders:
        await contender.open()
        await contender.run(500, writers)
        await contender.close()
    for _ in range(rounds):
        for contender in contenders:
            await contender.open()
            share = rows or contender.max_rows
            rates[contender.name].append(share / await contender.run(share, writers))
            await contender.close()
    return rates


async def measure(target: Target, rounds: int) -> None:
    """Print everything about one database."""
    print(f"\n== {target.name} ==")
    default = target.name != "SQLite"
    ours: dict[str, bool] = {"ours": default} if default else {"ours": False, "ours, shared": True}
    many = await compare(target, rows=None, writers=WRITERS, rounds=rounds, ours=ours)
    report(f"recording, {WRITERS} writers", many)
    one = await compare(target, rows=500, writers=1, rounds=rounds, ours=ours)
    report("recording, one writer", one)
    storage = Ours(target, "ours", shared=default)
    await storage.open()
    for what, seconds in (await storage.list_and_clear(1_000)).items():
        print(f"  {what:40} {seconds * 1e3:8.1f} ms")
    await storage.close()


@contextmanager
def directory() -> Iterator[Path]:
    """Make a directory that is gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="tgslices-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", choices=("sqlite", "postgresql", "redis"))
    parser.add_argument("--large", action="store_true", help="measure with full tables instead (many minutes, 5 GB)")
    parser.add_argument("--sessions", type=int, default=1_000_000, help="how many sessions --large opens")
    parser.add_argument("--messages", type=int, default=10, help="how many messages each of those holds")
    chosen = parser.parse_args()
    with directory() as place:
        if chosen.only in (None, "redis"):
            with redis_server(place) as url:
                await show_redis(url, chosen.rounds, chosen.sessions if chosen.large else None)
        for name, make in (("sqlite", sqlite_target), ("postgresql", postgresql_target)):
            if chosen.only not in (None, name):
                continue
            with make(place) as target:
                if chosen.large:
                    await measure_large(target, chosen.sessions, chosen.messages)
                else:
                    await measure(target, chosen.rounds)


if __name__ == "__main__":
    asyncio.run(main())
