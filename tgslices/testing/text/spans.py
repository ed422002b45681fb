"""What the parsers of marked-up text share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from tgslices.testing.text.links import checked_link, date_of, emoji_of, user_of
from tgslices.testing.text.units import units_in
from tgslices.testing.wire.json_text import Json

_PRIORITIES: Final = {
    "blockquote": 0,
    "expandable_blockquote": 0,
    "code": 20,
    "date_time": 30,
    "text_link": 49,
    "text_mention": 49,
    "bold": 90,
    "italic": 91,
    "underline": 92,
    "strikethrough": 93,
    "spoiler": 94,
    "custom_emoji": 99,
}
"""Which of two entities of one place comes first; those that are found in the text are between links and styles.

Source: tdlib/td ``MessageEntity.cpp:38-64``
"""


class MarkupError(Exception):
    """The text is not well formed; the message is the server's."""


class Plain:
    """Text that is put together piece by piece, with its length in UTF-16 units."""

    __slots__ = ("_pieces", "length")

    def __init__(self) -> None:
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
        return "".join(self._pieces)


def byte_offset(text: str, position: int) -> int:
    """Where a character begins in UTF-8; errors name such offsets."""
    return len(text[:position].encode("utf-8", "surrogatepass"))


def entity(kind: str, offset: int, length: int, **more: Any) -> Json:
    """One ``MessageEntity``."""
    return {"type": kind, "offset": offset, "length": length, **more}


def end_of(item: Json) -> int:
    """The offset behind an entity."""
    end: int = item["offset"] + item["length"]
    return end


def link_entity(url: str, offset: int, length: int) -> Json | None:
    """The entity of a link: a mention for ``tg://user``, None for what is no link."""
    user_id = user_of(url)
    if user_id:
        return entity("text_mention", offset, length, user={"id": user_id, "is_bot": False, "first_name": "User"})
    link = checked_link(url)
    return None if link is None else entity("text_link", offset, length, url=link)


def special_entity(url: str, offset: int, length: int) -> Json | None:
    """The entity of a ``tg://emoji`` or ``tg://time`` link; None for anything else."""
    emoji_id = emoji_of(url)
    if emoji_id:
        return entity("custom_emoji", offset, length, custom_emoji_id=str(emoji_id))
    moment = date_of(url)
    return None if moment is None else entity("date_time", offset, length, **moment)


def in_order(entities: Iterable[Json]) -> list[Json]:
    """By offset, the longer one first; of the same place those first that the others lie in."""
    return sorted(entities, key=lambda item: (item["offset"], -item["length"], _priority(item)))


def _priority(item: Json) -> int:
    if item["type"] == "pre":
        return 10 if item.get("language") else 11
    return _PRIORITIES.get(item["type"], 50)
