"""Work on keys and their entries, each piece within one transaction.

What changes or deletes a key locks its row first. Adding an entry needs that row too, so that nothing comes in between.

Two workers never wait for each other, because everybody takes locks in one order: rows of keys by their ids, then keys
that are new by their places, then entries by key, then pending deletions by their identities. What remains, PostgreSQL
finds out, and it is done again: a key that was made since a statement began; two workers who are told the same two
messages of one key in opposite orders, because entries keep the order in which they came; and claims of more entries
than one statement takes, of which some are pending already.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Table,
    and_,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import (
    CONTENT,
    REPEAT_WINDOW,
    Direction,
    Gone,
    IfClosed,
    Scope,
    SessionKey,
    TrackedMessage,
    may_come_again,
)
from tgslices.storage.codec import encode_time
from tgslices.storage.sqlalchemy.tables.rows import (
    Values,
    entry_values,
    escape,
    key_of,
    key_values,
    message_of,
    place_of,
    scope_match,
    variant_of,
)
from tgslices.storage.sqlalchemy.tables.schema import (
    BY_HAND,
    ENTRY,
    ENTRY_COLUMNS,
    KEY_COLUMNS,
    KNOWN,
    MESSAGE_COLUMNS,
    PLACE_COLUMNS,
    Tables,
)
from tgslices.storage.sqlalchemy.tables.statements import in_chunks
from tgslices.turns import PORTION, in_turns

IDS_PER_STATEMENT: Final = 1_000
ROWS_PER_STATEMENT: Final = 100


class KeyRow(NamedTuple):
    """A key's row, locked."""

    id: int
    is_open: bool
    closed_at: int | None
    after_id: int | None


class OpenRow(NamedTuple):
    """The row of an open key."""

    id: int
    after_id: int | None
    key: SessionKey


class Addition(NamedTuple):
    """Whether a key holds an entry, and its row if it was opened for it."""

    is_there: bool
    opened: OpenRow | None = None


class Closing(NamedTuple):
    """How many entries were dropped, and the number of the key's row if it was open."""

    dropped: int
    row_id: int | None


class Move(NamedTuple):
    """What became of one key when its chat migrated; ``row_id`` is where its entries are now, and ``old_id`` was."""

    old: SessionKey
    new: SessionKey
    old_id: int
    row_id: int
    after_id: int | None
    was_open: bool


