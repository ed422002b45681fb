"""Leaving an order: ``/done``, ``/cancel``, and ``/start`` in the middle of it. Whatever ends it wipes its slice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from aiogram import F, Router
from aiogram.filters import Command, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message
from aiogram.utils.callback_answer import CallbackAnswer

from examples.order_flow.menus import Action, ActionChoice, OrderForm, interruption
from examples.order_flow.order import current_menu
from examples.order_flow.slices import ORDER, OneSlice, OrderDraft, OrderSlice
from tgslices import ClearResult, SessionBot

OnWiped: TypeAlias = Callable[[ClearResult], None]
"""Is told what became of a slice; the dispatcher hands it to the handlers as ``on_wiped``."""

router = Router(name="leaving")
router.message.middleware(OneSlice(ORDER))


@router.message(OrderForm.placed, Command("done"))
async def done(message: Message, state: FSMContext, order: OrderSlice, draft: OrderDraft, on_wiped: OnWiped) -> None:
    """End an order that has arrived."""
    await leave(f"Enjoy your {draft.item or 'meal'}! I have tidied up after us.", state, order, on_wiped)


@router.message(StateFilter(OrderForm), Command("done"))
async def not_done(message: Message, order: OrderSlice) -> None:
    """Say that nothing was ordered yet."""
    async with order:
        await message.answer("Nothing is ordered yet. Finish the form above, or /cancel.")


@router.message(StateFilter(OrderForm), Command("cancel"))
async def cancel(message: Message, state: FSMContext, order: OrderSlice, on_wiped: OnWiped) -> None:
    """Drop the order."""
    await leave("Your order is dropped. I have tidied up after us.", state, order, on_wiped)


@router.callback_query(StateFilter(OrderForm), ActionChoice.filter(F.action == Action.DROP))
async def drop(tap: CallbackQuery, state: FSMContext, order: OrderSlice, on_wiped: OnWiped) -> None:
    """Drop the order, by a button."""
    await leave("Your order is dropped. I have tidied up after us.", state, order, on_wiped)


async def leave(farewell: str, state: FSMContext, order: OrderSlice, on_wiped: OnWiped) -> None:
    """Wipe the slice, close it with its form, and say farewell outside of the slice, so that it stays.

    Any step may fail, and the process may die between any two. As long as the state is there, the next command goes
    over all of it again; without it there is nothing left to wipe, and only the farewell can be missing.
    """
    result = await order.clear()
    await order.close()
    await state.clear()
    on_wiped(result)
    await order.bot.send_message(order.chat_id, farewell)
    if left := len(result.expired) + len(result.refused):
        await order.bot.send_message(order.chat_id, f"Telegram does not let me remove {left} old messages; you may.")


@router.message(StateFilter(OrderForm), Command("start", "order"))
async def interrupt(message: Message, bot: SessionBot, order: OrderSlice, draft: OrderDraft) -> None:
    """Ask whether to go on or to drop the order, and tell what else is open; the question is part of the order."""
    others = [it.key.qualifier or "" for it in await bot.sessions.opened(message) if it.key.qualifier != ORDER]
    menu = interruption(draft, others)
    async with order:
        await message.answer(menu.text, reply_markup=menu.buttons)


@router.message(StateFilter(OrderForm))
async def remind(message: Message, state: FSMContext, order: OrderSlice, draft: OrderDraft) -> None:
    """Repeat the question to somebody who answers something else."""
    menu = await current_menu(state, draft)
    async with order:
        await message.answer(menu.text, reply_markup=menu.buttons)


@router.message(Command("done", "cancel"))
async def nothing_to_leave(message: Message) -> None:
    """Say that there is no order."""
    await message.answer("There is no order to end. /order starts one.")


@router.callback_query()
async def stale_tap(tap: CallbackQuery, callback_answer: CallbackAnswer) -> None:
    """Answer a tap on a button that has had its time."""
    callback_answer.text = "This button has had its time."
