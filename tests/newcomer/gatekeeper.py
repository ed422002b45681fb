"""A gatekeeper: newcomers are silent until they tap a button, and ``/ban`` takes away all that a culprit wrote."""

from __future__ import annotations

from aiogram import Dispatcher, F
from aiogram.filters import JOIN_TRANSITION, ChatMemberUpdatedFilter, Command
from aiogram.types import (
    CallbackQuery,
    ChatMemberUpdated,
    ChatPermissions,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
)

from tgslices import SessionBot, SessionStorage, setup_sessions

SILENT = ChatPermissions(can_send_messages=False)
SPEAKING = ChatPermissions(can_send_messages=True)


def build(bot: SessionBot, storage: SessionStorage) -> Dispatcher:
    dispatcher = Dispatcher()
    setup_sessions(dispatcher, bot, storage=storage)

    @dispatcher.chat_member(ChatMemberUpdatedFilter(JOIN_TRANSITION))
    async def ask(event: ChatMemberUpdated) -> None:
        newcomer = event.new_chat_member.user
        await bot.restrict_chat_member(event.chat.id, newcomer.id, SILENT)
        button = InlineKeyboardButton(text="I am human", callback_data=f"human:{newcomer.id}")
        markup = InlineKeyboardMarkup(inline_keyboard=[[button]])
        async with bot.sessions.get(event.chat.id, newcomer.id) as session:
            await session.send_message(f"{newcomer.first_name}, are you human?", reply_markup=markup)

    @dispatcher.callback_query(F.data.startswith("human:"))
    async def check(tap: CallbackQuery) -> None:
        assert isinstance(tap.message, Message)
        if tap.data != f"human:{tap.from_user.id}":
            await tap.answer("You were not asked.", show_alert=True)
            return
        await bot.restrict_chat_member(tap.message.chat.id, tap.from_user.id, SPEAKING)
        await tap.message.delete()
        await tap.answer("Welcome!")

    @dispatcher.message(Command("ban"), F.reply_to_message)
    async def ban(message: Message) -> None:
        assert message.reply_to_message is not None
        assert message.reply_to_message.from_user is not None
        culprit = message.reply_to_message.from_user
        await bot.ban_chat_member(message.chat.id, culprit.id)
        session = bot.sessions.get(message.chat.id, culprit.id)
        await session.clear()
        await session.close()
        await message.delete()

    return dispatcher
