"""The bot that keeps nothing: it guesses what to delete, so that it asks the Bot API for as much as the others do."""

from __future__ import annotations

from aiogram import Bot, Dispatcher
from aiogram.filters import Command
from aiogram.types import Message


def register(dispatcher: Dispatcher) -> None:
    """Register the two handlers."""
    dispatcher.message.register(finish, Command("done"))
    dispatcher.message.register(answer)


def build(dispatcher: Dispatcher, _bot: Bot, _place: str) -> None:
    register(dispatcher)


async def answer(message: Message) -> None:
    await message.answer("ok")


async def finish(message: Message, bot: Bot) -> None:
    """The text of ``/done`` says how many messages the conversation has."""
    count = int((message.text or "").split()[1])
    await bot.delete_messages(message.chat.id, list(range(message.message_id - count + 1, message.message_id + 1)))
    await message.answer("done")
