"""The table of session data."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
)

STORED_COLUMNS: Final = ("value", "version", "written_at", "expires_at", "outlives_close")
"""What is kept of a fragment."""

_ID: Final = BigInteger().with_variant(Integer(), "sqlite")
_PLACE: Final = ("bot_id", "chat_id", "user_id", "thread_id", "label", "fragment")


def data_table(prefix: str, schema: str | None, metadata: MetaData) -> Table:
    """A fragment of session data, which need not have a key in the table of keys; ``fragment`` digests its name.

    A fragment without a value is merely held: its ``expires_at`` is when the hold is forgotten. Holders stand here only
    where the database is shared. ``is_closed``: the key was closed since the holder took the fragment. No index has a
    column that changes with a holder, so that PostgreSQL updates the row within its page.
    """
    table = Table(
        f"{prefix}data",
        metadata,
        Column("id", _ID, primary_key=True, autoincrement=True),
        Column("bot_id", BigInteger, nullable=False),
        Column("chat_id", BigInteger, nullable=False),
        Column("user_id", BigInteger, nullable=False),
        Column("thread_id", BigInteger, nullable=False),
        Column("label", LargeBinary(16), nullable=False),
        Column("business_connection_id", Text),
        Column("qualifier", Text),
        Column("fragment", LargeBinary(16), nullable=False),
        Column("name", Text, nullable=False),
        Column("value", Text),
        Column("version", BigInteger),
        Column("written_at", BigInteger),
        Column("expires_at", BigInteger),
        Column("outlives_close", Boolean, nullable=False, server_default=false()),
        Column("holder", Text),
        Column("held_until", BigInteger),
        Column("is_closed", Boolean, nullable=False, server_default=false()),
        UniqueConstraint(*_PLACE, name=f"{prefix}data_fragment"),
        schema=schema,
    )
    expires = table.c.expires_at.is_not(None)
    Index(f"{prefix}data_expiry", table.c.bot_id, table.c.expires_at, sqlite_where=expires, postgresql_where=expires)
    return table
