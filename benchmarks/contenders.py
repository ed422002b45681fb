"""What users write today, and what a database can do at most: by hand, with the bare driver, and in groups."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiosqlite
import asyncpg  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import event, insert
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from benchmarks.databases import Target
from benchmarks.rows import MAX_GROUP, MICROSECONDS, chats_of, timed
from tgslices.storage.sqlalchemy import build_tables

TABLES = build_tables(prefix="by_hand_")
NAMES = ("key_id", "chat_id", "message_id", "variant", "user_id", "kind", "direction", "sent_at", "recorded_at")

Row = tuple[Any, ...]
Write = Callable[[Row], Coroutine[Any, Any, object]]
WriteGroup = Callable[[Sequence[Row]], Coroutine[Any, Any, object]]


class ByHand:
    """SQLAlchemy Core with a commit for each row, which is what its tutorial teaches."""

    name = "by hand"
    max_rows = 2_000

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
        async with self.writing(rows) as write:
            took = await timed([self._write(write, rows // writers, chats_of(it, writers)) for it in range(writers)])
        self.first += rows
        return took

    @asynccontextmanager
    async def writing(self, rows: int) -> Any:
        """Yield what writes one row and returns when it is committed."""

        async def write(row: Row) -> None:
            async with self.engine.begin() as connection:
                await connection.execute(insert(TABLES.messages).values(**dict(zip(NAMES, row, strict=True))))

        yield write

    async def _write(self, write: Write, rows: int, chats: Sequence[int]) -> None:
        for number in range(self.first, self.first + rows):
            chat = chats[number % len(chats)]
            await write((chat, chat, number, b"", 7, "text", "in", MICROSECONDS, MICROSECONDS))

    async def close(self) -> None:
        async with self.engine.begin() as connection:
            await connection.run_sync(TABLES.metadata.drop_all)
        await self.engine.dispose()


class BareDriver(ByHand):
    """The driver without SQLAlchemy, with a commit for each row."""

    name = "bare driver"
    max_rows = 10_000

    def writing(self, rows: int) -> Any:
        return self._on_sqlite() if self.target.is_sqlite else self._on_postgresql()

    @asynccontextmanager
    async def _on_sqlite(self) -> Any:
        async with aiosqlite.connect(self.target.dsn, isolation_level=None) as connection:
            await connection.execute("PRAGMA synchronous=NORMAL")
            statement = f"{_insert()} ({', '.join('?' * len(NAMES))})"

            async def write(row: Row) -> None:
                await connection.execute_fetchall(statement, row)

            yield write

    @asynccontextmanager
    async def _on_postgresql(self) -> Any:
        async with asyncpg.create_pool(self.target.dsn, min_size=10, max_size=10) as pool:

            async def write(row: Row) -> None:
                await pool.execute(_insert_for_postgresql(), *row)

            yield write


class Coalesced(ByHand):
    """Writes that wait together committed together: Core on SQLite, the bare driver on PostgreSQL, and no more."""

    name = "coalesced"
    max_rows = 20_000

    @asynccontextmanager
    async def writing(self, rows: int) -> Any:
        waiting: list[tuple[Row, asyncio.Future[None]]] = []
        some = asyncio.Event()
        loop = asyncio.get_running_loop()

        async def write(row: Row) -> None:
            answer = loop.create_future()
            waiting.append((row, answer))
            some.set()
            await answer

        async def run(write_group: WriteGroup) -> None:
            while await some.wait():
                while waiting:
                    group, waiting[:MAX_GROUP] = waiting[:MAX_GROUP], []
                    await write_group([row for row, _ in group])
                    for _, answer in group:
                        answer.set_result(None)
                    await asyncio.sleep(0)
                some.clear()

        async with self._group_writer() as write_group:
            running = asyncio.create_task(run(write_group))
            yield write
            running.cancel()

    def _group_writer(self) -> AbstractAsyncContextManager[WriteGroup]:
        return self._core() if self.target.is_sqlite else self._asyncpg()

    @asynccontextmanager
    async def _core(self) -> Any:
        async def write_group(rows: Sequence[Row]) -> None:
            async with self.engine.begin() as connection:
                await connection.execute(insert(TABLES.messages), [dict(zip(NAMES, row, strict=True)) for row in rows])

        yield write_group

    @asynccontextmanager
    async def _asyncpg(self) -> Any:
        connection = await asyncpg.connect(self.target.dsn)

        async def write_group(rows: Sequence[Row]) -> None:
            await connection.executemany(_insert_for_postgresql(), rows)

        yield write_group
        await connection.close()


def set_durability(engine: AsyncEngine) -> None:
    """Give an engine of SQLite the durability that the storage has."""

    @event.listens_for(engine.sync_engine, "connect")
    def connect(connection: Any, _: object) -> None:
        connection.execute("PRAGMA synchronous=NORMAL")


def _insert() -> str:
    return f"INSERT INTO {TABLES.messages.name} ({', '.join(NAMES)}) VALUES"


def _insert_for_postgresql() -> str:
    return f"{_insert()} ({', '.join(f'${number + 1}' for number in range(len(NAMES)))})"
