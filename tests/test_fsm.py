"""aiogram's state machine on the storage of the sessions, on every kind of storage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiogram import Dispatcher, F, exceptions
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.fsm.scene import Scene, SceneRegistry, on
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.base import StorageKey
from aiogram.types import Message
from aiogram_dialog import Dialog, DialogManager, StartMode, Window, setup_dialogs
from aiogram_dialog.widgets.kbd import Button
from aiogram_dialog.widgets.text import Const, Format

from tests.data.conftest import Store, api, emptied_postgres_url, postgres, postgres_url, redis_server, redis_url, store
from tests.promises.fed_bot import polling
from tgslices import DataRefused, SessionBot, setup_sessions
from tgslices.fsm import FSMStorage
from tgslices.testing import BotAccount, BotApi, ChatView

__all__ = ("api", "emptied_postgres_url", "postgres", "postgres_url", "redis_server", "redis_url", "store")

KEY = StorageKey(42, -100, 7)
NEIGHBOURS = [
    StorageKey(43, -100, 7),
    StorageKey(42, -101, 7),
    StorageKey(42, -100, 8),
    StorageKey(42, -100, 7, thread_id=5),
    StorageKey(42, -100, 7, business_connection_id="b"),
    StorageKey(42, -100, 7, destiny="other"),
]


@pytest.fixture
async def states(store: Store) -> AsyncIterator[FSMStorage]:
    """The states on a storage of its own."""
    states = FSMStorage(store.open())
    yield states
    await states.close()


class Form(StatesGroup):
    item = State()
    address = State()


async def test_a_state_is_kept_under_its_key_alone(states: FSMStorage) -> None:
    assert await states.get_state(KEY) is None
    await states.set_state(KEY, Form.item)
    for neighbour in NEIGHBOURS:
        assert await states.get_state(neighbour) is None
        await states.set_state(neighbour, "another")
    assert await states.get_state(KEY) == "Form:item"
    await states.set_state(KEY, None)
    assert await states.get_state(KEY) is None
    assert await states.get_state(NEIGHBOURS[0]) == "another"


async def test_data_is_kept_and_never_shared(states: FSMStorage) -> None:
    data: dict[str, Any] = {"items": [{"name": "pizza", "n": 1}], "note": "a\0b", "price": 1.5, "none": None}
    await states.set_data(KEY, data)
    data["items"].append("more")
    got = await states.get_data(KEY)
    assert got == {"items": [{"name": "pizza", "n": 1}], "note": "a\0b", "price": 1.5, "none": None}
    got["items"].clear()
    assert await states.get_value(KEY, "items") == [{"name": "pizza", "n": 1}]
    assert await states.get_value(KEY, "missing", "default") == "default"
    assert await states.get_data(NEIGHBOURS[2]) == {}
    await states.set_data(KEY, {})
    assert await states.get_data(KEY) == {}


async def test_data_that_would_come_back_as_something_else_is_refused(states: FSMStorage) -> None:
    await states.set_data(KEY, {"kept": 1})
    for wrong, path in (
        ({"a": {1}}, "a"),
        ({"a": [(1, 2)]}, r"a\[0\]"),
        ({"a": float("nan")}, "a"),
        ({1: 2}, r"\[1\]"),
    ):
        for change in (states.set_data, states.update_data):
            with pytest.raises(DataRefused, match=f"data was refused: its part {path} "):
                await change(KEY, wrong)  # type: ignore[arg-type]
    for change in (states.set_data, states.update_data):
        with pytest.raises(getattr(exceptions, "DataNotDictLikeError", TypeError)):
            await change(KEY, ())  # type: ignore[arg-type]
    assert await states.get_data(KEY) == {"kept": 1}


async def test_updates_at_once_lose_nothing(store: Store) -> None:
    workers = [FSMStorage(store.open()) for _ in range(2 if store.is_shared else 1)]
    changes = [workers[at % len(workers)].update_data(KEY, {str(at): at}) for at in range(20)]
    results = await asyncio.gather(*changes)
    assert await workers[0].get_data(KEY) == {str(at): at for at in range(20)}
    assert all(result[str(at)] == at for at, result in enumerate(results))
    for worker in workers:
        await worker.close()


async def test_events_of_a_key_are_isolated_in_the_order_in_which_they_came(store: Store) -> None:
    isolations = [FSMStorage(store.open()).isolation() for _ in range(2 if store.is_shared else 1)]
    inside: list[int] = []
    order: list[int] = []

    async def handle(at: int) -> None:
        async with isolations[at % len(isolations)].lock(KEY):
            order.append(at)
            inside.append(at)
            await asyncio.sleep(0)
            assert inside == [at]
            async with isolations[at % len(isolations)].lock(KEY):  # a handler may feed another update
                inside.remove(at)

    await asyncio.gather(*(handle(at) for at in range(12)))
    by_worker = [[at for at in order if at % len(isolations) == which] for which in range(len(isolations))]
    assert all(turns == sorted(turns) for turns in by_worker)
    async with isolations[0].lock(KEY), isolations[0].lock(NEIGHBOURS[0]):
        pass
    for isolation in isolations:
        await isolation.close()


async def test_a_handler_that_fails_ends_its_turn(states: FSMStorage) -> None:
    isolation = states.isolation()
    with pytest.raises(ValueError, match="failed"):
        async with isolation.lock(KEY):
            raise ValueError("failed")
    async with asyncio.timeout(30), isolation.lock(KEY):
        pass
    await isolation.close()


class Quiz(Scene, state="quiz"):
    """A scene with history and data."""

    @on.message.enter()
    async def begin(self, message: Message) -> None:
        await message.answer("How many?")

    @on.message(F.text.isdigit())
    async def count(self, message: Message) -> None:
        total = await self.wizard.get_value("total", 0) + int(message.text or 0)
        await self.wizard.update_data(total=total)
        await message.answer(f"{total}, and?")

    @on.message(F.text == "back")
    async def back(self, message: Message) -> None:
        await self.wizard.back()

    @on.message.exit()
    async def end(self, message: Message) -> None:
        await message.answer("Bye")


class Menu(StatesGroup):
    main = State()


async def pressed(_tap: object, _button: Button, manager: DialogManager) -> None:
    manager.dialog_data["n"] = manager.dialog_data.get("n", 0) + 1


async def total(dialog_manager: DialogManager, **_: object) -> dict[str, Any]:
    return {"n": dialog_manager.dialog_data.get("n", 0)}


def make_dispatcher(storage: FSMStorage) -> Dispatcher:
    """Return a dispatcher with states, a scene and a dialog, as one process makes it."""
    dispatcher = Dispatcher(storage=storage, events_isolation=storage.isolation())
    registry = SceneRegistry(dispatcher)
    registry.add(Quiz)
    dispatcher.message.register(Quiz.as_handler(), Command("quiz"))
    more = Button(Const("more"), id="more", on_click=pressed)
    dispatcher.include_router(Dialog(Window(Format("pressed {n}"), more, state=Menu.main, getter=total)))
    setup_dialogs(dispatcher)

    @dispatcher.message(Command("menu"))
    async def menu(message: Message, dialog_manager: DialogManager) -> None:
        await dialog_manager.start(Menu.main, mode=StartMode.RESET_STACK)

    @dispatcher.message(Command("form"))
    async def form(message: Message, state: FSMContext) -> None:
        await state.set_state(Form.item)

    @dispatcher.message(Form.item)
    async def item(message: Message, state: FSMContext) -> None:
        await state.update_data(item=message.text)
        await state.set_state(Form.address)

    @dispatcher.message(Form.address)
    async def address(message: Message, state: FSMContext) -> None:
        await message.answer(f"{await state.get_value('item')} to {message.text}")
        await state.clear()

    return dispatcher


@pytest.mark.parametrize("store", ["sqlite", "sqlite-shared", "postgresql", "redis"], indirect=True)
async def test_states_scenes_and_dialogs_go_on_after_a_restart(api: BotApi, store: Store) -> None:
    account = api.add_bot("quiz_bot")
    ann, bob, eve = (api.add_person(name).private_chat(account) for name in ("Ann", "Bob", "Eve"))
    async with running(api, account, store):
        await _say(api, (ann, "/form"), (ann, "pizza"), (bob, "/quiz"), (bob, "4"), (eve, "/menu"))
        await eve.taps("more")
        await api.idle()
    async with running(api, account, store):
        await _say(api, (ann, "12 Harbour Road"), (bob, "5"))
        await eve.taps("more")
        await api.idle()
    assert ann.texts()[-1] == "pizza to 12 Harbour Road"
    assert bob.texts()[-1] == "9, and?"
    assert eve.texts()[-1] == "pressed 2"


@pytest.mark.parametrize("store", ["sqlite", "redis"], indirect=True)
async def test_states_without_sessions_go_on_in_the_next_run_of_the_same_dispatcher(store: Store) -> None:
    """A dispatcher of a module that one ``asyncio.run`` after the other runs: nobody else opens the storage again."""
    states = FSMStorage(store.open())
    isolation = states.isolation()
    for run in range(2):
        async with isolation.lock(KEY):
            assert await states.get_data(KEY) == ({"run": 0} if run else {})
            await states.update_data(KEY, {"run": run})
        await isolation.close()
        await states.close()


async def _say(api: BotApi, *lines: tuple[ChatView, str]) -> None:
    for chat, text in lines:
        await chat.types(text)
        await api.idle()


@asynccontextmanager
async def running(api: BotApi, account: BotAccount, store: Store) -> AsyncIterator[None]:
    """Run one process of the bot, with sessions and states on one storage."""
    storage = store.open()
    bot = SessionBot(account.token, session=api.client_session())
    dispatcher = make_dispatcher(FSMStorage(storage))
    setup_sessions(dispatcher, bot, storage=storage)
    async with polling(dispatcher, bot):
        yield
    await bot.session.close()
