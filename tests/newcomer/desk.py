"""A support desk: customers write in private, the staff answers in a topic of its forum for each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from aiogram import Dispatcher, F
from aiogram.filters import Command
from aiogram.types import Message, User

from tgslices import (
    Session,
    SessionBot,
    SessionData,
    SessionKeyStrategy,
    SessionQualifier,
    SessionStorage,
    setup_sessions,
)


@dataclass
class Ticket:
    """Of a customer: where the staff answers."""

    topic: int | None = None


@dataclass
class Case:
    """Of a topic: who has asked."""

    customer: int | None = None


TICKET, CASE = SessionData(Ticket), SessionData(Case)
Support = Annotated[Session, SessionQualifier("support")]
MyTicket = Annotated[Ticket, TICKET, SessionQualifier("support")]
MyCase = Annotated[Case, CASE, SessionQualifier("support")]


def staffs_session(bot: SessionBot, forum: int, topic: int) -> Session:
    return bot.sessions.get(forum, thread_id=topic, qualifier="support")


async def new_topic(bot: SessionBot, forum: int, person: User) -> int:
    topic = (await bot.create_forum_topic(forum, person.full_name)).message_thread_id
    staffs = staffs_session(bot, forum, topic)
    await staffs.data(CASE).write(Case(customer=person.id))
    await staffs.send_message(f"{person.full_name} needs help. /close ends it.")
    return topic


async def begin(
    message: Message, bot: SessionBot, forum: int, person: User, support: Support, ticket: MyTicket
) -> None:
    async with support:
        if ticket.topic is not None:
            await message.answer("You have a ticket already, just write.")
            return
        ticket.topic = await new_topic(bot, forum, person)
        await message.answer("Somebody will be with you soon. What is it about?")


async def ask(message: Message, bot: SessionBot, forum: int, ticket: MyTicket) -> None:
    if ticket.topic is None:
        await message.answer("/support opens a ticket.")
        return
    await staffs_session(bot, forum, ticket.topic).copy_message(message.chat.id, message.message_id)


async def close(message: Message, bot: SessionBot, forum: int, topic: int, support: Support, case: MyCase) -> None:
    if case.customer is None:
        return
    for session in (support, bot.sessions.get(case.customer, qualifier="support")):
        await session.clear()
        await session.close()
    await bot.send_message(case.customer, "Your ticket is closed.")
    await bot.close_forum_topic(forum, topic)


async def answer(message: Message, bot: SessionBot, case: MyCase) -> None:
    if case.customer is not None:
        await bot.sessions.get(case.customer, qualifier="support").copy_message(message.chat.id, message.message_id)


def build(bot: SessionBot, storage: SessionStorage, forum: int) -> Dispatcher:
    dispatcher = Dispatcher(forum=forum)
    is_customer, is_staff = F.chat.type == "private", F.chat.id == forum
    dispatcher.message.register(begin, is_customer, F.from_user.as_("person"), Command("support"))
    dispatcher.message.register(ask, is_customer)
    dispatcher.message.register(close, is_staff, F.message_thread_id.as_("topic"), Command("close"))
    dispatcher.message.register(answer, is_staff, F.message_thread_id, F.text | F.photo | F.document)
    setup_sessions(dispatcher, bot, storage=storage, key_strategy=SessionKeyStrategy.CHAT_TOPIC)
    return dispatcher
