"""Where a value differs from what came back of it."""

from __future__ import annotations

import dataclasses
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time
from typing import Any, Final, TypeAlias

from pydantic import BaseModel
from pydantic_core import to_json

Path: TypeAlias = tuple[int | str, ...]
"""The way from a value to a part of it: names of fields, keys, and positions."""

_EMPTY: Final[Mapping[str, Any]] = {}

NOTE_OF_ALIAS: Final = "__orig_class__"
"""What Python itself notes on an object that is made by calling an alias, as in ``Form[int]()``."""


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """The first part that did not come back as it was, and what it came back as."""

    path: Path
    why: str


def spelled(path: Iterable[int | str]) -> str:
    """Return a path as Python would write it; the empty text for the value itself."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path]
    return "".join(parts).removeprefix(".")


def difference(value: Any, back: Any, path: Path = ()) -> Difference | None:
    """Return where a value and what came back of it differ first; None where they are the same."""
    if isinstance(value, BaseModel) or (dataclasses.is_dataclass(value) and not isinstance(value, type)):
        return _other_type(value, back, path) or _between_records(value, back, path)
    if isinstance(value, dict):
        return _other_type(value, back, path) or _between_dicts(value, back, path)
    if isinstance(value, list | tuple | deque):
        return _other_type(value, back, path) or _between_sequences(value, back, path)
    if isinstance(value, bool) is not isinstance(back, bool) or isinstance(back, dict | list) or value != back:
        return _comes_back(value, back, path)
    return _poorer(value, back, path)


def _poorer(value: Any, back: Any, path: Path) -> Difference | None:
    """Return what a value has that its equal which came back lacks."""
    if isinstance(value, datetime | time):
        if (value.tzinfo is None) is not (back.tzinfo is None):
            return Difference(path, "comes back without its time zone, which has no offset without a day")
        return None if value.fold == back.fold else Difference(path, "comes back without its fold")
    return None


def _other_type(value: Any, back: Any, path: Path) -> Difference | None:
    return None if type(value) is type(back) else _comes_back(value, back, path)


def _comes_back(value: Any, back: Any, path: Path) -> Difference:
    if type(value) is type(back):
        return Difference(path, f"comes back as another {type(value).__name__}")
    given, got = type(value).__name__, "None" if back is None else type(back).__name__
    return Difference(path, f"is of the type {given} and comes back as {got}")


def _between_records(value: Any, back: Any, path: Path) -> Difference | None:
    for name, part in _parts(value).items():
        if name not in (there := _parts(back)):
            return Difference((*path, name), f"is no field of {type(value).__name__}")
        if (found := difference(part, there[name], (*path, name))) is not None:
            return found
    return None


def _parts(record: Any) -> dict[str, Any]:
    """Return the fields of a record, and what was assigned to it beside them."""
    if isinstance(record, BaseModel):
        fields = {name: getattr(record, name) for name in type(record).model_fields}
        return {**fields, **(record.__pydantic_extra__ or _EMPTY)}
    parts = {field.name: getattr(record, field.name, None) for field in dataclasses.fields(record)}
    # What the class knows by that name is a cache.
    beside = {
        name: part
        for name, part in getattr(record, "__dict__", _EMPTY).items()
        if not hasattr(type(record), name) and name != NOTE_OF_ALIAS
    }
    return {**parts, **beside}


def _between_dicts(value: dict[Any, Any], back: dict[Any, Any], path: Path) -> Difference | None:
    for key, part in value.items():
        way = (*path, key if isinstance(key, int | str) else repr(key))
        if key not in back:
            return Difference(way, _why_no_key(key, back))
        if (found := difference(part, back[key], way)) is not None:
            return found
    if (
        isinstance(value, defaultdict)
        and isinstance(back, defaultdict)
        and not _make_the_same(value.default_factory, back.default_factory)
    ):
        return Difference(path, "comes back with another default_factory")
    return None if len(value) == len(back) else Difference(path, "comes back with more keys")


def _why_no_key(key: Any, back: dict[Any, Any]) -> str:
    if isinstance(key, str) and key not in map(str, back):
        return "is under a key that its type does not have"
    return f"is under a key of the type {type(key).__name__}, which does not come back"


def _make_the_same(one: Callable[[], Any] | None, two: Callable[[], Any] | None) -> bool:
    if one is two or one is None or two is None:
        return one is two
    made, other = one(), two()
    return type(made) is type(other) and bool(made == other)


def _between_sequences(value: Any, back: Any, path: Path) -> Difference | None:
    if len(value) != len(back):
        return Difference(path, f"has {len(value)} items and comes back with {len(back)}")
    if isinstance(value, deque) and value.maxlen != back.maxlen:
        lost = f"has the maxlen {value.maxlen} and comes back with {back.maxlen}; take a list, and cut it"
        return Difference(path, lost)
    pairs = enumerate(zip(value, back, strict=True))
    return next((found for at, (one, two) in pairs if (found := difference(one, two, (*path, at)))), None)


def without_json(value: Any) -> Path:
    """Return the way to the first part of a value that has no JSON; the empty path where it cannot be told."""
    return _without_json(value, (), ())


def _without_json(value: Any, path: Path, around: tuple[int, ...]) -> Path:
    if id(value) in around:
        return path
    for name, part in _children(value):
        try:
            to_json(part)
        except (ValueError, TypeError, AttributeError, RecursionError):
            return _without_json(part, (*path, name), (*around, id(value)))
    return path


def _children(value: Any) -> Iterable[tuple[int | str, Any]]:
    if isinstance(value, BaseModel) or (dataclasses.is_dataclass(value) and not isinstance(value, type)):
        return _parts(value).items()
    if isinstance(value, dict):
        return [(key if isinstance(key, int | str) else repr(key), part) for key, part in value.items()]
    return enumerate(value) if isinstance(value, list | tuple | deque) else ()


def share(one: Any, two: Any) -> bool:
    """Tell whether two values have a part in common that can be changed in place."""
    parts = list(_changeable(one))
    return not {id(part) for part in parts}.isdisjoint(id(part) for part in _changeable(two))


def _changeable(value: Any) -> Iterable[Any]:
    if isinstance(value, list | dict | set | deque | BaseModel) or dataclasses.is_dataclass(value):
        yield value
    for _, part in _children(value):
        yield from _changeable(part)
