"""What looks for attributes that no text shows: for every type it finds what a look at everything finds."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, TypeAdapter

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
