"""Takes an order in two scenes of aiogram; between the command and the receipt nothing stays in the chat.

Run it with ``BOT_TOKEN=... python -m examples.scene``.
"""

import os
from typing import Annotated, Final

from aiogram import Dispatcher, F
from aiogram.filters import Command
from aiogram.fsm.scene import After, SceneRegistry, on
from aiogram.types import Message

from tgslices import SessionBot, SessionData, SessionQualifier, SessionScene, setup_sessions

ORDER: Final = SessionData(dict[str, str], name="order")
OrderData = Annotated[dict[str, str], ORDER, SessionQualifier("order")]


class Item(SessionScene, state="item", qualifier="order"):
    """The first question."""

    @on.message.enter()
    async def ask(self, message: Message) -> None:
        """Ask, whether the scene is entered by the command or by going back."""
        await message.answer("What would you like?")

    @on.message(F.text, after=After.goto("address"))
    async def choose(self, message: Message, order: OrderData) -> None:
        """Keep the answer with the session."""
        order["item"] = message.text or ""


class Address(SessionScene, state="address", qualifier="order"):
    """The second question, in the same session; leaving it for no other scene wipes the session."""

    back = on.message(Command("back"), after=After.back())

    @on.message.enter()
    async def ask(self, message: Message, order: OrderData) -> None:
        """Ask; actions get their data like handlers."""
        await message.answer(f"Where shall we bring the {order['item']}? Or /back.")

    @on.message(F.text, after=After.exit())
    async def place(self, message: Message, order: OrderData) -> None:
        """Send the receipt, and keep it out of what is wiped."""
        await self.session.keep(await message.answer(f"On its way: {order['item']} to {message.text}."))


def make_dispatcher(bot: SessionBot) -> Dispatcher:
    """Wire the bot; the scenes' sessions are followed without another word."""
    dispatcher = Dispatcher()
    dispatcher.message.register(Item.as_handler(), Command("order"))
    SceneRegistry(dispatcher).add(Item, Address)
    setup_sessions(dispatcher, bot)
    return dispatcher


if __name__ == "__main__":
    make_dispatcher(bot := SessionBot(os.environ["BOT_TOKEN"])).run_polling(bot)
