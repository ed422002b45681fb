"""Whether messages have buttons, as it is kept in their entries, whoever holds them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.storage.sqlalchemy.queries.holders import HeldName
from tgslices.storage.sqlalchemy.tables.rows import variant_in
from tgslices.storage.sqlalchemy.tables.schema import KNOWN, Tables


class Buttons:
    """Changes what entries say of buttons: those under the keys of a chat, and foreign ones by their index."""

    def __init__(self, tables: Tables) -> None:
        self._keys = tables.keys
        self._messages = tables.messages
        self._is_foreign = tables.is_foreign

    async def differing(self, connection: AsyncConnection, *, name: HeldName, has_buttons: bool) -> dict[int, int]:
        """Return the entries of a message that say something else of its buttons, and the key of each."""
        keys, messages = self._keys.c, self._messages.c
        is_message = and_(
            keys.bot_id == name.bot_id,
            messages.chat_id == name.chat_id,
            messages.message_id == name.message_id,
            messages.variant == variant_in(name.business_connection_id),
            messages.state != KNOWN,
            messages.has_buttons.is_not(has_buttons),
        )
        differing: dict[int, int] = {}
        for near in (keys.chat_id == name.chat_id, self._is_foreign):
            found = select(messages.id, messages.key_id).join(self._keys, keys.id == messages.key_id)
            rows: Any = await connection.execute(found.where(near, is_message))
            differing.update((row_id, key_id) for row_id, key_id in rows)
        return differing

    async def note(self, connection: AsyncConnection, *, name: HeldName, has_buttons: bool) -> int:
        """Set whether a message has buttons; return how many entries that changed."""
        keys = self._keys.c
        differing = await self.differing(connection, name=name, has_buttons=has_buttons)
        locked = select(keys.id).where(keys.id.in_(sorted({*differing.values()}))).order_by(keys.id).with_for_update()
        await connection.execute(locked)
        changed = update(self._messages).where(self._messages.c.id.in_(differing)).values(has_buttons=has_buttons)
        return int((await connection.execute(changed)).rowcount)
