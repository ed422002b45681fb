"""What looks for attributes that no text shows: for every type it finds what a look at everything finds."""

from __future__ import annotations

import dataclasses
from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, Literal, NotRequired, Required

import pytest
from pydantic import BaseModel, Field, PlainSerializer, TypeAdapter, field_serializer
from typing_extensions import TypedDict

from tgslices.data.strays import has_stray, looking_for_strays


class Size(Enum):
    SMALL = "small"


@dataclass
class Line:
    name: str = "tea"
    size: Size = Size.SMALL
    kind: Literal["hot", "cold"] = "hot"


@dataclass
class Sweet(Line):
    sugar: int = 1


@dataclass(slots=True)
class Slotted:
    lines: list[Line] = field(default_factory=lambda: [Line()])


@dataclass
class Node:
    next: Node | None = None


@dataclass
class Dish:
    name: str = "soup"
    size: Size = Size.SMALL
    kind: Literal["hot", "cold"] = "hot"


@dataclass(unsafe_hash=True)
class Hashable(Line):
    """A line that may be in a set."""


class Model(BaseModel):
    line: Line = Line()
    note: str = ""


@dataclass
class Order:
    number: int = 0
    lines: list[Line] = field(default_factory=lambda: [Line(), Line()])
    by_name: dict[str, Line] = field(default_factory=lambda: {"one": Line()})
    last: Line | None = field(default_factory=Line)
    either: Line | Slotted = field(default_factory=Line)
    noted: Annotated[Line, "noted"] = field(default_factory=Line)
    deep: dict[str, list[Line | None]] = field(default_factory=lambda: {"a": [None, Line()]})
    model: Model = field(default_factory=lambda: Model(line=Line()))
    slotted: Slotted = field(default_factory=Slotted)
    node: Node = field(default_factory=lambda: Node(Node()))
    anything: Any = field(default_factory=lambda: [{"a": Line()}])
    plain: list[str] = field(default_factory=lambda: ["a"])


def dataclasses_in(value: Any) -> list[Any]:
    """Return every dataclass in a value that takes attributes."""
    if isinstance(value, list):
        return [found for part in value for found in dataclasses_in(part)]
    if isinstance(value, dict):
        return dataclasses_in([*value.values()])
    if isinstance(value, BaseModel):
        return dataclasses_in([getattr(value, name) for name in type(value).model_fields])
    if not dataclasses.is_dataclass(value):
        return []
    inner = dataclasses_in([getattr(value, each.name) for each in dataclasses.fields(value)])
    return [*([value] if hasattr(value, "__dict__") else []), *inner]


def test_a_value_as_it_was_made_has_none() -> None:
    look = looking_for_strays(Order)
    assert not look(Order())
    assert not look(Order(last=None, lines=[], node=Node()))
    assert not look(TypeAdapter(Order).validate_json(TypeAdapter(Order).dump_json(Order(either=Slotted()))))


@pytest.mark.parametrize("number", range(len(dataclasses_in(Order()))))
def test_it_is_found_wherever_a_dataclass_may_be(number: int) -> None:
    order = Order()
    dataclasses_in(order)[number].stray = 1
    assert looking_for_strays(Order)(order)
    assert has_stray(order)


@pytest.mark.parametrize("kind", [list[Line], dict[str, Line], list[Annotated[Line, 1]], list[Line | None]])
def test_it_is_found_in_containers(kind: Any) -> None:
    line = Line()
    value = {"a": line} if "dict" in str(kind) else [line]
    look = looking_for_strays(kind)
    assert not look(value)
    line.stray = 1  # type: ignore[attr-defined]  # which is the point
    assert look(value)


class Menu(TypedDict, total=False):
    dish: Required[str]
    lines: list[Line]


class Basket(TypedDict):
    menu: NotRequired[Menu]


@pytest.mark.parametrize("kind", [Menu, list[Menu], dict[str, Menu], Menu | None, Basket])
def test_a_key_that_is_no_field_is_found(kind: Any) -> None:
    menu = Menu(dish="soup", lines=[Line()])
    value: Any = {list[Menu]: [menu], dict[str, Menu]: {"a": menu}, Basket: {"menu": menu}}.get(kind, menu)
    look = looking_for_strays(kind)
    assert not look(value)
    menu["dsih"] = "soup"  # type: ignore[typeddict-unknown-key]  # which is the point
    assert look(value)


@pytest.mark.parametrize("kind", [tuple[Line, ...], frozenset[Line], deque[Line], tuple[Menu, Line]])
def test_it_is_found_in_other_containers(kind: Any) -> None:
    line = Hashable()
    line.stray = 1  # type: ignore[attr-defined]  # which is the point
    value = {frozenset[Line]: frozenset([line]), deque[Line]: deque([line])}.get(kind, (line,))
    assert looking_for_strays(kind)(value)


class LeavesOut(BaseModel):
    secret: str = Field("", exclude=True)


class Rounds(BaseModel):
    price: float = 0

    @field_serializer("price")
    def rounded(self, price: float) -> float:
        return round(price, 1)


@dataclass
class RoundsToo:
    price: Annotated[float, PlainSerializer(lambda price: round(price, 1))] = 0


@dataclass
class Either:
    drink: Line | Dish = field(default_factory=Line)


@pytest.mark.parametrize("kind", [LeavesOut, Rounds, RoundsToo, Either, list[Rounds], tuple[LeavesOut, int]])
def test_what_a_text_may_hide_is_compared_part_by_part(kind: Any) -> None:
    value = {list[Rounds]: [Rounds()], tuple[LeavesOut, int]: (LeavesOut(), 1)}.get(kind)
    assert looking_for_strays(kind)(kind() if value is None else value)


def test_plain_containers_are_not_looked_through() -> None:
    look = looking_for_strays(tuple[int, ...])
    assert look is looking_for_strays(set[str]) is looking_for_strays(deque[float])


def test_a_subclass_is_looked_through_as_what_it_is() -> None:
    line = Sweet()
    look = looking_for_strays(list[Line])
    assert not look([line])
    line.stray = 1  # type: ignore[attr-defined]  # which is the point
    assert look([line])


def test_what_leads_back_to_itself_is_looked_through_once() -> None:
    node = Node()
    node.next = node
    assert not looking_for_strays(Node)(node)
    node.stray = 1  # type: ignore[attr-defined]  # which is the point
    assert looking_for_strays(Node)(node)


def test_an_annotation_that_cannot_be_read_costs_a_look_at_everything() -> None:
    @dataclass
    class Unknown:
        line: Nowhere = field(default_factory=Line)  # type: ignore[name-defined]  # noqa: F821

    value = Unknown()
    look = looking_for_strays(Unknown)
    assert not look(value)
    value.line.stray = 1
    assert look(value)
