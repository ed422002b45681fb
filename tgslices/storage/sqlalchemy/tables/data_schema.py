"""The table of session data."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from tgslices.storage.sqlalchemy.tables.columns import PLACE_COLUMNS, Wording, id_column, key_columns

STORED_COLUMNS: Final = ("value", "version", "written_at", "expires_at", "outlives_close")
"""What is kept of a fragment."""


def data_table(prefix: str, schema: str | None, metadata: MetaData, *, wording: Wording) -> Table:
    """A fragment of session data, which need not have a key in the table of keys; ``fragment`` digests its name.

    A fragment without a value is merely held: its ``expires_at`` is when the hold is forgotten. Holders stand here only
    where the database is shared. ``is_closed``: the key was closed since the holder took the fragment. No index has a
    column that changes with a holder, so that PostgreSQL updates the row within its page.
    """
    table = Table(
        f"{prefix}data",
        metadata,
        id_column(),
        *key_columns(),
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
        UniqueConstraint(*PLACE_COLUMNS, "fragment", name=f"{prefix}data_fragment"),
        schema=schema,
    )
    expires = table.c.expires_at.is_not(None)
    Index(f"{prefix}data_expiry", table.c.bot_id, table.c.expires_at, **wording.where(expires))
    return table
