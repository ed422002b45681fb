"""What ``setup_sessions`` is told: factories, strategies, storages and times, the good ones and the bad ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from aiogram import Bot, Dispatcher, Router
from aiogram.types import Message

from tests.middlewares.feeding import feed, sessions_of, shape_of
from tests.promises.storages import ListStorage
from tgslices import (
    ConfigurationError,
    InvalidStorage,
    MemorySessionStorage,
    Session,
    SessionBot,
    SessionConfig,
    SessionKeyStrategy,
    SessionManager,
    setup_sessions,
)


class OwnManager(SessionManager):
    """A manager of a bot's author."""


async def test_a_manager_factory_is_called_with_the_bot_and_the_configuration(plain: Bot) -> None:
    """ "A `manager_factory` is called with the bot and the configuration that `setup_sessions` was given." """
    calls: list[tuple[Bot, SessionConfig]] = []

    def make(bot: Bot, config: SessionConfig) -> OwnManager:
        calls.append((bot, config))
        return OwnManager(bot, config)

    def clock() -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    storage = MemorySessionStorage()
    setup_sessions(
        Dispatcher(),
        plain,
        storage=storage,
        key_strategy=SessionKeyStrategy.CHAT,
        manager_factory=make,
        clock=clock,
        lease=timedelta(seconds=5),
        patience=timedelta(seconds=6),
        in_flight=7,
        backlog=8,
    )
    [(bot, config)] = calls
    assert bot is plain
    assert config == SessionConfig(
        storage, SessionKeyStrategy.CHAT, clock, timedelta(seconds=5), timedelta(seconds=6), 7, 8
    )
    assert isinstance(sessions_of(plain), OwnManager)


async def test_a_class_may_be_the_factory_and_serves_bots_that_appear_later(plain: Bot) -> None:
    dispatcher = Dispatcher()
    setup_sessions(dispatcher, manager_factory=OwnManager)
    await feed(dispatcher, plain)
    assert isinstance(sessions_of(plain), OwnManager)


async def test_a_factory_that_returns_something_else_is_an_error(plain: Bot) -> None:
    with pytest.raises(ConfigurationError) as caught:
        setup_sessions(Dispatcher(), plain, manager_factory=lambda bot, config: cast(Any, 5))
    assert str(caught.value) == (
        "The manager_factory returned 5. Return a SessionManager or an instance of a subclass."
    )


@pytest.mark.parametrize("strategy", [SessionKeyStrategy.CHAT, lambda scope: None])
async def test_the_key_strategy_decides_what_handlers_get(session_bot: SessionBot, strategy: Any) -> None:
    dispatcher, held = Dispatcher(), list[Any]()
    setup_sessions(dispatcher, session_bot, key_strategy=strategy)

    @dispatcher.message()
    async def handle(message: Message, session: Session | None) -> None:
        held.append(session and (session.chat_id, session.user_id))

    await feed(dispatcher, session_bot)
    assert held == [(7, None) if strategy is SessionKeyStrategy.CHAT else None]


REMEDY = "Implement the four async methods of tgslices.SessionStorage: add, list, remove, clear."


class Forgetful:
    """A storage of three methods."""

    async def add(self, *args: Any) -> None: ...
    async def list(self, *args: Any) -> Any: ...
    async def remove(self, *args: Any) -> Any: ...


class NearlyDurable(MemorySessionStorage):
    """A durable storage whose author has misspelt a method: its pending deletions would be lost at a restart."""

    postpone: Any = None


@pytest.mark.parametrize(
    ("storage", "text"),
    [
        (
            Forgetful(),
            f"Forgetful is no session storage: it misses clear. {REMEDY}",
        ),
        (
            "sqlite:///x.db",
            'A text is no session storage. Open the storage of a URL: open_storage("sqlite:///slices.db").',
        ),
        (MemorySessionStorage, "MemorySessionStorage is a class and no session storage. Pass an instance of it."),
        (
            NearlyDurable(),
            (
                "NearlyDurable is no durable session storage: it misses postpone. Implement the whole of "
                "tgslices.storage.protocol.DurableSessionStorage, or only add, list, remove and clear, "
                "to have pending deletions kept in memory."
            ),
        ),
    ],
    ids=["three methods", "a URL", "a class", "a durable one without a method"],
)
async def test_what_is_no_storage_is_refused_before_anything_is_changed(
    session_bot: SessionBot, storage: Any, text: str
) -> None:
    """ "a storage object that misses a method" """
    dispatcher, manager = Dispatcher(), session_bot.sessions
    before = shape_of(dispatcher, session_bot)
    with pytest.raises(InvalidStorage) as caught:
        setup_sessions(dispatcher, session_bot, storage=storage)
    assert str(caught.value) == text
    assert session_bot.sessions is manager
    assert shape_of(dispatcher, session_bot) == before
    setup_sessions(dispatcher, session_bot)


