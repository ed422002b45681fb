"""Gives each customer a topic in a forum of the staff, and tidies up on both sides when the case is solved.

What customers write to the bot is copied into their topic, and what the staff writes there is copied back.
``/solved`` in a topic copies the case into General, and leaves nothing of it in the topic and the customer's chat.
Run it with ``BOT_TOKEN=... DESK=-100... python -m examples.support_desk``; the bot must administer the forum.
"""

import os
from typing import Annotated, Final

from aiogram import Dispatcher, F
from aiogram.filters import Command
from aiogram.types import Message

from tgslices import Session, SessionBot, SessionData, SessionKeyStrategy, setup_sessions

CASE: Final = SessionData(dict[str, int], name="case")
CaseData = Annotated[dict[str, int], CASE]


async def ask(message: Message, bot: SessionBot, session: Session, case: CaseData, desk: int) -> None:
    """Copy what a customer writes into their topic, which is made for the first message."""
    await session.track(message)
    if "topic" not in case:
        case["topic"] = (await bot.create_forum_topic(desk, message.chat.full_name)).message_thread_id
        await bot.sessions.get(desk, thread_id=case["topic"]).data(CASE).write({"customer": message.chat.id})
    async with bot.sessions.get(desk, thread_id=case["topic"]):
        await message.copy_to(desk, message_thread_id=case["topic"])


async def answer(message: Message, bot: SessionBot, case: CaseData) -> None:
    """Copy what the staff writes in a topic to its customer."""
    if "customer" in case:
        async with bot.sessions.get(case["customer"]):
            await message.copy_to(case["customer"])


async def solve(message: Message, bot: SessionBot, session: Session, case: CaseData) -> None:
    """Archive the case, and take it away everywhere else."""
    customer = bot.sessions.get(case["customer"])
    await session.replay(message.chat.id)
    for each in (session, customer):
        await each.clear()
        await each.close()
    await bot.close_forum_topic(message.chat.id, message.message_thread_id or 0)
    await bot.send_message(customer.chat_id, "Solved. Write again whenever you need us.")


def make_dispatcher(bot: SessionBot, desk: int) -> Dispatcher:
    """Wire the bot: a session belongs to a private chat, or to a topic."""
    dispatcher = Dispatcher(desk=desk)
    dispatcher.message.register(ask, F.chat.type == "private")
    dispatcher.message.register(solve, F.chat.id == desk, Command("solved"))
    dispatcher.message.register(answer, F.chat.id == desk, F.text)
    setup_sessions(dispatcher, bot, key_strategy=SessionKeyStrategy.CHAT_TOPIC)
    return dispatcher


if __name__ == "__main__":
    make_dispatcher(bot := SessionBot(os.environ["BOT_TOKEN"]), int(os.environ["DESK"])).run_polling(bot)
