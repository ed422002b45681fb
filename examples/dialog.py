"""Takes an order in windows of aiogram_dialog, and leaves nothing of it in the chat but the receipt.

Run it with ``BOT_TOKEN=... python -m examples.dialog``, with ``aiogram_dialog`` installed.
"""

import os
from typing import Annotated, Any

from aiogram import Dispatcher
from aiogram.filters import Command
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import Message
from aiogram_dialog import Dialog, DialogManager, StartMode, Window, setup_dialogs
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Cancel, SwitchTo
from aiogram_dialog.widgets.text import Const

from tgslices import Follow, InSession, Session, SessionBot, SessionQualifier, setup_sessions, unrecorded


class Order(StatesGroup):
    """One window each."""

    size = State()
    address = State()


async def begin(
    message: Message, session: Annotated[Session, SessionQualifier("order")], dialog_manager: DialogManager
) -> None:
    """Open the session with the dialog's first window in it, and with the command."""
    async with session:
        await session.track(message)
        await dialog_manager.start(Order.size, mode=StartMode.RESET_STACK)


async def place(message: Message, _input: Any, manager: DialogManager, address: str) -> None:
    """Say where the order goes, in no session, and end the dialog; its session is wiped with it."""
    with unrecorded():
        await message.answer(f"On its way to {address}.")
    await manager.done()


def make_dispatcher(bot: SessionBot) -> Dispatcher:
    """Wire the bot: windows are recorded while the session is open, and it ends when the states are left."""
    size = Window(Const("Which size?"), SwitchTo(Const("Large"), id="large", state=Order.address), state=Order.size)
    text = TextInput(id="address", on_success=place)
    address = Window(Const("Where to? Type the address."), text, Cancel(Const("Drop it")), state=Order.address)
    dispatcher = Dispatcher()
    dispatcher.message.register(begin, Command("order"))
    dispatcher.include_router(Dialog(size, address))
    dispatcher.update.middleware(InSession("order", while_open=True))
    setup_dialogs(dispatcher)
    setup_sessions(dispatcher, bot, follow_states={Order: Follow("order")})
    return dispatcher


if __name__ == "__main__":
    make_dispatcher(bot := SessionBot(os.environ["BOT_TOKEN"])).run_polling(bot)
