"""Attributes of dataclasses that are none of their fields. No text shows them, so that what they hold would be lost.

How a value is looked through is decided once, by its type's annotations: every unchanged value is looked through.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import types
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Final, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from pydantic import BaseModel

Look: TypeAlias = Callable[[Any], bool]
"""Tells whether a value may have a stray attribute somewhere; what it says yes to is to be compared part by part."""

_EMPTY: Final[Mapping[str, Any]] = {}
_ATOMS: Final = frozenset(
    {str, int, float, bool, bytes, type(None), Decimal, UUID} | {dt.datetime, dt.date, dt.time, dt.timedelta}
)


def looking_for_strays(annotation: Any) -> Look:
    """Return what looks through the values of a type."""
    return _look(annotation, frozenset()) or _never


def has_stray(value: Any) -> bool:
    """Tell whether a dataclass in a value of any type has attributes that are none of its fields."""
    todo, done = [value], set()
    for part in todo:
        kind = type(part)
        if kind in _ATOMS:
            continue
        if kind is list:
            todo += part
        elif kind is dict:
            todo += part.values()
        elif id(part) not in done and (fields := _fields_of(kind)) is not None:
            done.add(id(part))  # a part that is left out of the JSON may lead back here
            there = getattr(part, "__dict__", _EMPTY)
            if not there.keys() <= fields.keys() and not isinstance(part, BaseModel):
                return True
            todo += [getattr(part, name, None) for name in fields]
    return False


def _fields_of(kind: type) -> Mapping[str, Any] | None:
    fields: Mapping[str, Any] | None = getattr(kind, "__dataclass_fields__", None)
    return getattr(kind, "__pydantic_fields__", None) if fields is None else fields


def _never(value: Any) -> bool:
    return False


def _look(annotation: Any, around: frozenset[Any]) -> Look | None:
    """Return what looks through the values of a type inside of others; None where there is nothing to look for."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _look(inner[0], around)
    if annotation in _ATOMS or origin is Literal or _is(annotation, Enum):
        return None
    if origin in (Union, types.UnionType):
        return _look_at_choice([each for each in inner if each is not type(None)], around)
    if origin is list:
        return _look_at_all(_look(inner[0], around))
    if origin is dict:
        look = _look_at_all(_look(inner[1], around))
        return look and (lambda value: look(value.values()))
    if annotation not in around and (dataclasses.is_dataclass(annotation) or _is(annotation, BaseModel)):
        return _look_at_record(annotation, around | {annotation})
    return has_stray  # it may hold anything, itself too


def _look_at_choice(choices: list[Any], around: frozenset[Any]) -> Look | None:
    looks = [_look(each, around) for each in choices]
    if not any(looks):
        return None
    if len(looks) > 1:
        return has_stray
    look = looks[0]
    return look and (lambda value: value is not None and look(value))


def _look_at_all(look: Look | None) -> Look | None:
    return look and (lambda values: any(map(look, values)))


def _look_at_record(kind: type, around: frozenset[Any]) -> Look:
    try:
        hints = get_type_hints(kind)
    except Exception:  # noqa: BLE001  # whatever an annotation raises that is only known where it was written
        return has_stray
    fields = _fields_of(kind) or _EMPTY
    inside = [(name, look) for name in fields if (look := _look(hints.get(name, Any), around)) is not None]
    most = None if issubclass(kind, BaseModel) else len(fields)

    def look_at(record: Any) -> bool:
        if type(record) is not kind:
            return has_stray(record)
        there = getattr(record, "__dict__", _EMPTY)
        if most is not None and len(there) > most:
            return True
        return bool(inside) and any(look(getattr(record, name)) for name, look in inside)

    return look_at


def _is(annotation: Any, base: type) -> bool:
    return isinstance(annotation, type) and not get_args(annotation) and issubclass(annotation, base)
