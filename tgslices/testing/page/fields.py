"""Commands of the page, as JSON objects, and what is read from them; for whoever may send nonsense."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

MAX_NAME: Final = 64
"""Source: https://core.telegram.org/method/account.updateProfile"""

MAX_TEXT: Final = 4096
"""UTF-16 units are what Telegram counts; for a person's typing characters will do."""

Command = Mapping[str, Any]

_MISSING: Final = object()


class BadCommand(Exception):
    """What was asked for cannot be done; the text says why, for the person at the page."""


def text_in(command: Command, name: str, *, default: object = _MISSING) -> str:
    """A text.

    Raises:
        BadCommand: it is none, or missing without a default.
    """
    value = command.get(name, default)
    if not isinstance(value, str):
        raise BadCommand(f"{name!r} must be a text.")
    return value


def number_in(command: Command, name: str) -> int:
    """A whole number.

    Raises:
        BadCommand: it is none.
    """
    value = command.get(name)
    if type(value) is not int:
        raise BadCommand(f"{name!r} must be a whole number.")
    return value


def degrees_in(command: Command, name: str, most: float, default: float) -> float:
    """A latitude or longitude, at most this far from zero.

    Raises:
        BadCommand: it is none.
    """
    value = command.get(name, default)
    if type(value) not in {int, float} or not abs(value) <= most:
        raise BadCommand(f"{name!r} must be a number from {-most:g} to {most:g}.")
    return float(value)


def numbers_in(command: Command, name: str) -> list[int]:
    """A list of whole numbers, which may be empty.

    Raises:
        BadCommand: it is none.
    """
    value = command.get(name)
    if not isinstance(value, list) or not all(type(number) is int for number in value):
        raise BadCommand(f"{name!r} must be a list of whole numbers.")
    return value


def typed_in(command: Command) -> str:
    """What was typed, without blanks around it.

    Raises:
        BadCommand: it is nothing, or too long.
    """
    text = text_in(command, "text").strip()
    if not text:
        raise BadCommand("Type something first.")
    if len(text) > MAX_TEXT:
        raise BadCommand(f"A message holds {MAX_TEXT} characters, and this has {len(text)}.")
    return text


def name_in(command: Command, name: str) -> str:
    """The name of a person or a group.

    Raises:
        BadCommand: it is none.
    """
    text = text_in(command, name).strip()
    if not 0 < len(text) <= MAX_NAME:
        raise BadCommand(f"A name has 1 to {MAX_NAME} characters.")
    return text
