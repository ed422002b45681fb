"""Attributes and keys that are none of the fields. No text shows them, so that what they hold would be lost.

Nor does a text show fields that are left out of it or are written in another way, and which of several records it is.

How a value is looked through is decided once, by its type's annotations: every unchanged value is looked through.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import types
from collections import deque
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Final, Literal, NotRequired, Required, TypeAlias, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel, PlainSerializer, WrapSerializer
from typing_extensions import ReadOnly, get_type_hints, is_typeddict

from tgslices.data.comparing import NOTE_OF_ALIAS

Look: TypeAlias = Callable[[Any], bool]
"""Tells whether a value may have a stray attribute somewhere; what it says yes to is to be compared part by part."""

_EMPTY: Final[Mapping[str, Any]] = {}
_MARKS: Final = (Required, NotRequired, ReadOnly)
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
        if isinstance(part, list | tuple | set | frozenset | deque):
            todo += part
        elif isinstance(part, dict):
            todo += part.values()
        elif id(part) not in done and (fields := _fields_of(kind)) is not None:
            done.add(id(part))  # a part that is left out of the JSON may lead back here
            there = getattr(part, "__dict__", _EMPTY)
            if not there.keys() - {NOTE_OF_ALIAS} <= fields.keys() and not isinstance(part, BaseModel):
                return True
            todo += [getattr(part, name, None) for name in fields]
    return False


def _fields_of(kind: type) -> Mapping[str, Any] | None:
    fields: Mapping[str, Any] | None = getattr(kind, "__dataclass_fields__", None)
    return getattr(kind, "__pydantic_fields__", None) if fields is None else fields


def _never(value: Any) -> bool:
    return False


def _always(value: Any) -> bool:
    return True


def _look(annotation: Any, around: frozenset[Any]) -> Look | None:
    """Return what looks through the values of a type inside of others; None where there is nothing to look for."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _always if any(map(_hides, inner[1:])) else _look(inner[0], around)
    if origin in _MARKS:
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
    shape = origin or annotation
    if shape not in around and is_typeddict(shape):
        return _look_at_typed_dict(shape, around | {shape})
    if shape not in around and _is_record(shape):
        return _look_at_record(shape, around | {shape})
    return has_stray if origin is None else _look_at_other([each for each in inner if each is not ...], around)


def _look_at_choice(choices: list[Any], around: frozenset[Any]) -> Look | None:
    looks = [_look(each, around) for each in choices]
    if _may_have_one_text([get_origin(each) or each for each in choices]):
        return _always
    if not any(looks):
        return None
    if len(looks) > 1:
        return has_stray
    look = looks[0]
    return look and (lambda value: value is not None and look(value))


def _may_have_one_text(shapes: list[Any]) -> bool:
    """Tell whether two records may be written alike, so that one in place of the other is no change of the text."""
    if any(map(is_typeddict, shapes)):  # whose keys may be missing
        return len([shape for shape in shapes if is_typeddict(shape) or _is_record(shape)]) > 1
    fields = [frozenset(_fields_of(shape) or ()) for shape in shapes if _is_record(shape)]
    return len(fields) > len({*fields})


def _look_at_all(look: Look | None) -> Look | None:
    return look and (lambda values: any(map(look, values)))


def _look_at_other(inner: list[Any], around: frozenset[Any]) -> Look | None:
    """Return what looks through a container that has no way of its own, like a tuple or a set."""
    looks = [look for each in inner if (look := _look(each, around)) is not None]
    return None if not looks else has_stray if all(look is has_stray for look in looks) else _always


def _look_at_typed_dict(kind: Any, around: frozenset[Any]) -> Look:
    try:
        hints = get_type_hints(kind, include_extras=True)
    except Exception:  # noqa: BLE001  # whatever an annotation raises that is only known where it was written
        return _always
    inside = [(name, look) for name, hint in hints.items() if (look := _look(hint, around)) is not None]

    def look_at(value: Any) -> bool:
        return not value.keys() <= hints.keys() or any(name in value and look(value[name]) for name, look in inside)

    return look_at


def _look_at_record(kind: type, around: frozenset[Any]) -> Look:
    if _has_serializers(kind):
        return _always
    try:
        hints = get_type_hints(kind, include_extras=True)
    except Exception:  # noqa: BLE001  # whatever an annotation raises that is only known where it was written
        return has_stray
    fields = _fields_of(kind) or _EMPTY
    if any(map(_hides, fields.values())):
        return _always
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


def _is_record(shape: Any) -> bool:
    return dataclasses.is_dataclass(shape) or _is(shape, BaseModel)


def _has_serializers(kind: type) -> bool:
    decorators = getattr(kind, "__pydantic_decorators__", None)
    return decorators is not None and bool(decorators.field_serializers or decorators.model_serializers)


def _hides(field: Any) -> bool:
    """Tell whether a field, or what an annotation says of it, keeps something of it from the text."""
    is_left_out = getattr(field, "exclude", None) or getattr(field, "exclude_if", None)
    return bool(is_left_out) or isinstance(field, PlainSerializer | WrapSerializer)


def _is(annotation: Any, base: type) -> bool:
    return isinstance(annotation, type) and not get_args(annotation) and issubclass(annotation, base)
