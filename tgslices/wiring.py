"""The only wiring: ``setup_sessions``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeAlias
from weakref import WeakSet

from aiogram import Bot, Dispatcher
from aiogram.types import TelegramObject

from tgslices.clock import Clock, utc_now
from tgslices.config import SessionConfig
from tgslices.ending.on_end import OnEnd, require_on_end
from tgslices.ending.session_lifetimes import Lifetimes
from tgslices.error_texts.advice import require_flags
from tgslices.errors import ConfigurationError, quoted
from tgslices.event_loop.garbage_collector import freeze as freeze_now
from tgslices.fsm_states.dispatcher_states import Joining
from tgslices.fsm_states.follow_states import FollowStates
from tgslices.keys.strategies import KeyStrategy, SessionKeyStrategy
from tgslices.manager import SessionManager, known_manager
from tgslices.middlewares.handler_parameters import check_handlers, injection_middleware
from tgslices.middlewares.incoming_updates import incoming_middleware
from tgslices.middlewares.outgoing_requests import watch
from tgslices.middlewares.stale_buttons import stale_buttons_middleware
from tgslices.storage.acquiring import durable
from tgslices.storage.memory import MemorySessionStorage
from tgslices.storage.protocol import SessionStorage, require_storage
from tgslices.telemetry.observer import SessionObserver
from tgslices.upkeep.start_and_stop import begin_run

ManagerFactory: TypeAlias = Callable[[Bot, SessionConfig], SessionManager]


class _Wiring:
    """What one dispatcher knows: how managers are made, and which it has made or met."""

    def __init__(
        self, storage: SessionStorage, config: SessionConfig, factory: ManagerFactory, *, chosen: bool
    ) -> None:
        self.storage = storage
        self.chosen = chosen
        """Whether the bot's author named the storage."""
        self.config = config
        self.factory = factory
        self.managers: WeakSet[SessionManager] = WeakSet()
        self._running: list[SessionManager] = []
        """Managers that this dispatcher has started, or is about to start."""
        self._ending: list[SessionManager] = []
        """Managers whose run is to end, once for each run."""

    def manager_of(self, bot: Bot) -> SessionManager:
        """Return a bot's manager; a bot that appears for the first time is wired now."""
        manager = known_manager(bot)
        if manager is not None and manager.is_wired:
            return manager
        return self.adopt(bot)

    def manager_of_id(self, bot_id: int) -> SessionManager | None:
        """Return the manager of a bot that has one."""
        return next((manager for manager in self.managers if manager.bot.id == bot_id), None)

    def require_free(self, *bots: Bot) -> None:
        """Refuse bots that cannot be wired here."""
        for bot in bots:
            manager = known_manager(bot)
            if manager is None or not manager.is_wired:
                _require_unused(bot, manager)
            elif self.chosen and manager.storage is not self.storage:
                raise ConfigurationError(
                    f"The sessions of bot {bot.id} are kept in {_named(manager.storage)} already.",
                    "Call setup_sessions with that storage, or with none.",
                )

    def adopt(self, bot: Bot) -> SessionManager:
        """Give a bot its manager, unless it is wired already, and watch what it sends."""
        self.require_free(bot)
        manager = known_manager(bot)
        if manager is None or not manager.is_wired:
            manager = self.factory(bot, self.config)
            if not isinstance(manager, SessionManager):
                raise ConfigurationError(
                    f"The manager_factory returned {quoted(manager)}.",
                    "Return a SessionManager or an instance of a subclass.",
                )
            manager.is_wired, manager.watch = True, watch
            bot.sessions = manager  # type: ignore[attr-defined]  # a plain Bot gains the attribute here
        watch(bot)
        self.managers.add(manager)
        return manager

    async def start(self, bot: Bot | None = None, bots: Sequence[Bot] = ()) -> None:
        """Wire the bots of this run, connect their storages and finish what an earlier process left."""
        begin_run()
        for each in bots or ([bot] if bot else []):
            self.adopt(each)
        self._running = [each for each in self._running if each.life_cycle.is_run]  # others were closed by hand
        for manager in list(self.managers):
            if manager not in self._running:
                self._running.append(manager)
                try:
                    await manager.start()
                except BaseException:
                    self._running.remove(manager)
                    raise

    async def stop(self) -> None:
        """Write what is waiting and let go of the storages, of every bot that no other dispatcher runs.

        Raises what went wrong first, once all that can be done is done.
        """
        self._ending += self._running
        self._running = []
        # Those that appeared during the run were never started.
        appeared = [each for each in self.managers if each not in self._ending and not each.life_cycle.is_run]
        ends = (self._end(manager) for manager in self._ending)
        outcomes = await asyncio.gather(*ends, *(each.aclose() for each in appeared), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _end(self, manager: SessionManager) -> None:
        """End one run of a bot. What a stop that is cancelled does not get to is done by the next one."""
        if manager in self._ending:
            self._ending.remove(manager)
            await manager.aclose()


def _require_unused(bot: Bot, manager: SessionManager | None) -> None:
    if manager is None and hasattr(bot, "sessions"):
        raise ConfigurationError(
            f"Bot {bot.id} has an attribute 'sessions' that is no SessionManager.",
            "Rename it; setup_sessions needs that name.",
        )
    if manager is not None and manager.is_used:
        raise ConfigurationError(
            f"The sessions of bot {bot.id} were used before setup_sessions.",
            "Call setup_sessions first, so that nothing is left behind in the memory of the default storage.",
        )


def setup_sessions(
    dispatcher: Dispatcher,
    *bots: Bot,
    storage: SessionStorage | None = None,
    key_strategy: KeyStrategy = SessionKeyStrategy.CHAT_USER,
    manager_factory: ManagerFactory | None = None,
    clock: Clock = utc_now,
    lease: timedelta = timedelta(minutes=1),
    patience: timedelta = timedelta(seconds=30),
    in_flight: int = 4,
    backlog: int = 100_000,
    stale_buttons: str | None = None,
    lifetimes: Lifetimes | None = None,
    on_end: OnEnd | None = None,
    follow_states: FollowStates | None = None,
    observer: SessionObserver | None = None,
    freeze: bool = False,
) -> None:
    """Give a dispatcher and its bots sessions. The only wiring.

    Plain bots gain ``.sessions``. Bots that appear later (token-based webhooks) are wired when they do. Calling it
    again for a wired dispatcher or bot with the same storage or none changes nothing.

    ``storage``: None keeps everything in this process's memory. ``manager_factory``: called with a bot and the
    :class:`~tgslices.manager.SessionConfig`. ``clock``: the present as an aware time in UTC. ``lease``: how long
    pending deletions belong to the worker that took them. ``patience``: how long one ``clear`` goes on about floods and
    a failing network before the rest is left pending. ``in_flight``: how many deletion requests of one bot run at once.
    ``backlog``: how many writes are kept while the storage is down. ``stale_buttons``: answers at once, before any
    handler, every tap on a message of the bot that no open session holds; of at most 200 characters. ``lifetimes``:
    when sessions end by themselves, by qualifier, or a function from a key to a :class:`~tgslices.Lifetime` or None.
    ``on_end``: an async function that is told of each end afterwards, at least once, with an :class:`~tgslices.Ended`;
    one that raises is told again for a day. ``follow_states``: which sessions end when aiogram's state leaves a group,
    ``{OrderForm: Follow("order")}``: of a StatesGroup, a dialog or a Scene. ``observer``: a function that is called,
    and not awaited, with each event of :mod:`tgslices.telemetry`. ``freeze``: whether ``gc.freeze()`` follows the
    start, so that full collections do not stop the bot. From then on nothing that was there at the start is collected
    if it lies in a cycle.

    Past 40 lines by its arguments and what they mean.

    Raises:
        InvalidStorage: the storage misses one of the four methods, or has only a part of the durable ones.
        ConfigurationError: the bot or dispatcher has another storage already, or its sessions were used before; or an
            argument is none of what it must be.
    """
    _require_kinds(dispatcher, bots, manager_factory)
    require_flags(freeze=freeze)
    wiring = _wiring_of(dispatcher)
    if wiring is None:
        if storage is not None:
            require_storage(storage)
        kept = storage if storage is not None else _storage_in_use(bots)
        if on_end is not None:
            require_on_end(on_end)
        config = SessionConfig(
            durable(kept),
            key_strategy,
            clock,
            lease,
            patience,
            in_flight,
            backlog,
            stale_buttons,
            lifetimes,
            on_end,
            observer,
        )
        wiring = _Wiring(kept, config, manager_factory or SessionManager, chosen=storage is not None)
        joining = Joining(dispatcher, follow_states, wiring.manager_of_id)
        wiring.require_free(*bots)
        for bot in bots:
            wiring.adopt(bot)
        _attach(dispatcher, wiring, joining)
        if freeze:
            dispatcher.startup.register(freeze_now)
        return
    if storage is not None and storage is not wiring.storage:
        raise ConfigurationError(
            f"The sessions of this dispatcher are kept in {_named(wiring.storage)} already.",
            "Call setup_sessions with that storage, or with none.",
        )
    wiring.require_free(*bots)
    for bot in bots:
        wiring.adopt(bot)


def _require_kinds(dispatcher: object, bots: Sequence[object], factory: object) -> None:
    """Refuse what could only fail half-way. What was given is named by its type, because it may be a token."""
    if not isinstance(dispatcher, Dispatcher):
        raise ConfigurationError(
            f"setup_sessions got a {type(dispatcher).__name__} as its dispatcher.",
            "Pass aiogram's Dispatcher first; it serves its routers, too.",
        )
    for bot in bots:
        if not isinstance(bot, Bot):
            raise ConfigurationError(
                f"setup_sessions got a {type(bot).__name__} as a bot.", "Pass aiogram's Bots, one after the other."
            )
    if factory is not None and not callable(factory):
        raise ConfigurationError(
            f"The manager_factory is {quoted(factory)}.",
            "Pass a function of a bot and a SessionConfig, or a subclass of SessionManager.",
        )


def _named(storage: SessionStorage) -> str:
    """Return what an error says of a storage; a plugin's own text may hold a password."""
    is_ours = type(storage).__module__.startswith("tgslices.")
    return repr(storage) if is_ours else f"a storage of type {type(storage).__name__}"


def _storage_in_use(bots: Sequence[Bot]) -> SessionStorage:
    """Return the storage of the first bot that another dispatcher has wired; a new one in memory where none is."""
    managers = [manager for bot in bots if (manager := known_manager(bot)) is not None and manager.is_wired]
    return managers[0].storage if managers else MemorySessionStorage()


def _wiring_of(dispatcher: Dispatcher) -> _Wiring | None:
    """Return what a dispatcher was wired with; its start is where that hangs.

    The dispatcher's workflow data would do as well, but every handler of every update pays for each item there.
    """
    starts = (getattr(handler.callback, "__self__", None) for handler in dispatcher.startup.handlers)
    return next((owner for owner in starts if isinstance(owner, _Wiring)), None)


def _attach(dispatcher: Dispatcher, wiring: _Wiring, joining: Joining) -> None:
    # First of all: what keeps an update waiting (aiogram's isolation of events), or fails on its way (a storage of
    # states), must not keep a message from being recorded.
    text = wiring.config.stale_buttons
    answering = [] if text is None else [stale_buttons_middleware(wiring.manager_of, text)]
    joining.attach(incoming_middleware(wiring.manager_of, joining.begin), *answering)
    injection = injection_middleware(wiring.manager_of)
    for name, observer in dispatcher.observers.items():
        if name != "update":
            observer.middleware(injection)
    # aiogram asks the server for the kinds of updates that have a handler; these never match.
    dispatcher.deleted_business_messages.register(_follow, _never)
    if answering:
        dispatcher.callback_query.register(_follow, _never)
    dispatcher.startup.register(check_handlers(dispatcher))
    dispatcher.startup.register(joining.start)
    dispatcher.startup.register(wiring.start)
    dispatcher.shutdown.register(wiring.stop)


async def _never(_event: TelegramObject) -> bool:
    return False


async def _follow(_event: TelegramObject) -> None:
    """Handle nothing: the update middleware has done it before."""