async def test_a_storage_that_is_false_is_a_storage(session_bot: SessionBot) -> None:
    """An empty one that has a length, say."""

    class Sized(ListStorage):
        def __len__(self) -> int:
            return len(self.entries)

    storage = Sized()
    dispatcher = Dispatcher()
    setup_sessions(dispatcher, session_bot, storage=storage)
    session = session_bot.sessions.get(7)
    await feed(dispatcher, session_bot)
    assert len(storage) == 1
    assert session_bot.sessions.storage is storage
    await session.close()


async def later(_: object = None) -> None:
    """What nobody awaits."""


STRATEGIES = "Pass a member of SessionKeyStrategy, or a function from a Scope to a SessionKey or None."


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ({"lease": timedelta()}, "lease is datetime.timedelta(0). Pass a positive timedelta as lease."),
        ({"lease": 60}, "lease is 60. Pass a positive timedelta as lease."),
        (
            {"patience": timedelta(-1)},
            "patience is datetime.timedelta(days=-1). Pass a positive timedelta as patience.",
        ),
        ({"in_flight": 0}, "in_flight is 0. Pass a positive integer as in_flight."),
        ({"in_flight": "4"}, "in_flight is '4'. Pass a positive integer as in_flight."),
        ({"backlog": 0}, "backlog is 0. Pass a positive integer as backlog."),
        ({"backlog": True}, "backlog is True. Pass a positive integer as backlog."),
        ({"key_strategy": "CHAT"}, f"key_strategy is 'CHAT'. {STRATEGIES}"),
        ({"key_strategy": SessionKeyStrategy}, f"key_strategy is the class SessionKeyStrategy. {STRATEGIES}"),
        *(
            ({name: later}, f"{name} is an asynchronous function, and is not awaited. Pass a plain function as {name}.")
            for name in ("key_strategy", "clock", "lifetimes")
        ),
        ({"clock": 5}, "The clock tells 5. Pass a function that returns an aware datetime in UTC."),
        ({"clock": lambda: None}, "The clock tells None. Pass a function that returns an aware datetime in UTC."),
        (
            {"manager_factory": 5},
            "The manager_factory is 5. Pass a function of a bot and a SessionConfig, or a subclass of SessionManager.",
        ),
        (
            {"clock": lambda: datetime(2026, 1, 1)},  # noqa: DTZ001  # the mistake under test
            "The clock tells a naive time. Return an aware datetime in UTC from it.",
        ),
    ],
)
async def test_options_that_could_only_fail_later_are_refused(plain: Bot, option: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        setup_sessions(Dispatcher(), plain, **option)
    assert str(caught.value) == text
    assert "sessions" not in vars(plain)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda bot: (None, bot), "setup_sessions got a NoneType as its dispatcher. {dispatcher}"),
        (lambda bot: (Router(), bot), "setup_sessions got a Router as its dispatcher. {dispatcher}"),
        (lambda bot: (bot, Dispatcher()), "setup_sessions got a Bot as its dispatcher. {dispatcher}"),
        (lambda bot: (Dispatcher(), [bot]), "setup_sessions got a list as a bot. {bots}"),
        (lambda bot: (Dispatcher(), bot, bot.token), "setup_sessions got a str as a bot. {bots}"),
        (
            lambda bot: (Dispatcher(), MemorySessionStorage()),
            "setup_sessions got a MemorySessionStorage as a bot. {bots}",
        ),
    ],
    ids=["nothing", "a router", "the wrong way round", "a list", "a token", "a storage by position"],
)
async def test_arguments_of_another_kind_are_refused_before_anything_is_changed(
    plain: Bot, make: Callable[[Bot], Any], text: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        setup_sessions(*make(plain))
    assert str(caught.value) == text.format(
        dispatcher="Pass aiogram's Dispatcher first; it serves its routers, too.",
        bots="Pass aiogram's Bots, one after the other.",
    )
    assert "sessions" not in vars(plain)


def test_a_configuration_is_a_value() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        SessionConfig().backlog = 5  # type: ignore[misc]  # the mistake under test
