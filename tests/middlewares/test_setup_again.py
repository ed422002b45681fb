"""Calling ``setup_sessions`` again, or too late: nothing is changed, or an error says what to do."""

from __future__ import annotations

import pytest
from aiogram import Bot, Dispatcher

from tests.middlewares.feeding import shape_of
from tests.promises.storages import ListStorage
from tgslices import (
    ConfigurationError,
    MemorySessionStorage,
    SessionBot,
    SessionStorage,
    setup_sessions,
)


@pytest.mark.parametrize("again", ["same", "none"])
async def test_calling_it_again_changes_nothing(session_bot: SessionBot, again: str) -> None:
    """ "Calling it again for a wired bot with the same or no storage changes nothing" """
    dispatcher, storage = Dispatcher(), MemorySessionStorage()
    setup_sessions(dispatcher, session_bot, storage=storage)
    manager, before = session_bot.sessions, shape_of(dispatcher, session_bot)
    for _ in range(3):
        setup_sessions(dispatcher, session_bot, storage=storage if again == "same" else None)
        setup_sessions(dispatcher, storage=storage if again == "same" else None)
    assert session_bot.sessions is manager
    assert manager.storage is storage
    assert shape_of(dispatcher, session_bot) == before


async def test_another_storage_for_a_wired_dispatcher_is_an_error(session_bot: SessionBot) -> None:
    """ "with another storage it is a configuration error" """
    dispatcher, storage = Dispatcher(), MemorySessionStorage()
    setup_sessions(dispatcher, session_bot, storage=storage)
    with pytest.raises(ConfigurationError) as caught:
        setup_sessions(dispatcher, session_bot, storage=MemorySessionStorage())
    assert str(caught.value) == (
        f"The sessions of this dispatcher are kept in {storage!r} already. "
        "Call setup_sessions with that storage, or with none."
    )
    assert session_bot.sessions.storage is storage


@pytest.mark.parametrize("kind", [MemorySessionStorage, ListStorage])
async def test_another_storage_for_a_wired_bot_is_an_error(session_bot: SessionBot, kind: type[SessionStorage]) -> None:
    storage = kind()
    setup_sessions(Dispatcher(), session_bot, storage=storage)
    second = Dispatcher()
    with pytest.raises(ConfigurationError) as caught:
        setup_sessions(second, session_bot, storage=MemorySessionStorage())
    shown = "a storage of type ListStorage" if kind is ListStorage else repr(storage)
    assert str(caught.value) == (
        f"The sessions of bot {session_bot.id} are kept in {shown} already. "
        "Call setup_sessions with that storage, or with none."
    )
    setup_sessions(second, session_bot, storage=storage)


async def test_sessions_that_were_used_before_are_an_error(session_bot: SessionBot) -> None:
    session_bot.sessions.get(7)
    with pytest.raises(ConfigurationError) as caught:
        setup_sessions(Dispatcher(), session_bot)
    assert str(caught.value) == (
        f"The sessions of bot {session_bot.id} were used before setup_sessions. "
        "Call setup_sessions first, so that nothing is left behind in the memory of the default storage."
    )
    assert session_bot.token not in str(caught.value)


@pytest.mark.parametrize("is_wired", [False, True])
async def test_a_bot_that_is_refused_keeps_those_beside_it_from_being_wired(
    session_bot: SessionBot, plain: Bot, is_wired: bool
) -> None:
    dispatcher = Dispatcher()
    if is_wired:
        setup_sessions(dispatcher)
    session_bot.sessions.get(7)
    with pytest.raises(ConfigurationError) as caught:
        setup_sessions(dispatcher, plain, session_bot)
    assert str(caught.value) == (
        f"The sessions of bot {session_bot.id} were used before setup_sessions. "
        "Call setup_sessions first, so that nothing is left behind in the memory of the default storage."
    )
    assert "sessions" not in vars(plain)
    setup_sessions(Dispatcher(), plain, storage=MemorySessionStorage())


async def test_an_attribute_that_is_in_the_way_is_an_error(plain: Bot) -> None:
    plain.sessions = "mine"  # type: ignore[attr-defined]  # the mistake under test
    with pytest.raises(ConfigurationError) as caught:
        setup_sessions(Dispatcher(), plain)
    assert str(caught.value) == (
        f"Bot {plain.id} has an attribute 'sessions' that is no SessionManager. "
        "Rename it; setup_sessions needs that name."
    )
