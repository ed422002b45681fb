"""The only code that adds entries: what arrived, what was sent, and which keys are opened for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, TypeAlias

from aiogram.enums import ContentType
from aiogram.types import Message, Update
from magic_filter import MagicFilter

from tgslices.chat_kind import ChatKind, chat_kind
from tgslices.extract import new_message, record_of_incoming
from tgslices.model import Scope, SessionKey, TrackedMessage, scope_unchecked
from tgslices.predicates import AsyncPredicate, matches
from tgslices.recording.backlog import Backlog, Write
from tgslices.recording.handles import LiveKey, LiveKeys, moment
from tgslices.storage.protocol import DurableSessionStorage

log = logging.getLogger("tgslices")

LAST_HANDLERS: Final = timedelta(seconds=5)
"""How long a shutdown waits for handlers, which may be in the middle of a wipe."""

_TEXT: Final = ContentType.TEXT

Clock: TypeAlias = Callable[[], datetime]
UpdatePredicate: TypeAlias = Callable[[Update], Any] | MagicFilter
"""Chooses updates by its truth: a plain function of one update, or an expression such as ``F.message.photo``."""


def utc_now() -> datetime:
    """Return the present as an aware time in UTC."""
    return datetime.now(UTC)


class Tracker:
    """Adds entries to the open sessions of one bot. Recording never raises: what the storage refuses now is kept."""

    def __init__(self, storage: DurableSessionStorage, bot_id: int, *, clock: Clock, backlog_limit: int) -> None:
        """Track into a storage, for one bot."""
        self.storage = storage
        self._storage_is_idle = storage.is_idle
        self.bot_id = bot_id
        self.clock = clock
        self.predicates: dict[SessionKey, Callable[[Update], Any]] = {}
        self.live_keys = LiveKeys()
        # A bot has no chat with itself: nothing is ever kept under this key.
        self._backlog = Backlog(backlog_limit, probe=partial(storage.list, SessionKey(bot_id, bot_id)))
        self._waiting = self._backlog.waiting
        self.intents: dict[tuple[SessionKey, TrackedMessage | None], Write] = {}
        """What was opened whose durable part is still to come, in order."""
        self._settling = asyncio.Lock()
        self.under_way = 0
        """How many updates are being handled, and how many messages are being sent for a session."""
        self.quiet: asyncio.Event | None = None
        """Set when the last of them is done; None while nobody waits for that."""

    # What is open

    def is_idle(self) -> bool:
        """Tell whether no update could be recorded now: no open key, no predicate, nothing on its way."""
        return self._storage_is_idle(self.bot_id) and not (self.predicates or self.intents or self._waiting)

    def intend_open(self, key: SessionKey, current: TrackedMessage | None = None) -> None:
        """Open a key as of now, with the message being handled as its first entry if one is given.

        The durable part happens in :meth:`settle_intents`, before anything else of this bot is recorded.
        """
        if current is not None or key not in self.predicates:
            self._intend(key, current)

    def _intend(self, key: SessionKey, current: TrackedMessage | None) -> None:
        has_predicate = key in self.predicates
        if current is not None:
            adding = self.storage.add if has_predicate else self.storage.add_opening
            self.intents[key, current] = partial(adding, key, current)
        else:
            self.intents[key, None] = partial(self.storage.unsubscribe if has_predicate else self.storage.open, key)

    def intend_predicate(self, key: SessionKey, predicate: UpdatePredicate | None) -> None:
        """Match a key's updates by a predicate from now on; by its scope again when there is none."""
        if predicate is None:
            self.predicates.pop(key, None)
            self.intend_open(key)
        else:
            self.predicates[key] = predicate.resolve if isinstance(predicate, MagicFilter) else predicate
            self.intents.pop((key, None), None)  # so that it comes behind whatever else is to open the key
            self._intend(key, None)

    async def settle_intents(self) -> None:
        """Write what was opened, in order; what the storage refuses now is kept and written later."""
        if not self.intents:
            return
        async with self._settling:
            while self.intents:
                intent, write = next(iter(self.intents.items()))
                await self._backlog.write(write, f"the opening of {intent[0]}")
                if self.intents.get(intent) is write:
                    del self.intents[intent]
                await self._move_late(intent[0])

    async def end_update(self) -> None:
        """Do what is left when the handler of an update has ended."""
        try:
            await self.settle_intents()
        finally:
            self.end_work()

    def end_work(self) -> None:
        """Tell who waits for it that nothing is under way any more, if that is so."""
        if self.quiet is not None and not self.under_way:
            self.quiet.set()

    async def ready(self) -> None:
        """Bring the storage up to date with everything that this process knows.

        Raises:
            Exception: whatever the storage raised; nothing was lost.
        """
        await self.settle_intents()
        await self._backlog.drain()

    # What arrives

    async def track(self, update: Update) -> None:
        """Record what an update brings, into every session that it belongs to, and follow what it reports."""
        message = new_message(update)
        if message is not None:
            record = record_of_incoming(message, self.bot_id, self.clock())
            if record is None:
                return
            if record.kind is not _TEXT:
                await self._follow(message)
            sender_chat = message.sender_chat
            # As keys.scope_of_message, from what the record says already.
            scope = scope_unchecked(
                self.bot_id,
                record.chat_id,
                message.chat.type,
                record.user_id,
                record.thread_id,
                record.business_connection_id,
                None if sender_chat is None else sender_chat.id,
            )
            if self.intents or self._backlog.waiting or self.predicates:
                await self._record(update, scope, record)
                return
            # The way of nearly every update of an open session, without the detour.
            try:
                await self.storage.record(scope, record)
            except Exception as error:  # noqa: BLE001  # whatever a plugin's driver raises
                self._backlog.keep(partial(self.storage.record, scope, record), "a message", error)
        elif (gone := update.deleted_business_messages) is not None:
            await self._write(
                partial(self.storage.discard, self.bot_id, gone.business_connection_id, gone.chat.id, gone.message_ids),
                "deleted business messages",
            )

    async def _record(self, update: Update, scope: Scope, message: TrackedMessage) -> None:
        await self._write(partial(self.storage.record, scope, message), "a message")
        for key in self.matching_predicates(update):
            if key in self.predicates:
                await self._backlog.write(partial(self.storage.add, key, message), "a message")

    def _holds(self, key: SessionKey, update: Update) -> bool:
        try:
            return matches(self.predicates[key], update)
        except AsyncPredicate as late:
            log.error("The predicate of %s %s; the update counts as no match", key, late)  # noqa: TRY400 - it says all
        except Exception:
            log.exception("The predicate of %s raised; the update counts as no match", key)
        return False

    def matching_predicates(self, update: Update) -> list[SessionKey]:
        """Return the keys whose predicate holds for an update."""
        # A copy, because a predicate may subscribe another one.
        return [key for key in list(self.predicates) if key in self.predicates and self._holds(key, update)]

    async def _follow(self, message: Message) -> None:
        if message.migrate_to_chat_id:
            await self.migrate(message.chat.id, message.migrate_to_chat_id)
        elif message.migrate_from_chat_id:
            await self.migrate(message.migrate_from_chat_id, message.chat.id)

    async def migrate(self, old_chat_id: int, new_chat_id: int) -> None:
        """Move everything of a group to the supergroup that it became. Harmless when repeated."""
        self.live_keys.note(old_chat_id, new_chat_id)  # first, so that who writes under an old key late moves it too
        await self._write(
            partial(self.storage.migrate, self.bot_id, old_chat_id, new_chat_id), f"a migration to {new_chat_id}"
        )
        self.live_keys.move(old_chat_id)
        for key in [key for key in self.predicates if key.chat_id == old_chat_id]:
            self.predicates.setdefault(self.live_keys.now(key), self.predicates.pop(key))
        for key, current in [intent for intent in self.intents if intent[0].chat_id == old_chat_id]:
            del self.intents[key, current]
            self._intend(self.live_keys.now(key), current)

    async def _move_late(self, key: SessionKey) -> None:
        """Move what was written under a key while its chat migrated."""
        if (moved_to := self.live_keys.moved_to(key.chat_id)) is not None:
            moving = partial(self.storage.migrate, self.bot_id, key.chat_id, moved_to)
            await self._backlog.write(moving, f"a migration to {moved_to}")

    async def left_behind(self, messages: Iterable[TrackedMessage]) -> set[int]:
        """Return the groups of these messages that became supergroups: what is left there cannot be deleted any more.

        Raises:
            Exception: whatever the storage raised.
        """
        groups = {message.chat_id for message in messages if chat_kind(message.chat_id) is ChatKind.GROUP}
        return await self.storage.migrated(self.bot_id, groups) if groups else set()

    async def _write(self, write: Write, what: str) -> None:
        await self.settle_intents()
        await self._backlog.write(write, what)

    # What is sent, or added by hand

    async def add(self, key: SessionKey, message: TrackedMessage) -> None:
        """Add an entry to one session, opening it if it was closed."""
        adding = self.storage.add if key in self.predicates else self.storage.add_opening
        await self._write(partial(adding, key, message), "a message")
        await self._move_late(key)

    async def add_late(self, key: SessionKey, message: TrackedMessage) -> bool:
        """Add an entry to one session only if it is open still; return False when it was closed meanwhile."""
        await self.settle_intents()
        key = self.live_keys.now(key)
        if key in self.predicates:
            await self.add(key, message)
            return True
        added = True

        async def write() -> None:
            nonlocal added
            added = await self.storage.add_if_open(key, message)

        await self._backlog.write(write, "a message")
        if not added and self.live_keys.now(key) != key:
            return await self.add_late(key, message)
        return added

    # Closing

    async def close(self, live: LiveKey) -> int:
        """Stop tracking a session and drop what is left of it; return how many entries were dropped."""
        await self.ready()
        key, at = live.key, moment()
        predicate = self.predicates.pop(key, None)  # before the storage works, so that no match comes behind its back
        try:
            dropped = await self.storage.close(key)
        except BaseException:
            if predicate is not None:
                self.predicates.setdefault(key, predicate)
            raise
        live.close(at)
        return dropped

    async def unsubscribe(self, key: SessionKey) -> None:
        """Stop tracking a session; its entries stay."""
        await self.ready()
        await self.storage.unsubscribe(key)
        self.predicates.pop(key, None)

    async def finish(self) -> None:
        """Wait for handlers that are at work and messages on their way, because aiogram does not; not for long."""
        if not self.under_way:
            return
        self.quiet = asyncio.Event()
        try:
            await asyncio.wait_for(self.quiet.wait(), LAST_HANDLERS.total_seconds())
        except TimeoutError:
            log.warning("%d handlers and sends of bot %d are still at work at shutdown", self.under_way, self.bot_id)
        finally:
            self.quiet = None

    async def aclose(self) -> None:
        """Write what is waiting, as far as the storage answers."""
        await self.settle_intents()
        await self._backlog.aclose()
