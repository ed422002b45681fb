"""The tables, in a ``MetaData`` that a user can hand to Alembic.

Times are microseconds since 1970 in UTC and ids are 64-bit integers, so that both come back exactly as they went in.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    literal_column,
    text,
)

from tgslices.errors import StorageError, quoted
from tgslices.storage.sqlalchemy.tables.columns import (
    DIALECTS,
    KEY_COLUMNS,
    MESSAGE_COLUMNS,
    PLACE_COLUMNS,
    Wording,
    id_column,
    key_columns,
    message_columns,
)
from tgslices.storage.sqlalchemy.tables.data_schema import data_table

VERSION: Final = 2
"""The version of the schema that this code reads and writes; it stands in the database."""

VERSION_NAME: Final = "schema_version"

NO_ID: Final = -(2**63)
"""Stands for a missing user or topic of a key, because NULLs take no part in a unique index. No key may hold it."""

FILLFACTOR: Final = 50
"""Per cent of a page that PostgreSQL fills with rows that are leased, so that each of them has room for a new version.
Source: https://www.postgresql.org/docs/current/storage-hot.html"""

MAX_PREFIX: Final = 63 - len("messages_business")
"""In bytes: PostgreSQL cuts longer names off.
Source: https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS"""

IDENTITY_COLUMNS: Final = MESSAGE_COLUMNS[:3]
"""What identifies a message within its key."""

ENTRY_COLUMNS: Final = (*MESSAGE_COLUMNS, "is_foreign")
"""What is kept of an entry. ``is_foreign``: the message is in another chat than its key."""

ENTRY: Final = 0
"""The state of a row that is an entry."""

KNOWN: Final = 1
"""The state of a message that left its key, or was kept out of it: no update brings it back."""

BY_HAND: Final = 2
"""The state of an entry that the bot's own code deleted: the next claim of everything asks for it once more."""

OPENING_COLUMNS: Final = (*KEY_COLUMNS, "is_open", "opened_at", "after_id", "due_at", "limit_at")
"""What is written when a key is made or opened."""

MATCH_COLUMNS: Final = (
    *("bot_id", "key_chat_id", "user_a", "user_b", "thread_a", "thread_b", "label"),
    *("connection", "or_closed"),
)
"""How a statement is told which keys are meant: user and topic are one of two, and a NULL label is any."""

