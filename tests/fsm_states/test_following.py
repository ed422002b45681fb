"""A session that follows states lives as long as they do, however they end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

import pytest
from aiogram import Dispatcher, F, Router
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.fsm.scene import After, Scene, SceneRegistry, ScenesManager, on
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.base import BaseStorage, StorageKey
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from aiogram_dialog import Dialog, DialogManager, LaunchMode, StartMode, Window, setup_dialogs
from aiogram_dialog.widgets.kbd import Button, Cancel, Start, SwitchTo
from aiogram_dialog.widgets.text import Const

from tests.data.conftest import Store
from tests.promises.fed_bot import polling
from tgslices import ConfigurationError, Follow, InSession, Session, SessionBot, SessionQualifier, setup_sessions
from tgslices.fsm import FSMStorage
from tgslices.testing import BotApi, ChatView

Order = Annotated[Session, SessionQualifier("order")]


class OrderForm(StatesGroup):
    item = State()
    size = State()


class Other(StatesGroup):
    one = State()


class Life:
    """One process of a bot, and Ann who talks to it."""

    def __init__(self, api: BotApi, bot: SessionBot, dispatcher: Dispatcher, chat: ChatView) -> None:
        self.api = api
        self.bot = bot
        self.dispatcher = dispatcher
        self.chat = chat
        self.calls: list[str] = []

    async def says(self, *texts: str) -> None:
        for text in texts:
            await self.chat.types(text)
            await self.api.idle()

    async def taps(self, caption: str) -> None:
        await self.chat.taps(caption)
        await self.api.idle()

    @property
    def order(self) -> Session:
        return self.bot.sessions.get(self.chat.id, self.chat.person.id, qualifier="order", collect=False)

    async def is_open(self) -> bool:
        return await self.order.is_open()


class Bot:
    """What outlives each process."""

    def __init__(self, api: BotApi, store: Store, wire: Callable[[Dispatcher], None]) -> None:
        self.api = api
        self.store = store
        self.wire = wire
        self.account = api.add_bot("order_bot")
        self.chat = api.add_person("Ann").private_chat(self.account)

    @asynccontextmanager
    async def life(self, follow_states: Any = None) -> AsyncIterator[Life]:
        storage = self.store.open()
        bot = SessionBot(self.account.token, session=self.api.client_session())
        dispatcher = Dispatcher(storage=FSMStorage(storage))
        self.wire(dispatcher)
        setup_sessions(dispatcher, bot, storage=storage, follow_states=follow_states or {OrderForm: Follow("order")})
        life = Life(self.api, bot, dispatcher, self.chat)
        try:
            async with polling(dispatcher, bot):
                yield life
        finally:
            await bot.session.close()


def form(dispatcher: Dispatcher) -> None:
    """A form of two steps, and every way out of it that handlers have."""

    @dispatcher.message(Command("order"))
    async def start(message: Message, order: Order, state: FSMContext) -> None:
        async with order:
            await message.answer("What?")
        await state.set_state(OrderForm.item)

    @dispatcher.message(Command("clear"))
    async def clear(message: Message, state: FSMContext) -> None:
        await state.clear()

    @dispatcher.message(Command("other"))
    async def other(message: Message, state: FSMContext) -> None:
        await state.set_state(Other.one)

    @dispatcher.message(Command("raise"))
    async def fail(message: Message, state: FSMContext) -> None:
        await state.clear()
        raise ValueError("after the state was left")

    @dispatcher.message(Command("again"))
    async def again(message: Message, state: FSMContext) -> None:
        await state.clear()
        await state.set_state(OrderForm.item)

    @dispatcher.message(Command("later"))
    async def later(message: Message, state: FSMContext) -> None:
        async def leave() -> None:
            await asyncio.sleep(0.01)
            await state.clear()

        task = asyncio.create_task(leave())
        task.add_done_callback(lambda done: done.result())
        dispatcher["task"] = task

    @dispatcher.message(OrderForm.item)
    async def item(message: Message, state: FSMContext) -> None:
        await state.set_state(OrderForm.size)

    @dispatcher.message()
    async def rest(message: Message) -> None: ...


@pytest.fixture
def bot(api: BotApi, store: Store) -> Bot:
    return Bot(api, store, form)


@pytest.mark.parametrize("out", ["/clear", "/other", "/raise"])
@pytest.mark.parametrize("restarts", [False, True])
async def test_a_session_ends_when_the_state_is_left(bot: Bot, out: str, *, restarts: bool) -> None:
    if restarts and bot.store.kind in ("memory", "plugin"):
        restarts = False
    async with bot.life() as life:
        await life.says("/order", "pizza")
        assert await life.is_open()
        if not restarts:
            await life.says(out)
            assert not await life.is_open()
    if restarts:
        async with bot.life() as life:
            assert await life.is_open()
            await life.says(out)
            assert not await life.is_open()
    assert bot.chat.texts() == ["/order"]


async def test_a_session_goes_on_while_the_state_is_one_of_the_group(bot: Bot) -> None:
    async with bot.life() as life:
        await life.says("/order", "pizza", "large", "/again", "soup")
        assert await life.is_open()
        assert len(await life.order.messages()) == 5


@pytest.mark.parametrize("store", ["memory", "sqlite"], indirect=True)
async def test_a_session_may_be_closed_only(bot: Bot) -> None:
    async with bot.life({OrderForm: Follow("order", then="close")}) as life:
        await life.says("/order", "/clear")
        assert not await life.is_open()
        assert life.chat.texts() == ["/order", "What?", "/clear"]


@pytest.mark.parametrize("store", ["memory"], indirect=True)
async def test_a_state_that_a_task_changes_later_counts_at_once(bot: Bot) -> None:
    async with bot.life() as life:
        await life.says("/order", "/later")
        await life.dispatcher["task"]
        assert not await life.is_open()


@pytest.mark.parametrize("store", ["memory", "sqlite", "postgresql"], indirect=True)
async def test_a_state_that_somebody_else_changes_ends_the_session_of_its_person(bot: Bot) -> None:
    async with bot.life() as life:
        await life.says("/order")
        key = StorageKey(life.bot.id, life.chat.id, life.chat.person.id)
        await life.dispatcher.fsm.storage.set_state(key, None)
        assert not await life.is_open()


@pytest.mark.parametrize("store", ["sqlite", "sqlite-shared", "postgresql", "redis"], indirect=True)
async def test_a_crash_between_the_state_and_the_session_heals_at_the_next_update(bot: Bot) -> None:
    async with bot.life() as life:
        await life.says("/order", "pizza")
        watched: BaseStorage = life.dispatcher.fsm.storage.watched  # type: ignore[attr-defined]
        await watched.set_state(StorageKey(life.bot.id, life.chat.id, life.chat.person.id), None)
    async with bot.life() as life:
        assert await life.is_open()
        await life.says("hello?")
        assert not await life.is_open()
        await life.says("/order", "soup")
        assert await life.is_open()


@pytest.mark.parametrize("store", ["memory", "sqlite-shared"], indirect=True)
async def test_a_session_that_is_just_being_opened_is_nobodys_stray(bot: Bot) -> None:
    opened, entered = asyncio.Event(), asyncio.Event()

    def slow(dispatcher: Dispatcher) -> None:
        @dispatcher.message(Command("slow"))
        async def start(message: Message, order: Order, state: FSMContext) -> None:
            async with order:
                await message.answer("What?")
            opened.set()
            await entered.wait()
            await state.set_state(OrderForm.item)

        form(dispatcher)

    bot.wire = slow
    async with bot.life() as life:
        await life.chat.types("/slow")
        await opened.wait()
        message = {"message_id": 99, "date": 1, "chat": life.chat.chat.json(), "from": life.chat.person.json()}
        await life.dispatcher.feed_raw_update(
            life.bot, {"update_id": 10**6, "message": {**message, "text": "meanwhile"}}
        )
        assert await life.is_open()
        entered.set()
        await life.api.idle()
        await life.says("pizza")
        assert await life.is_open()


@pytest.mark.parametrize("store", ["memory"], indirect=True)
async def test_an_update_without_a_transition_makes_no_call_of_the_storage(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bot.life() as life:
        await life.says("/order", "pizza")
        calls: list[str] = []
        storage = life.bot.sessions.storage
        for name in ("get_state", "set_state", "get_data", "set_data"):
            method = getattr(FSMStorage, name)

            async def counted(*arguments: Any, _name: str = name, _method: Any = method, **named: Any) -> Any:
                calls.append(_name)
                return await _method(*arguments, **named)

            monkeypatch.setattr(FSMStorage, name, counted)
        for name in ("list", "close", "claim", "is_open"):
            monkeypatch.setattr(storage, name, lambda *_, **__: calls.append("sessions"))
        await life.says("no transition")
        assert calls == ["get_state"]  # aiogram's own
        monkeypatch.undo()


class Quiz(Scene, state="quiz"):
    """A scene with every way out."""

    @on.message.enter()
    async def begin(self, message: Message) -> None:
        buttons = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Out", callback_data="out")]])
        async with message.bot.sessions.of(message, qualifier="order"):  # type: ignore[union-attr]
            await message.answer("How many?", reply_markup=buttons)

    @on.message(F.text == "leave", after=After.exit())
    async def after(self, message: Message) -> None: ...

    @on.message(F.text == "exit")
    async def exit_(self, message: Message) -> None:
        await self.wizard.exit()

    @on.message(F.text == "retake")
    async def retake(self, message: Message) -> None:
        await self.wizard.retake()

    @on.message(F.text == "goto")
    async def go_to(self, message: Message) -> None:
        await self.wizard.goto(Break)

    @on.message(F.text == "clear")
    async def clear(self, message: Message, state: FSMContext) -> None:
        await state.clear()

    @on.message.exit()
    async def bye(self, message: Message) -> None: ...

    @on.callback_query(F.data == "out")
    async def out(self, tap: CallbackQuery) -> None:
        await self.wizard.exit()


class Break(Scene, state="break"):
    @on.message(F.text == "back")
    async def back(self, message: Message) -> None:
        await self.wizard.back()


def scenes(dispatcher: Dispatcher) -> None:
    @dispatcher.message(Command("quiz"))
    async def quiz(message: Message, scenes: ScenesManager) -> None:
        await scenes.enter(Quiz)

    @dispatcher.message(Command("close"))
    async def close(message: Message, scenes: ScenesManager) -> None:
        await scenes.close()

    router = Router()
    SceneRegistry(dispatcher).add(Quiz, Break, router=router)
    dispatcher.include_router(router)


@pytest.mark.parametrize("store", ["memory", "sqlite"], indirect=True)
@pytest.mark.parametrize("out", ["leave", "exit", "goto", "clear", "/close", "Out"])
@pytest.mark.parametrize("restarts", [False, True])
async def test_every_way_out_of_a_scene_ends_its_session(
    api: BotApi, store: Store, out: str, *, restarts: bool
) -> None:
    bot = Bot(api, store, scenes)
    follow = {Quiz: "order"}
    async with bot.life(follow) as life:
        await life.says("/quiz", "4", "retake", "/quiz", "5")
        assert await life.is_open()
        if not restarts:
            await (life.taps(out) if out == "Out" else life.says(out))
            assert not await life.is_open()
    if restarts:
        async with bot.life(follow) as life:
            await (life.taps(out) if out == "Out" else life.says(out))
            assert not await life.is_open()


async def test_going_back_into_a_scene_of_the_group_goes_on(api: BotApi) -> None:
    bot = Bot(api, Store("memory", None), scenes)
    async with bot.life({Quiz: "order", Break: "break"}) as life:
        await life.says("/quiz", "retake", "retake")
        assert await life.is_open()


class Menu(StatesGroup):
    main = State()
    second = State()


class Sub(StatesGroup):
    main = State()


def dialogs(dispatcher: Dispatcher) -> None:
    """A dialog of two windows with another one on top, whose later windows are recorded while the session is open."""
    menu = Dialog(
        Window(
            Const("main"),
            SwitchTo(Const("next"), id="next", state=Menu.second),
            Start(Const("sub"), id="sub", state=Sub.main),
            Start(Const("reset"), id="reset", state=Sub.main, mode=StartMode.RESET_STACK),
            Start(Const("anew"), id="anew", state=Menu.main, mode=StartMode.RESET_STACK),
            Cancel(Const("done")),
            state=Menu.main,
        ),
        Window(Const("second"), Cancel(Const("done")), state=Menu.second),
    )

    async def root(_tap: object, _button: Button, manager: DialogManager) -> None:
        await manager.reset_stack()

    sub = Dialog(
        Window(Const("sub"), Cancel(Const("up")), Button(Const("stop"), id="stop", on_click=root), state=Sub.main)
    )

    @dispatcher.message(Command("menu"))
    async def start(message: Message, order: Order, dialog_manager: DialogManager) -> None:
        async with order:
            await dialog_manager.start(Menu.main, mode=StartMode.RESET_STACK)

    dispatcher.include_routers(menu, sub)
    dispatcher.update.middleware(InSession("order", while_open=True))
    setup_dialogs(dispatcher)


@pytest.mark.parametrize("store", ["memory", "sqlite"], indirect=True)
@pytest.mark.parametrize("out", [["done"], ["next", "done"], ["reset"], ["sub", "stop"]], ids="-".join)
@pytest.mark.parametrize("restarts", [False, True])
async def test_every_way_out_of_a_dialog_ends_its_session(
    api: BotApi, store: Store, out: list[str], *, restarts: bool
) -> None:
    bot = Bot(api, store, dialogs)
    follow = {Menu: "order"}
    async with bot.life(follow) as life:
        await life.says("/menu")
        assert await life.is_open()
        if not restarts:
            for caption in out:
                assert await life.is_open()
                await life.taps(caption)
            assert not await life.is_open()
    if restarts:
        for at, caption in enumerate(out):
            async with bot.life(follow) as life:
                await life.taps(caption)
                assert await life.is_open() == (at < len(out) - 1)


async def test_a_dialog_that_goes_on_keeps_its_session(api: BotApi) -> None:
    bot = Bot(api, Store("memory", None), dialogs)
    async with bot.life({Menu: "order"}) as life:
        await life.says("/menu")
        for caption in ("sub", "up", "anew", "next"):
            await life.taps(caption)
            assert await life.is_open(), caption


def test_launch_modes_are_those_that_were_looked_at() -> None:
    assert {mode.name for mode in LaunchMode} == {"ROOT", "STANDARD", "EXCLUSIVE", "SINGLE_TOP"}


class Nowhere(Scene):
    """The default scene, which has no state."""


@pytest.mark.parametrize(
    ("follow_states", "text"),
    [
        ({Nowhere: "order"}, "which stands for no state"),
        ({"order": "order"}, "which stands for no state"),
        ({OrderForm: 5}, "names the session 5"),
        ({OrderForm: Follow}, "names the session"),
        ([OrderForm], "follow_states is"),
    ],
)
def test_what_cannot_be_followed_is_refused(follow_states: Any, text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        setup_sessions(Dispatcher(), follow_states=follow_states)


def test_a_follow_that_means_nothing_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="is to end by 'wipe'"):
        Follow("order", then="wipe")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="has the qualifier 5"):
        Follow(5)  # type: ignore[arg-type]
