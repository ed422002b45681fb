"""The bot that keeps its ids in the data of aiogram's state machine, as most do.

It reads and writes once an update, after the answer: a worker that dies before that leaves both messages.
"""

from __future__ import annotations

from aiogram import Bot, Dispatcher
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.types import Message


def build(dispatcher: Dispatcher, _bot: Bot, place: str) -> None:
    dispatcher.message.register(finish, Command("done"))
    dispatcher.message.register(answer)
    if place != "memory://":
        # imported here, because only workers that keep something in Redis have its client in their memory
        from aiogram.fsm.storage.redis import RedisStorage  # noqa: PLC0415

        dispatcher.fsm.storage = RedisStorage.from_url(place)


async def answer(message: Message, state: FSMContext) -> None:
    sent = await message.answer("ok")
    data = await state.get_data()
    await state.update_data(ids=[*data.get("ids", ()), message.message_id, sent.message_id])


async def finish(message: Message, bot: Bot, state: FSMContext) -> None:
    data = await state.get_data()
    await bot.delete_messages(message.chat.id, [*data.get("ids", ()), message.message_id])
    await state.update_data(ids=[])
    await message.answer("done")
