"""The storage in process memory: fast and compact, and gone with the process.

Past 300 lines, because the protocol is one.
"""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from tgslices.event_loop.work_in_turns import in_turns
from tgslices.model import Gone, IfClosed, Scope, SessionKey, TrackedMessage
from tgslices.storage.data_protocol import DataStorage
from tgslices.storage.delegating import DelegatesData
from tgslices.storage.ending_protocol import Due, DueSession, End
from tgslices.storage.inprocess.ceilings import NO_CEILING
from tgslices.storage.inprocess.data import DataInProcess
from tgslices.storage.inprocess.ending import Times
from tgslices.storage.inprocess.foreign_chats import ForeignChats
from tgslices.storage.inprocess.key_map import KeyMap
from tgslices.storage.inprocess.known_messages import MAX_KNOWN
from tgslices.storage.inprocess.listing import EVER
from tgslices.storage.inprocess.packed_rows import (
    HEAD,
    HOME,
    LAST_MARKS,
    SIZE,
    TOP,
    TOP_AT_HOME,
    id_at,
    pack_row,
    times_of,
)
from tgslices.storage.inprocess.pending_and_known import KeepsPendingInProcess
from tgslices.storage.inprocess.slices import MANY, Chat, Rows, Slices, holds, stands_evenly
from tgslices.storage.listing_protocol import FEW
from tgslices.storage.protocol import Added, Closed
from tgslices.telegram_facts.chat_kind import MIN_BASIC_GROUP

pack_head: Final = HEAD.pack

MAX_AT_ONCE: Final = 1000 * SIZE
"""The most bytes of entries that are listed in one step."""

MAX_LOOKS: Final = 3
"""How often a long list is begun anew, because entries left it, before it is made in one step."""


