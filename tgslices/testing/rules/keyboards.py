"""Which reply keyboard a person is shown.

Source: https://core.telegram.org/bots/api#replykeyboardmarkup and
https://core.telegram.org/bots/api#replykeyboardremove
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Markup:
    """A markup under a message, newest first among others, and what it has to do with the person who looks.

    ``is_addressed``: it is a private chat, or the message mentions the person or answers one of theirs. ``is_used``:
    the person has pressed a button of it.
    """

    fields: Mapping[str, Any]
    is_addressed: bool = True
    is_used: bool = False


def shown_keyboard(markups: Iterable[Markup]) -> list[list[Any]]:
    """The rows of buttons that are shown; ``[]`` for none.

    A selective markup shows to people whom it addresses. A one-time keyboard hides after its first use.
    """
    for markup in markups:
        fields = markup.fields
        if fields.get("selective") and not markup.is_addressed:
            continue
        if "keyboard" in fields:
            is_hidden = markup.is_used and fields.get("one_time_keyboard")
            rows: list[list[Any]] = [] if is_hidden else fields["keyboard"]
            return rows
        if "remove_keyboard" in fields:
            return []
    return []
