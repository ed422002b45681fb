"""Any four-method storage, made durable within the process: all but the entries is kept in memory.

The plugin keeps the entries. Its methods are taken to be atomic, as the protocol says. Where a call takes several of
them, their order is the safe one: an error or a cancellation in between leaves an entry twice rather than not at all.
Repeating the call sets it right.

Past 300 lines, because the protocol is one.
"""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from typing import cast

from tgslices.model import Gone, IfClosed, PendingDeletion, Scope, SessionKey, TrackedMessage
from tgslices.storage.data_protocol import DATA_METHODS, DataStorage
from tgslices.storage.delegating import DelegatesData
from tgslices.storage.ending_protocol import Due, DueSession, End
from tgslices.storage.inprocess.data import DataInProcess
from tgslices.storage.inprocess.ending import Times
from tgslices.storage.inprocess.foreign_chats import ForeignChats
from tgslices.storage.inprocess.key_locks import KeyLocks
from tgslices.storage.inprocess.key_map import KeyMap
from tgslices.storage.inprocess.listing import EVER
from tgslices.storage.inprocess.open_keys import OpenKeys
from tgslices.storage.inprocess.packed_rows import check_ids
from tgslices.storage.inprocess.pending_and_known import KeepsPendingInProcess
from tgslices.storage.listing_protocol import FEW
from tgslices.storage.plugin_methods import surely_awaited
from tgslices.storage.protocol import PLUGIN_METHODS, Added, Closed, SessionStorage, missing_methods, require_storage


