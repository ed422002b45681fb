"""A support desk: what somebody writes to the bot goes into a topic of the staff's forum, and the answers come back."""

from __future__ import annotations

from aiogram import Dispatcher, F
from aiogram.filters import Command
from aiogram.types import Message

from tgslices import Session, SessionBot, SessionKeyStrategy, SessionStorage, setup_sessions


def build(bot: SessionBot, storage: SessionStorage, staff: int) -> Dispatcher:
    dispatcher = Dispatcher()
    setup_sessions(dispatcher, bot, storage=storage, key_strategy=SessionKeyStrategy.CHAT_TOPIC)
    topics: dict[int, int] = {}
    customers: dict[int, int] = {}

    @dispatcher.message(F.chat.type == "private", F.text)
    async def ask(message: Message, conversation: Session) -> None:
        customer = message.chat.id
        if customer not in topics:
            topic = await bot.create_forum_topic(staff, message.chat.full_name)
            topics[customer], customers[topic.message_thread_id] = topic.message_thread_id, customer
        case = bot.sessions.get(staff, thread_id=topics[customer])
        async with case, conversation:
            await conversation.track(message)
            await case.send_message(message.text or "")

    @dispatcher.message(F.chat.id == staff, Command("solved"))
    async def solved(message: Message, case: Session) -> None:
        customer = customers[message.message_thread_id or 0]
        for session in (case, bot.sessions.get(customer)):
            await session.clear()
            await session.close()
        await bot.send_message(customer, "Solved. Write again whenever you need us.")

    @dispatcher.message(F.chat.id == staff, F.text, F.message_thread_id.in_(customers))
    async def answer(message: Message) -> None:
        async with bot.sessions.get(customers[message.message_thread_id or 0]) as conversation:
            await conversation.send_message(message.text or "")

    return dispatcher
