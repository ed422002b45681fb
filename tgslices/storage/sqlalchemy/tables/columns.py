"""What several tables have: a number of their own, a whole session key, indexes of some of their rows."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final, TypeAlias

from sqlalchemy import BigInteger, Column, ColumnElement, Integer, LargeBinary, Text

DIALECTS: Final = ("sqlite", "postgresql")

Where: TypeAlias = Callable[[ColumnElement[bool]], dict[str, Any]]
"""Tells an index in which rows it is, in the words of each dialect."""

PLACE_COLUMNS: Final = ("bot_id", "chat_id", "user_id", "thread_id", "label")
"""What identifies a key; ``label`` is a digest of business connection and qualifier, which may be of any length."""

KEY_COLUMNS: Final = (*PLACE_COLUMNS, "business_connection_id", "qualifier")

_ID: Final = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite counts up by itself only in a column whose type is spelled INTEGER, which holds 64 bits there."""


def id_column() -> Column[Any]:
    """Return the number of a row, which counts up by itself."""
    return Column("id", _ID, primary_key=True, autoincrement=True)


def key_columns() -> list[Column[Any]]:
    """Return the columns of a session key, in the order of ``KEY_COLUMNS``."""
    return [
        *(Column(name, BigInteger, nullable=False) for name in PLACE_COLUMNS[:-1]),
        Column("label", LargeBinary(16), nullable=False),
        Column("business_connection_id", Text),
        Column("qualifier", Text),
    ]


def where_of(dialects: Collection[str]) -> Where:
    """Return what tells an index its rows, in these dialects: SQLAlchemy loads every one that is named."""
    return lambda which: {f"{dialect}_where": which for dialect in dialects}
