"""Long work in turns, so that it never keeps the event loop from everything else."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterator
from time import perf_counter
from typing import Final, TypeVar

T = TypeVar("T")

PORTION: Final = 256
"""How many entries to work on before work yields: one or two milliseconds of the slowest."""

MAX_TURN: Final = 0.004
"""Seconds after which the loop has its turn."""

ENTRIES_PER_STEP: Final = 1000
"""How many entries leave a session in one step, so that no step takes a storage, or the event loop, long."""


async def in_turns(work: Generator[None, None, T]) -> T:
    """Run work to its end and return its result; where it yields, the event loop may have its turn.

    Raises:
        Exception: what the work raises.
    """
    started = perf_counter()
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: T = end.value
            return result
        if perf_counter() - started > MAX_TURN:
            await asyncio.sleep(0)
            started = perf_counter()


def steps(entries: list[T]) -> Iterator[list[T]]:
    """Split entries into parts that a storage takes in one step."""
    for start in range(0, len(entries), ENTRIES_PER_STEP):
        yield entries[start : start + ENTRIES_PER_STEP]


def at_once(work: Generator[None, None, T]) -> T:
    """Run work to its end without any turn and return its result. Raises what the work raises."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: T = end.value
            return result