class MemorySessionStorage(KeepsPendingInProcess, DelegatesData):
    """A :class:`~tgslices.storage.protocol.DurableSessionStorage` that lives and dies with the process.

    No method waits for anything, so each one is atomic among the tasks of an event loop. A long list is made in turns,
    of what was there when it began.
    """

    def __init__(self) -> None:
        super().__init__()
        self._data: DataStorage = DataInProcess()
        self._open: KeyMap[Rows] = KeyMap()
        self._closed: KeyMap[Rows] = KeyMap()
        self._slices = Slices()
        self._foreign_chats = ForeignChats()
        self._ceilings = self._known.ceilings.by_box
        self._pending_of = self._pending.bots

    # What is open

    def is_idle(self, bot_id: int) -> bool:
        return bot_id not in self._open.by_bot

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
        if key in self._open or self._known.was_closed_since(key, begun_at):
            return False
        self._known.open(key, outside)
        rows = self._closed.pop(key)
        self._open.put(key, Rows() if rows is None else rows)
        self._opened.open(key, at)
        if due is not None:
            self._due.open(key, at, due)
        return True

    async def unsubscribe(self, key: SessionKey) -> bool:
        rows = self._open.pop(key)
        if rows:
            self._closed.put(key, rows)
        self._opened.close(key)
        self._known.unsubscribe(key)
        self._due.close(key)
        return rows is not None

    async def close(self, key: SessionKey, *, at: datetime) -> Closed:
        dropped = self._drop(key)
        was_open = self._open.pop(key) is not None
        self._opened.close(key)
        self._known.close(key, at)
        await self._data.close_data(key)
        self._due.close(key)
        return Closed(dropped, was_open)

    async def end_session(
        self, session: DueSession, end: End, *, now: datetime, until: datetime, limit: int
    ) -> list[TrackedMessage] | None:
        key, clears = session.key, end.then == "clear"
        if not self._may_end(session, await self._times(key, now), now):
            return None
        claimed = await self.claim(key, None, now=now, until=until, limit=limit) if clears else []
        is_partial = clears and bool(self._get(key))
        if is_partial:
            await self.unsubscribe(key)
            self._known.close(key, now)
            await self._data.close_data(key)
        else:
            await self.close(key, at=now)
        self._keep_end(session, end, now=now, until=until, is_partial=is_partial)
        return claimed

    async def _times(self, key: SessionKey, now: datetime) -> Times:
        data = await self._data.read_data(key, now=now)
        times = Times(*times_of(self._get(key) or Rows()))
        return times.and_also(self._known.latest(key), *(stored.written_at for stored in data.values()))

    async def _entries_and_times(self, key: SessionKey) -> tuple[int, Times]:
        return self._slices.count(self._get(key) or Rows()), await self._times(key, EVER)

    def _keys_of(self, bot_id: int) -> list[SessionKey]:
        return [*self._open.of_bot(bot_id), *self._closed.of_bot(bot_id)]

    async def _entries_of(self, key: SessionKey) -> list[TrackedMessage]:
        rows = self._get(key) or Rows()
        return self._slices.newest(rows, _home(key), len(rows))

    def _few_open_in(self, bot_id: int, chat_id: int) -> list[SessionKey] | None:
        return self._open.few_of_chat(bot_id, chat_id, FEW)

    async def matching(self, scope: Scope) -> list[SessionKey]:
        return self._open.matching_keys(scope)

    async def open_keys(self, bot_id: int) -> list[SessionKey]:
        return self._open.of_bot(bot_id)

    async def is_held(
        self,
        bot_id: int,
        chat_id: int,
        message_id: int,
        *,
        business_connection_id: str | None = None,
        user_id: int | None = None,
    ) -> bool:
        head = pack_head(message_id, HOME)
        for node in self._open.nodes_of_chat(bot_id, chat_id, user_id):
            # As holds, without a call: this is on the path of every tap.
            rows = node[4]
            if node[2] != business_connection_id:
                continue
            if len(rows) >= MANY and stands_evenly(rows, head, message_id):
                return True
            start = rows.rfind(head)
            if start >= 0 and (not start % SIZE or holds(rows, head)):
                return True
        chat = (chat_id, business_connection_id)
        number = self._slices.number_of(chat)
        if number is None:
            return False
        head = pack_head(message_id, number)
        foreign = map(self._open.get, self._foreign_chats.keys(bot_id, chat))
        return any(there is not None and holds(there, head) for there in foreign)

    # Entries

    async def record(self, scope: Scope, message: TrackedMessage) -> int:
        bot_id, chat_id, connection = scope.bot_id, scope.chat_id, scope.business_connection_id
        chats = self._open.by_bot.get(bot_id)
        there = None if chats is None else chats.get(chat_id)
        if there is None:
            return 0
        message_id = message.message_id
        is_at_home = (
            message.chat_id == chat_id
            and message.business_connection_id == connection
            and message.ephemeral_message_id is None
            and message.receiver_user_id is None
        )
        # Written out, because this is on the path of every update; the box as in Ceilings.rise.
        box = connection or (bot_id if chat_id >= MIN_BASIC_GROUP else chat_id)
        may_be_known = not is_at_home or message_id <= self._ceilings.get(box, NO_CEILING) or bot_id in self._pending_of
        if type(there) is tuple and not may_be_known and message.media_group_id is None:
            user_id, thread_id, its_connection, _, rows = there
            if (
                (user_id is not None and user_id != scope.user_id)
                or (thread_id is not None and thread_id != scope.thread_id)
                or its_connection != connection
            ):
                return 0
            if not rows or (rows[LAST_MARKS] & TOP_AT_HOME and message_id > id_at(rows, -SIZE)[0]):
                rows += pack_row(message, HOME, TOP | TOP_AT_HOME)
                return 1
        return self._record_where_it_matches(scope, message, may_be_known)

    def _record_where_it_matches(self, scope: Scope, message: TrackedMessage, may_be_known: bool) -> int:
        nodes = self._open.matching_nodes(scope)
        for node in nodes:
            key = SessionKey(scope.bot_id, scope.chat_id, *node[:4])
            # What cannot be kept is refused by the first of them, before anything has changed.
            if not may_be_known or not self._leaves_out(key, message):
                self._slices.record(node[4], _home(key), message)
                self._foreign_chats.add(key, (message.chat_id, message.business_connection_id))
        return len(nodes)

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
        is_open = key in self._open
        if self._comes_too_late(key, is_open=is_open, if_closed=if_closed, begun_at=begun_at):
            return Added.LEFT_OUT
        rows = self._get(key)
        if unless_known and self._leaves_out_unheld(key, rows, message):
            return Added.LEFT_OUT
        if rows is None:
            rows = Rows()
            self._add(key, rows, message)
            self._closed.put(key, rows)
        else:
            self._add(key, rows, message)
        if if_closed is IfClosed.OPEN and await self.open(key, at=message.at, outside=outside, due=due):
            return Added.OPENED
        return Added.HELD

    async def remove(self, key: SessionKey, messages: Collection[TrackedMessage]) -> int:
        rows = self._get(key)
        taken = [] if rows is None else self._slices.take(rows, _home(key), messages)
        if rows is not None:
            self._after_removal(key, rows)
        there = set(taken)
        self._known.learn(key, [*taken, *(message for message in messages if message not in there)])
        return len(taken)

    async def clear(self, key: SessionKey) -> None:
        self._drop(key)

    async def discard(self, bot_id: int, gone: Gone, *, surely: bool = True) -> int:
        chat = (gone.chat_id, gone.business_connection_id)
        own = (key for key in self._of_chat(bot_id, gone.chat_id) if _home(key) == chat)
        dropped = 0
        for key in (*own, *self._foreign_chats.keys(bot_id, chat)):
            rows = self._get(key)
            if rows and surely:
                taken = self._slices.discard(rows, _home(key), gone)
                self._known.learn(key, taken)
                self._after_removal(key, rows)
                dropped += len(taken)
            elif rows:
                dropped += self._slices.hide(rows, _home(key), gone)
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
        chat, changed = (chat_id, business_connection_id), 0
        own = (key for key in self._of_chat(bot_id, chat_id) if _home(key) == chat)
        for key in (*own, *self._foreign_chats.keys(bot_id, chat)):
            rows = self._get(key)
            if rows:
                changed += self._slices.note_buttons(rows, _home(key), chat, message_id, has_buttons=has_buttons)
        return changed

    async def migrate(self, bot_id: int, old_chat_id: int, new_chat_id: int) -> list[SessionKey]:
        were_open = self._open.of_chat(bot_id, old_chat_id)
        if old_chat_id == new_chat_id:
            return were_open
        self._migrated.add((bot_id, old_chat_id))
        for old in self._of_chat(bot_id, old_chat_id):
            self._move(old, old.in_chat(new_chat_id))
        self._known.migrate(bot_id, old_chat_id, new_chat_id)
        self._pending.migrate(bot_id, old_chat_id, new_chat_id)
        await self._data.migrate_data(bot_id, old_chat_id, new_chat_id)
        self._ends.migrate(bot_id, old_chat_id, new_chat_id)
        return were_open

    async def claim(
        self,
        key: SessionKey,
        messages: Collection[TrackedMessage] | None,
        *,
        now: datetime,
        until: datetime,
        limit: int | None = None,
    ) -> list[TrackedMessage]:
        rows = self._get(key)
        if rows is None:
            return []
        if messages is None:
            claimed = self._slices.take_first(rows, _home(key), limit)
        else:
            claimed = self._slices.take_listed(rows, _home(key), messages, limit)
        self._after_removal(key, rows)
        self._known.learn(key, claimed)
        self._pending.put(key, claimed, now=now, until=until)
        return claimed

    async def sweep(self, bot_id: int, *, now: datetime, limit: int) -> int:
        swept = self._known.sweep(bot_id, now=now, limit=limit)
        return swept + await self._data.sweep_data(bot_id, now=now, limit=limit - swept)

    def _get(self, key: SessionKey) -> Rows | None:
        rows = self._open.get(key)
        return self._closed.get(key) if rows is None else rows

    def _of_chat(self, bot_id: int, chat_id: int) -> list[SessionKey]:
        return [*self._open.of_chat(bot_id, chat_id), *self._closed.of_chat(bot_id, chat_id)]

    def _leaves_out_unheld(self, key: SessionKey, rows: Rows | None, message: TrackedMessage) -> bool:
        is_listed = None if rows is None else self._slices.is_listed(rows, _home(key), message)
        return self._leaves_out(key, message) if is_listed is None else not is_listed

    def _add(self, key: SessionKey, rows: Rows, message: TrackedMessage) -> None:
        self._slices.add(rows, _home(key), message)
        self._foreign_chats.add(key, (message.chat_id, message.business_connection_id))

    def _drop(self, key: SessionKey) -> int:
        """Drop every entry of a key, which knows them from then on; return how many were in the list."""
        rows = self._get(key)
        if rows is None:
            return 0
        self._known.learn(key, self._slices.newest(rows, _home(key), MAX_KNOWN))
        dropped = self._slices.drop(rows)
        self._after_removal(key, rows)
        return dropped

    def _move(self, old: SessionKey, new: SessionKey) -> None:
        """Move the entries of a key behind those of another one, which is open afterwards if one of them was."""
        rows, target = self._get(old), self._get(new)
        if target is None:
            target = Rows()
        if self._open.pop(old) is not None and new not in self._open:
            self._closed.pop(new)
            self._open.put(new, target)
        elif new not in self._open:
            self._closed.put(new, target)
        self._opened.move(old, new)
        self._due.migrate(old, new)
        if rows:
            self._slices.move(rows, _home(old), target, _home(new))
            self._foreign_chats.set(new, self._slices.chats(target))
        self._foreign_chats.set(old, ())
        self._closed.pop(old)

    def _after_removal(self, key: SessionKey, rows: Rows) -> None:
        if key in self._foreign_chats:
            self._foreign_chats.set(key, self._slices.chats(rows))
        if not rows:
            self._closed.pop(key)

    # Stands last, because below it `list` in an annotation would mean this method.
    async def list(self, key: SessionKey) -> list[TrackedMessage]:
        for _ in range(MAX_LOOKS):
            rows = self._get(key)
            if rows is None or len(rows) <= MAX_AT_ONCE:
                break
            listed = await in_turns(self._slices.reading(rows, _home(key)))
            if listed is not None:
                return listed
        rows = self._get(key)
        return [] if rows is None else self._slices.messages(rows, _home(key))


def _home(key: SessionKey) -> Chat:
    return (key.chat_id, key.business_connection_id)
