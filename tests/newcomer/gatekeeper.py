"""A gatekeeper: who joins is mute until they tap a fruit, and is banned after two minutes without it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Final

from aiogram import Dispatcher, F
from aiogram.filters import JOIN_TRANSITION, ChatMemberUpdatedFilter
from aiogram.types import (
    CallbackQuery,
    ChatMemberUpdated,
    ChatPermissions,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
)

from tgslices import Ended, Lifetime, Session, SessionBot, SessionQualifier, SessionStorage, setup_sessions

FRUIT: Final = "🍎"
ICONS: Final = ("🚗", "🎈", FRUIT, "🔑")
MUTE, FREE = ChatPermissions(), ChatPermissions(can_send_messages=True)
Captcha = Annotated[Session, SessionQualifier("captcha")]


def choice_for(person: int) -> InlineKeyboardMarkup:
    row = [InlineKeyboardButton(text=icon, callback_data=f"captcha:{person}:{icon}") for icon in ICONS]
    return InlineKeyboardMarkup(inline_keyboard=[row])


async def keep_out(ended: Ended) -> None:
    assert ended.key.user_id is not None
    await ended.bot.ban_chat_member(ended.key.chat_id, ended.key.user_id)


def build(bot: SessionBot, storage: SessionStorage, clock: Callable[[], datetime]) -> Dispatcher:
    dispatcher = Dispatcher()
    lifetimes = {"captcha": Lifetime(most=timedelta(minutes=2))}
    setup_sessions(dispatcher, bot, storage=storage, clock=clock, lifetimes=lifetimes, on_end=keep_out)

    @dispatcher.chat_member(ChatMemberUpdatedFilter(JOIN_TRANSITION))
    async def ask(event: ChatMemberUpdated, captcha: Captcha) -> None:
        person = event.new_chat_member.user
        await event.chat.restrict(person.id, MUTE)
        async with captcha:
            await event.answer(f"Welcome, {person.first_name}! Tap the fruit.", reply_markup=choice_for(person.id))

    @dispatcher.callback_query(F.data.startswith("captcha:"))
    async def check(tap: CallbackQuery, captcha: Captcha) -> None:
        _, person, icon = (tap.data or "").split(":")
        if int(person) != tap.from_user.id:
            await tap.answer("You were not asked.")
            return
        if icon != FRUIT:
            await tap.answer("Look again.")
            return
        await tap.answer("Welcome!")
        await captcha.clear()
        await captcha.close()
        await bot.restrict_chat_member(captcha.chat_id, tap.from_user.id, FREE)

    @dispatcher.message(F.new_chat_members | F.left_chat_member)
    async def tidy(notice: Message) -> None:
        await notice.delete()

    return dispatcher
