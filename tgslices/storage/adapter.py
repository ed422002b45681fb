"""Any four-method storage, made durable within the process: open keys and pending deletions are kept in memory.

The plugin keeps the entries. Its methods are taken to be atomic, as the protocol says; what takes several of them is
done in an order in which an error or a cancellation between two of them leaves an entry twice rather than not at all,
and repeating the call sets it right.
"""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime

from tgslices.errors import InvalidStorage
from tgslices.model import PendingDeletion, Scope, SessionKey, TrackedMessage
from tgslices.storage.inprocess.foreign_chats import Elsewhere
from tgslices.storage.inprocess.keylocks import KeyLocks
from tgslices.storage.inprocess.keymap import KeyMap
from tgslices.storage.inprocess.openkeys import OpenKeys, in_chat
from tgslices.storage.inprocess.pendings import Pendings
from tgslices.storage.protocol import PLUGIN_METHODS, SessionStorage, missing_methods


class PluginStorage:
    """A :class:`~tgslices.storage.protocol.DurableSessionStorage` around a plugin of four methods.

    Open keys and pending deletions are lost with the process. ``migrate`` and ``discard`` reach the keys that this
    process has opened or written to, because a plugin cannot list its keys.

    Raises:
        InvalidStorage: the plugin misses one of the four methods.
    """

    def __init__(self, plugin: SessionStorage) -> None:
        """Wrap a plugin, which stays its owner's: it is neither opened nor closed here."""
        if missing := missing_methods(plugin, PLUGIN_METHODS):
            raise InvalidStorage(plugin, missing)
        self.plugin = plugin
        self._open = OpenKeys()
        # The keys that are not open and not known to be empty, because a plugin cannot tell which it has.
        self._closed: KeyMap[SessionKey] = KeyMap()
        self._elsewhere = Elsewhere()
        self._pendings = Pendings()
        self._locks = KeyLocks()
        self._migrated: set[tuple[int, int]] = set()

    async def start(self) -> None:
        return

    async def aclose(self) -> None:
        return

    async def add(self, key: SessionKey, message: TrackedMessage) -> None:
        async with self._locks.hold(key):
            await self._add(key, message)

    async def remove(self, key: SessionKey, messages: Collection[TrackedMessage]) -> int:
        async with self._locks.hold(key):
            removed = await self.plugin.remove(key, messages)
            if key in self._elsewhere or key in self._closed:
                # A note kept too long costs a look more; the removal is done, so it must not fail now.
                with suppress(Exception):
                    self._note_left(key, await self.plugin.list(key))
            return removed

    async def clear(self, key: SessionKey) -> None:
        async with self._locks.hold(key):
            await self._clear(key)

    def is_idle(self, bot_id: int) -> bool:
        return self._open.is_idle(bot_id)

    async def open(self, key: SessionKey) -> None:
        async with self._locks.hold(key):
            self._set_open(key)

    async def unsubscribe(self, key: SessionKey) -> None:
        async with self._locks.hold(key):
            if key in self._open and await self.plugin.list(key):
                self._closed.put(key, key)
            self._open.unsubscribe(key)

    async def close(self, key: SessionKey) -> int:
        async with self._locks.hold(key):
            dropped = len(await self.plugin.list(key))
            await self._clear(key)
            self._open.unsubscribe(key)
            return dropped

    async def matching(self, scope: Scope) -> list[SessionKey]:
        return self._open.matching(scope)

    async def open_keys(self, bot_id: int) -> list[SessionKey]:
        return self._open.open_keys(bot_id)

    async def record(self, scope: Scope, message: TrackedMessage) -> int:
        matched = 0
        failure: Exception | None = None
        for key in self._open.matching(scope):
            try:
                matched += await self.add_if_open(key, message)
            except Exception as error:  # noqa: BLE001 - raised below, once the other sessions have their entry
                failure = failure or error
        if failure is not None:
            raise failure
        return matched

    async def add_opening(self, key: SessionKey, message: TrackedMessage) -> None:
        async with self._locks.hold(key):
            await self._add(key, message)
            self._set_open(key)

    async def add_if_open(self, key: SessionKey, message: TrackedMessage) -> bool:
        async with self._locks.hold(key):
            if key not in self._open:
                return False
            await self._add(key, message)
            return True

    async def discard(
        self, bot_id: int, business_connection_id: str | None, chat_id: int, message_ids: Collection[int]
    ) -> int:
        ids = frozenset(message_ids)
        dropped = 0
        for key in self._holders(bot_id, business_connection_id, chat_id):
            async with self._locks.hold(key):
                listed = await self.plugin.list(key)
                gone = [
                    message
                    for message in listed
                    if message.message_id in ids
                    and message.chat_id == chat_id
                    and message.business_connection_id == business_connection_id
                ]
                if gone:
                    dropped += await self.plugin.remove(key, gone)
                    self._note_left(key, _without(listed, gone))
        return dropped + self._pendings.discard(bot_id, business_connection_id, chat_id, ids)

    async def migrate(self, bot_id: int, old_chat_id: int, new_chat_id: int) -> list[SessionKey]:
        if old_chat_id == new_chat_id:
            return self._open.of_chat(bot_id, old_chat_id)
        self._migrated.add((bot_id, old_chat_id))
        moving = {key: in_chat(key, new_chat_id) for key in self._of_chat(bot_id, old_chat_id)}
        async with self._locks.hold_all([*moving, *moving.values()]):
            # Everything is copied before anything is cleared, and no key moves before all are cleared, so that
            # whatever raises in between, the same call again finds the same keys.
            for old, new in moving.items():
                for message in await self.plugin.list(old):
                    await self._add(new, message)
            for old in moving:
                await self._clear(old)
            moved = self._open.migrate(bot_id, old_chat_id, new_chat_id)
            for key in moved:
                self._closed.pop(in_chat(key, new_chat_id))
            self._pendings.migrate(bot_id, old_chat_id, new_chat_id)
            return moved

    async def migrated(self, bot_id: int, chat_ids: Collection[int]) -> set[int]:
        return {chat_id for chat_id in chat_ids if (bot_id, chat_id) in self._migrated}

    async def claim(
        self, key: SessionKey, messages: Collection[TrackedMessage], *, now: datetime, until: datetime
    ) -> list[TrackedMessage]:
        async with self._locks.hold(key):
            wanted = set(messages)
            listed = await self.plugin.list(key)
            claimed = [message for message in listed if message in wanted]
            if not claimed:
                return []
            # Pending first: an entry that is in both places for a moment is not lost whatever happens now.
            new = self._pendings.put(key, claimed, now=now, until=until)
            try:
                await self.plugin.remove(key, claimed)
            except Exception:
                await self._withdraw(key, new)
                raise
            self._note_left(key, _without(listed, claimed))
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

    async def _add(self, key: SessionKey, message: TrackedMessage) -> None:
        await self.plugin.add(key, message)
        self._elsewhere.add(key, (message.chat_id, message.business_connection_id))
        if key not in self._open:
            self._closed.put(key, key)

    async def _clear(self, key: SessionKey) -> None:
        await self.plugin.clear(key)
        self._note_left(key, ())

    async def _withdraw(self, key: SessionKey, new: Collection[PendingDeletion]) -> None:
        """Let what the plugin did not give up be pending no more. When it cannot tell, all stays pending."""
        try:
            kept = set(await self.plugin.list(key))
        except Exception:  # noqa: BLE001 - the error that brought us here is the one to raise
            return
        self._pendings.settle([entry for entry in new if entry.message in kept])

    def _note_left(self, key: SessionKey, messages: Collection[TrackedMessage]) -> None:
        """Note what a key holds after a removal."""
        self._elsewhere.set(key, [(message.chat_id, message.business_connection_id) for message in messages])
        if not messages:
            self._closed.pop(key)

    def _set_open(self, key: SessionKey) -> None:
        self._open.open(key)
        self._closed.pop(key)

    def _of_chat(self, bot_id: int, chat_id: int) -> list[SessionKey]:
        return [*self._open.of_chat(bot_id, chat_id), *self._closed.of_chat(bot_id, chat_id)]

    def _holders(self, bot_id: int, business_connection_id: str | None, chat_id: int) -> list[SessionKey]:
        """Return the keys that may hold messages of a chat."""
        own = [key for key in self._of_chat(bot_id, chat_id) if key.business_connection_id == business_connection_id]
        return own + self._elsewhere.keys(bot_id, (chat_id, business_connection_id))

    # Stands last, because below it `list` in an annotation would mean this method.
    async def list(self, key: SessionKey) -> list[TrackedMessage]:
        async with self._locks.hold(key):
            # A plugin may hand out the very list that it keeps.
            return [*await self.plugin.list(key)]


def _without(messages: Collection[TrackedMessage], gone: Collection[TrackedMessage]) -> list[TrackedMessage]:
    unwanted = set(gone)
    return [message for message in messages if message not in unwanted]
