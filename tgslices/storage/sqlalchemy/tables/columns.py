"""What several tables have: a number of their own, a whole session key, a message, indexes of some of their rows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Integer,
    LargeBinary,
    String,
    Text,
    false,
)

DIALECTS: Final = ("sqlite", "postgresql")

PLACE_COLUMNS: Final = ("bot_id", "chat_id", "user_id", "thread_id", "label")
"""What identifies a key; ``label`` is a digest of business connection and qualifier, which may be of any length."""

KEY_COLUMNS: Final = (*PLACE_COLUMNS, "business_connection_id", "qualifier")

MESSAGE_COLUMNS: Final = (
    *("chat_id", "message_id", "variant", "user_id", "kind", "direction", "sent_at", "recorded_at"),
    *("business_connection_id", "thread_id", "ephemeral_message_id", "receiver_user_id"),
    *("has_buttons", "media_group_id"),
)
"""What is kept of a message. ``variant`` is empty, or a digest of what else identifies a business or ephemeral one."""

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


def message_columns() -> list[Column[object]]:
    """Return the columns of a message, in the order of ``MESSAGE_COLUMNS``."""
    types = {
        "variant": LargeBinary(16),
        "kind": Text(),
        "direction": String(3),
        "business_connection_id": Text(),
        "has_buttons": Boolean(),
        "media_group_id": Text(),
    }
    required = {"chat_id", "message_id", "variant", "direction", "recorded_at", "has_buttons"}
    return [
        Column(
            name,
            types.get(name, BigInteger()),  # type: ignore[arg-type]  # mixed types
            nullable=name not in required,
            server_default=false() if name == "has_buttons" else None,
        )
        for name in MESSAGE_COLUMNS
    ]


@dataclass(frozen=True, slots=True)
class Wording:
    """What tables say in the words of single dialects. SQLAlchemy loads every dialect of which there is a word."""

    dialects: Collection[str] = DIALECTS

    def where(self, which: ColumnElement[bool]) -> dict[str, Any]:
        """Tell an index in which rows it is."""
        return {f"{dialect}_where": which for dialect in self.dialects}

    def room(self, fillfactor: int) -> dict[str, Any]:
        """Tell a table how full its pages may be, in percent, where that can be told."""
        return {"postgresql_with": {"fillfactor": fillfactor}} if "postgresql" in self.dialects else {}
