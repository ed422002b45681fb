"""Hands out sessions and knows what is open.

Past 300 lines, because the manager is one: each method hands on to the room that does the work.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Never

from aiogram import Bot
from aiogram.types import Chat, TelegramObject, Update, User

from tgslices.config import SessionConfig
from tgslices.data.process_holds import Holds
from tgslices.deletion.executor import DeletionExecutor
from tgslices.ending.erasing_a_person import Erased, Erasing
from tgslices.error_texts.advice import (
    advised,
    require_bot,
    require_event,
    require_flags,
    require_update_fields,
    too_many,
)
from tgslices.errors import ConfigurationError, InvalidSessionKey, quoted
from tgslices.keys.scopes import direct_topic_of, scope_of
from tgslices.keys.strategies import key_of
from tgslices.model import SessionKey
from tgslices.open_sessions import ListsOpen, id_of
from tgslices.recording.current_update import current_for
from tgslices.recording.handles_of_key import SharedKey
from tgslices.recording.subscriptions import UpdatePredicate
from tgslices.recording.tracker import Tracker
from tgslices.replay.replayer import Replayer
from tgslices.results import ClearResult
from tgslices.rewind.rewinding import Marking
from tgslices.session import Means, Session
from tgslices.storage.acquiring import durable, unwrapped
from tgslices.storage.memory import MemorySessionStorage
from tgslices.storage.protocol import SessionStorage
from tgslices.telegram_facts.message_origin import is_direct_messages
from tgslices.telemetry.observed_storage import observed
from tgslices.telemetry.observer import telling
from tgslices.upkeep.background_task import UpkeepTask
from tgslices.upkeep.start_and_stop import LifeCycle
from tgslices.upkeep.sweeping import Sweeping


class SessionManager(ListsOpen):
    """The sessions of one bot: ``bot.sessions``."""

    def __init__(self, bot: Bot, config: SessionConfig | None = None) -> None:
        """Manage a bot's sessions. Subclass it and pass the class as ``manager_factory`` to change how.

        Raises:
            InvalidStorage: the storage misses one of the four methods, or has only a part of the durable ones.
        """
        config = config or SessionConfig()
        self.bot, self.config, self._bot_id = bot, config, bot.id
        storage = MemorySessionStorage() if config.storage is None else config.storage
        self.storage: SessionStorage = unwrapped(storage)
        self.is_used = False
        """Whether a session was handed out."""
        self.is_wired = False
        """Whether a dispatcher has it."""
        self.watch: Callable[[Bot], None] | None = None
        """Sees what a bot sends from now on; None until a dispatcher has it."""
        self.made_at = config.clock()
        """What was recorded before was recorded by an earlier process, or by another worker."""
        self._durable = durable(storage)
        tell = telling(config.observer)
        told = observed(self._durable, bot.id, tell)
        self.tracker = Tracker(told, bot.id, clock=config.clock, backlog_limit=config.backlog, tell=tell)
        self.holds = Holds(told, clock=config.clock, patience=config.patience, moves=self.tracker.keys)
        self._executor = DeletionExecutor(
            told,
            clock=config.clock,
            in_flight=config.in_flight,
            patience=config.patience,
            lease=config.lease,
            tell=tell,
        )
        self.tracker.on_gone = self._executor.note_gone
        handle = partial(self.handle, collect=False)
        self._sweeping = Sweeping(bot, self.tracker, self._executor, config, handle=handle, is_held=self.holds.is_held)
        self.upkeep, self._clearing = self._sweeping.task, self._sweeping.clearing
        replayer = Replayer(bot, self._executor.pacing, self._executor.patience, tell=tell)
        marking = Marking(self.tracker, self._clearing, self.holds)
        self._erasing = Erasing(bot, self.tracker, self._executor, self.holds, clock=config.clock, lease=config.lease)
        self._means = Means(self.tracker, self._clearing, replayer, self.holds, marking, self._watch)
        self.life_cycle = LifeCycle(self._durable, self.tracker, self.holds, self.upkeep)

    # Handing out

    def get(
        self,
        chat: Chat | int,
        user: User | int | None = None,
        *more: Never,
        qualifier: str | None = None,
        thread_id: int | None = None,
        business_connection_id: str | None = None,
        include_current: bool = False,
        collect: bool = True,
    ) -> Session:
        """Return the session of a chat, and of a user in it if one is given, and open it at once.

        The durable part of opening is awaited at the session's next await point, and at the latest when the handler of
        the update ends. ``include_current`` also records the message being handled, which is otherwise outside. With
        ``collect=False`` the handle never opens anything: it looks, clears, tracks and sends into the session.

        Raises:
            InvalidSessionKey: a part has the wrong type, for example a ``@username`` in place of a numeric chat id.
            ConfigurationError: more was given by position than a chat and a user.
        """
        if more:
            raise too_many(more)
        require_flags(include_current=include_current, collect=collect)
        try:
            key = SessionKey(
                bot_id=self._bot_id,
                chat_id=chat.id if isinstance(chat, Chat) else chat,
                user_id=user.id if isinstance(user, User) else user,
                thread_id=thread_id,
                business_connection_id=business_connection_id,
                qualifier=qualifier,
            )
        except InvalidSessionKey as refused:
            raise advised(refused) from None
        session = self._hand_out(self.handle(key, collect=collect), current_for(key) if include_current else None)
        if isinstance(chat, Chat) and is_direct_messages(chat):
            session.direct_topic_id = key.thread_id or key.user_id
        return session

    def of(
        self,
        event: TelegramObject,
        *more: Never,
        qualifier: str | None = None,
        include_current: bool = False,
        collect: bool = True,
    ) -> Session | None:
        """Return the session that an event or ``Update`` belongs to by the key strategy, opened; None without a chat.

        ``include_current`` also records the message that the event carries. With ``collect=False`` the handle never
        opens anything.

        Raises:
            InvalidSessionKey: the qualifier is no string.
            ConfigurationError: a custom strategy returned something else than a key of this bot, or None; or what was
                given is no event.
        """
        require_event(event, *more)
        require_flags(include_current=include_current, collect=collect)
        try:
            session = self.handle_of(event, qualifier=qualifier, collect=collect)
        except InvalidSessionKey as refused:
            raise advised(refused) from None
        return None if session is None else self._hand_out(session, event if include_current else None)

    def handle_of(self, event: TelegramObject, *, qualifier: str | None = None, collect: bool = True) -> Session | None:
        """Return what :meth:`of` returns, not opened: asking is not opening."""
        key = self.key_of(event, qualifier)
        if key is None:
            return None
        session = self.handle(key, collect=collect)
        session.direct_topic_id = direct_topic_of(event, self._bot_id)
        return session

    def place_of(self, event: TelegramObject, qualifier: str | None) -> SharedKey | None:
        """Return where data of the session of an event is kept; None where :meth:`of` has no session."""
        key = self.key_of(event, qualifier)
        return None if key is None else self.shared_of(key)

    def handle(self, key: SessionKey, *, collect: bool = True) -> Session:
        """Return the session of a key. It opens when it is entered, sent through, tracked into, or by ``open()``.

        Raises:
            ConfigurationError: the key is none of this bot's.
        """
        self._require_own(key)
        return Session(self.bot, self.shared_of(key), self._means, collect=collect)

    def shared_of(self, key: SessionKey) -> SharedKey:
        """Return what the handles of one of this bot's keys share; it is under the chat's id by now."""
        self._note_use()
        return self.tracker.keys.share(self.tracker.keys.current(key))

    def key_of(self, event: TelegramObject, qualifier: str | None = None) -> SessionKey | None:
        """Return the key that :meth:`of` uses, without opening anything."""
        scope = scope_of(event, self._bot_id)
        return None if scope is None else key_of(scope, self.config.key_strategy, qualifier)

    def _hand_out(self, session: Session, current: TelegramObject | None) -> Session:
        if session.collects:
            self.tracker.open_later(session.key, self.tracker.carried_by(current))
        return session

    def _note_use(self) -> None:
        self.is_used = True
        self.life_cycle.note_use()

    def _watch(self) -> None:
        if self.watch is not None:  # again and again, because a bot may be given another client session
            self.watch(self.bot)

    @property
    def settler(self) -> UpkeepTask:
        """What settles pending deletions: the upkeep, under the name by which the cases of the field stop it."""
        return self.upkeep

    # What is open

    def is_idle(self) -> bool:
        """Tell without I/O whether it is certain that no session is open; False when in doubt."""
        return self.tracker.is_idle()

    def has_handles(self, key: SessionKey) -> bool:
        """Tell whether somebody in this process has a handle of a key."""
        return key in self.tracker.keys

    def knows_open(self, key: SessionKey) -> bool:
        """Tell without I/O whether it is certain that a key is open; False when in doubt."""
        return self._durable.knows_open(key)

    def subscribe(self, key: SessionKey, predicate: UpdatePredicate | None = None) -> None:
        """Open a key; with a predicate over ``Update``, that decides alone which messages the key gets.

        The predicate lives in this process only. One that raises counts as no match and is logged.

        Raises:
            ConfigurationError: the key is none of this bot's, the predicate cannot be called, or it asks updates for
                what only messages have.
        """
        self._require_own(key)
        if predicate is not None and not callable(predicate):
            raise ConfigurationError(
                f"The predicate {quoted(predicate)} cannot be called.",
                "Pass a plain function of one Update, or aiogram's F.",
            )
        require_update_fields(predicate)
        self._note_use()
        self.tracker.subscribe(self.tracker.keys.current(key), predicate)

    async def unsubscribe(self, key: SessionKey) -> None:
        """Stop tracking a key; its entries stay until the session is cleared, forgotten or closed.

        Raises:
            ConfigurationError: the key is none of this bot's.
        """
        self._require_own(key)
        await self.tracker.unsubscribe(self.shared_of(key))

    def _require_own(self, key: SessionKey) -> None:
        if not isinstance(key, SessionKey) or key.bot_id != self._bot_id:
            raise ConfigurationError(
                f"{key if isinstance(key, SessionKey) else quoted(key)} is no session key of bot {self._bot_id}.",
                "Write session.key."
                if isinstance(key, Session)
                else "Pass a SessionKey that has the bot's id as bot_id.",
            )

    async def matching_subscriptions(self, update: Update) -> list[SessionKey]:
        """Return the open keys that an update belongs to, in no particular order; ``[]`` for one without a chat."""
        await self.tracker.catch_up()
        scope = scope_of(update, self._bot_id)
        matching = [] if scope is None else await self._durable.matching(scope)
        return matching + self.tracker.subscriptions.matching(update)

    # What goes on by itself

    async def settle_pending(self) -> ClearResult:
        """Finish the pending deletions of this bot that are due, whichever session or process left them.

        Returns what became of them. It also runs by itself: at the dispatcher's start, and while any are left.

        Raises:
            TelegramUnauthorizedError: the bot's token was revoked; the entries stay pending.
        """
        return await self._sweeping.settle_pending()

    async def sweep(self) -> ClearResult:
        """Do at once what is due: end sessions, finish pending deletions, forget what is past.

        Returns what became of the messages that were to be deleted. It also runs by itself: at the dispatcher's start,
        and within a minute of anything being due.

        Raises:
            TelegramUnauthorizedError: the bot's token was revoked; the entries stay pending.
        """
        return await self._sweeping.sweep()

    async def erase(self, user: User | int) -> Erased:
        """Drop all that is stored about a person, in any process that shares the storage.

        Sessions of theirs and of their private chat are closed and their data is dropped, states in an ``FSMStorage``
        of this storage included. Their entries leave the sessions of others. Telegram is left alone, but pending
        deletions are tried once and then dropped. Harmless when repeated; what was interrupted is done by the next
        call.

        Raises:
            ConfigurationError: it is no user.
        """
        return await self._erasing.erase(id_of(user, "user"))

    async def start(self) -> None:
        """Connect the storage and finish what an earlier process left, in the background.

        Raises whatever the storage raises when it cannot be connected.
        """
        await self.life_cycle.start()

    async def aclose(self) -> None:
        """Let handlers finish, write what is waiting, and close the storage unless others use it.

        A manager that was started several times, by dispatchers that share a bot, goes on until the last of them stops.
        """
        await self.life_cycle.stop()


def known_manager(bot: Bot) -> SessionManager | None:
    """Return a bot's manager; None for a bot that has none."""
    manager = vars(bot).get("sessions")
    return manager if isinstance(manager, SessionManager) else None


def sessions_of(bot: Bot) -> SessionManager:
    """Return the sessions of a bot that ``setup_sessions`` has wired: what ``bot.sessions`` is, with its type.

    Raises:
        ConfigurationError: the bot has none, or what was given is no bot.
    """
    require_bot(bot)
    manager = known_manager(bot)
    if manager is None:
        raise ConfigurationError(
            f"Bot {bot.id} has no sessions.", "Call setup_sessions(dispatcher, bot) before, or make it a SessionBot."
        )
    return manager
