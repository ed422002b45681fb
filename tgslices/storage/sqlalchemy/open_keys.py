"""Which keys are open, known in memory as far as the database belongs to this process alone."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import Scope, SessionKey
from tgslices.storage.group_commit import GroupCommit, WriteGroup
from tgslices.storage.inprocess.shared_keys import Change, opening
from tgslices.storage.protocol import Added, Closed
from tgslices.storage.sqlalchemy.database.errors import verdict_on
from tgslices.storage.sqlalchemy.database.steps import Steps
from tgslices.storage.sqlalchemy.database.transactions import T, Work
from tgslices.storage.sqlalchemy.hearing import Commit, Hearing
from tgslices.storage.sqlalchemy.open_database import OpenDatabase
from tgslices.storage.sqlalchemy.queries.additions import Addition
from tgslices.storage.sqlalchemy.queries.closings import Closing
from tgslices.storage.sqlalchemy.queries.due_sessions import Ending
from tgslices.storage.sqlalchemy.queries.group_writer import GroupWriter
from tgslices.storage.sqlalchemy.queries.keys import Keys, OpenRow
from tgslices.storage.sqlalchemy.queries.migration import Move
from tgslices.storage.sqlalchemy.queries.owned_keys import OwnedKeys
from tgslices.storage.sqlalchemy.queries.writes import Joining, Write, may_join

KEYS_PER_LOAD: Final = 10_000


class OpenKeys:
    """Runs everything that may open, close or move keys, and keeps what is in memory in step with the database."""

    def __init__(self, backend: OpenDatabase, keys: Keys) -> None:
        self._backend = backend
        self._transactions = backend.transactions
        self._keys = keys
        self._owned = None if backend.shared else OwnedKeys()
        self._hearing = Hearing(backend, keys) if backend.shared else None
        self.writer: GroupCommit[Write | Joining, Any] = GroupCommit(
            self._lane,
            verdict_on=verdict_on,
            explain=backend.explain,
            lanes=backend.database.lanes if backend.shared else 1,
            max_group=backend.database.max_group,
            timeout=backend.timeout,
            may_join=may_join,
        )

    def is_idle(self, bot_id: int) -> bool:
        """Tell whether it is certain that the bot has no open key."""
        if self._hearing is not None:
            return self._hearing.is_idle(bot_id)
        return self._owned is not None and self._backend.is_running and self._owned.is_idle(bot_id)

    def may_match(self, scope: Scope) -> bool:
        """Tell whether an open key may match a scope; False is certain, and costs no statement."""
        return self._hearing is None or self._hearing.may_match(scope)

    def known(self, bot_id: int, chat_id: int | None = None) -> OwnedKeys | None:
        """Return the open keys, if they are in memory and none of the bot's, or of one of its chats, is in doubt."""
        return self._owned if self._owned is not None and self._owned.is_certain(bot_id, chat_id) else None

    def knows_open(self, key: SessionKey) -> bool:
        """Tell whether it is certain that a key is open."""
        if self._hearing is not None:
            return self._hearing.knows_open(key)
        known = self.known(key.bot_id, key.chat_id) if self._backend.is_running else None
        return known is not None and known.get(key) is not None

    async def load(self) -> None:
        """Bring what is in memory in step with the database; where it is shared, listen to the others from now on."""
        if self._hearing is not None:
            await self._hearing.start()
        if self._owned is None:
            return
        self._owned.clear()
        with collector_paused():
            last = 0
            while rows := await self._transactions.read(partial(self._read_open, after=last)):
                self._owned.load(rows)
                last = rows[-1][0]

    async def _read_open(self, connection: AsyncConnection, *, after: int) -> Sequence[Any]:
        statement, limits = self._backend.statements.open_rows, (after, KEYS_PER_LOAD)
        found: Sequence[Any] = await self._backend.database.execute(connection, statement, [limits])
        return found

    def write(self, write: Write) -> asyncio.Future[int]:
        """Write something together with whatever else is being written; return how many keys it went to."""
        counted: asyncio.Future[int] = self.writer.submit(write)
        return counted

    async def open(self, write: Write, key: SessionKey) -> bool:
        """Open a key together with whatever else is being written; return whether it was opened now."""
        closings = 0 if self._hearing is None else self._hearing.closings
        if await self.write(write):
            return True
        if self._hearing is not None and not self._hearing.knows_open(key):
            row = await self._transactions.read(partial(self._keys.open_row, key=key))
            if row is not None:
                self._hearing.remember(key, row.id, closings=closings)
        return False

    async def open_unless_closed(self, key: SessionKey, work: Work[OpenRow | None]) -> bool:
        """Run work that opens a key, unless it says that the key stays as it is; return whether it was opened."""
        before = partial(self._ascertain, about_to_change=[key])
        opened = await self._change(work, before, None, lambda opened: _openings([opened]))
        return opened is not None  # what is in memory is in doubt: the next write finds out whether the key is open

    async def add(self, key: SessionKey, work: Work[Addition]) -> Added:
        """Run work that adds an entry to a key, and may open it."""
        before = partial(self._ascertain, about_to_change=[key])
        added = await self._change(work, before, None, lambda added: _openings([added.opened]))
        # What is in memory is in doubt: the next write finds out whether the key is open.
        return Added(added.is_there) if added.opened is None else Added.OPENED

    async def close(self, key: SessionKey, work: Work[Closing]) -> Closed:
        """Run work after which a key is not open."""
        before = partial(self._ascertain, about_to_change=[key])
        closing = await self._change(work, before, partial(self._closed, key), partial(_closings, key))
        return Closed(closing.dropped, closing.row_id is not None)

    async def close_in_steps(
        self, key: SessionKey, steps: Callable[[], Steps[Closing]], *, then: Callable[[], None]
    ) -> Closed:
        """Take steps after which a key is not open, ``then`` in the same turn."""

        def telling() -> Steps[tuple[Closing, Commit | None]]:
            closing = yield from steps()
            return closing, (yield from self._telling(_closings(key, closing)))

        def committed(outcome: tuple[Closing, Commit | None]) -> None:
            closing, told = outcome
            if told is not None:
                told()
            self._closed(key, closing)
            then()

        closing, _ = await self.take(telling, changing=[key], then=committed)
        return Closed(closing.dropped, closing.row_id is not None)

    async def take(
        self,
        steps: Callable[[], Steps[T]],
        *,
        changing: Sequence[SessionKey] = (),
        then: Callable[[T], None] | None = None,
        unclaimed: Callable[[T], Work[object]] | None = None,
    ) -> T:
        """Take steps in a transaction: together with whatever else is being written, where that is a single trip.

        They may open or close the keys that are *changing*; the rest is as for ``Transactions.take``.
        """
        if not self._backend.database.one_writer:
            return await self._transactions.take(steps, after=then, unclaimed=unclaimed)
        answer: asyncio.Future[T] = self.writer.submit(Joining(steps, changing, then))
        try:
            return await asyncio.shield(answer)
        except asyncio.CancelledError:
            if unclaimed is not None:
                self._transactions.follow_up(answer, unclaimed)
            raise

    def _closed(self, key: SessionKey, _: Closing) -> None:
        if self._owned is not None:
            self._owned.ascertain(key, None)

    async def end(self, key: SessionKey, work: Work[Ending | None], *, then: Callable[[], None]) -> Ending | None:
        """Run work that closes a key, ``then`` in the same turn, unless it says that the key stays as it is."""

        def after(ending: Ending | None) -> None:
            if ending is None:
                return  # what is in memory is in doubt: the next write finds out that the key is open
            if self._owned is not None:
                self._owned.ascertain(key, None)
            then()

        def changes(ending: Ending | None) -> list[Change]:
            return [] if ending is None else [Change(key.bot_id, key.chat_id, ending.row_id, False)]

        before = partial(self._ascertain, about_to_change=[key])
        return await self._change(work, before, after, changes)

    async def move(
        self,
        bot_id: int,
        old_chat_id: int,
        new_chat_id: int,
        work: Work[list[Move]],
        *,
        then: Callable[[], None],
    ) -> list[Move]:
        """Run work that moves the keys of a chat, and call ``then`` in the same turn."""

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
            then()

        def changes(moves: list[Move]) -> list[Change]:
            moved = [move for move in moves if move.was_open]
            gone = [Change(bot_id, old_chat_id, move.old_id, False) for move in moved]
            return [*gone, *(Change(bot_id, new_chat_id, move.row_id, True) for move in moved)]

        return await self._change(work, before, after, changes)

    async def _change(
        self,
        work: Work[T],
        before: Work[None],
        after: Callable[[T], None] | None,
        changes: Callable[[T], Sequence[Change]],
    ) -> T:
        """Run work, and tell others what it changed."""

        async def telling(connection: AsyncConnection) -> tuple[T, Commit | None]:
            result = await work(connection)
            return result, await self._backend.database.take(connection, self._telling(changes(result)))

        def committed(outcome: tuple[T, Commit | None]) -> None:
            result, told = outcome
            if told is not None:
                told()
            if after is not None:
                after(result)

        result, _ = await self._transactions.write(telling, before=before, after=committed)
        return result

    def _telling(self, changes: Sequence[Change]) -> Steps[Commit | None]:
        """Tell others of changes; return what is to be called once they are committed."""
        return (yield from self._hearing.telling(changes)) if self._hearing is not None and changes else None

    @asynccontextmanager
    async def _lane(self) -> AsyncIterator[WriteGroup[Write | Joining, Any]]:
        backend = self._backend
        async with self._transactions.connect() as connection:
            writer = GroupWriter(connection, backend.database, backend.statements, self._owned, self._telling)

            async def write(group: Sequence[Write | Joining]) -> Sequence[Any]:
                try:
                    async with self._transactions.turn:
                        await self._ascertain(connection)
                        return await writer.write(group)
                except BaseException:
                    backend.failed()
                    raise

            yield write

    async def _ascertain(self, connection: AsyncConnection, *, about_to_change: Collection[SessionKey] = ()) -> None:
        """Ask the database for the keys that are in doubt since a change of theirs failed; then doubt others."""
        if self._owned is None:
            return
        if in_doubt := self._owned.in_doubt:
            # With the lock of a writer: a commit that nobody waits for any more may still be under way.
            async with self._backend.database.transaction(connection):
                rows = [await self._keys.open_row(connection, key) for key in in_doubt]
            for key, row in zip(in_doubt, rows, strict=True):
                self._owned.ascertain(key, *((None,) if row is None else (row.id, row.after_id)))
        self._owned.doubt(about_to_change)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the garbage collector from looking through a million new keys again and again: none of them is garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _closings(key: SessionKey, closing: Closing) -> list[Change]:
    return [] if closing.row_id is None else [Change(key.bot_id, key.chat_id, closing.row_id, False)]


def _openings(rows: Iterable[OpenRow | None]) -> list[Change]:
    return [opening(row.key, row.id) for row in rows if row is not None]