PENDING_COLUMNS: Final = (
    *("bot_id", "key_chat_id", "key_user_id", "key_thread_id", "key_business_connection_id", "key_qualifier"),
    *MESSAGE_COLUMNS,
    *("claimed_at", "due_at"),
)


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of one storage, all in ``metadata``."""

    metadata: MetaData
    meta: Table
    keys: Table
    messages: Table
    pending: Table
    moved_chats: Table
    data: Table
    ends: Table

    @property
    def all(self) -> tuple[Table, ...]:
        """Return every table, in an order in which they can be created."""
        return (self.meta, self.keys, self.messages, self.pending, self.moved_chats, self.data, self.ends)

    @property
    def is_foreign(self) -> ColumnElement[bool]:
        """Whether a message is in another chat than its key, spelled as the partial index of such messages is.

        SQLite takes that index by its very words alone, and a comparison, as of every boolean, are others.
        """
        table = self.messages.name.replace('"', '""')
        found: ColumnElement[bool] = literal_column(f'"{table}".is_foreign')
        return found


def build_tables(
    prefix: str = "tgslices_",
    *,
    schema: str | None = None,
    metadata: MetaData | None = None,
    dialects: Collection[str] = DIALECTS,
) -> Tables:
    """Describe the tables, in the given metadata or in one of their own; what is described there already is used.

    ``dialects``: where they may be made. SQLAlchemy loads each of these.

    Raises:
        StorageError: the prefix cannot be the beginning of a table's name, or of a file's.
    """
    if any(character in prefix for character in "/\\\0") or len(prefix.encode(errors="replace")) > MAX_PREFIX:
        raise StorageError(
            f"The prefix {quoted(prefix)} cannot begin the names of tables and of a lock file.",
            f"Use one of at most {MAX_PREFIX} bytes without slashes, like 'my_bot_'.",
        )
    metadata = MetaData() if metadata is None else metadata
    schema = metadata.schema if schema is None else schema
    dot = "" if schema is None else f"{schema}."
    wording = Wording(dialects)
    keys, messages, pending, data = (partial(it, wording=wording) for it in (_keys, _messages, _pending, data_table))
    described = [
        there if (there := metadata.tables.get(f"{dot}{prefix}{name}")) is not None else make(prefix, schema, metadata)
        for name, make in (
            *(("meta", _meta), ("keys", keys), ("messages", messages), ("pending", pending)),
            *(("moved_chats", _moved_chats), ("data", data), ("ends", _ends)),
        )
    ]
    return Tables(metadata, *described)


def _meta(prefix: str, schema: str | None, metadata: MetaData) -> Table:
    """What is to be known about the other tables: their version."""
    return Table(
        f"{prefix}meta",
        metadata,
        Column("name", String(64), primary_key=True),
        Column("value", Text, nullable=False),
        schema=schema,
    )


def _keys(prefix: str, schema: str | None, metadata: MetaData, *, wording: Wording) -> Table:
    """A key that is open, has entries or knows messages. Its unique index also finds what a scope matches.

    ``opened_at`` is there while the key is open. ``after_id``: messages of the key's chat up to this id were there
    before the key was opened. A session that is to end has ``due_at``, when it is looked at next; ``limit_at``, by when
    that is urgent; and ``active_at``, what the last look told. Small partial indexes find it; whatever else changes a
    key leaves them alone. ``held_until``: see :func:`_pending`.
    """
    table = Table(
        f"{prefix}keys",
        metadata,
        id_column(),
        *key_columns(),
        Column("is_open", Boolean, nullable=False),
        Column("opened_at", BigInteger),
        Column("closed_at", BigInteger),
        Column("after_id", BigInteger),
        Column("due_at", BigInteger),
        Column("limit_at", BigInteger),
        Column("active_at", BigInteger),
        Column("held_until", BigInteger),
        UniqueConstraint(*PLACE_COLUMNS, name=f"{prefix}keys_place"),
        schema=schema,
        **wording.room(FILLFACTOR),
    )
    is_due, is_opened = table.c.due_at.is_not(None), table.c.opened_at.is_not(None)
    for name, which in (("due", is_due), ("limit", is_due), ("opened", is_opened)):
        at = table.c[f"{name}_at"]
        Index(f"{prefix}keys_{name}", table.c.bot_id, at, table.c.id, **wording.where(which))
    return table


def _messages(prefix: str, schema: str | None, metadata: MetaData, *, wording: Wording) -> Table:
    """The entries, and the messages that keys know. A key's entries in the order of their ids are the session.

    One index beside the primary key, because every further one is another page to write for each message: it refuses
    duplicates and lists a key. Business messages, which Telegram reports when they are deleted, messages of other chats
    than their keys', and what keys know are found by small partial ones.
    No foreign key: deleting a key takes its row first, and whatever adds an entry locks that row.
    """
    table = Table(
        f"{prefix}messages",
        metadata,
        id_column(),
        Column("key_id", BigInteger, nullable=False),
        *message_columns(),
        Column("is_foreign", Boolean, nullable=False, server_default=false()),
        Column("state", SmallInteger, nullable=False, server_default=text("0")),
        UniqueConstraint("key_id", *IDENTITY_COLUMNS, name=f"{prefix}messages_identity"),
        schema=schema,
    )
    business = table.c.business_connection_id.is_not(None)
    place = (table.c.chat_id, table.c.message_id)
    Index(f"{prefix}messages_business", *place, **wording.where(business))
    Index(f"{prefix}messages_foreign", *place, **wording.where(table.c.is_foreign))
    known = table.c.state == KNOWN
    Index(f"{prefix}messages_known", table.c.recorded_at, **wording.where(known))
    return table


def _pending(prefix: str, schema: str | None, metadata: MetaData, *, wording: Wording) -> Table:
    """The pending deletions, each with its whole key, because they outlive it; ``identity`` digests key and message.

    ``held_until``: one that PostgreSQL has leased is due then, and not at ``due_at``. No index knows of that, and a
    page has room for new versions of its rows, so that a lease writes to no index.
    """
    return Table(
        f"{prefix}pending",
        metadata,
        id_column(),
        Column("identity", LargeBinary(16), nullable=False),
        Column("bot_id", BigInteger, nullable=False),
        Column("key_chat_id", BigInteger, nullable=False),
        Column("key_user_id", BigInteger),
        Column("key_thread_id", BigInteger),
        Column("key_business_connection_id", Text),
        Column("key_qualifier", Text),
        *message_columns(),
        Column("claimed_at", BigInteger, nullable=False),
        Column("due_at", BigInteger, nullable=False),
        Column("held_until", BigInteger),
        UniqueConstraint("identity", name=f"{prefix}pending_identity"),
        Index(f"{prefix}pending_due", "bot_id", "due_at", "id"),
        Index(f"{prefix}pending_message", "chat_id", "message_id"),
        schema=schema,
        **wording.room(FILLFACTOR),
    )


def _moved_chats(prefix: str, schema: str | None, metadata: MetaData) -> Table:
    """The chats that became others. Their entries keep the old id, and nothing can be deleted there any more."""
    return Table(
        f"{prefix}moved_chats",
        metadata,
        Column("bot_id", BigInteger, primary_key=True, autoincrement=False),
        Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
        schema=schema,
    )


def _ends(prefix: str, schema: str | None, metadata: MetaData) -> Table:
    """The sessions that have ended by themselves, until that is told; each with its key, which may be opened again."""
    return Table(
        f"{prefix}ends",
        metadata,
        id_column(),
        *key_columns(),
        Column("reason", String(8), nullable=False),
        Column("is_partial", Boolean, nullable=False),
        Column("ended_at", BigInteger, nullable=False),
        Column("due_at", BigInteger, nullable=False),
        Index(f"{prefix}ends_due", "bot_id", "due_at", "id"),
        Index(f"{prefix}ends_place", *PLACE_COLUMNS),
        schema=schema,
    )
