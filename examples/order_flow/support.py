"""Support runs beside an order, in a slice of its own, which is closed and not wiped: the case stays in the chat."""

from __future__ import annotations

from typing import Final

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, ForceReply, InlineKeyboardButton, InlineKeyboardMarkup, Message

from examples.order_flow.slices import SUPPORT, OneSlice, RepliesInto, SupportSlice
from tgslices import SessionBot

SOLVED: Final = "support:solved"

router = Router(name="support")
router.message.middleware(OneSlice(SUPPORT))


@router.message(Command("support"))
async def open_case(message: Message, bot: SessionBot) -> None:
    """Open the slice, beside whatever else is going on."""
    support = bot.sessions.get(message.chat, message.from_user, qualifier=SUPPORT, include_current=True)
    async with support:
        await message.answer(
            "What can we help with? Reply to this message.", reply_markup=ForceReply(input_field_placeholder="Question")
        )


@router.message(RepliesInto(SUPPORT))
async def answer_question(message: Message, support: SupportSlice) -> None:
    """Answer whatever is asked by replying into the case."""
    solved = InlineKeyboardButton(text="That helped", callback_data=SOLVED)
    async with support:
        await message.reply(
            "We deliver until eleven, also to your door.",
            reply_markup=InlineKeyboardMarkup(inline_keyboard=[[solved]]),
        )


@router.callback_query(F.data == SOLVED)
async def close_case(tap: CallbackQuery, support: SupportSlice) -> None:
    """Close the slice: its messages stay, and are tracked no longer."""
    kept = await support.close()
    if kept and isinstance(tap.message, Message):
        await tap.message.edit_text(f"{tap.message.text} Case closed; its {kept} messages stay here.")