class PluginStorage(KeepsPendingInProcess, DelegatesData):
    """A :class:`~tgslices.storage.protocol.DurableSessionStorage` around a plugin of four methods.

    Open keys, pending deletions and known messages are lost with the process. ``migrate`` and ``discard`` reach the
    keys that this process has opened or written to, because a plugin cannot list its keys. What was discarded by hand
    stays with the plugin, hidden by this process. Data is the plugin's if it has the methods of a
    :class:`~tgslices.storage.data_protocol.DataStorage`, and lost with the process otherwise.

    Raises:
        InvalidStorage: the plugin misses one of the four methods, or has only a part of those of data.
    """

    def __init__(self, plugin: SessionStorage) -> None:
        """Wrap a plugin, which stays its owner's: it is neither opened nor closed here."""
        require_storage(plugin)
        super().__init__()
        self.plugin = plugin
        self._entries: SessionStorage = surely_awaited(plugin, PLUGIN_METHODS)
        keeps_data = not missing_methods(plugin, DATA_METHODS)
        self._data = surely_awaited(cast(DataStorage, plugin), DATA_METHODS) if keeps_data else DataInProcess()
        self._open = OpenKeys()
        # The keys that are not open and not known to be empty, because a plugin cannot tell which it has.
        self._closed: KeyMap[SessionKey] = KeyMap()
        self._hidden: dict[SessionKey, set[TrackedMessage]] = {}
        self._foreign_chats = ForeignChats()
        self._locks = KeyLocks()

    # What is open

    def is_idle(self, bot_id: int) -> bool:
        return self._open.is_idle(bot_id)

    def knows_open(self, key: SessionKey) -> bool:
        return key in self._open

    async def is_open(self, key: SessionKey) -> bool:
        return key in self._open

    async def open(
        self,
        key: SessionKey,
        *,
        at: datetime,
        outside: TrackedMessage | None = None,
        begun_at: datetime | None = None,
        due: Due | None = None,
    ) -> bool:
        async with self._locks.hold(key):
            if key in self._open or self._known.was_closed_since(key, begun_at):
                return False
            self._set_open(key, at, outside, due)
            return True

    async def unsubscribe(self, key: SessionKey) -> bool:
        async with self._locks.hold(key):
            if key in self._open and await self._entries.list(key):
                self._closed.put(key, key)
            return self._unsubscribe(key)

    async def close(self, key: SessionKey, *, at: datetime) -> Closed:
        async with self._locks.hold(key):
            dropped = await self._clear(key)
            await self._data.close_data(key)
            was_open = self._unsubscribe(key)
            self._known.close(key, at)
            return Closed(dropped, was_open)

    async def end_session(
        self, session: DueSession, end: End, *, now: datetime, until: datetime, limit: int
    ) -> list[TrackedMessage] | None:
        key, clears = session.key, end.then == "clear"
        async with self._locks.hold(key):
            if not self._may_end(session, await self._times(key, now), now):
                return None
            claimed = await self._claim(key, None, now=now, until=until, limit=limit) if clears else []
            is_partial = clears and len(claimed) == limit
            if not is_partial:
                await self._clear(key)
            await self._data.close_data(key)
            self._unsubscribe(key)
            self._known.close(key, now)
            if is_partial:
                self._closed.put(key, key)
            self._keep_end(session, end, now=now, until=until, is_partial=is_partial)
            return claimed

    async def _times(self, key: SessionKey, now: datetime) -> Times:
        held, hidden = await self._entries.list(key), self._hidden.get(key, ())
        data = await self._data.read_data(key, now=now)
        sent = (message.date or message.at for message in held if message not in hidden)
        times = Times(max((message.at for message in held), default=None), min(sent, default=None))
        return times.and_also(self._known.latest(key), *(stored.written_at for stored in data.values()))

    async def _entries_and_times(self, key: SessionKey) -> tuple[int, Times]:
        return len(await self.list(key)), await self._times(key, EVER)

    def _keys_of(self, bot_id: int) -> list[SessionKey]:
        return [*self._open.open_keys(bot_id), *self._closed.of_bot(bot_id)]

    async def _entries_of(self, key: SessionKey) -> list[TrackedMessage]:
        return [*await self._entries.list(key)]

    def _few_open_in(self, bot_id: int, chat_id: int) -> list[SessionKey] | None:
        return self._open.few_of_chat(bot_id, chat_id, FEW)

    def _unsubscribe(self, key: SessionKey) -> bool:
        """Let a key be open no more; return whether it was open."""
        was_open = self._open.unsubscribe(key)
        self._opened.close(key)
        self._known.unsubscribe(key)
        self._due.close(key)
        return was_open

    async def matching(self, scope: Scope) -> list[SessionKey]:
        return self._open.matching(scope)

    async def open_keys(self, bot_id: int) -> list[SessionKey]:
        return self._open.open_keys(bot_id)

    async def is_held(
        self,
        bot_id: int,
        chat_id: int,
        message_id: int,
        *,
        business_connection_id: str | None = None,
        user_id: int | None = None,
    ) -> bool:
        chat = (chat_id, business_connection_id)
        own = [key for key in self._open.of_chat(bot_id, chat_id) if key.business_connection_id == chat[1]]
        own.sort(key=lambda key: key.user_id != user_id)  # a tap is nearly always on a message of the tapper's session
        foreign = [key for key in self._foreign_chats.keys(bot_id, chat) if key in self._open]
        for key in dict.fromkeys((*own, *foreign)):
            if any(_is_named(message, chat, message_id) for message in await self._entries.list(key)):
                return True
        return False

    # Entries

    async def record(self, scope: Scope, message: TrackedMessage) -> int:
        matched = 0
        failure: Exception | None = None
        for key in self._open.matching(scope):
            try:
                matched += await self._record(key, message)
            except Exception as error:  # noqa: BLE001 - raised below, once the other sessions have their entry
                failure = failure or error
        if failure is not None:
            raise failure
        return matched

    async def add(
        self,
        key: SessionKey,
        message: TrackedMessage,
        *,
        if_closed: IfClosed = IfClosed.KEEP,
        outside: TrackedMessage | None = None,
        begun_at: datetime | None = None,
        unless_known: bool = False,
        due: Due | None = None,
    ) -> Added:
        async with self._locks.hold(key):
            is_open = key in self._open
            if self._comes_too_late(key, is_open=is_open, if_closed=if_closed, begun_at=begun_at):
                return Added.LEFT_OUT
            if unless_known and await self._leaves_out_unheld(key, message):
                return Added.LEFT_OUT
            await self._add(key, message)
            if is_open or if_closed is not IfClosed.OPEN:
                return Added.HELD
            self._set_open(key, message.at, outside, due)
            return Added.OPENED

    async def remove(self, key: SessionKey, messages: Collection[TrackedMessage]) -> int:
        async with self._locks.hold(key):
            removed = await self._entries.remove(key, messages)
            self._known.learn(key, messages)
            self._unhide(key, messages)
            if key in self._foreign_chats or key in self._closed:
                # A note kept too long costs a look more; the removal is done, so it must not fail now.
                with suppress(Exception):
                    self._note_left(key, await self._entries.list(key))
            return removed

    async def clear(self, key: SessionKey) -> None:
        async with self._locks.hold(key):
            await self._clear(key)

    async def discard(self, bot_id: int, gone: Gone, *, surely: bool = True) -> int:
        dropped = 0
        for key in self._holders(bot_id, gone):
            async with self._locks.hold(key):
                held = await self._entries.list(key)
                covered = [message for message in held if gone.covers(message)]
                if surely and covered:
                    self._known.learn(key, covered)
                    dropped += await self._entries.remove(key, covered)
                    self._unhide(key, covered)
                    self._note_left(key, _without(held, covered))
                elif covered:
                    hidden = self._hidden.setdefault(key, set())
                    dropped += len({*covered} - hidden)
                    hidden.update(covered)
        return dropped + (self._learn_settled(self._pending.discard(bot_id, gone)) if surely else 0)

    async def note_buttons(
        self,
        bot_id: int,
        chat_id: int,
        message_id: int,
        *,
        has_buttons: bool,
        business_connection_id: str | None = None,
    ) -> int:
        return 0  # to take an entry out and put it back would lose its place, and the entry where it fails in between

    async def migrate(self, bot_id: int, old_chat_id: int, new_chat_id: int) -> list[SessionKey]:
        if old_chat_id == new_chat_id:
            return self._open.of_chat(bot_id, old_chat_id)
        self._migrated.add((bot_id, old_chat_id))
        moving = {key: key.in_chat(new_chat_id) for key in self._of_chat(bot_id, old_chat_id)}
        async with self._locks.hold_all([*moving, *moving.values()]):
            # Everything is copied before anything is cleared, and no key moves before all are cleared, so that
            # whatever raises in between, the same call again finds the same keys.
            for old, new in moving.items():
                await self._copy(old, new)
            await self._data.migrate_data(bot_id, old_chat_id, new_chat_id)
            for old in moving:
                await self._entries.clear(old)
                self._note_left(old, ())
            moved = self._open.migrate(bot_id, old_chat_id, new_chat_id)
            for key in moved:
                self._closed.pop(key.in_chat(new_chat_id))
            self._known.migrate(bot_id, old_chat_id, new_chat_id)
            self._pending.migrate(bot_id, old_chat_id, new_chat_id)
            self._ends.migrate(bot_id, old_chat_id, new_chat_id)
            for key in moved:
                self._opened.move(key, key.in_chat(new_chat_id))
                self._due.migrate(key, key.in_chat(new_chat_id))
            return moved

    async def claim(
        self,
        key: SessionKey,
        messages: Collection[TrackedMessage] | None,
        *,
        now: datetime,
        until: datetime,
        limit: int | None = None,
    ) -> list[TrackedMessage]:
        async with self._locks.hold(key):
            return await self._claim(key, messages, now=now, until=until, limit=limit)

    async def _claim(
        self,
        key: SessionKey,
        messages: Collection[TrackedMessage] | None,
        *,
        now: datetime,
        until: datetime,
        limit: int | None,
    ) -> list[TrackedMessage]:
        held = await self._entries.list(key)
        wanted = None if messages is None else {*messages} - self._hidden.get(key, set())
        claimed = [message for message in held if wanted is None or message in wanted][:limit]
        if not claimed:
            return []
        # Pending first: an entry that is in both places for a moment is not lost whatever happens now.
        new = self._pending.put(key, claimed, now=now, until=until)
        try:
            await self._entries.remove(key, claimed)
        except Exception:
            await self._withdraw(key, new)
            raise
        self._known.learn(key, claimed)
        self._unhide(key, claimed)
        self._note_left(key, _without(held, claimed))
        return claimed

    async def sweep(self, bot_id: int, *, now: datetime, limit: int) -> int:
        swept = self._known.sweep(bot_id, now=now, limit=limit)
        return swept + await self._data.sweep_data(bot_id, now=now, limit=limit - swept) if swept < limit else swept

    async def _record(self, key: SessionKey, message: TrackedMessage) -> bool:
        async with self._locks.hold(key):
            if key not in self._open:
                return False
            if message not in self._hidden.get(key, ()) and not self._leaves_out(key, message):
                await self._add(key, message)
            return True

    async def _leaves_out_unheld(self, key: SessionKey, message: TrackedMessage) -> bool:
        is_known = message in self._hidden.get(key, ())
        return is_known or (self._leaves_out(key, message) and message not in await self._entries.list(key))

    async def _add(self, key: SessionKey, message: TrackedMessage) -> None:
        check_ids(message)
        if message in self._hidden.get(key, ()):
            await self._entries.remove(key, [message])
        await self._entries.add(key, message)
        self._unhide(key, [message])
        self._foreign_chats.add(key, (message.chat_id, message.business_connection_id))
        if key not in self._open:
            self._closed.put(key, key)

    async def _clear(self, key: SessionKey) -> int:
        """Drop every entry of a key, which knows them from then on; return how many were in the list."""
        held = await self._entries.list(key)
        listed = len({*held} - self._hidden.get(key, set()))
        # Known first: the same call again finds nothing to learn when the plugin's answer was lost.
        self._known.learn(key, held)
        await self._entries.clear(key)
        self._note_left(key, ())
        return listed

    async def _copy(self, old: SessionKey, new: SessionKey) -> None:
        """Add the entries of a key behind those of another one; what is hidden stays so."""
        hidden = self._hidden.get(old, set())
        there = {*await self._entries.list(new)} if hidden else set()
        for message in [*await self._entries.list(old)]:
            await self._add(new, message)
            if message in hidden and message not in there:
                self._hidden.setdefault(new, set()).add(message)

    async def _withdraw(self, key: SessionKey, new: Collection[PendingDeletion]) -> None:
        """Let what the plugin did not give up be pending no more. When it cannot tell, all stays pending."""
        try:
            kept = set(await self._entries.list(key))
        except Exception:  # noqa: BLE001 - the error that brought us here is the one to raise
            return
        self._pending.settle([entry for entry in new if entry.message in kept])

    def _unhide(self, key: SessionKey, messages: Collection[TrackedMessage]) -> None:
        if hidden := self._hidden.get(key):
            hidden.difference_update(messages)
            if not hidden:
                del self._hidden[key]

    def _note_left(self, key: SessionKey, messages: Collection[TrackedMessage]) -> None:
        """Note what a key holds after a removal."""
        self._foreign_chats.set(key, [(message.chat_id, message.business_connection_id) for message in messages])
        if not messages:
            self._closed.pop(key)
            self._hidden.pop(key, None)

    def _set_open(self, key: SessionKey, at: datetime, outside: TrackedMessage | None, due: Due | None) -> None:
        self._open.open(key)
        self._opened.open(key, at)
        self._closed.pop(key)
        self._known.open(key, outside)
        if due is not None:
            self._due.open(key, at, due)

    def _of_chat(self, bot_id: int, chat_id: int) -> list[SessionKey]:
        return [*self._open.of_chat(bot_id, chat_id), *self._closed.of_chat(bot_id, chat_id)]

    def _holders(self, bot_id: int, gone: Gone) -> list[SessionKey]:
        """Return the keys that may hold messages of a chat."""
        chat = (gone.chat_id, gone.business_connection_id)
        own = [key for key in self._of_chat(bot_id, gone.chat_id) if key.business_connection_id == chat[1]]
        return own + self._foreign_chats.keys(bot_id, chat)

    # Stands last, because below it `list` in an annotation would mean this method.
    async def list(self, key: SessionKey) -> list[TrackedMessage]:
        async with self._locks.hold(key):
            hidden = self._hidden.get(key, ())
            # A plugin may hand out the very list that it keeps.
            return [message for message in await self._entries.list(key) if message not in hidden]


def _is_named(message: TrackedMessage, chat: tuple[int, str | None], message_id: int) -> bool:
    name = (message.message_id, message.ephemeral_message_id, message.receiver_user_id)
    return name == (message_id, None, None) and (message.chat_id, message.business_connection_id) == chat


def _without(messages: Collection[TrackedMessage], gone: Collection[TrackedMessage]) -> list[TrackedMessage]:
    unwanted = set(gone)
    return [message for message in messages if message not in unwanted]
