"""JSON as the server reads it: not what Python alone calls JSON, not too deep, and never a crash.

Source: tdlib/td ``tdutils/td/utils/JsonBuilder.cpp``, ``json_string_decode`` and ``do_json_decode``.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final, TypeVar

Value = TypeVar("Value")

MAX_DEPTH: Final = 100
"""How many arrays and objects may enclose a value."""


def read_json(text: str) -> Any:
    """The value that a JSON text means. Of fields of the same name the first counts, as on the server.

    Raises:
        UnicodeError: a string holds half of a surrogate pair, which UTF-8 cannot say.
        ValueError: it is no JSON, nests too deep, or holds a number that is none (``NaN``, ``1e400``).
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
    """A value as the server writes it: without blanks, and with every character that is not ASCII escaped.

    Raises:
        ValueError: it holds NaN or an infinity, which no client reads.
    """
    return _ENCODER.encode(value).encode()


def depth(value: Any) -> int:
    """How many arrays and objects enclose the innermost value; 0 for a plain one."""
    found = -1
    level = [value]
    while level:
        found += 1
        level = [item for inner in level if isinstance(inner, list | dict) for item in _items(inner)]
    return found


def _items(container: list[Any] | dict[str, Any]) -> list[Any]:
    return list(container.values()) if isinstance(container, dict) else container


def first_of_each(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    """Fields by name, in order; of several of one name the first counts, as everywhere on the server."""
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


Json = dict[str, Any]
