"""A plugin as its author gets it wrong at first, and one that several things are given at once."""

from __future__ import annotations

from collections.abc import Collection, Coroutine
from datetime import UTC, datetime
from typing import Any

import pytest
from aiogram import Dispatcher
from aiogram.fsm.storage.base import StorageKey

from tests.storage.plugins import ListPlugin
from tests.storage.samples import NOW, sent
from tgslices import SessionBot, SessionData, SessionKey, TrackedMessage, setup_sessions
from tgslices.errors import ConfigurationError
from tgslices.fsm import FSMStorage
from tgslices.storage.acquiring import durable
from tgslices.storage.adapter import PluginStorage
from tgslices.storage.data_protocol import DataHold, StoredData
from tgslices.storage.inprocess.data import DataInProcess

KEY = SessionKey(42, 7, 7)
STATE = StorageKey(42, 7, 7)
CART = SessionData(dict, name="cart")


class PlainList(ListPlugin):
    """Has a method that its author wrote without ``async``."""

    def list(self, key: SessionKey) -> list[TrackedMessage]:  # type: ignore[override]  # the mistake under test
        return self.entries.get(key, [])


class PlainData(ListPlugin, DataInProcess):
    """Keeps data, too, with a method that its author wrote without ``async``."""

    def __init__(self) -> None:
        ListPlugin.__init__(self)
        DataInProcess.__init__(self)

    def read_data(  # type: ignore[override]  # the mistake under test
        self, key: SessionKey, names: Collection[str] | None = None, *, now: datetime
    ) -> dict[str, StoredData]:
        return {}


class HandsOn:
    """A plugin around another one, in plain functions that return what is to be awaited."""

    def __init__(self) -> None:
        self.inner = ListPlugin()

    def add(self, key: SessionKey, message: TrackedMessage) -> Coroutine[Any, Any, None]:
        return self.inner.add(key, message)

    def remove(self, key: SessionKey, messages: Collection[TrackedMessage]) -> Coroutine[Any, Any, int]:
        return self.inner.remove(key, messages)

    def clear(self, key: SessionKey) -> Coroutine[Any, Any, None]:
        return self.inner.clear(key)

    def list(self, key: SessionKey) -> Coroutine[Any, Any, list[TrackedMessage]]:
        return self.inner.list(key)


async def test_a_method_that_is_not_asynchronous_is_named() -> None:
    storage = PluginStorage(PlainList())  # type: ignore[arg-type]  # the mistake under test
    await storage.add(KEY, sent(1))
    with pytest.raises(ConfigurationError) as refused:
        await storage.list(KEY)
    assert str(refused.value) == (
        "The method 'list' of the storage PlainList cannot be awaited: it returned a list. "
        "Write it as 'async def list', and let it return."
    )


async def test_a_method_of_data_that_is_not_asynchronous_is_named() -> None:
    storage = PluginStorage(PlainData())
    assert await storage.hold_data(DataHold(KEY, frozenset({"cart"}), "me"), now=NOW, until=NOW) == {}
    with pytest.raises(ConfigurationError, match="'read_data' of the storage PlainData"):
        await storage.read_data(KEY, now=NOW)


async def test_a_plain_function_may_hand_on_what_another_one_returns() -> None:
    storage = PluginStorage(HandsOn())
    await storage.add(KEY, sent(1))
    assert await storage.list(KEY) == [sent(1)]
    assert await storage.remove(KEY, [sent(1)]) == 1


async def test_all_who_are_given_one_plugin_see_the_same_states_and_data() -> None:
    plugin = ListPlugin()
    states, others = FSMStorage(plugin), FSMStorage(plugin)
    await states.set_state(STATE, "form")
    await states.update_data(STATE, {"item": "pizza"})
    assert await others.get_state(STATE) == "form"
    assert await others.get_data(STATE) == {"item": "pizza"}
    assert durable(plugin) is durable(plugin)
    assert durable(plugin) is not durable(ListPlugin())


async def test_erasing_a_person_reaches_the_states_beside_a_plugin() -> None:
    plugin, bot = ListPlugin(), SessionBot("42:TEST")
    dispatcher = Dispatcher(storage=FSMStorage(plugin))
    setup_sessions(dispatcher, bot, storage=plugin, clock=lambda: datetime.now(UTC))
    await dispatcher.storage.set_state(STATE, "form")
    await bot.sessions.get(7, 7).data(CART).write({"item": "pizza"})
    await bot.sessions.erase(7)
    assert await dispatcher.storage.get_state(STATE) is None
    assert await bot.sessions.get(7, 7).data(CART).read() == {}
