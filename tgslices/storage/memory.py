"""The storage in process memory: fast and compact, and gone with the process."""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from tgslices.model import PendingDeletion, Scope, SessionKey, TrackedMessage
from tgslices.storage.inprocess.foreign_chats import Elsewhere
from tgslices.storage.inprocess.keymap import KeyMap
from tgslices.storage.inprocess.openkeys import in_chat
from tgslices.storage.inprocess.pendings import Pendings
from tgslices.storage.inprocess.slices import Chat, Rows, Slices, add_at_home


class MemorySessionStorage:
    """A :class:`~tgslices.storage.protocol.DurableSessionStorage` that lives and dies with the process.

    No method waits for anything, so each one is atomic among the tasks of an event loop.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._open: KeyMap[Rows] = KeyMap()
        self._closed: KeyMap[Rows] = KeyMap()
        self._slices = Slices()
        self._elsewhere = Elsewhere()
        self._pendings = Pendings()
        self._migrated: set[tuple[int, int]] = set()

    async def start(self) -> None:
        return

    async def aclose(self) -> None:
        return

    async def add(self, key: SessionKey, message: TrackedMessage) -> None:
        rows = self._get(key)
        if rows is None:
            rows = Rows()
            self._add(key, rows, message)
            self._closed.put(key, rows)
        else:
            self._add(key, rows, message)

    async def remove(self, key: SessionKey, messages: Collection[TrackedMessage]) -> int:
        return len(self._take(key, messages))

    async def clear(self, key: SessionKey) -> None:
        rows = self._get(key)
        if rows is not None:
            self._slices.drop(rows)
            self._after_removal(key, rows)

    def is_idle(self, bot_id: int) -> bool:
        return bot_id not in self._open.bots

    async def open(self, key: SessionKey) -> None:
        if key not in self._open:
            rows = self._closed.pop(key)
            self._open.put(key, Rows() if rows is None else rows)

    async def unsubscribe(self, key: SessionKey) -> None:
        rows = self._open.pop(key)
        if rows:
            self._closed.put(key, rows)

    async def close(self, key: SessionKey) -> int:
        rows = self._get(key)
        if rows is None:
            return 0
        dropped = self._slices.drop(rows)
        self._after_removal(key, rows)
        self._open.pop(key)
        return dropped

    async def matching(self, scope: Scope) -> list[SessionKey]:
        return self._open.matching_keys(scope)

    async def open_keys(self, bot_id: int) -> list[SessionKey]:
        return self._open.of_bot(bot_id)

    async def record(self, scope: Scope, message: TrackedMessage) -> int:
        matching = self._open.matching(scope)
        if not matching:
            return 0
        if (
            message.chat_id == scope.chat_id
            and message.business_connection_id == scope.business_connection_id
            and message.ephemeral_message_id is None
            and message.receiver_user_id is None
        ):
            add_at_home(matching, message)
        else:
            # What cannot be kept is refused by the first of them, before anything has changed.
            for key, rows in zip(self._open.matching_keys(scope), matching, strict=True):
                self._add(key, rows, message)
        return len(matching)

    async def add_opening(self, key: SessionKey, message: TrackedMessage) -> None:
        await self.add(key, message)
        await self.open(key)

    async def add_if_open(self, key: SessionKey, message: TrackedMessage) -> bool:
        rows = self._open.get(key)
        if rows is None:
            return False
        self._add(key, rows, message)
        return True

    async def discard(
        self, bot_id: int, business_connection_id: str | None, chat_id: int, message_ids: Collection[int]
    ) -> int:
        ids = frozenset(message_ids)
        chat = (chat_id, business_connection_id)
        own = (key for key in self._of_chat(bot_id, chat_id) if _home(key) == chat)
        dropped = 0
        for key in (*own, *self._elsewhere.keys(bot_id, chat)):
            rows = self._get(key)
            if rows and (gone := self._slices.discard(rows, _home(key), chat, ids)):
                dropped += gone
                self._after_removal(key, rows)
        return dropped + self._pendings.discard(bot_id, business_connection_id, chat_id, ids)

    async def migrate(self, bot_id: int, old_chat_id: int, new_chat_id: int) -> list[SessionKey]:
        were_open = self._open.of_chat(bot_id, old_chat_id)
        if old_chat_id == new_chat_id:
            return were_open
        self._migrated.add((bot_id, old_chat_id))
        for old in self._of_chat(bot_id, old_chat_id):
            new = in_chat(old, new_chat_id)
            if old in self._open:
                await self.open(new)
            for message in await self.list(old):
                await self.add(new, message)
            await self.close(old)
        self._pendings.migrate(bot_id, old_chat_id, new_chat_id)
        return were_open

    async def migrated(self, bot_id: int, chat_ids: Collection[int]) -> set[int]:
        return {chat_id for chat_id in chat_ids if (bot_id, chat_id) in self._migrated}

    async def claim(
        self, key: SessionKey, messages: Collection[TrackedMessage], *, now: datetime, until: datetime
    ) -> list[TrackedMessage]:
        claimed = self._take(key, messages)
        self._pendings.put(key, claimed, now=now, until=until)
        return claimed

    async def lease(self, bot_id: int, *, now: datetime, until: datetime, limit: int) -> list[PendingDeletion]:
        return self._pendings.lease(bot_id, now=now, until=until, limit=limit)

    async def postpone(self, pending: Collection[PendingDeletion], *, until: datetime) -> None:
        self._pendings.postpone(pending, until=until)

    async def settle(self, pending: Collection[PendingDeletion]) -> int:
        return self._pendings.settle(pending)

    async def pending(self, bot_id: int) -> list[PendingDeletion]:
        return self._pendings.of_bot(bot_id)

    async def next_due(self, bot_id: int) -> datetime | None:
        return self._pendings.next_due(bot_id)

    def _get(self, key: SessionKey) -> Rows | None:
        rows = self._open.get(key)
        return self._closed.get(key) if rows is None else rows

    def _of_chat(self, bot_id: int, chat_id: int) -> list[SessionKey]:
        return [*self._open.of_chat(bot_id, chat_id), *self._closed.of_chat(bot_id, chat_id)]

    def _add(self, key: SessionKey, rows: Rows, message: TrackedMessage) -> None:
        self._slices.add(rows, _home(key), message)
        self._elsewhere.add(key, (message.chat_id, message.business_connection_id))

    def _take(self, key: SessionKey, messages: Collection[TrackedMessage]) -> list[TrackedMessage]:
        rows = self._get(key)
        if rows is None:
            return []
        taken = self._slices.take(rows, _home(key), messages)
        self._after_removal(key, rows)
        return taken

    def _after_removal(self, key: SessionKey, rows: Rows) -> None:
        if key in self._elsewhere:
            self._elsewhere.set(key, self._slices.chats(rows))
        if not rows:
            self._closed.pop(key)

    # Stands last, because below it `list` in an annotation would mean this method.
    async def list(self, key: SessionKey) -> list[TrackedMessage]:
        rows = self._get(key)
        return [] if rows is None else self._slices.messages(rows, _home(key))


def _home(key: SessionKey) -> Chat:
    return (key.chat_id, key.business_connection_id)
