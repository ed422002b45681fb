"""Asks whoever joins a group to tap a button within two minutes.

Who taps is welcomed, and the question goes. Who does not is banned, and nothing of them stays in the group.
Run it with ``BOT_TOKEN=... python -m examples.captcha``, and make the bot an administrator of the group.
"""

import os
from datetime import timedelta
from typing import Annotated, Final

from aiogram import Dispatcher, F
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message

from tgslices import Direction, Ended, Lifetime, Session, SessionBot, SessionManager, SessionQualifier, setup_sessions
from tgslices.clock import Clock, utc_now

PATIENCE: Final = timedelta(minutes=2)
BUTTONS: Final = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="I am", callback_data="human")]])


async def ask(message: Message, sessions: SessionManager) -> None:
    """Open a session for each newcomer, with the notice, the question, and whatever they write from now on."""
    for newcomer in message.new_chat_members or ():
        async with sessions.get(message.chat, newcomer, qualifier="captcha") as captcha:
            await captcha.track(message)
            await message.answer(f"{newcomer.first_name}, are you human?", reply_markup=BUTTONS)


async def check(tap: CallbackQuery, captcha: Annotated[Session, SessionQualifier("captcha")]) -> None:
    """Take the question away, if a newcomer has tapped under it, and leave the rest of what they wrote."""
    if tap.message is None or not await captcha.is_open():
        await tap.answer("You were not asked.")
        return
    await captcha.clear(F.direction == Direction.OUTGOING)
    await captcha.close()
    await tap.answer("Welcome!")


async def ban(ended: Ended) -> None:
    """Ban who has not tapped in time. The session has been wiped."""
    await ended.bot.ban_chat_member(ended.key.chat_id, ended.key.user_id or 0)


async def tidy(notice: Message) -> None:
    """Delete the notice of a ban."""
    await notice.delete()


def make_dispatcher(bot: SessionBot, clock: Clock = utc_now) -> Dispatcher:
    """Wire the bot; ``clock`` is moved in tests."""
    dispatcher = Dispatcher()
    dispatcher.message.register(ask, F.new_chat_members)
    dispatcher.message.register(tidy, F.left_chat_member, F.from_user.id == bot.id)
    dispatcher.callback_query.register(check, F.data == "human")
    setup_sessions(dispatcher, bot, clock=clock, lifetimes={"captcha": Lifetime(most=PATIENCE)}, on_end=ban)
    return dispatcher


if __name__ == "__main__":
    make_dispatcher(bot := SessionBot(os.environ["BOT_TOKEN"])).run_polling(bot)
