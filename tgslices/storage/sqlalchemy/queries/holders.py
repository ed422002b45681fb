"""Which messages open keys hold, whoever's they are."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.storage.sqlalchemy.tables.rows import variant_in
from tgslices.storage.sqlalchemy.tables.schema import KNOWN, Tables


class HeldName(NamedTuple):
    """What names a message of a bot's chat that is not ephemeral."""

    bot_id: int
    chat_id: int
    message_id: int
    business_connection_id: str | None


class Holders:
    """Looks for messages without knowing who holds them."""

    def __init__(self, tables: Tables) -> None:
        self._keys = tables.keys.c
        self._messages = tables.messages.c

    async def is_held(self, connection: AsyncConnection, name: HeldName) -> bool:
        """Tell whether an open key holds a message, by the keys of its chat and by the index of what is foreign."""
        keys, messages = self._keys, self._messages
        own = exists().where(self._is_message(name), keys.chat_id == name.chat_id)
        foreign = exists().where(self._is_message(name), messages.is_foreign)
        found = await connection.execute(select(or_(own, foreign)))
        return bool(found.scalar_one())

    def _is_message(self, name: HeldName) -> ColumnElement[bool]:
        keys, messages = self._keys, self._messages
        return and_(
            keys.bot_id == name.bot_id,
            keys.is_open,
            messages.key_id == keys.id,
            messages.chat_id == name.chat_id,
            messages.message_id == name.message_id,
            messages.variant == variant_in(name.business_connection_id),
            messages.state != KNOWN,
        )