class Sessions:
    """Reads and changes keys and entries."""

    def __init__(self, tables: Tables) -> None:
        """Work on these tables."""
        self._keys = tables.keys
        self._messages = tables.messages

    # Reading

    async def entries(self, connection: AsyncConnection, key: SessionKey) -> list[TrackedMessage]:
        """Return the entries of a key, in the order in which they were added."""
        keys, messages = self._keys, self._messages
        found = await connection.execute(
            select(*(messages.c[name] for name in MESSAGE_COLUMNS))
            .join(keys, keys.c.id == messages.c.key_id)
            .where(self._is(key), messages.c.state == ENTRY)
            .order_by(messages.c.id)
        )
        return await in_turns(_reading(found))

    async def is_open(self, connection: AsyncConnection, key: SessionKey) -> bool:
        """Tell whether a key is open."""
        return await self.open_row(connection, key) is not None

    async def matching(self, connection: AsyncConnection, scope: Scope) -> list[SessionKey]:
        """Return the open keys that a scope belongs to."""
        keys = self._keys
        bot_id, chat_id, user_a, user_b, thread_a, thread_b, *_ = scope_match(scope)
        found = await connection.execute(
            select(*self._key_columns()).where(
                keys.c.bot_id == bot_id,
                keys.c.chat_id == chat_id,
                keys.c.user_id.in_([user_a, user_b]),
                keys.c.thread_id.in_([thread_a, thread_b]),
                same_connection(keys.c.business_connection_id, scope.business_connection_id),
                keys.c.is_open,
            )
        )
        return [key_of(row) for row in found]

    async def open_keys(self, connection: AsyncConnection, bot_id: int) -> list[SessionKey]:
        """Return every open key of a bot."""
        keys = self._keys
        found = await connection.execute(select(*self._key_columns()).where(keys.c.bot_id == bot_id, keys.c.is_open))
        return [key_of(row) for row in found]

    async def open_row_ids(self, connection: AsyncConnection, *, bot_id: int, limit: int) -> list[tuple[int, int]]:
        """Return chats and numbers of the rows of a bot's open keys, up to a limit."""
        c = self._keys.c
        found = await connection.execute(select(c.chat_id, c.id).where(c.bot_id == bot_id, c.is_open).limit(limit))
        return [(chat_id, row_id) for chat_id, row_id in found]

    async def open_row(self, connection: AsyncConnection, key: SessionKey) -> OpenRow | None:
        """Return a key's row if the key is open."""
        keys = self._keys
        found = await connection.execute(select(keys.c.id, keys.c.after_id).where(self._is(key), keys.c.is_open))
        row = found.one_or_none()
        return None if row is None else OpenRow(*row, key)

    # Changing one key

    async def lock(self, connection: AsyncConnection, key: SessionKey) -> KeyRow | None:
        """Return the row of a key, which nobody else touches until the transaction ends."""
        c = self._keys.c
        found = await connection.execute(
            select(c.id, c.is_open, c.closed_at, c.after_id).where(self._is(key)).with_for_update()
        )
        row = found.one_or_none()
        return None if row is None else KeyRow(*row)

    async def close(self, connection: AsyncConnection, key: SessionKey, at: datetime) -> Closing:
        """Let a key be closed as of a time, and take its entries out."""
        row, closed_at = await self.lock(connection, key), encode_time(at)
        if row is None:
            values = dict(zip(KEY_COLUMNS, key_values(key), strict=True))
            new = self._insert(connection)(self._keys).values(is_open=False, closed_at=closed_at, **values)
            # Somebody may have made it meanwhile.
            later = {"is_open": False, "closed_at": closed_at, "opened_at": None, "after_id": None}
            await connection.execute(new.on_conflict_do_update(index_elements=PLACE_COLUMNS, set_=later))
            return Closing(0, None)
        dropped = await self._take_all(connection, row.id)
        closed_at = max(closed_at, row.closed_at or closed_at)
        values = {"is_open": False, "closed_at": closed_at, "opened_at": None, "after_id": None}
        await connection.execute(update(self._keys).where(self._keys.c.id == row.id).values(values))
        return Closing(dropped, row.id if row.is_open else None)

    async def unsubscribe(self, connection: AsyncConnection, key: SessionKey) -> Closing:
        """Let a key be open no more."""
        row = await self.lock(connection, key)
        is_open = row is not None and row.is_open
        if row is not None and is_open:
            values = {"is_open": False, "opened_at": None, "after_id": None}
            await connection.execute(update(self._keys).where(self._keys.c.id == row.id).values(values))
            await self.purge(connection, [row.id])
        return Closing(0, row.id if row is not None and is_open else None)

    async def clear(self, connection: AsyncConnection, key: SessionKey) -> None:
        """Take every entry out of a key."""
        row = await self.lock(connection, key)
        if row is not None:
            await self._take_all(connection, row.id)
            await self.purge(connection, [row.id])

    async def take_all(self, connection: AsyncConnection, key: SessionKey, *, limit: int | None) -> list[Values]:
        """Take the oldest entries out of a key, those deleted by hand included, and let the key know them.

        Returns their values, in the key's order.
        """
        row = await self.lock(connection, key)
        if row is None:
            return []
        c = self._messages.c
        columns = (c.id, *(c[name] for name in MESSAGE_COLUMNS))
        found = await connection.execute(
            select(*columns).where(c.key_id == row.id, c.state != KNOWN).order_by(c.id).limit(limit)
        )
        taken = found.all()
        if taken:
            last = taken[-1][0]
            these = (c.key_id == row.id, c.state != KNOWN, c.id <= last)
            await connection.execute(update(self._messages).where(*these).values(state=KNOWN))
        return [tuple(entry[1:]) for entry in taken]

    async def remove(self, connection: AsyncConnection, key: SessionKey, messages: Collection[TrackedMessage]) -> int:
        """Take messages out of a key, and let it know those that may come again; return how many were there."""
        coming = [message for message in messages if may_come_again(message)]
        row = await self.lock(connection, key)
        if row is None and coming:
            values = dict(zip(KEY_COLUMNS, key_values(key), strict=True))
            new = self._insert(connection)(self._keys).values(is_open=False, **values)
            await connection.execute(new.on_conflict_do_nothing())
            row = await self.lock(connection, key)
        if row is None:
            return 0
        taken = await self._find(connection, row.id, messages)
        await self._leave_ids(connection, [entry[0] for entry in taken])
        columns = ("key_id", *ENTRY_COLUMNS, "state")
        rows = [(row.id, *entry_values(message, key.chat_id), KNOWN) for message in coming]
        for chunk in in_chunks(rows, ROWS_PER_STATEMENT):
            known = self._insert(connection)(self._messages).values(
                [dict(zip(columns, it, strict=True)) for it in chunk]
            )
            await connection.execute(known.on_conflict_do_nothing())
        await self.purge(connection, [row.id])
        return len(taken)

    async def take(
        self, connection: AsyncConnection, key: SessionKey, messages: Collection[TrackedMessage], *, limit: int | None
    ) -> list[Values]:
        """Take exactly these entries out of a key, and let it know them; return those that were there, in its order.

        What it costs depends on how many are to go, and not on how many stay.
        """
        row = await self.lock(connection, key)
        if row is None or not messages:
            return []
        taken = (await self._find(connection, row.id, messages, ENTRY))[:limit]
        c = self._messages.c
        for chunk in in_chunks([entry[0] for entry in taken], IDS_PER_STATEMENT):
            await connection.execute(update(self._messages).where(c.id.in_(chunk)).values(state=KNOWN))
        return [tuple(entry[1:]) for entry in taken]

    async def _find(
        self, connection: AsyncConnection, key_id: int, messages: Collection[TrackedMessage], *states: int
    ) -> list[Any]:
        """Return ids and values of a key's entries among these messages, in the key's order."""
        wanted: dict[int, set[tuple[int, bytes]]] = {}
        for message in messages:
            wanted.setdefault(message.chat_id, set()).add((message.message_id, variant_of(message)))
        c = self._messages.c
        columns = (c.id, *(c[name] for name in MESSAGE_COLUMNS))
        is_there = c.state.in_(states) if states else c.state != KNOWN
        found_rows: list[Any] = []
        for chat_id, identities in wanted.items():
            for chunk in in_chunks(sorted({message_id for message_id, _ in identities}), IDS_PER_STATEMENT):
                found = await connection.execute(
                    select(*columns).where(c.key_id == key_id, c.chat_id == chat_id, c.message_id.in_(chunk), is_there)
                )
                found_rows += [entry for entry in found.all() if (entry[2], bytes(entry[3])) in identities]
        found_rows.sort(key=itemgetter(0))
        return found_rows

    async def add_unless(
        self,
        connection: AsyncConnection,
        key: SessionKey,
        message: TrackedMessage,
        *,
        if_closed: IfClosed,
        outside: TrackedMessage | None,
        begun_at: datetime | None,
        unless_known: bool,
        is_pending: bool,
    ) -> Addition:
        """Add an entry as far as the key's state allows it; return whether the key holds it now."""
        row = await self.lock(connection, key)
        if (row is None or not row.is_open) and (if_closed is IfClosed.SKIP or _was_closed_since(row, begun_at)):
            return Addition(False)
        if unless_known and await self._knows(connection, key, row, message, is_pending=is_pending):
            return Addition(False)
        opens = if_closed is IfClosed.OPEN and (row is None or not row.is_open)
        opened: OpenRow | None = None
        if row is None or opens:
            made = await self.open(connection, key, at=message.at, outside=outside if opens else None, is_open=opens)
            opened = made if opens else None
            row = await self.lock(connection, key)
        if row is None:  # pragma: no cover - it has just been made, and is locked
            return Addition(False)
        there = await self._find(connection, row.id, [message], ENTRY)
        if not there:
            gone = await self._find(connection, row.id, [message], KNOWN, BY_HAND)
            await self._drop_ids(connection, [entry[0] for entry in gone])
            values = dict(zip(("key_id", *ENTRY_COLUMNS), (row.id, *entry_values(message, key.chat_id)), strict=True))
            await connection.execute(self._insert(connection)(self._messages).values(values).on_conflict_do_nothing())
        return Addition(True, opened)

    async def _knows(
        self,
        connection: AsyncConnection,
        key: SessionKey,
        row: KeyRow | None,
        message: TrackedMessage,
        *,
        is_pending: bool,
    ) -> bool:
        if row is None:
            return is_pending
        if await self._find(connection, row.id, [message], KNOWN, BY_HAND):
            return True
        if await self._find(connection, row.id, [message], ENTRY):
            return False
        is_home = message.chat_id == key.chat_id and message.business_connection_id == key.business_connection_id
        is_before = is_home and row.after_id is not None and 0 < message.message_id <= row.after_id
        return is_pending or is_before

    async def open(
        self,
        connection: AsyncConnection,
        key: SessionKey,
        *,
        at: datetime,
        outside: TrackedMessage | None = None,
        begun_at: datetime | None = None,
        is_open: bool = True,
    ) -> OpenRow | None:
        """Open a key, or merely make it; return its row, or None where it was open, or closed since ``begun_at``."""
        row = await self.lock(connection, key)
        if row is not None and (row.is_open or _was_closed_since(row, begun_at)):
            return None
        after_id = watermark(key, outside)
        values: dict[str, Any] = dict(zip(KEY_COLUMNS, key_values(key), strict=True))
        opening = {"is_open": is_open, "opened_at": encode_time(at) if is_open else None, "after_id": after_id}
        new = self._insert(connection)(self._keys).values(**values, **opening)
        new = new.on_conflict_do_update(index_elements=PLACE_COLUMNS, set_=opening).returning(self._keys.c.id)
        row_id = (await connection.execute(new)).scalar_one()
        if outside is not None and may_come_again(outside):
            columns = ("key_id", *ENTRY_COLUMNS, "state")
            known = dict(zip(columns, (row_id, *entry_values(outside, key.chat_id), KNOWN), strict=True))
            await connection.execute(self._insert(connection)(self._messages).values(known).on_conflict_do_nothing())
        return OpenRow(row_id, after_id, key)

    # Changing many

    async def discard(self, connection: AsyncConnection, bot_id: int, gone: Gone, *, surely: bool) -> int:
        """Take messages that are gone out of every key of a bot; return how many entries that were."""
        keys, messages = self._keys, self._messages
        c = messages.c
        rows: dict[int, int] = {}
        for condition in gone_conditions(c, gone):
            for near in self._near(gone):
                found = await connection.execute(
                    select(c.id, c.key_id)
                    .join(keys, keys.c.id == c.key_id)
                    .where(keys.c.bot_id == bot_id, near, condition, c.state != KNOWN if surely else c.state == ENTRY)
                )
                rows.update((row_id, key_id) for row_id, key_id in found.all())
        key_ids = sorted(set(rows.values()))
        for chunk in in_chunks(key_ids, IDS_PER_STATEMENT):
            await connection.execute(
                select(keys.c.id).where(keys.c.id.in_(chunk)).order_by(keys.c.id).with_for_update()
            )
        if surely:
            await self._leave_ids(connection, list(rows))
            await self.purge(connection, key_ids)
        else:
            for chunk in in_chunks(list(rows), IDS_PER_STATEMENT):
                await connection.execute(update(messages).where(c.id.in_(chunk)).values(state=BY_HAND))
        return len(rows)

    def _near(self, gone: Gone) -> list[ColumnElement[bool]]:
        """Return how entries of a chat are found: under its own keys and among foreign ones, or by their connection."""
        if gone.business_connection_id is not None:
            return [true()]
        return [self._keys.c.chat_id == gone.chat_id, self._messages.c.is_foreign]

    async def sweep(self, connection: AsyncConnection, bot_id: int, now: datetime, limit: int) -> int:
        """Forget known messages and closing times that are past; return how many."""
        keys, c = self._keys, self._messages.c
        past = encode_time(now - REPEAT_WINDOW)
        found = await connection.execute(
            select(c.id, c.key_id)
            .join(keys, keys.c.id == c.key_id)
            .where(keys.c.bot_id == bot_id, c.state == KNOWN, c.recorded_at <= past)
            .order_by(c.recorded_at)
            .limit(limit)
        )
        rows = found.all()
        key_ids = sorted({key_id for _, key_id in rows})
        for chunk in in_chunks(key_ids, IDS_PER_STATEMENT):
            await connection.execute(
                select(keys.c.id).where(keys.c.id.in_(chunk)).order_by(keys.c.id).with_for_update()
            )
        swept = await self._drop_ids(connection, [row_id for row_id, _ in rows], KNOWN)
        closed = await connection.execute(
            select(keys.c.id)
            .where(keys.c.bot_id == bot_id, keys.c.closed_at <= past)
            .order_by(keys.c.id)
            .limit(limit - swept)
            .with_for_update()
        )
        closed_ids = list(closed.scalars())
        for chunk in in_chunks(closed_ids, IDS_PER_STATEMENT):
            await connection.execute(update(keys).where(keys.c.id.in_(chunk)).values(closed_at=None))
        await self.purge(connection, sorted({*key_ids, *closed_ids}))
        return swept + len(closed_ids)

    async def migrate(self, connection: AsyncConnection, bot_id: int, old_chat_id: int, new_chat_id: int) -> list[Move]:
        """Move every key of a chat to its new id; return what became of each."""
        keys = self._keys
        found = await connection.execute(
            select(keys.c.id, keys.c.is_open, keys.c.closed_at, keys.c.after_id, *self._key_columns())
            .where(keys.c.bot_id == bot_id, keys.c.chat_id.in_([old_chat_id, new_chat_id]))
            .order_by(keys.c.id)
            .with_for_update()
        )
        rows = {key_of(row[4:]): KeyRow(*row[:4]) for row in found.all()}
        if old_chat_id == new_chat_id:
            return [Move(key, key, row.id, row.id, row.after_id, row.is_open) for key, row in rows.items()]
        # By their places, because there they may meet keys that are being made.
        moving = sorted((key for key in rows if key.chat_id == old_chat_id), key=place_of)
        return [await self._move(connection, old, rows[old], old.in_chat(new_chat_id), rows) for old in moving]

    async def _move(
        self, connection: AsyncConnection, old: SessionKey, row: KeyRow, new: SessionKey, rows: dict[SessionKey, KeyRow]
    ) -> Move:
        keys, messages = self._keys, self._messages
        there = rows.get(new, row)
        is_foreign = messages.c.chat_id != new.chat_id
        if there is row:
            values = {"chat_id": new.chat_id, "after_id": None}
            await connection.execute(update(keys).where(keys.c.id == row.id).values(values))
            await connection.execute(update(messages).where(messages.c.key_id == row.id).values(is_foreign=is_foreign))
            return Move(old, new, row.id, row.id, None, row.is_open)
        await self._merge_entries(connection, row.id, there.id, is_foreign)
        await connection.execute(delete(keys).where(keys.c.id == row.id))
        later = max((at for at in (row.closed_at, there.closed_at) if at is not None), default=None)
        values = {"is_open": row.is_open or there.is_open, "closed_at": later}
        await connection.execute(update(keys).where(keys.c.id == there.id).values(values))
        return Move(old, new, row.id, there.id, there.after_id, row.is_open)

    async def _merge_entries(
        self, connection: AsyncConnection, old_id: int, new_id: int, is_foreign: ColumnElement[bool]
    ) -> None:
        """Add a key's entries behind those of another; what both have or know stays as the other has it."""
        messages = self._messages
        columns = [messages.c[name] for name in MESSAGE_COLUMNS]
        moved = select(literal(new_id), *columns, is_foreign, messages.c.state).where(messages.c.key_id == old_id)
        await connection.execute(
            self._insert(connection)(messages)
            .from_select(["key_id", *MESSAGE_COLUMNS, "is_foreign", "state"], moved.order_by(messages.c.id))
            .on_conflict_do_nothing()
        )
        await connection.execute(delete(messages).where(messages.c.key_id == old_id))

    async def purge(self, connection: AsyncConnection, key_ids: Sequence[int]) -> None:
        """Delete those of the locked rows that stand for nothing any more: not open, nothing to remember."""
        keys, messages = self._keys, self._messages
        for chunk in in_chunks(key_ids, IDS_PER_STATEMENT):
            await connection.execute(
                delete(keys).where(
                    keys.c.id.in_(chunk),
                    keys.c.is_open.is_(False),
                    keys.c.closed_at.is_(None),
                    ~exists().where(messages.c.key_id == keys.c.id),
                )
            )

    async def forget_own(
        self, connection: AsyncConnection, key: SessionKey, messages: Sequence[TrackedMessage]
    ) -> None:
        """Let a key know no more what is settled and no update can bring: a bot's own ordinary messages."""
        own = [message for message in messages if not may_come_again(message)]
        if not own:
            return
        row = await self.lock(connection, key)
        if row is not None:
            known = await self._find(connection, row.id, own, KNOWN)
            await self._drop_ids(connection, [entry[0] for entry in known])
            await self.purge(connection, [row.id])

    async def _take_all(self, connection: AsyncConnection, key_id: int) -> int:
        """Let a key know its entries instead of holding them; return how many it listed."""
        c = self._messages.c
        listed = await connection.scalar(
            select(func.count()).select_from(self._messages).where(c.key_id == key_id, c.state == ENTRY)
        )
        mine = (c.key_id == key_id, c.state != KNOWN)
        await connection.execute(update(self._messages).where(*mine, comes_again(c)).values(state=KNOWN))
        await connection.execute(delete(self._messages).where(*mine))
        return listed or 0

    async def _leave_ids(self, connection: AsyncConnection, ids: Sequence[int]) -> None:
        """Let entries leave their keys, which know those that may come again."""
        c = self._messages.c
        for chunk in in_chunks(ids, IDS_PER_STATEMENT):
            these = c.id.in_(chunk)
            await connection.execute(update(self._messages).where(these, comes_again(c)).values(state=KNOWN))
            await connection.execute(delete(self._messages).where(these, c.state != KNOWN))

    async def _drop_ids(self, connection: AsyncConnection, ids: Sequence[int], *states: int) -> int:
        dropped, c = 0, self._messages.c
        for chunk in in_chunks(ids, IDS_PER_STATEMENT):
            these = (c.id.in_(chunk), c.state.in_(states)) if states else (c.id.in_(chunk),)
            dropped += (await connection.execute(delete(self._messages).where(*these))).rowcount
        return dropped

    @staticmethod
    def _insert(connection: AsyncConnection) -> Callable[[Table], Any]:
        return sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert

    def _is(self, key: SessionKey) -> ColumnElement[bool]:
        return and_(*(self._keys.c[name] == value for name, value in zip(PLACE_COLUMNS, place_of(key), strict=True)))

    def _key_columns(self) -> list[ColumnElement[Any]]:
        return [self._keys.c[name] for name in KEY_COLUMNS]


