"""JSON as the server reads it: without Python's extensions, and not too deep.

Source: tdlib/td ``tdutils/td/utils/JsonBuilder.cpp``, ``json_string_decode`` and ``do_json_decode``.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final, TypeAlias, TypeVar

Json: TypeAlias = dict[str, Any]
"""A JSON object."""

Value = TypeVar("Value")

MAX_DEPTH: Final = 100
"""The number of arrays and objects that may enclose a value."""


def read_json(text: str) -> Any:
    """The value of a JSON text. Of fields with one name the first counts, as on the server.

    Raises:
        UnicodeError: a string holds half of a surrogate pair, which UTF-8 cannot say.
        ValueError: the text is no JSON, nests too deep, or holds an infinite number or NaN.
    """
    text.encode()
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise ValueError(f"JSON nests deeper than {MAX_DEPTH} levels") from None
    if text.count("[") + text.count("{") > MAX_DEPTH and depth(value) > MAX_DEPTH:
        raise ValueError(f"JSON nests deeper than {MAX_DEPTH} levels")
    if "\\u" in text:
        json.dumps(value, ensure_ascii=False).encode()
    return value


def write_json(value: object) -> bytes:
    """A value as the server writes it: without blanks, with every character outside of ASCII escaped.

    Raises:
        ValueError: the value holds NaN or an infinity.
    """
    return _ENCODER.encode(value).encode()


def depth(value: Any) -> int:
    """The number of arrays and objects around the innermost value; 0 for a plain value."""
    found = -1
    level = [value]
    while level:
        found += 1
        level = [item for inner in level if isinstance(inner, list | dict) for item in _items(inner)]
    return found


def _items(container: list[Any] | dict[str, Any]) -> list[Any]:
    return list(container.values()) if isinstance(container, dict) else container


def first_of_each(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    """Fields by name, in order. Of fields with one name the first counts, as everywhere on the server."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        fields.update(reversed(pairs))
    return fields


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"no number: {text}")
    return number


def _refuse(name: str) -> float:
    raise ValueError(f"no number: {name}")


_ENCODER: Final = json.JSONEncoder(allow_nan=False, check_circular=False, separators=(",", ":"))
_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=first_of_each, parse_float=_finite, parse_constant=_refuse, strict=False
)
