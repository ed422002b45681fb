"""What the contenders write, how they are timed, and what each of them can do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

from tgslices.model import Direction, TrackedMessage
from tgslices.telegram_facts.message_kind import MessageKind

SESSIONS: Final = 1_000
"""How many sessions take part, each with its turn, so that their rows lie as scattered as in a bot."""

MAX_GROUP: Final = 100
NOW: Final = datetime(2026, 7, 1, tzinfo=UTC)
MICROSECONDS: Final = 1_782_864_000_000_000


def chats_of(writer: int, writers: int) -> list[int]:
    """Return the chats that one writer writes to."""
    return list(range(writer, SESSIONS, writers)) if writers > 1 else list(range(10))


def messages_of(first: int, rows: int, chats: Sequence[int]) -> list[TrackedMessage]:
    """Return messages that nobody has seen."""
    return [
        TrackedMessage(first + number, chats[number % len(chats)], 7, MessageKind.TEXT, Direction.INCOMING, NOW, NOW)
        for number in range(rows)
    ]


async def timed(writers: Sequence[Awaitable[object]]) -> float:
    """Return the seconds until all writers are done."""
    started = time.perf_counter()
    await asyncio.gather(*writers)
    return time.perf_counter() - started


class Contender(Protocol):
    """One way to write."""

    name: str
    max_rows: int
    """How many rows it is to write in a round, so that slow ones do not take all the time."""

    async def open(self) -> None:
        """Start with an empty database."""

    async def run(self, rows: int, writers: int) -> float:
        """Write rows, each of them acknowledged to its writer before the next; return the seconds that took."""

    async def close(self) -> None:
        """Let go of the database."""
