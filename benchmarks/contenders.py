"""Three ways to write down which messages a session holds: by hand with SQLAlchemy, with the bare driver, and ours."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import aiosqlite
import asyncpg  # type: ignore[import-untyped]  # it ships no types
from aiogram.enums import ContentType
from sqlalchemy import event, insert
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from benchmarks.databases import Target
from tgslices.model import Direction, Scope, SessionKey, TrackedMessage
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage, build_tables

SESSIONS = 1_000
"""How many sessions take part, each with its turn, so that their rows lie as scattered as in a bot."""

NOW = datetime(2026, 7, 1, tzinfo=UTC)
MICROSECONDS = 1_782_864_000_000_000
TABLES = build_tables(prefix="by_hand_")


def chats_of(writer: int, writers: int) -> list[int]:
    """Return the chats that one writer writes to."""
    return list(range(writer, SESSIONS, writers)) if writers > 1 else list(range(10))


def messages_of(first: int, rows: int, chats: Sequence[int]) -> list[TrackedMessage]:
    """Return messages that nobody has seen."""
    return [
        TrackedMessage(first + number, chats[number % len(chats)], 7, ContentType.TEXT, Direction.INCOMING, NOW, NOW)
        for number in range(rows)
    ]


class Contender(Protocol):
    """One way to write."""

    name: str

    async def open(self) -> None:
        """Start with an empty database."""

    async def run(self, rows: int, writers: int) -> float:
        """Write rows, each of them acknowledged to its writer; return the seconds that took."""

    async def close(self) -> None:
        """Let go of the database."""


class ByHand:
    """SQLAlchemy Core with a commit for each row, which is what its tutorial teaches."""

    name = "by hand"

    def __init__(self, target: Target) -> None:
        self.target = target
        self.first = 0

    async def open(self) -> None:
        await self.target.empty()
        # One connection for SQLite, because with more of them some writers see "database is locked".
        pool = {"pool_size": 1, "max_overflow": 0} if self.target.is_sqlite else {}
        self.engine = create_async_engine(self.target.url, pool_timeout=600, **pool)
        if self.target.is_sqlite:
            set_durability(self.engine)
        async with self.engine.begin() as connection:
            await connection.run_sync(TABLES.metadata.drop_all)
            await connection.run_sync(TABLES.metadata.create_all)

    async def run(self, rows: int, writers: int) -> float:
        return await timed([self._write(rows // writers, chats_of(it, writers)) for it in range(writers)])

    async def _write(self, rows: int, chats: Sequence[int]) -> None:
        for number in range(rows):
            chat = chats[number % len(chats)]
            async with self.engine.begin() as connection:
                await connection.execute(
                    insert(TABLES.messages).values(
                        key_id=chat,
                        chat_id=chat,
                        message_id=self.first + number,
                        variant=b"",
                        user_id=7,
                        kind="text",
                        direction="in",
                        sent_at=MICROSECONDS,
                        recorded_at=MICROSECONDS,
                    )
                )

    async def close(self) -> None:
        async with self.engine.begin() as connection:
            await connection.run_sync(TABLES.metadata.drop_all)
        await self.engine.dispose()


class Driver(ByHand):
    """The bare driver, told beforehand what to write in groups of a hundred: nobody waits for a single row."""

    name = "bare driver"

    async def run(self, rows: int, writers: int) -> float:
        chats = [chat for it in range(writers) for chat in chats_of(it, writers)]
        values = [
            (chats[it % len(chats)], chats[it % len(chats)], it, b"", 7, "text", "in", MICROSECONDS, MICROSECONDS)
            for it in range(rows)
        ]
        names = "key_id, chat_id, message_id, variant, user_id, kind, direction, sent_at, recorded_at"
        group = 100 if writers > 1 else 1
        groups = [values[start : start + group] for start in range(0, rows, group)]
        write = self._write_sqlite if self.target.is_sqlite else self._write_postgresql
        return await write(f"INSERT INTO {TABLES.messages.name} ({names}) VALUES", groups)

    async def _write_sqlite(self, insert_: str, groups: list[list[tuple[Any, ...]]]) -> float:
        async with aiosqlite.connect(self.target.dsn) as connection:
            await connection.execute("PRAGMA synchronous=NORMAL")
            started = time.perf_counter()
            for group in groups:
                await connection.executemany(f"{insert_} (?, ?, ?, ?, ?, ?, ?, ?, ?)", group)
                await connection.commit()
            return time.perf_counter() - started

    async def _write_postgresql(self, insert_: str, groups: list[list[tuple[Any, ...]]]) -> float:
        connection = await asyncpg.connect(self.target.dsn)
        started = time.perf_counter()
        for group in groups:
            await connection.executemany(f"{insert_} ($1, $2, $3, $4, $5, $6, $7, $8, $9)", group)
        seconds = time.perf_counter() - started
        await connection.close()
        return seconds


class Ours:
    """The storage, recording into open sessions."""

    def __init__(self, target: Target, name: str, *, shared: bool) -> None:
        self.target = target
        self.name = name
        self.shared = shared
        self.first = 0

    async def open(self) -> None:
        await self.target.empty()
        self.storage = SQLAlchemySessionStorage(self.target.url, shared=self.shared)
        await asyncio.gather(*(self.storage.open(SessionKey(1, chat, chat)) for chat in range(SESSIONS)))
        if not self.target.is_sqlite:
            await self.target.execute("ANALYZE")

    async def run(self, rows: int, writers: int) -> float:
        work = [messages_of(self.first, rows // writers, chats_of(it, writers)) for it in range(writers)]
        self.first += rows
        return await timed([self._write(messages) for messages in work])

    async def _write(self, messages: Sequence[TrackedMessage]) -> None:
        for message in messages:
            await self.storage.record(Scope(1, message.chat_id, "private", message.chat_id), message)

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


async def timed(writers: Sequence[Any]) -> float:
    """Return the seconds until all writers are done."""
    started = time.perf_counter()
    await asyncio.gather(*writers)
    return time.perf_counter() - started


def set_durability(engine: AsyncEngine) -> None:
    """Give an engine of SQLite the durability that the storage has."""

    @event.listens_for(engine.sync_engine, "connect")
    def connect(connection: Any, _: object) -> None:
        connection.execute("PRAGMA synchronous=NORMAL")
