"""The handle: one slice of a conversation, to send into, look at, wipe, forget and close."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from types import TracebackType
from typing import Final, Self, TypeVar

from aiogram import Bot
from aiogram.methods import TelegramMethod
from aiogram.types import TelegramObject

from tgslices.chat_kind import ChatKind, chat_kind
from tgslices.deletion.executor import DeletionExecutor
from tgslices.deletion.plan import DeletionPlan, plan_deletion
from tgslices.errors import ConfigurationError, NotAMessage
from tgslices.extract import record_of_event
from tgslices.model import Direction, PendingDeletion, SessionKey, TrackedMessage
from tgslices.predicates import Predicate, select
from tgslices.recording.blocks import Block, enter, inside, leave
from tgslices.recording.handles import LiveKey
from tgslices.recording.tracker import Tracker
from tgslices.results import ClearResult
from tgslices.sending import SendWrappers

T = TypeVar("T")

ENTRIES_PER_STEP: Final = 10_000
"""How many entries leave a session in one step, so that no step takes a storage longer than it may."""


class Session(SendWrappers):
    """A handle on one slice of a conversation. Handles are cheap; any number of them may stand for one key.

    Handed out by :class:`~tgslices.manager.SessionManager`. Methods that read or change the storage raise whatever the
    storage raises when it is down, and change nothing then, but for a part of a session beyond ten thousand entries.
    """

    def __init__(
        self,
        bot: Bot,
        live: LiveKey,
        tracker: Tracker,
        executor: DeletionExecutor,
        *,
        lease: timedelta,
        on_pending: Callable[[], None],
    ) -> None:
        """Made by the manager; ``on_pending`` is called when deletions were left pending."""
        self.bot = bot
        self._live = live
        self._tracker = tracker
        self._executor = executor
        self._lease = lease
        self._on_pending = on_pending
        self._entered: list[Block] = []

    def __repr__(self) -> str:
        """Show the key."""
        return f"Session({self.key})"

    @property
    def key(self) -> SessionKey:  # type: ignore[override]  # the wrappers only read it
        """What identifies this session; it follows the chat when a group becomes a supergroup."""
        return self._live.key

    @property
    def chat_id(self) -> int:
        """The session's chat."""
        return self.key.chat_id

    @property
    def user_id(self) -> int | None:
        """The session's user; None when it belongs to the whole chat."""
        return self.key.user_id

    @property
    def qualifier(self) -> str | None:
        """What separates this session from others of the same chat and user."""
        return self.key.qualifier

    # Sending

    def recording(self) -> AbstractContextManager[None]:
        """Record into this session, rather than into any block around, what is sent inside."""
        return inside(Block(self._live, self._tracker))

    async def __call__(self, method: TelegramMethod[T], request_timeout: int | None = None) -> T:
        """Do what ``await bot(method)`` does, and record what it made. Raises what aiogram raises."""
        with self.recording():
            return await self.bot(method, request_timeout)

    async def __aenter__(self) -> Self:
        """Record whatever the bot sends until the block is left, in any task that it starts. Opens a closed session."""
        self._tracker.intend_open(self.key)
        await self._tracker.settle_intents()
        block = Block(self._live, self._tracker)
        self._entered.append(block)
        enter(block)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave the block that this task entered last with this handle; nothing is caught."""
        leave(self._entered)

    # Looking and adding

    async def track(self, message: TelegramObject, direction: Direction | None = None) -> TrackedMessage:
        """Add the message that an event carries, and open the session if it was closed.

        Takes a Message, or an Update or any event with one. ``direction`` is told from the sender unless given.
        Adding the same message again changes nothing.

        Raises:
            NotAMessage: the event carries no message that this bot could delete.
            InvalidTrackedMessage: ``direction`` is none.
        """
        if not isinstance(message, TelegramObject):
            raise NotAMessage(message, "it is no Telegram object")
        record = record_of_event(message, self.key.bot_id, self._tracker.clock(), direction)
        await self._tracker.add(self.key, record)
        return record

    async def messages(self, predicate: Predicate | None = None) -> list[TrackedMessage]:
        """Return the entries, or those that a predicate holds for, in the order in which they were recorded.

        Raises:
            PredicateFailed: the predicate raised or is no plain callable.
        """
        await self._tracker.ready()
        return select(await self._tracker.storage.list(self.key), predicate)

    # Ending

    async def plan(self, predicate: Predicate | None = None, *, bot: Bot | None = None) -> DeletionPlan:
        """Return what :meth:`clear` would ask for now; Telegram is not called and nothing is changed.

        Raises:
            PredicateFailed: the predicate raised or is no plain callable.
            ConfigurationError: another bot was given for messages that only this one can name.
        """
        entries = await self.messages(predicate)
        _require_reach(bot, self.key, entries)
        migrated = await self._tracker.left_behind(entries)
        return plan_deletion(entries, now=self._tracker.clock(), bot_id=(bot or self.bot).id, migrated=migrated)

    async def clear(self, predicate: Predicate | None = None, *, bot: Bot | None = None) -> ClearResult:
        """Delete the entries, or those that a predicate holds for, from Telegram and drop them from the session.

        What is recorded meanwhile stays. What Telegram, the network or a cancellation keeps from being settled is left
        pending, and finished by ``SessionManager.settle_pending``. ``bot`` deletes in place of the session's own, where
        it may: in supergroups and channels.

        Raises:
            PredicateFailed: the predicate raised or is no plain callable; nothing was changed.
            ConfigurationError: another bot was given for messages that only this one can name; nothing was changed.
            TelegramUnauthorizedError: the bot's token was revoked; the entries are pending.
        Source: https://core.telegram.org/bots/api#deletemessages
        """
        entries = await self.messages(predicate)
        _require_reach(bot, self.key, entries)
        migrated = await self._tracker.left_behind(entries)
        if not entries:
            return ClearResult()
        result = None
        try:
            pending: list[PendingDeletion] = []
            for part in _steps(entries):
                key, now = self.key, self._tracker.clock()  # a migration or a slow storage may come in between
                until = now + self._lease
                claimed = await self._tracker.storage.claim(key, part, now=now, until=until)
                pending += [PendingDeletion(key, message, now, until) for message in claimed]
            result = await self._executor.run(bot or self.bot, pending, migrated=migrated)
        finally:
            if result is None or result.pending or result.deferred:
                self._on_pending()
        return result

    async def forget(self, predicate: Predicate | None = None) -> int:
        """Drop the entries, or those that a predicate holds for, and leave Telegram alone; return how many.

        Raises:
            PredicateFailed: the predicate raised or is no plain callable; nothing was changed.
        """
        entries = await self.messages(predicate)
        return sum([await self._tracker.storage.remove(self.key, part) for part in _steps(entries)])

    async def close(self) -> int:
        """Stop tracking and drop what is left, without touching Telegram; return how many entries were dropped.

        Deletions that are pending are finished all the same. Entering, tracking or sending opens the session again.
        """
        return await self._tracker.close(self._live)


def _steps(entries: list[TrackedMessage]) -> Iterator[list[TrackedMessage]]:
    for start in range(0, len(entries), ENTRIES_PER_STEP):
        yield entries[start : start + ENTRIES_PER_STEP]


def _require_reach(bot: Bot | None, key: SessionKey, entries: list[TrackedMessage]) -> None:
    """Refuse a bot that would delete its own messages of the same numbers.

    In private chats and basic groups an id counts in the account-wide box of one bot; in supergroups and channels it
    belongs to the chat. Source: TDLib ``MessageQueryManager.cpp``, ``messages.deleteMessages`` has no peer
    """
    if bot is None or bot.id == key.bot_id:
        return
    if any(
        chat_kind(e.chat_id) is not ChatKind.CHANNEL or e.business_connection_id or e.ephemeral_message_id
        for e in entries
    ):
        raise ConfigurationError(
            f"Bot {bot.id} cannot clear messages that bot {key.bot_id} recorded outside of supergroups and channels, "
            "because message ids there belong to one bot.",
            "Leave out the bot argument, or choose supergroup messages with a predicate.",
        )
