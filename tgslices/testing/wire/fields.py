"""The fields of a JSON object, read by type and refused with the server's own words.

Source: tdlib/td ``tdutils/td/utils/JsonBuilder.cpp``, ``JsonObject``.
"""

from __future__ import annotations

from typing import Any, Final

from tgslices.testing.errors import ApiError, described
from tgslices.testing.wire.json_text import Json

_MAX_INT32: Final = 2**31 - 1
_MAX_INT64: Final = 2**63 - 1


class FieldError(ApiError):
    """An error 400 about a field; ``cause`` is its text without the class of the error, for use within another."""

    def __init__(self, cause: str) -> None:
        super().__init__(400, described(400, cause))
        self.cause = cause


def fields_of(value: Any, refusal: str = "expected an Object") -> Json:
    """The fields, if the value is a JSON object.

    Raises:
        FieldError: the value is no object.
    """
    if not isinstance(value, dict):
        raise FieldError(refusal)
    return value


def text_field(given: Json, name: str, *, is_required: bool = False) -> str:
    """A text, or a number as text; empty if it is missing and may be.

    Raises:
        FieldError: it is something else, or missing.
    """
    value = given.get(name)
    if isinstance(value, str):
        return value
    if value is None:
        _check_missing(name, is_required=is_required)
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FieldError(f'Field "{name}" must be of type String')
    return str(value)


def int_field(given: Json, name: str, default: int = 0, *, is_required: bool = False, is_long: bool = False) -> int:
    """A whole number of 32 bits, or of 64 if it ``is_long``, which may come as text.

    Raises:
        FieldError: it is something else, too big, or missing.
    """
    value = given.get(name)
    if value is None:
        _check_missing(name, is_required=is_required)
        return default
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise FieldError(f'Field "{name}" must be a Number')
    limit = _MAX_INT64 if is_long else _MAX_INT32
    try:
        number = int(value) if isinstance(value, str | int) else int(str(value))
    except ValueError:
        number = limit + 1
    if not -limit - 1 <= number <= limit:
        raise FieldError(f'Field "{name}" must be a valid Number')
    return number


def float_field(given: Json, name: str, *, is_required: bool = False) -> float:
    """A number; 0.0 if it is missing and may be.

    Raises:
        FieldError: it is something else, or missing.
    """
    value = given.get(name)
    if value is None:
        _check_missing(name, is_required=is_required)
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _MAX_INT64:
        raise FieldError(f'Field "{name}" must be of type Number')
    return float(value)


def flag_field(given: Json, name: str) -> bool:
    """A Boolean; False if it is missing.

    Raises:
        FieldError: it is something else.
    """
    value = given.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise FieldError(f'Field "{name}" must be of type Boolean')
    return value


def object_field(given: Json, name: str) -> Json:
    """A JSON object.

    Raises:
        FieldError: it is something else, or missing.
    """
    if name not in given:
        raise FieldError(f'Can\'t find field "{name}"')
    return fields_of(given[name], f'Field "{name}" must be of type Object')


def array_field(given: Json, name: str) -> list[Any] | None:
    """A list; None if it is missing.

    Raises:
        FieldError: it is something else.
    """
    value = given.get(name)
    if value is not None and not isinstance(value, list):
        raise FieldError(f'Field "{name}" must be of type Array')
    return value


def _check_missing(name: str, *, is_required: bool) -> None:
    if is_required:
        raise FieldError(f'Can\'t find field "{name}"')
