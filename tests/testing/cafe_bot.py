"""A café's bot as somebody else would write it: routers, a scene, dialog windows and injected services.

Sessions are only wired and used: nothing in it knows that it is tested.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from aiogram import BaseMiddleware, Bot, Dispatcher, F, Router
from aiogram.filters import Command
from aiogram.fsm.scene import Scene, SceneRegistry, ScenesManager, on
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.memory import MemoryStorage, SimpleEventIsolation
from aiogram.types import CallbackQuery, Message, TelegramObject
from aiogram_dialog import Dialog, DialogManager, StartMode, Window, setup_dialogs
from aiogram_dialog.widgets.input import ManagedTextInput, TextInput
from aiogram_dialog.widgets.kbd import Button, Select
from aiogram_dialog.widgets.text import Const, Format
from dishka import Provider, make_async_container, provide
from dishka import Scope as Lifetime
from dishka.integrations.aiogram import FromDishka, inject, setup_dishka
from dishka.integrations.aiogram_dialog import inject as inject_getter

from tgslices import Session, SessionManager, SessionQualifier, setup_sessions

Order = Annotated[Session, SessionQualifier("order")]


def order_of(event: Message | CallbackQuery) -> Session:
    """The slice of an order, where no handler is given it: in middlewares and scenes."""
    sessions: SessionManager = event.bot.sessions  # type: ignore[union-attr]  # setup_sessions put it there
    session = sessions.of(event, qualifier="order")
    assert session is not None
    return session


class Menu:
    """What there is to drink."""

    drinks = ("Tea", "Coffee")


class Services(Provider):
    """What handlers ask for."""

    menu = provide(Menu, scope=Lifetime.APP)


class Ordering(StatesGroup):
    """The windows of an order."""

    drink = State()
    name = State()
    confirm = State()


@inject_getter
async def drinks(menu: FromDishka[Menu], **_: Any) -> dict[str, Any]:
    return {"drinks": menu.drinks}


async def choose(event: CallbackQuery, widget: Any, manager: DialogManager, drink: str) -> None:
    manager.dialog_data["drink"] = drink
    await manager.next()


async def sign(message: Message, widget: ManagedTextInput[str], manager: DialogManager, name: str) -> None:
    manager.dialog_data["name"] = name
    await manager.next()


async def confirm(event: CallbackQuery, button: Button, manager: DialogManager) -> None:
    assert isinstance(event.message, Message)
    await event.message.answer("It will be ready in five minutes.")
    await manager.done()


def ordering() -> Dialog:
    """A dialog belongs to one dispatcher."""
    return Dialog(
        Window(
            Const("What would you like?"),
            Select(Format("{item}"), id="drink", item_id_getter=str, items="drinks", on_click=choose),
            state=Ordering.drink,
            getter=drinks,
        ),
        Window(Const("Under what name?"), TextInput(id="name", on_success=sign), state=Ordering.name),
        Window(
            Format("{dialog_data[drink]} for {dialog_data[name]}?"),
            Button(Const("Yes"), id="yes", on_click=confirm),
            state=Ordering.confirm,
        ),
    )


class RecordsWindows(BaseMiddleware):
    """Whatever a dialog sends belongs to the order."""

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        assert isinstance(event, Message | CallbackQuery)
        async with order_of(event):
            return await handler(event, data)


class Opinion(Scene, state="opinion"):
    """Asks what a person thinks."""

    @on.message.enter()
    async def ask(self, message: Message) -> None:
        async with order_of(message):
            await message.answer("How was it?")

    @on.message(F.text)
    @inject
    async def thank(self, message: Message, menu: FromDishka[Menu]) -> None:
        async with order_of(message):
            await message.answer(f"Thanks! Try the {menu.drinks[0]}, too.")
        await self.wizard.exit()


def guests() -> Router:
    router = Router(name="guests")

    @router.message(Command("order"))
    async def start(message: Message, order: Order, dialog_manager: DialogManager) -> None:
        async with order:
            await dialog_manager.start(Ordering.drink, mode=StartMode.RESET_STACK)

    @router.message(Command("opinion"))
    async def opinion(message: Message, scenes: ScenesManager) -> None:
        await scenes.enter(Opinion)

    @router.message(Command("done"))
    @inject
    async def done(message: Message, order: Order, menu: FromDishka[Menu]) -> None:
        await message.answer(f"Goodbye. There is {' and '.join(menu.drinks)} tomorrow, too.")
        await order.clear()
        await order.close()

    return router


def build(bot: Bot) -> Dispatcher:
    """The dispatcher with everything wired."""
    dispatcher = Dispatcher(storage=MemoryStorage(), events_isolation=SimpleEventIsolation())
    dispatcher.include_router(guests())
    dialog = ordering()
    dialog.message.middleware(RecordsWindows())
    dialog.callback_query.middleware(RecordsWindows())
    dispatcher.include_router(dialog)
    SceneRegistry(dispatcher).add(Opinion)
    setup_dialogs(dispatcher)
    setup_dishka(make_async_container(Services()), router=dispatcher)
    setup_sessions(dispatcher, bot)
    return dispatcher
