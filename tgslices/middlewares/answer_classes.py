"""The classes that aiogram reads Telegram's answers with, kept for as long as the process lives.

aiogram asks pydantic for the class at each request, and pydantic knows it only while something refers to it. Between
two requests nothing does: the collector takes it, and the next request waits 4 ms for another one.
Source: aiogram ``BaseSession.check_response``; pydantic ``_internal/_generics.py``, ``_GENERIC_TYPES_CACHE``
"""

from __future__ import annotations

from typing import Any, Final

from aiogram.methods import Response, TelegramMethod

_KEPT: Final[dict[type[TelegramMethod[Any]], object]] = {}
"""By method, because what a method returns may take a microsecond to look up."""


def keep_answer_class(method: TelegramMethod[Any]) -> None:
    """Keep the class of a method's answers from now on."""
    kind = type(method)
    if kind not in _KEPT:
        _KEPT[kind] = Response[method.__returning__]  # type: ignore[name-defined]  # a class that is known at run time
