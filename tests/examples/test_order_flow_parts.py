"""The example's pure parts, by table."""

from __future__ import annotations

import pytest

from examples.order_flow.menus import Draft, OrderForm, interruption, menu_of
from examples.order_flow.rehearsal.verdict import Line, Part, complaints

SAID = {1: Line(Part.ORDER, "  1 a"), 2: Line(Part.SUPPORT, "  2 b"), 3: Line(Part.REST, "  3 c")}


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
