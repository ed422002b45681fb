"""Which messages open keys hold, whoever's they are."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, case, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.storage.sqlalchemy.tables.rows import variant_in
from tgslices.storage.sqlalchemy.tables.schema import KNOWN, NO_ID, Tables


class HeldName(NamedTuple):
    """What names a message of a bot's chat that is not ephemeral."""

    bot_id: int
    chat_id: int
    message_id: int
    business_connection_id: str | None
    user_id: int | None
    """Whose keys to look at first."""


class Holders:
    """Looks for messages without knowing who holds them."""

    def __init__(self, tables: Tables) -> None:
        self._keys = tables.keys.c
        self._messages = tables.messages.c
        self._is_foreign = tables.is_foreign

    async def is_held(self, connection: AsyncConnection, name: HeldName) -> bool:
        """Tell whether an open key holds a message, by the keys of its chat and by the index of what is foreign."""
        keys = self._keys
        in_chat = and_(self._is_message(name), keys.chat_id == name.chat_id)
        asking = [exists().where(in_chat), exists().where(self._is_message(name), self._is_foreign)]
        if name.user_id is not None:
            # Nearly every tap is in a session of the tapper's. A case stops at the first that holds, an OR need not.
            asking.insert(0, exists().where(in_chat, keys.user_id.in_([name.user_id, NO_ID])))
        held = case(*((found, True) for found in asking), else_=False)
        return bool((await connection.execute(select(held))).scalar_one())

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
