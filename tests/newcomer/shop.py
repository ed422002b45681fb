"""A shop in windows of aiogram_dialog: what is ordered stays, how it was ordered goes."""

from __future__ import annotations

from typing import Annotated, Any

from aiogram import Dispatcher
from aiogram.filters import Command
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message
from aiogram_dialog import Dialog, DialogManager, StartMode, Window, setup_dialogs
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Button, Row, SwitchTo
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


class Shop(StatesGroup):
    item = State()
    address = State()
    confirm = State()


async def choose(tap: CallbackQuery, button: Button, manager: DialogManager) -> None:
    manager.dialog_data["item"] = button.widget_id


async def address(message: Message, _input: Any, manager: DialogManager, text: str) -> None:
    manager.dialog_data["address"] = text
    await manager.switch_to(Shop.confirm)


async def confirm(tap: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    assert isinstance(tap.message, Message)
    with unrecorded():
        await tap.message.answer("{item} to {address}.".format(**manager.dialog_data))
    await manager.done()


async def begin(
    message: Message, order: Annotated[Session, SessionQualifier("order")], dialog_manager: DialogManager
) -> None:
    async with order:
        await dialog_manager.start(Shop.item, mode=StartMode.RESET_STACK)


async def filled(dialog_manager: DialogManager, **_: Any) -> dict[str, Any]:
    return dict(dialog_manager.dialog_data)


def build(bot: SessionBot, storage: SessionStorage) -> Dispatcher:
    dispatcher = Dispatcher()
    dispatcher.message.register(begin, Command("shop"))
    items = [SwitchTo(Const(name), id=name, state=Shop.address, on_click=choose) for name in ("Tea", "Coffee")]
    dispatcher.include_router(
        Dialog(
            Window(Const("What?"), Row(*items), state=Shop.item),
            Window(Const("Where to?"), TextInput(id="address", on_success=address), state=Shop.address),
            Window(
                Format("{item} to {address}?"),
                Button(Const("Yes"), id="yes", on_click=confirm),
                state=Shop.confirm,
                getter=filled,
            ),
        )
    )
    dispatcher.update.middleware(InSession("order", while_open=True))
    setup_dialogs(dispatcher)
    setup_sessions(dispatcher, bot, storage=storage, follow_states={Shop: Follow("order")})
    return dispatcher
