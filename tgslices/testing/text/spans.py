"""What the parsers of marked-up text share."""

from __future__ import annotations

import re
from typing import Any, Final

from tgslices.testing.text.units import units_in

Json = dict[str, Any]

_USER_LINK: Final = re.compile(r"tg://(?:user|openmessage)/?\?(?:id|user_id)=(\d+)")
_EMOJI_LINK: Final = re.compile(r"tg://emoji/?\?id=(\d+)")


class MarkupError(Exception):
    """The text is not well formed; the message is the server's."""


class Plain:
    """Text that is put together piece by piece, with its length in UTF-16 units and in bytes of UTF-8."""

    __slots__ = ("_pieces", "length")

    def __init__(self) -> None:
        """Nothing yet."""
        self._pieces: list[str] = []
        self.length = 0

    def add(self, character: str) -> None:
        """Add one character."""
        self._pieces.append(character)
        self.length += units_in(character)

    @property
    def count(self) -> int:
        """How many characters there are."""
        return len(self._pieces)

    def since(self, count: int) -> str:
        """What was added after the first ``count`` characters."""
        return "".join(self._pieces[count:])

    def __str__(self) -> str:
        """The whole text."""
        return "".join(self._pieces)


def byte_offset(text: str, position: int) -> int:
    """Where a character begins in UTF-8; errors name such offsets."""
    return len(text[:position].encode("utf-8", "surrogatepass"))


def entity(kind: str, offset: int, length: int, **more: Any) -> Json:
    """One ``MessageEntity``."""
    return {"type": kind, "offset": offset, "length": length, **more}


def link_entity(url: str, offset: int, length: int) -> Json | None:
    """The entity of a link: a mention for ``tg://user``, None for what is no link.

    Source: tdlib/td ``LinkManager.cpp``, ``get_link_user_id`` and ``get_checked_link``.
    """
    user = _USER_LINK.fullmatch(url)
    if user is not None:
        mentioned = {"id": int(user[1]), "is_bot": False, "first_name": "User"}
        return entity("text_mention", offset, length, user=mentioned)
    if "." not in url and "://" not in url:
        return None
    return entity("text_link", offset, length, url=url if "://" in url else f"http://{url}/")


def emoji_entity(url: str, offset: int, length: int) -> Json | None:
    """The entity of a ``tg://emoji`` link; None for anything else."""
    found = _EMOJI_LINK.fullmatch(url)
    return None if found is None else entity("custom_emoji", offset, length, custom_emoji_id=found[1])


def in_order(entities: list[Json]) -> list[Json]:
    """By offset, the longer one first."""
    return sorted(entities, key=lambda item: (item["offset"], -item["length"]))
