"""The storage itself: recording into open sessions, and clearing them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta

from benchmarks.databases import Target
from benchmarks.rows import NOW, SESSIONS, chats_of, messages_of, timed
from tgslices.model import Scope, SessionKey, TrackedMessage
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage


class Ours:
    """The storage, alone or shared."""

    max_rows = 20_000

    def __init__(self, target: Target, name: str, *, shared: bool) -> None:
        self.target = target
        self.name = name
        self.shared = shared
        self.first = 0

    async def open(self) -> None:
        await self.target.empty()
        self.storage = SQLAlchemySessionStorage(self.target.url, shared=self.shared)
        await asyncio.gather(*(self.storage.open(SessionKey(1, chat, chat), at=NOW) for chat in range(SESSIONS)))
        if not self.target.is_sqlite:
            await self.target.execute("ANALYZE")

    async def run(self, rows: int, writers: int) -> float:
        work = [self._work(messages_of(self.first, rows // writers, chats_of(it, writers))) for it in range(writers)]
        self.first += rows
        return await timed([self._write(part) for part in work])

    def _work(self, messages: Sequence[TrackedMessage]) -> list[tuple[Scope, TrackedMessage]]:
        return [(Scope(1, message.chat_id, "private", message.chat_id), message) for message in messages]

    async def _write(self, work: Sequence[tuple[Scope, TrackedMessage]]) -> None:
        for scope, message in work:
            await self.storage.record(scope, message)

    async def list_and_clear(self, entries: int) -> dict[str, float]:
        """Return the seconds that it takes to list a long session, and to clear it as ``session.clear()`` does."""
        key, until = SessionKey(1, 5, 5), NOW + timedelta(minutes=1)
        await asyncio.gather(*(self.storage.add(key, it) for it in messages_of(10**9, entries, [5])))
        started = time.perf_counter()
        listed = await self.storage.list(key)
        looked = time.perf_counter()
        claimed = await self.storage.claim(key, listed, now=NOW, until=until)
        took = time.perf_counter()
        held = [it for it in await self.storage.pending(1) if it.message in set(claimed)]
        read = time.perf_counter()
        assert await self.storage.settle(held) == entries
        settled = time.perf_counter()
        return {
            f"listing {entries:,} entries": looked - started,
            f"claiming {entries:,} entries": took - looked,
            f"settling {entries:,} pending deletions": settled - read,
        }

    async def close(self) -> None:
        await self.storage.aclose()
        await self.target.empty()
