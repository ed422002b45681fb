"""The smallest JSON value that a type of aiogram accepts: the answer of methods without an effect.

Pure: from a type annotation to a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

_PLAIN: Final[Mapping[Any, object]] = {bool: True, int: 0, float: 0.0, str: "emulated", Any: None, NoneType: None}


def smallest(annotation: Any, *, now: int) -> Any:
    """The value: required fields only, the first member of unions, literals and enumerations, empty lists.

    ``now`` is Unix time, for dates.

    Raises:
        TypeError: no method of the Bot API returns such a type.
    """
    annotation = getattr(annotation, "__value__", annotation)
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    origin, members = get_origin(annotation), get_args(annotation)
    if origin is Annotated or origin in {Union, UnionType}:
        return smallest(members[0], now=now)
    if origin is Literal:
        return members[0].value if isinstance(members[0], Enum) else members[0]
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return []
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {}
    return _of_class(annotation, now)


def _of_class(cls: Any, now: int) -> Any:
    if isinstance(cls, type) and issubclass(cls, datetime):
        return now
    if isinstance(cls, type) and issubclass(cls, Enum):
        return next(iter(cls)).value
    if isinstance(cls, type) and issubclass(cls, BaseModel):
        fields = cls.model_fields.items()
        return {
            field.alias or name: smallest(field.annotation, now=now) for name, field in fields if _must_be_there(field)
        }
    raise TypeError(f"no answer can be made up for {cls!r}")


def _must_be_there(field: FieldInfo) -> bool:
    """Whether a field is required, or tells the members of a union apart."""
    return field.is_required() or get_origin(field.annotation) is Literal
