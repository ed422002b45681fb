"""Which keys are open, known in memory as far as the database belongs to this process alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import SessionKey
from tgslices.storage.sqlalchemy.database.errors import judge
from tgslices.storage.sqlalchemy.database.group_commit import Coalescer
from tgslices.storage.sqlalchemy.database.transactions import T, Work
from tgslices.storage.sqlalchemy.lifetime import Backend
from tgslices.storage.sqlalchemy.queries.entries import Move, OpenRow, Sessions
from tgslices.storage.sqlalchemy.queries.groups import GroupWriter, Write
from tgslices.storage.sqlalchemy.queries.owned_keys import OwnedKeys

KEYS_PER_LOAD: Final = 10_000


class Openness:
    """Runs everything that may open, close or move keys, and keeps what is in memory in step with the database."""

    def __init__(self, backend: Backend, sessions: Sessions) -> None:
        """Know nothing yet."""
        self._backend = backend
        self._transactions = backend.transactions
        self._sessions = sessions
        self._owned = None if backend.shared else OwnedKeys()
        self.writer: Coalescer[Write, int] = Coalescer(
            self._lane,
            judge=judge,
            explain=backend.explain,
            lanes=backend.database.lanes if backend.shared else 1,
            largest_group=backend.database.largest_group,
            timeout=backend.timeout,
        )

    def is_idle(self, bot_id: int) -> bool:
        """Tell whether it is certain that the bot has no open key."""
        return self._owned is not None and self._backend.is_running and self._owned.is_idle(bot_id)

    @property
    def known(self) -> OwnedKeys | None:
        """The open keys, if they are in memory and none is in doubt."""
        return self._owned if self._owned is not None and self._owned.is_certain else None

    def knows_open(self, key: SessionKey) -> bool:
        """Tell whether it is certain that a key is open."""
        known = self.known if self._backend.is_running else None
        return known is not None and known.get(key) is not None

    async def load(self) -> None:
        """Bring what is in memory in step with the database.

        Writes that wait meanwhile land where their keys are then. What is being changed meanwhile stays in doubt.
        """
        if self._owned is None:
            return
        changing = self._owned.in_doubt
        gone = set(self._owned.every)
        last = 0
        while rows := await self._transactions.read(partial(self._sessions.open_rows, after=last, limit=KEYS_PER_LOAD)):
            for row in rows:
                self._owned.ascertain(row.key, row.id, row.after_id)
                gone.discard(row.key)
            last = rows[-1].id
        for key in gone:
            self._owned.ascertain(key, None)
        self._owned.doubt(changing)

    async def change(self, work: Work[T]) -> T:
        """Run work that opens and closes nothing."""
        return await self._transactions.write(work)

    async def open(self, key: SessionKey, work: Work[OpenRow | None]) -> bool:
        """Run work that opens a key, unless it says that the key stays as it is; return whether it was opened."""

        async def before(connection: AsyncConnection) -> None:
            await self._ascertain(connection, key)

        def after(opened: OpenRow | None) -> None:
            if self._owned is None:
                return
            if opened is not None:
                self._owned.ascertain(key, opened.id, opened.after_id)
            else:
                there = self._owned.get(key)
                self._owned.ascertain(key, *((None,) if there is None else (there.row_id, there.after_id)))

        return await self._change(work, before, after) is not None

    async def add(self, key: SessionKey, work: Work[bool]) -> bool:
        """Run work that adds an entry to a key, and may open it."""

        async def before(connection: AsyncConnection) -> None:
            await self._ascertain(connection, key)

        return await self._change(work, before, lambda _: None)  # the next write finds out whether it is open

    async def close(self, key: SessionKey, work: Work[T]) -> T:
        """Run work after which a key is not open."""

        async def before(connection: AsyncConnection) -> None:
            await self._ascertain(connection, key)

        def after(_: T) -> None:
            if self._owned is not None:
                self._owned.ascertain(key, None)

        return await self._change(work, before, after)

    async def move(self, bot_id: int, old_chat_id: int, new_chat_id: int, work: Work[list[Move]]) -> list[Move]:
        """Run work that moves the keys of a chat."""

        async def before(connection: AsyncConnection) -> None:
            await self._ascertain(connection)
            if self._owned is not None:
                moving = self._owned.of_chat(bot_id, old_chat_id)
                self._owned.doubt([*moving, *(key.in_chat(new_chat_id) for key in moving)])

        def after(moves: list[Move]) -> None:
            if self._owned is not None:
                for move in moves:
                    if move.was_open:
                        self._owned.moved(move.old, move.new, move.row_id, move.after_id)

        return await self._change(work, before, after)

    async def _change(self, work: Work[T], before: Work[None], after: Callable[[T], None]) -> T:
        return await self._transactions.write(work, before=before, after=after)

    @asynccontextmanager
    async def _lane(self) -> AsyncIterator[Callable[[Sequence[Write]], Awaitable[Sequence[int]]]]:
        backend = self._backend
        async with self._transactions.connect() as connection:
            writer = GroupWriter(connection, backend.database, backend.statements, self._owned)

            async def write(group: Sequence[Write]) -> Sequence[int]:
                async with self._transactions.turn:
                    await self._ascertain(connection)
                    return await writer.write(group)

            yield write

    async def _ascertain(self, connection: AsyncConnection, *about_to_change: SessionKey) -> None:
        """Ask the database for the keys that are in doubt since a change of theirs failed; then doubt others."""
        if self._owned is not None:
            for key in self._owned.in_doubt:
                row = await self._sessions.open_row(connection, key)
                self._owned.ascertain(key, *((None,) if row is None else (row.id, row.after_id)))
            self._owned.doubt(about_to_change)
