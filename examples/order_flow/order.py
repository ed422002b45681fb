"""Taking an order: ``/order``, and the form's steps up to the confirmation."""

from __future__ import annotations

from aiogram import F, Router
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Command, CommandStart, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State
from aiogram.types import CallbackQuery, Message

from examples.order_flow.menus import (
    LONGEST_ADDRESS,
    Action,
    ActionChoice,
    Draft,
    ItemChoice,
    Menu,
    OrderForm,
    SizeChoice,
    menu_of,
)
from examples.order_flow.slices import ORDER, OneSlice, OrderDraft, OrderSlice
from tgslices import SessionBot

router = Router(name="order")
router.message.middleware(OneSlice(ORDER))


async def current_menu(state: FSMContext, draft: Draft) -> Menu:
    """Return what the form asks now."""
    return menu_of(await state.get_state(), draft)


@router.message(StateFilter(None), Command("order"))
async def start_order(message: Message, bot: SessionBot, state: FSMContext, draft: OrderDraft) -> None:
    """Open the slice; the ``/order`` that opens it belongs to it."""
    order = bot.sessions.get(message.chat, message.from_user, qualifier=ORDER, include_current=True)
    # A process that died while it left an order may have left a slice that is open, and has this message too.
    await order.clear(F.message_id != message.message_id)
    draft.item = draft.size = draft.address = ""
    await state.set_state(OrderForm.item)
    menu = await current_menu(state, draft)
    async with order:
        await message.answer(menu.text, reply_markup=menu.buttons)


@router.callback_query(OrderForm.item, ItemChoice.filter())
async def choose_item(
    tap: CallbackQuery, callback_data: ItemChoice, state: FSMContext, order: OrderSlice, draft: OrderDraft
) -> None:
    """Keep the item and ask for the size."""
    draft.item = callback_data.item
    await go_to(OrderForm.size, tap, state, order, draft)


@router.callback_query(OrderForm.size, SizeChoice.filter())
async def choose_size(
    tap: CallbackQuery, callback_data: SizeChoice, state: FSMContext, order: OrderSlice, draft: OrderDraft
) -> None:
    """Keep the size and ask for the address."""
    draft.size = callback_data.size
    await go_to(OrderForm.address, tap, state, order, draft)


@router.message(OrderForm.address, F.text, ~F.text.startswith("/"))
async def take_address(message: Message, state: FSMContext, order: OrderSlice, draft: OrderDraft) -> None:
    """Keep the address and ask for the confirmation, below what was typed."""
    address = message.text or ""
    async with order:
        if len(address) > LONGEST_ADDRESS:
            await message.answer(f"Please keep the address under {LONGEST_ADDRESS} characters.")
            return
        draft.address = address
        await state.set_state(OrderForm.confirmation)
        menu = await current_menu(state, draft)
        await message.answer(menu.text, reply_markup=menu.buttons)


@router.callback_query(OrderForm.confirmation, ActionChoice.filter(F.action == Action.CONFIRM))
async def confirm(tap: CallbackQuery, state: FSMContext, order: OrderSlice, draft: OrderDraft) -> None:
    """Place the order."""
    await go_to(OrderForm.placed, tap, state, order, draft)


@router.callback_query(OrderForm.confirmation, ActionChoice.filter(F.action == Action.CHANGE))
async def change(tap: CallbackQuery, state: FSMContext, order: OrderSlice, draft: OrderDraft) -> None:
    """Begin again in the same slice."""
    draft.item = draft.size = draft.address = ""
    await go_to(OrderForm.item, tap, state, order, draft)


@router.callback_query(StateFilter(OrderForm), ActionChoice.filter(F.action == Action.GO_ON))
async def go_on(tap: CallbackQuery, state: FSMContext, order: OrderSlice, draft: OrderDraft) -> None:
    """Ask again what the form asked before it was interrupted."""
    await show(await current_menu(state, draft), tap, order)


async def go_to(step: State, tap: CallbackQuery, state: FSMContext, order: OrderSlice, draft: Draft) -> None:
    """Move the form to a step, and the tapped menu with it."""
    await state.set_state(step)
    await show(await current_menu(state, draft), tap, order)


async def show(menu: Menu, tap: CallbackQuery, order: OrderSlice) -> None:
    """Turn the tapped message into the menu; one that is too old to be edited is followed by a new one."""
    if not isinstance(tap.message, Message):
        await order.send_message(menu.text, reply_markup=menu.buttons)
        return
    try:
        await tap.message.edit_text(menu.text, reply_markup=menu.buttons)
    except TelegramBadRequest as error:
        if "message is not modified" not in error.message:  # a second tap on the same button
            raise


@router.message(StateFilter(None), CommandStart())
async def greet(message: Message) -> None:
    """Say what this bot does, outside of any slice."""
    await message.answer("Welcome! /order takes an order, /support answers questions.")
