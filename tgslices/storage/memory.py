"""The storage in process memory: fast and compact, and gone with the process."""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from tgslices.model import PendingDeletion, Scope, SessionKey, TrackedMessage
from tgslices.storage.elsewhere import Elsewhere
from tgslices.storage.keyindex import KeyIndex
from tgslices.storage.openkeys import in_chat
from tgslices.storage.pendings import Pendings
from tgslices.storage.slices import PackedSlice


class MemorySessionStorage:
    """A :class:`~tgslices.storage.protocol.DurableSessionStorage` that lives and dies with the process.

    No method waits for anything, so each one is atomic among the tasks of an event loop.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._open: KeyIndex[PackedSlice] = KeyIndex()
        self._closed: KeyIndex[PackedSlice] = KeyIndex()
        self._elsewhere = Elsewhere()
        self._pendings = Pendings()

    async def start(self) -> None:
        return

    async def aclose(self) -> None:
        return

    async def add(self, key: SessionKey, message: TrackedMessage) -> None:
        there = self._get(key)
        if there is None:
            there = PackedSlice(key)
            self._add(there, message)
            self._closed.put(there)
        else:
            self._add(there, message)

    async def remove(self, key: SessionKey, messages: Collection[TrackedMessage]) -> int:
        there = self._get(key)
        return 0 if there is None else len(self._take(there, messages))

    async def clear(self, key: SessionKey) -> None:
        there = self._get(key)
        if there is not None:
            there.empty()
            self._after_removal(there)

    def is_idle(self, bot_id: int) -> bool:
        return self._open.lacks_bot(bot_id)

    async def open(self, key: SessionKey) -> None:
        if self._open.get(key) is None:
            there = self._closed.pop(key)
            self._open.put(PackedSlice(key) if there is None else there)

    async def unsubscribe(self, key: SessionKey) -> None:
        there = self._open.pop(key)
        if there is not None and len(there):
            self._closed.put(there)

    async def close(self, key: SessionKey) -> int:
        return self._drop(key)

    async def matching(self, scope: Scope) -> list[SessionKey]:
        return [there.key() for there in self._open.matching(scope)]

    async def open_keys(self, bot_id: int) -> list[SessionKey]:
        return [there.key() for there in self._open.of_bot(bot_id)]

    async def record(self, scope: Scope, message: TrackedMessage) -> int:
        matching = self._open.matching(scope)
        for there in matching:
            # Not self._add, because a call is a tenth of the time. What cannot be kept is refused by the first of
            # them, before anything has changed.
            there.add(message)
            if there.places is not None:
                self._note_chat(there, message)
        return len(matching)

    async def add_opening(self, key: SessionKey, message: TrackedMessage) -> None:
        await self.add(key, message)
        await self.open(key)

    async def add_if_open(self, key: SessionKey, message: TrackedMessage) -> bool:
        there = self._open.get(key)
        if there is None:
            return False
        self._add(there, message)
        return True

    async def discard(
        self, bot_id: int, business_connection_id: str | None, chat_id: int, message_ids: Collection[int]
    ) -> int:
        ids = frozenset(message_ids)
        dropped = 0
        for there in self._holders(bot_id, business_connection_id, chat_id):
            if gone := there.discard(chat_id, business_connection_id, ids):
                dropped += gone
                self._after_removal(there)
        return dropped + self._pendings.discard(bot_id, business_connection_id, chat_id, ids)

    async def migrate(self, bot_id: int, old_chat_id: int, new_chat_id: int) -> list[SessionKey]:
        moving = self._of_chat(bot_id, old_chat_id)
        were_open = [there.key() for there in self._open.of_chat(bot_id, old_chat_id)]
        if old_chat_id == new_chat_id:
            return were_open
        for there in moving:
            old = there.key()
            new = in_chat(old, new_chat_id)
            if self._open.get(old) is not None:
                await self.open(new)
            for message in there.messages():
                await self.add(new, message)
            self._drop(old)
        self._pendings.migrate(bot_id, old_chat_id, new_chat_id)
        return were_open

    async def claim(
        self, key: SessionKey, messages: Collection[TrackedMessage], *, now: datetime, until: datetime
    ) -> list[TrackedMessage]:
        there = self._get(key)
        if there is None:
            return []
        claimed = self._take(there, messages)
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

    def _get(self, key: SessionKey) -> PackedSlice | None:
        there = self._open.get(key)
        return self._closed.get(key) if there is None else there

    def _of_chat(self, bot_id: int, chat_id: int) -> list[PackedSlice]:
        return [*self._open.of_chat(bot_id, chat_id), *self._closed.of_chat(bot_id, chat_id)]

    def _holders(self, bot_id: int, business_connection_id: str | None, chat_id: int) -> list[PackedSlice]:
        """Return what may hold messages of a chat."""
        own = self._of_chat(bot_id, chat_id)
        foreign = map(self._get, self._elsewhere.keys(bot_id, (chat_id, business_connection_id)))
        return [
            *(there for there in own if there.business_connection_id == business_connection_id),
            *(there for there in foreign if there is not None),
        ]

    def _add(self, there: PackedSlice, message: TrackedMessage) -> None:
        there.add(message)
        if there.places is not None:
            self._note_chat(there, message)

    def _note_chat(self, there: PackedSlice, message: TrackedMessage) -> None:
        chat = (message.chat_id, message.business_connection_id)
        if chat != (there.chat_id, there.business_connection_id):
            self._elsewhere.add(there.key(), chat)

    def _take(self, there: PackedSlice, messages: Collection[TrackedMessage]) -> list[TrackedMessage]:
        taken = there.take(messages)
        if taken:
            self._after_removal(there)
        return taken

    def _after_removal(self, there: PackedSlice) -> None:
        key = there.key()
        self._elsewhere.set(key, there.chats())
        if not len(there):
            self._closed.pop(key)

    def _drop(self, key: SessionKey) -> int:
        there = self._open.pop(key)
        if there is None:
            there = self._closed.pop(key)
        if there is None:
            return 0
        self._elsewhere.set(key, ())
        return len(there)

    # Stands last, because below it `list` in an annotation would mean this method.
    async def list(self, key: SessionKey) -> list[TrackedMessage]:
        there = self._get(key)
        return [] if there is None else there.messages()
