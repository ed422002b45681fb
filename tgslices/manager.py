"""Hands out sessions and knows what is open."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aiogram import Bot
from aiogram.types import Chat, TelegramObject, Update, User

from tgslices.deletion.executor import DeletionExecutor
from tgslices.errors import ConfigurationError, NotAMessage
from tgslices.extract import record_of_event
from tgslices.keys import KeyStrategy, SessionKeyStrategy, key_of, scope_of
from tgslices.model import SessionKey, TrackedMessage
from tgslices.recording.tracker import Clock, Tracker, UpdatePredicate, utc_now
from tgslices.results import ClearResult
from tgslices.session import Session
from tgslices.storage.lifetime import durable, given, let_go, use
from tgslices.storage.memory import MemorySessionStorage
from tgslices.storage.protocol import SessionStorage
from tgslices.upkeep import Settler

LEASE_BATCH: Final = 1000
"""How many pending deletions are leased at once."""


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """What ``setup_sessions`` was told; a ``manager_factory`` gets it with the bot.

    ``storage``: None means in this process's memory. ``lease``: how long pending deletions belong to the worker that
    took them. ``patience``: how long one clear goes on about floods and a failing network. ``in_flight``: how many
    deletion requests of one bot run at once. ``backlog``: how many writes are kept while the storage is down.
    """

    storage: SessionStorage | None = None
    key_strategy: KeyStrategy = SessionKeyStrategy.CHAT_USER
    clock: Clock = utc_now
    lease: timedelta = timedelta(minutes=1)
    patience: timedelta = timedelta(seconds=30)
    in_flight: int = 4
    backlog: int = 100_000

    def __post_init__(self) -> None:
        """Refuse what could only fail later, in the middle of an update."""
        for name, too_little in (("lease", timedelta()), ("patience", timedelta(microseconds=-1))):
            if not isinstance(value := getattr(self, name), timedelta) or value <= too_little:
                raise ConfigurationError(f"{name} is {value!r}.", f"Pass a positive timedelta as {name}.")
        for name in ("in_flight", "backlog"):
            if type(value := getattr(self, name)) is not int or value < 1:
                raise ConfigurationError(f"{name} is {value!r}.", f"Pass a positive integer as {name}.")
        strategy: object = self.key_strategy
        if not callable(strategy) or strategy is SessionKeyStrategy:
            raise ConfigurationError(
                f"key_strategy is {strategy!r}.",
                "Pass a member of SessionKeyStrategy, or a function from a Scope to a SessionKey or None.",
            )
        now = self.clock() if callable(self.clock) else self.clock
        if not isinstance(now, datetime):
            raise ConfigurationError(
                f"The clock tells {now!r}.", "Pass a function that returns an aware datetime in UTC."
            )
        if now.tzinfo is None:
            raise ConfigurationError("The clock tells a naive time.", "Return an aware datetime in UTC from it.")


handling: Final[ContextVar[Update | None]] = ContextVar("tgslices_handling", default=None)
"""The update that the running task handles; the update middleware sets it."""


class SessionManager:
    """The sessions of one bot: ``bot.sessions``."""

    def __init__(self, bot: Bot, config: SessionConfig | None = None) -> None:
        """Manage a bot's sessions. Subclass it and pass the class as ``manager_factory`` to change how.

        Raises:
            InvalidStorage: the storage misses one of the four methods, or has only a part of the durable ones.
        """
        config = config or SessionConfig()
        self.bot = bot
        self.config = config
        storage = MemorySessionStorage() if config.storage is None else config.storage
        self.storage: SessionStorage = given(storage)
        self.used = False
        self.wired = False
        self._uses_storage = False
        self._runs = 0
        """How many dispatchers run this bot now."""
        self._durable = durable(storage)
        self._bot_id = bot.id
        self.tracker = Tracker(self._durable, self._bot_id, clock=config.clock, backlog_limit=config.backlog)
        self._executor = DeletionExecutor(
            self._durable,
            clock=config.clock,
            in_flight=config.in_flight,
            patience=config.patience,
            lease=config.lease,
        )
        self.settler = Settler(self.settle_pending, self._next_due, clock=config.clock, look_every=config.lease)

    # Handing out

    def get(
        self,
        chat: Chat | int,
        user: User | int | None = None,
        *,
        qualifier: str | None = None,
        thread_id: int | None = None,
        business_connection_id: str | None = None,
        include_current: bool = False,
    ) -> Session:
        """Return the session of a chat, and of a user in it if one is given, and open it at once.

        The durable part of opening is awaited at the session's next await point, and at the latest when the handler of
        the update ends. ``include_current`` also records the message being handled, which is otherwise outside.

        Raises:
            InvalidSessionKey: a part has the wrong type, for example a ``@username`` in place of a numeric chat id.
        """
        key = SessionKey(
            bot_id=self._bot_id,
            chat_id=chat.id if isinstance(chat, Chat) else chat,
            user_id=user.id if isinstance(user, User) else user,
            thread_id=thread_id,
            business_connection_id=business_connection_id,
            qualifier=qualifier,
        )
        return self._open(key, handling.get() if include_current else None)

    def of(
        self, event: TelegramObject, *, qualifier: str | None = None, include_current: bool = False
    ) -> Session | None:
        """Return the session that an event or ``Update`` belongs to by the key strategy, opened; None without a chat.

        ``include_current`` also records the message that the event carries.

        Raises:
            InvalidSessionKey: the qualifier is no string.
            ConfigurationError: a custom strategy returned something else than a key of this bot, or None.
        """
        key = self.key_of(event, qualifier)
        return None if key is None else self._open(key, event if include_current else None)

    def key_of(self, event: TelegramObject, qualifier: str | None = None) -> SessionKey | None:
        """Return the key that :meth:`of` uses, without opening anything."""
        scope = scope_of(event, self._bot_id)
        return None if scope is None else key_of(scope, self.config.key_strategy, qualifier)

    def _open(self, key: SessionKey, current: TelegramObject | None) -> Session:
        self._note_use()
        key = self.tracker.live_keys.now(key)
        self.tracker.intend_open(key, None if current is None else self._record_of(current))
        return Session(
            self.bot,
            self.tracker.live_keys.share(key),
            self.tracker,
            self._executor,
            lease=self.config.lease,
            on_pending=self.settler.wake,
        )

    def _note_use(self) -> None:
        self.used = True
        if not self._uses_storage:
            self._uses_storage = True
            use(self._durable, self)

    def _record_of(self, event: TelegramObject) -> TrackedMessage | None:
        try:
            return record_of_event(event, self._bot_id, self.config.clock(), None)
        except NotAMessage:
            return None

    # What is open

    def is_idle(self) -> bool:
        """Tell without I/O whether it is certain that no session is open; False when in doubt."""
        return self.tracker.is_idle()

    def subscribe(self, key: SessionKey, predicate: UpdatePredicate | None = None) -> None:
        """Open a key; with a predicate over ``Update``, that decides alone which messages the key gets.

        The predicate lives in this process only. One that raises counts as no match and is logged.

        Raises:
            ConfigurationError: the key is none of this bot's, or the predicate cannot be called.
        """
        self._require_own(key)
        if predicate is not None and not callable(predicate):
            raise ConfigurationError(
                f"The predicate {predicate!r} cannot be called.", "Pass a plain function of one Update, or aiogram's F."
            )
        self._note_use()
        self.tracker.intend_predicate(self.tracker.live_keys.now(key), predicate)

    async def unsubscribe(self, key: SessionKey) -> None:
        """Stop tracking a key; its entries stay until the session is cleared, forgotten or closed.

        Raises:
            ConfigurationError: the key is none of this bot's.
        """
        self._require_own(key)
        await self.tracker.unsubscribe(self.tracker.live_keys.now(key))

    def _require_own(self, key: SessionKey) -> None:
        if not isinstance(key, SessionKey) or key.bot_id != self._bot_id:
            raise ConfigurationError(
                f"{key!r} is no session key of bot {self._bot_id}.",
                "Pass a SessionKey that has the bot's id as bot_id.",
            )

    async def matching_subscriptions(self, update: Update) -> list[SessionKey]:
        """Return the open keys that an update belongs to, in no particular order; ``[]`` for one without a chat."""
        await self.tracker.ready()
        scope = scope_of(update, self._bot_id)
        matching = [] if scope is None else await self._durable.matching(scope)
        return matching + self.tracker.matching_predicates(update)

    # Finishing

    async def settle_pending(self) -> ClearResult:
        """Finish the pending deletions of this bot that are due, whichever session or process left them.

        Returns what became of them. It also runs by itself: at the dispatcher's start, and while any are left.

        Raises:
            TelegramUnauthorizedError: the bot's token was revoked; the entries stay pending.
        """
        results: list[ClearResult] = []
        patience = self._executor.patience()
        while True:
            now = self.config.clock()
            due = await self._durable.lease(self._bot_id, now=now, until=now + self.config.lease, limit=LEASE_BATCH)
            if not due:
                return ClearResult.total(results)
            migrated = await self.tracker.left_behind(entry.message for entry in due)
            results.append(await self._executor.run(self.bot, due, patience=patience, migrated=migrated))

    async def _next_due(self) -> datetime | None:
        return await self._durable.next_due(self._bot_id)

    async def start(self) -> None:
        """Connect the storage and finish what an earlier process left, in the background.

        Raises whatever the storage raises when it cannot be connected.
        """
        self._runs += 1
        self._uses_storage = True
        use(self._durable, self)
        try:
            await self._durable.start()
        except BaseException:
            self.stop()
            raise
        self.settler.start()

    @property
    def is_run(self) -> bool:
        """Whether a dispatcher runs this bot now."""
        return self._runs > 0

    def stop(self) -> None:
        """Note that a dispatcher stops; when it was the last one, the manager is to be finished and released."""
        self._runs = max(self._runs - 1, 0)

    async def aclose(self) -> None:
        """Let handlers finish, write what is waiting, and close the storage unless others use it.

        A manager that was started several times, by dispatchers that share a bot, goes on until the last of them stops.
        """
        self.stop()
        if not self.is_run:
            await self.finish()
            await self.release()

    async def finish(self) -> None:
        """Do the first part of :meth:`aclose`, all but the storage, which the sessions of other bots may still need."""
        await self.tracker.finish()
        await self.settler.stop()
        await self.tracker.aclose()
        if self.is_run:  # another dispatcher has started meanwhile
            self.settler.start()

    async def release(self) -> None:
        """Do the second part of :meth:`aclose`: close the storage unless others use it, or a dispatcher started."""
        if not self.is_run:
            self._uses_storage = False
            await let_go(self._durable, self)


def sessions_of(bot: Bot) -> SessionManager | None:
    """Return a bot's manager; None for a bot that is not wired."""
    manager = vars(bot).get("sessions")
    return manager if isinstance(manager, SessionManager) else None
