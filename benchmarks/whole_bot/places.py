"""A database for each bot, so that none hears what another one opens."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.databases import Target, postgresql_target
from benchmarks.on_redis import redis_server
from benchmarks.whole_bot.contestants import Contestant


@contextmanager
def settled(contestants: Sequence[Contestant], folder: Path) -> Iterator[list[Contestant]]:
    """Run the servers that some bots need; return the bots with places of their own."""
    kinds = {contestant.kind for contestant in contestants}
    with ExitStack() as stack:
        target = stack.enter_context(postgresql_target(folder)) if "postgres" in kinds else None
        valkey = stack.enter_context(redis_server(folder)) if "redis" in kinds else ""
        yield [
            replace(contestant, place=_place(contestant.kind, number, folder, target, valkey))
            for number, contestant in enumerate(contestants)
        ]


def _place(kind: str, number: int, folder: Path, target: Target | None, valkey: str) -> str:
    file = folder / f"whole-{number}.db"
    if kind == "postgres" and target is not None:
        asyncio.run(target.execute(f"CREATE DATABASE whole_{number}"))
        return target.dsn.replace("/postgres?", f"/whole_{number}?")
    places = {"memory": "memory://", "file": str(file), "redis": valkey.removesuffix("0") + str(number % 16)}
    return places.get(kind, f"{kind}:///{file}")
