"""Which types session data may have: those whose values can be changed in place."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from copy import copy
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel
from typing_extensions import is_typeddict

from tgslices.errors import ConfigurationError


def named(annotation: Any) -> str:
    """Return a type as its author wrote it."""
    return annotation.__qualname__ if isinstance(annotation, type) and not get_args(annotation) else str(annotation)


def whole_name_of(annotation: Any) -> str:
    """Return a type as its author wrote it, with its module, which tells it from others of that name."""
    module = getattr(annotation, "__module__", None) if isinstance(annotation, type) else None
    return named(annotation) if module is None else f"{module}.{named(annotation)}"


def require_changeable(annotation: Any) -> None:
    """Refuse a type whose values cannot be changed in place.

    Raises:
        ConfigurationError: it names the way out.
    """
    shape = _plain(annotation)
    if _is_frozen(shape):
        raise ConfigurationError(
            f"{named(annotation)} is frozen, so a handler cannot change it.", "Take frozen=True off the class."
        )
    if not (_is_record(shape) or is_typeddict(shape) or shape in (list, dict)):
        raise ConfigurationError(
            f"{named(annotation)} cannot be session data, because its values cannot be changed in place.",
            "Make it a field of a dataclass, a pydantic model or a TypedDict, or take a list or a dict; "
            "a parameter that may have no session is annotated Annotated[Form | None, FORM].",
        )


def maker_of(annotation: Any) -> Callable[[], Any]:
    """Return what makes a value from nothing: the type itself, or the type that an alias stands for."""
    shape: Callable[[], Any] = _plain(annotation)
    return shape if shape in (list, dict) or is_typeddict(shape) else _without_annotations(annotation)


def has_own_name(annotation: Any) -> bool:
    """Tell whether a type's name tells it from others; that of a plain or generic container does not."""
    return isinstance(annotation, type) and not get_args(annotation) and annotation not in (list, dict)


def become(value: Any, other: Any) -> None:
    """Change a value in place so that it equals another one of its type."""
    if isinstance(value, list):
        value[:] = other
    elif isinstance(value, dict):
        value.clear()
        value.update(other)
    elif isinstance(value, BaseModel):
        for name in ("__dict__", "__pydantic_extra__", "__pydantic_fields_set__", "__pydantic_private__"):
            object.__setattr__(value, name, copy(getattr(other, name)))
    else:
        for field in dataclasses.fields(value):
            setattr(value, field.name, getattr(other, field.name))


def _without_annotations(annotation: Any) -> Any:
    annotation = getattr(annotation, "__value__", annotation)  # an alias made by the type statement
    return _without_annotations(get_args(annotation)[0]) if get_origin(annotation) is Annotated else annotation


def _plain(annotation: Any) -> Any:
    annotation = _without_annotations(annotation)
    return get_origin(annotation) or annotation


def _is_record(shape: Any) -> bool:
    return isinstance(shape, type) and (dataclasses.is_dataclass(shape) or issubclass(shape, BaseModel))


def _is_frozen(shape: Any) -> bool:
    if not _is_record(shape):
        return False
    if issubclass(shape, BaseModel):
        return bool(shape.model_config.get("frozen"))
    return bool(shape.__dataclass_params__.frozen)
