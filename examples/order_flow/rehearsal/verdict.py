"""What should be gone and what should be there, against what is: a pure decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """What a line of the chat belongs to."""

    ORDER = "the order"
    SUPPORT = "support"
    REST = "neither the order nor support"


@dataclass(frozen=True, slots=True)
class Line:
    """One message as the person first saw it."""

    part: Part
    shown: str


def complaints(said: Mapping[int, Line], visible: Mapping[int, str]) -> list[str]:
    """Return what is wrong after the order was wiped, in the chat's order; ``[]`` if all is well.

    ``said`` has every message of the conversation by its number, ``visible`` those that are there now.
    """
    wrong = []
    for number in sorted({*said, *visible}):
        line = said.get(number)
        if line is None:
            wrong.append(f"Nobody knows what this is doing here:{visible[number]}")
        elif line.part is Part.ORDER and number in visible:
            wrong.append(f"Still visible, though it belongs to the order:{visible[number]}")
        elif line.part is not Part.ORDER and number not in visible:
            wrong.append(f"Gone, though it belongs to {line.part}:{line.shown}")
    return wrong
