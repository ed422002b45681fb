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
    """A markup under a message, and what it has to do with the person who looks.

    ``is_addressed``: it is a private chat, or the message mentions the person or answers one of theirs. ``is_used``:
    the person has pressed a button of it. ``serial`` names the message.
    """

    fields: Mapping[str, Any]
    is_addressed: bool = True
    is_used: bool = False
    serial: int = 0

    @property
    def is_for_them(self) -> bool:
        """Whether the person is shown it: a selective markup is for those whom its message addresses."""
        return self.is_addressed or not self.fields.get("selective")


def shown_keyboard(markups: Iterable[Markup]) -> Markup | None:
    """The markup whose keyboard is shown, of those of a chat, newest first; None for none.

    A one-time keyboard hides once the person has used it.
    """
    for markup in markups:
        if not markup.is_for_them:
            continue
        if "keyboard" in markup.fields:
            return None if markup.is_used and markup.fields.get("one_time_keyboard") else markup
        if "remove_keyboard" in markup.fields:
            return None
    return None


def asked_reply(markups: Iterable[Markup]) -> Markup | None:
    """The newest markup that makes the person reply to its message; None for none.

    Source: https://core.telegram.org/bots/api#forcereply
    """
    return next((markup for markup in markups if markup.is_for_them and markup.fields.get("force_reply")), None)
