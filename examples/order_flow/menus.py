"""What the order form asks, and under which buttons: pure, so that it can be read and tested alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

LONGEST_ADDRESS: Final = 200
"""Characters; the confirmation repeats the address, and a message holds 4096."""


class OrderForm(StatesGroup):
    """Where a person stands in an order; no state means no order."""

    item = State()
    size = State()
    address = State()
    confirmation = State()
    placed = State()


class Item(StrEnum):
    """What there is to order."""

    PIZZA = "pizza"
    PASTA = "pasta"
    SALAD = "salad"


class Size(StrEnum):
    """How much of it."""

    SMALL = "small"
    LARGE = "large"


class ItemChoice(CallbackData, prefix="item"):
    """A tap on an item."""

    item: Item


class SizeChoice(CallbackData, prefix="size"):
    """A tap on a size."""

    size: Size


class Action(StrEnum):
    """A tap on anything else."""

    CONFIRM = "confirm"
    CHANGE = "change"
    GO_ON = "go on"
    DROP = "drop"


class ActionChoice(CallbackData, prefix="order"):
    """A tap on an action."""

    action: Action


@dataclass(slots=True)
class Draft:
    """What is known of an order; empty where it is not known yet. It is kept as data of the order's session."""

    item: str = ""
    size: str = ""
    address: str = ""

    def __str__(self) -> str:
        """Name what was chosen."""
        return f"{self.size} {self.item}".strip() or "nothing chosen yet"


@dataclass(frozen=True, slots=True)
class Menu:
    """A message with its inline buttons, None for none."""

    text: str
    buttons: InlineKeyboardMarkup | None = None


def menu_of(step: str | None, draft: Draft) -> Menu:
    """Return what to ask at a step of the form."""
    match step:
        case OrderForm.item.state:
            return Menu("What would you like?", _row((i.capitalize(), ItemChoice(item=i)) for i in Item))
        case OrderForm.size.state:
            sizes = _row((s.capitalize(), SizeChoice(size=s)) for s in Size)
            return Menu(f"One {draft.item}. Which size?", sizes)
        case OrderForm.address.state:
            return Menu(f"One {draft}. Where to? Type the address.")
        case OrderForm.confirmation.state:
            actions = _actions(("Order it", Action.CONFIRM), ("Change it", Action.CHANGE), ("Drop it", Action.DROP))
            return Menu(f"One {draft} to {draft.address}. Shall we?", actions)
    return Menu(f"On its way: one {draft} to {draft.address}. Send /done when it has arrived, or /cancel.")


def interruption(draft: Draft, beside: Iterable[str] = ()) -> Menu:
    """Return what to ask when somebody starts anew in the middle of an order. ``beside`` names what else is open."""
    actions = _actions(("Go on", Action.GO_ON), ("Drop it", Action.DROP))
    also = "".join(f" Your {name} conversation is open, too." for name in beside)
    return Menu(f"You are in the middle of an order ({draft}).{also} Go on with it, or drop it?", actions)


def _actions(*actions: tuple[str, Action]) -> InlineKeyboardMarkup:
    return _row((caption, ActionChoice(action=action)) for caption, action in actions)


def _row(buttons: Iterable[tuple[str, CallbackData]]) -> InlineKeyboardMarkup:
    row = [InlineKeyboardButton(text=caption, callback_data=data.pack()) for caption, data in buttons]
    return InlineKeyboardMarkup(inline_keyboard=[row])
