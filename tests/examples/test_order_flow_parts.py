"""The example's pure parts, by table, and the form's storage."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiogram.fsm.storage.base import StorageKey

from examples.order_flow.forms import SQLForms
from examples.order_flow.menus import Draft, OrderForm, interruption, menu_of
from examples.order_flow.rehearsal.verdict import Line, Part, complaints

SAID = {1: Line(Part.ORDER, "  1 a"), 2: Line(Part.SUPPORT, "  2 b"), 3: Line(Part.REST, "  3 c")}
ANN, BOB = StorageKey(7, 1, 1), StorageKey(7, 2, 2)


@pytest.mark.parametrize(
    ("visible", "wrong"),
    [
        ({2: "  2 b", 3: "  3 c"}, []),
        ({1: "  1 a!", 2: "  2 b", 3: "  3 c"}, ["Still visible, though it belongs to the order:  1 a!"]),
        ({3: "  3 c"}, ["Gone, though it belongs to support:  2 b"]),
        ({2: "  2 b"}, ["Gone, though it belongs to neither the order nor support:  3 c"]),
        ({2: "  2 b", 3: "  3 c", 4: "  4 d"}, ["Nobody knows what this is doing here:  4 d"]),
    ],
)
def test_the_verdict_names_what_is_wrong(visible: dict[int, str], wrong: list[str]) -> None:
    assert complaints(SAID, visible) == wrong


@pytest.mark.parametrize(
    ("step", "text", "captions"),
    [
        (OrderForm.item, "What would you like?", ["Pizza", "Pasta", "Salad"]),
        (OrderForm.size, "One pizza. Which size?", ["Small", "Large"]),
        (OrderForm.address, "One large pizza. Where to? Type the address.", []),
        (OrderForm.confirmation, "One large pizza to the pier. Shall we?", ["Order it", "Change it", "Drop it"]),
        (
            OrderForm.placed,
            "On its way: one large pizza to the pier. Send /done when it has arrived, or /cancel.",
            [],
        ),
    ],
)
def test_each_step_asks_its_question(step: object, text: str, captions: list[str]) -> None:
    menu = menu_of(getattr(step, "state", None), Draft("pizza", "large", "the pier"))
    rows = menu.buttons.inline_keyboard if menu.buttons else []
    assert (menu.text, [button.text for row in rows for button in row]) == (text, captions)


def test_an_interruption_names_what_was_chosen() -> None:
    assert "(nothing chosen yet)" in interruption(Draft()).text
    assert "(pasta)" in interruption(Draft("pasta")).text


@pytest.fixture
async def forms(tmp_path: Path) -> AsyncIterator[SQLForms]:
    forms = SQLForms(f"sqlite+aiosqlite:///{tmp_path / 'forms.db'}")
    yield forms
    await forms.close()


async def test_a_form_that_was_never_begun_is_empty(forms: SQLForms) -> None:
    assert await forms.get_state(ANN) is None
    assert await forms.get_data(ANN) == {}


async def test_a_form_comes_back_as_it_was_kept(forms: SQLForms, tmp_path: Path) -> None:
    await forms.set_state(ANN, OrderForm.size)
    await forms.set_data(ANN, {"item": "pizza", "address": "Straße 1 🍕"})
    await forms.set_state(BOB, OrderForm.item)
    again = SQLForms(f"sqlite+aiosqlite:///{tmp_path / 'forms.db'}")
    assert await again.get_state(ANN) == OrderForm.size.state
    assert await again.get_data(ANN) == {"item": "pizza", "address": "Straße 1 🍕"}
    assert (await again.get_state(BOB), await again.get_data(BOB)) == (OrderForm.item.state, {})
    await again.close()


async def test_a_form_that_was_left_is_forgotten(forms: SQLForms) -> None:
    await forms.set_state(ANN, OrderForm.size)
    await forms.update_data(ANN, {"item": "pizza"})
    await forms.set_state(ANN, None)
    await forms.set_data(ANN, {})
    assert (await forms.get_state(ANN), await forms.get_data(ANN)) == (None, {})
