"""A shop in windows of aiogram_dialog: the receipt stays, how it came about goes."""

from __future__ import annotations

from operator import itemgetter
from typing import Annotated, Any, Final

from aiogram import Dispatcher
from aiogram.filters import Command
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message
from aiogram_dialog import Dialog, DialogManager, StartMode, Window, setup_dialogs
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Back, Button, Cancel, Select, SwitchTo
from aiogram_dialog.widgets.text import Const, Format

from tgslices import (
    Follow,
    InSession,
    Session,
    SessionBot,
    SessionQualifier,
    SessionStorage,
    setup_sessions,
    unrecorded,
)
from tgslices.fsm import FSMStorage

GOODS: Final = [("Tea", "tea"), ("Cake", "cake")]


class Shop(StatesGroup):
    goods = State()
    address = State()
    confirm = State()


async def show_goods(**_: Any) -> dict[str, Any]:
    return {"goods": GOODS}


async def show_order(dialog_manager: DialogManager, **_: Any) -> dict[str, Any]:
    return dict(dialog_manager.dialog_data)


async def choose(tap: CallbackQuery, _select: Any, manager: DialogManager, item: str) -> None:
    manager.dialog_data["item"] = item
    await manager.next()


async def address(message: Message, _input: Any, manager: DialogManager, text: str) -> None:
    manager.dialog_data["address"] = text
    await manager.next()


async def buy(tap: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    assert isinstance(tap.message, Message)
    with unrecorded():
        await tap.message.answer("One {item} to {address}. Thank you!".format(**manager.dialog_data))
    await manager.done()


async def begin(
    message: Message, visit: Annotated[Session, SessionQualifier("shop")], dialog_manager: DialogManager
) -> None:
    async with visit:
        await dialog_manager.start(Shop.goods, mode=StartMode.RESET_STACK)


def windows() -> Dialog:
    """Return the windows; a dialog is part of one dispatcher only."""
    goods = Select(Format("{item[0]}"), id="goods", item_id_getter=itemgetter(1), items="goods", on_click=choose)
    again = SwitchTo(Const("Again"), id="again", state=Shop.goods)
    return Dialog(
        Window(Const("What would you like?"), goods, Cancel(Const("Nothing")), state=Shop.goods, getter=show_goods),
        Window(Const("Where to?"), TextInput("address", on_success=address), Back(Const("Back")), state=Shop.address),
        Window(
            Format("{item} to {address}?"),
            Button(Const("Buy"), id="buy", on_click=buy),
            again,
            state=Shop.confirm,
            getter=show_order,
        ),
    )


def build(bot: SessionBot, storage: SessionStorage) -> Dispatcher:
    dispatcher = Dispatcher(storage=FSMStorage(storage))
    dispatcher.message.register(begin, Command("shop"))
    dispatcher.include_router(windows())
    dispatcher.update.middleware(InSession("shop", while_open=True))
    setup_dialogs(dispatcher)
    setup_sessions(dispatcher, bot, storage=storage, follow_states={Shop: Follow("shop")})
    return dispatcher