def same_connection(column: ColumnElement[Any], business_connection_id: str | None) -> ColumnElement[bool]:
    """Compare a column so that the index of business messages can be used: it holds no others."""
    if business_connection_id is None:
        return column.is_(None)
    return and_(column.is_not(None), column == escape(business_connection_id))


def gone_conditions(c: Any, gone: Gone) -> list[ColumnElement[bool]]:
    """Return what finds the messages that are gone, in parts that a statement takes."""
    home = and_(c.chat_id == gone.chat_id, same_connection(c.business_connection_id, gone.business_connection_id))
    if gone.message_ids is None:
        return [and_(home, c.thread_id == gone.thread_id)]
    is_ephemeral = gone.receiver_user_id is not None
    id_column = c.ephemeral_message_id if is_ephemeral else c.message_id
    who = c.receiver_user_id == gone.receiver_user_id if is_ephemeral else c.ephemeral_message_id.is_(None)
    return [and_(home, who, id_column.in_(chunk)) for chunk in in_chunks(sorted(gone.message_ids), IDS_PER_STATEMENT)]


_CONTENT_NAMES: Final = sorted(kind.value for kind in CONTENT)


def comes_again(c: Any) -> ColumnElement[bool]:
    """Tell in the database what ``may_come_again`` tells of a message."""
    return or_(
        c.direction == Direction.INCOMING.value,
        c.business_connection_id.is_not(None),
        and_(c.kind.is_not(None), c.kind.not_in(_CONTENT_NAMES)),
    )


def _was_closed_since(row: KeyRow | None, begun_at: datetime | None) -> bool:
    if row is None or row.closed_at is None or begun_at is None:
        return False
    return row.closed_at > encode_time(begun_at)


def watermark(key: SessionKey, outside: TrackedMessage | None) -> int | None:
    """Return up to which id the messages of a key's chat were there before it was opened."""
    if outside is None or outside.message_id <= 0 or outside.chat_id != key.chat_id:
        return None
    return outside.message_id if outside.business_connection_id == key.business_connection_id else None


def _reading(found: CursorResult[Any]) -> Generator[None, None, list[TrackedMessage]]:
    messages: list[TrackedMessage] = []
    for portion in found.partitions(PORTION):
        messages += map(message_of, portion)
        yield
    return messages
