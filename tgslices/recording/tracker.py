"""The only code that adds entries: what arrived, what was sent, and which keys are opened for it.

Past 300 lines, because whatever adds an entry has to keep the same order with what waits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from aiogram.methods import TelegramMethod
from aiogram.types import Message, TelegramObject, Update

from tgslices.clock import Clock
from tgslices.error_texts.without_secrets import described
from tgslices.event_loop.kept_tasks import KeptTasks
from tgslices.model import MAX_INT, Gone, IfClosed, Scope, ScopeTwin, SessionKey, TrackedMessage
from tgslices.recording.backlog import Backlog, Write
from tgslices.recording.current_update import Handling, handling
from tgslices.recording.handles_of_key import SharedKey, SharedKeys, tick
from tgslices.recording.keyboards import Edited, Keyboards, edited_by, meant_by
from tgslices.recording.messages_from_events import record_carried, record_of_incoming
from tgslices.recording.notices import Notices
from tgslices.recording.openings import DueOf, Openings, never_due, repeatable
from tgslices.recording.outside_session import RecentMessages, outside_of
from tgslices.recording.progress import Progress
from tgslices.recording.subscriptions import Subscriptions, UpdatePredicate
from tgslices.storage.ending_protocol import Due
from tgslices.storage.protocol import DurableSessionStorage
from tgslices.telegram_facts.chat_kind import ChatKind, chat_kind
from tgslices.telegram_facts.message_kind import MessageKind
from tgslices.telemetry.events import WritesWaiting
from tgslices.telemetry.observer import Telling

log = logging.getLogger("tgslices")

_TEXT: Final = MessageKind.TEXT


def _tell_nobody(_gone: Gone) -> None:
    """Do nothing: no deletion is at work."""


class Tracker:
    """Adds entries to the open sessions of one bot. Recording never raises: what the storage refuses now is kept."""

    def __init__(
        self,
        storage: DurableSessionStorage,
        bot_id: int,
        *,
        clock: Clock,
        backlog_limit: int,
        tell: Telling | None = None,
    ) -> None:
        self.storage, self.tell = storage, tell
        self.bot_id, self.clock = bot_id, clock
        self.keys = SharedKeys()
        self.progress = Progress()
        self.subscriptions = Subscriptions(self.progress)
        self._backlog = Backlog(
            backlog_limit,
            # A bot has no chat with itself: nothing is ever kept under this key.
            probe=partial(storage.list, SessionKey(bot_id, bot_id)),
            on_wait=self.progress.let_wait,
            on_change=None if tell is None else lambda waiting, lost: tell(WritesWaiting(bot_id, waiting, lost)),
        )
        self.unwritten = self._backlog.waiting
        self.openings = Openings(self._backlog, self.progress, self._move_late)
        self.waiting_openings = self.openings.waiting
        self.notices = Notices(self.progress)
        self.recent = RecentMessages()
        self.keyboards = Keyboards()
        self._doubts = KeptTasks()
        self.progress.watched = (
            self.subscriptions.predicates.__len__,
            self.waiting_openings.__len__,
            self._backlog.waiting.__len__,
            lambda: self.notices.are_awaited(self.clock()),
        )
        self._latest = datetime.min.replace(tzinfo=UTC)
        self.on_gone: Callable[[Gone], None] = _tell_nobody
        """Called with messages that are gone for certain."""
        self.due_of: DueOf = never_due
        """Tells when a session is to be looked at that is opened now."""

    def now_begun(self) -> datetime:
        """Return the time at which something begins that the end of its session may overtake.

        Never before a time that this process has closed a session at: a clock that was put back since would make every
        such end a later one, and nothing would be recorded until it has caught up.
        """
        self._latest = max(self._latest, self.clock())
        return self._latest

    # What is open

    def is_idle(self) -> bool:
        """Tell whether no update could be recorded now: no open key, no predicate, nothing that waits."""
        return self.storage.is_idle(self.bot_id) and not self.progress.waits()

    def open_later(self, key: SessionKey, current: TrackedMessage | None = None) -> None:
        """Open a key as of now, with ``current`` as its first entry if one is given.

        The durable part happens in :meth:`write_openings`, before anything else of this bot is recorded. The message
        that is being handled stays outside of the session, however often Telegram delivers it.
        """
        if current is not None or key not in self.subscriptions:
            self._open_later(key, current)

    def _open_later(self, key: SessionKey, current: TrackedMessage | None) -> None:
        if key in self.subscriptions and current is None:
            self.openings.put(key, None, partial(self.storage.unsubscribe, key))
        elif key in self.subscriptions and current is not None:
            may_have_left = self.recent.came_again(current)
            add = partial(self.storage.add, key, current, if_closed=IfClosed.KEEP, unless_known=may_have_left)
            self.openings.put(key, current, add)
        elif current is not None:
            self.openings.put(key, current, self._opening_with(key, current))
        elif not self.storage.knows_open(key):
            self.openings.put(key, None, self._opening(key, handling.get()))

    def carried_by(self, event: TelegramObject | None) -> TrackedMessage | None:
        """Return the record of the message that an event carries; None where a bot could delete none."""
        return None if event is None else record_carried(event, self.bot_id, self.clock())

    def _opening(self, key: SessionKey, current: Handling | None) -> Write:
        at = self.clock()
        newest = self.recent.newest(key, current, at)

        async def write(begun_at: datetime | None) -> None:
            outside, due = outside_of(key, current, at, newest), self.due_of(key, at)
            await self.storage.open(key, at=at, outside=outside, begun_at=begun_at, due=due)

        return repeatable(write, self.now_begun)

    def _opening_with(self, key: SessionKey, message: TrackedMessage) -> Write:
        """Return what opens a key with a message, unless that has left the session since its first delivery."""
        may_have_left, at = self.recent.came_again(message), message.at

        async def write(begun_at: datetime | None) -> None:
            outside, due = outside_of(key, None, at, message), self.due_of(key, at)
            added = await self.storage.add(
                key,
                message,
                if_closed=IfClosed.OPEN,
                outside=outside,
                begun_at=begun_at,
                unless_known=may_have_left,
                due=due,
            )
            if may_have_left and not added:
                await self.storage.open(key, at=at, outside=outside, begun_at=begun_at, due=due)

        return repeatable(write, self.now_begun)

    def subscribe(self, key: SessionKey, predicate: UpdatePredicate | None) -> None:
        """Match a key's updates by a predicate from now on; by its scope again when there is none."""
        if predicate is None:
            self.subscriptions.pop(key)
            self.open_later(key)
        else:
            current, at = handling.get(), self.clock()
            newest = self.recent.newest(key, current, at)
            self.subscriptions.put(key, predicate, outside_of(key, current, at, newest))
            # Last, so that whatever else is to open the key comes before.
            self.openings.put_last(key, partial(self.storage.unsubscribe, key))

    async def write_openings(self) -> None:
        """Write what was opened; what the storage refuses now is kept and written later."""
        if self.waiting_openings:
            await self.openings.write()

    async def end_update(self) -> None:
        """Do what is left when the handler of an update has ended."""
        try:
            await self.write_openings()
        finally:
            self.progress.end_work()

    async def catch_up(self) -> None:
        """Bring the storage up to date with everything that this process knows.

        Raises:
            Exception: whatever the storage raised; nothing was lost.
        """
        await self.write_openings()
        await self._backlog.drain()
        if self.keys.moving:  # what comes with a chat is not under its new id yet
            await self.keys.outlast_moves()

    # What arrives

    async def track(self, update: Update, message: Message | None) -> None:
        """Record what an update brings, into every session that it belongs to, and follow what it reports.

        ``message`` is the one that it brings for the first time; None for everything else.
        """
        if message is not None:
            record = record_of_incoming(message, self.bot_id, self.clock())
            if record is None:
                return
            if record.kind is not _TEXT:
                await self._follow(message, record)
            # As keys.scope_of_message, from what the record says already, and past pydantic's slower way to a field.
            field = message.__dict__
            sender_chat = field["sender_chat"]
            scope: Any = ScopeTwin()  # as scope_unchecked, whose call would cost twice as much as the scope
            scope.bot_id = self.bot_id
            scope.chat_id = record.chat_id
            scope.chat_type = field["chat"].type
            scope.user_id = record.user_id
            scope.thread_id = record.thread_id
            scope.business_connection_id = record.business_connection_id
            scope.sender_chat_id = None if sender_chat is None else sender_chat.id
            scope.is_topic_untold = False
            scope.__class__ = Scope
            if self.progress.may_wait and self.progress.waits():
                await self._record(update, scope, record)
                return
            # The way of nearly every update of an open session, without the detour.
            try:
                await self.storage.record(scope, record)
            except Exception as error:  # noqa: BLE001  # whatever a plugin's driver raises
                self._backlog.keep(partial(self.storage.record, scope, record), "a message", error)
        elif (gone := update.deleted_business_messages) is not None:
            ids = frozenset(number for number in gone.message_ids if abs(number) <= MAX_INT)
            await self.drop(Gone(gone.chat.id, ids, gone.business_connection_id))

    async def drop(self, gone: Gone, *, surely: bool = True) -> None:
        """Let messages that were deleted past the sessions leave them."""
        if surely:
            self.on_gone(gone)
        await self._write(partial(self.storage.discard, self.bot_id, gone, surely=surely), "deleted messages")

    async def note_edited(self, method: TelegramMethod[Any], result: object) -> None:
        """Note which buttons are under a message of the bot since an edit, in every session that holds it.

        It costs the storage nothing while no session is open and nobody has a handle, nor where it was told the same
        within a minute.
        """
        edited = edited_by(method, result)
        if edited is not None:
            self.keyboards.put(*edited)
            await self._note_buttons(edited)

    def note_edit_in_doubt(self, method: TelegramMethod[Any]) -> asyncio.Task[None] | None:
        """Begin to note that buttons may be under a message: an edit that gave it some has no answer, or no caller.

        To take buttons that are not there costs a request. An edit without buttons leaves what is noted.
        """
        meant = meant_by(method)
        if meant is None:
            return None
        self.keyboards.forget(meant.name)
        return None if meant.markup is None else self._doubts.start(self._note_buttons(meant), name="tgslices-doubt")

    async def _note_buttons(self, edited: Edited) -> None:
        (chat_id, message_id, connection), has_buttons = edited.name, edited.markup is not None
        if self.keyboards.is_stored(edited.name, has_buttons, self.clock()) or (self.is_idle() and not self.keys):
            return
        note = partial(self.storage.note_buttons, self.bot_id, chat_id, message_id, has_buttons=has_buttons)
        with self.progress.working():
            await self._write(partial(note, business_connection_id=connection), "the buttons of a message")
        self.keyboards.note_stored(edited.name, has_buttons, self.clock())

    async def drop_business(self, connection: str, message_ids: Collection[int]) -> None:
        """Let business messages that the bot's own code deleted leave the sessions that are open or have a handle.

        The request does not name their chat, and a number means one message of the account.
        """
        try:
            keys = await self.storage.open_keys(self.bot_id)
        except Exception as error:  # noqa: BLE001  # whatever a plugin's driver raises
            log.error("Deleted business messages stay in their sessions: %s", described(error))  # noqa: TRY400  # a traceback may show a token
            return
        chats = {key.chat_id for key in keys if key.business_connection_id == connection}
        for chat_id in chats | self.keys.chats_on(connection):
            await self.drop(Gone(chat_id, frozenset(message_ids), connection))

    async def _record(self, update: Update, scope: Scope, message: TrackedMessage) -> None:
        await self._write(partial(self.storage.record, scope, message), "a message")
        for key in self.subscriptions.matching(update):
            if key in self.subscriptions and not self.subscriptions.was_before(key, message):
                await self._backlog.write(partial(self.storage.add, key, message, unless_known=True), "a message")

    async def _follow(self, message: Message, record: TrackedMessage) -> None:
        if message.migrate_to_chat_id:
            await self.migrate(message.chat.id, message.migrate_to_chat_id)
        elif message.migrate_from_chat_id:
            await self.migrate(message.migrate_from_chat_id, message.chat.id)
        elif self.notices.expected and (owner := self.notices.take(message, record, self.clock())) is not None:
            await self.add(owner.key, record, if_closed=IfClosed.SKIP, unless_known=True)

    async def migrate(self, old_chat_id: int, new_chat_id: int) -> None:
        """Move everything of a group to the supergroup that it became. Harmless when repeated."""
        # First, so that who writes under an old key late moves it too.
        with self.keys.move_chat(old_chat_id, new_chat_id):
            await self._write(
                partial(self.storage.migrate, self.bot_id, old_chat_id, new_chat_id), f"a migration to {new_chat_id}"
            )
            self.keys.move(old_chat_id)
            self.subscriptions.move(old_chat_id, self.keys)
            for key, current in self.openings.pop_chat(old_chat_id):
                self._open_later(self.keys.current(key), current)

    async def _move_late(self, key: SessionKey) -> None:
        """Move what was written under a key while its chat migrated."""
        if (moved_to := self.keys.moved_to(key.chat_id)) is not None:
            moving = partial(self.storage.migrate, self.bot_id, key.chat_id, moved_to)
            await self._backlog.write(moving, f"a migration to {moved_to}")

    async def migrated_among(self, messages: Iterable[TrackedMessage]) -> set[int]:
        """Return the groups of these messages that became supergroups: what is left there cannot be deleted any more.

        Raises:
            Exception: whatever the storage raised.
        """
        chats = {message.chat_id for message in messages}
        groups = {chat_id for chat_id in chats if chat_kind(chat_id) is ChatKind.GROUP}
        return await self.storage.migrated(self.bot_id, groups) if groups else set()

    async def _write(self, write: Write, what: str) -> None:
        await self.write_openings()
        await self._backlog.write(write, what)

    # What is sent, or added by hand

    async def add(
        self,
        key: SessionKey,
        message: TrackedMessage,
        *,
        if_closed: IfClosed,
        begun_at: datetime | None = None,
        unless_known: bool = False,
    ) -> None:
        """Add an entry to one session. With ``begun_at`` nothing is added to one that was closed since, or opened since
        where only an open one gets it.
        """
        if self.waiting_openings:
            await self.write_openings()
        key = self.keys.current(key)
        if key in self.subscriptions:
            if_closed = IfClosed.KEEP
        outside, due = self._opening_by(key, message) if if_closed is IfClosed.OPEN else (None, None)
        is_left_out = False

        async def write(repeated: datetime | None) -> None:
            nonlocal is_left_out
            is_left_out = not await self.storage.add(
                key,
                message,
                if_closed=if_closed,
                outside=outside,
                begun_at=begun_at or repeated,
                unless_known=unless_known,
                due=due,
            )

        await self._backlog.write(repeatable(write, self.now_begun), "a message")
        if is_left_out and self.keys.current(key) != key:
            await self.add(key, message, if_closed=if_closed, begun_at=begun_at, unless_known=unless_known)
            return
        if self.keys.moved_to(key.chat_id) is not None:
            await self._move_late(key)

    def _opening_by(self, key: SessionKey, message: TrackedMessage) -> tuple[TrackedMessage | None, Due | None]:
        """Return what was outside of a session that a message opens, and when that session is looked at first."""
        current, at = handling.get(), message.at
        newest = None if self.storage.knows_open(key) else self.recent.newest(key, current, at)
        return outside_of(key, current, at, newest, message), self.due_of(key, at)

    # Closing

    async def close(self, shared: SharedKey) -> int:
        """Stop tracking a session and drop what is left of it; return how many entries were dropped."""
        await self.catch_up()
        return sum(await self.keys.wherever(shared, partial(self._close, shared)))

    async def _close(self, shared: SharedKey, key: SessionKey) -> int:
        predicate = self.subscriptions.predicates.get(key)
        at = self.stop(shared)  # before the storage works, so that no match comes behind its back
        try:
            return (await self.storage.close(key, at=at)).dropped
        except BaseException:
            self.subscriptions.restore(key, predicate)
            raise

    def stop(self, shared: SharedKey) -> datetime:
        """Let nothing more come into a session that is about to be closed; return as of when it is."""
        shared.close(tick())
        self.subscriptions.pop(shared.key)
        at = self.clock()
        self._latest = max(self._latest, at)
        return at

    async def unsubscribe(self, shared: SharedKey) -> None:
        """Stop tracking a session; its entries stay."""
        await self.catch_up()
        await self.keys.wherever(shared, self.storage.unsubscribe)
        self.subscriptions.pop(shared.key)

    async def aclose(self) -> None:
        """Write what is waiting, as far as the storage answers."""
        await self.write_openings()
        await self._backlog.aclose()
