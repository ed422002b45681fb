"""A text and its entities as the server keeps them: cleaned, trimmed, put right, with what it finds in the text.

Source: tdlib/td ``MessageEntity.cpp:4124-4310, 4482-4590, 4651-4678``, ``fix_formatted_text``.
"""

from __future__ import annotations

import re
from typing import Final

from tgslices.testing.errors import bad_request
from tgslices.testing.text.characters import cleaned, is_removed, is_unseen
from tgslices.testing.text.finding import found_entities
from tgslices.testing.text.fixing import fixed, merged, without_empty
from tgslices.testing.text.spans import byte_offset, end_of, in_order
from tgslices.testing.text.units import units_in
from tgslices.testing.wire.json_text import Json

_MAX_OFFSET: Final = 1_000_000
_BLANKS: Final = " \n"
"""What is trimmed; other blanks stay."""


def formatted(text: str, entities: list[Json], *, may_be_empty: bool = False) -> tuple[str, list[Json]]:
    """What is kept of a text and the entities that came with it; may be ``("", [])`` if it ``may_be_empty``.

    Raises:
        ApiError: an entity lies outside of the text, or there is nothing to see.
    """
    if entities:
        _check_places(entities)
        entities = fixed(without_empty(entities))
        entities = fixed(without_empty(_moved(text, entities)))
    text = cleaned(text)
    bare = text.strip(_BLANKS)
    if not bare and may_be_empty:
        return "", []
    text, entities = _trimmed(text, entities) if entities else (bare, entities)
    if not may_be_empty and is_unseen(text):
        raise bad_request("Text must be non-empty")
    return text, merged(entities, found_entities(text))


def _check_places(entities: list[Json]) -> None:
    for item in entities:
        for what in ("offset", "length"):
            if not 0 <= item[what] <= _MAX_OFFSET:
                raise bad_request(f"Receive an entity with incorrect {what} {item[what]}")


def _moved(text: str, entities: list[Json]) -> list[Json]:
    """Entities where they are once the text is cleaned.

    Raises:
        ApiError: one begins or ends outside of the text, or inside of a character.
    """
    places, length = _places(text)
    moved = []
    for item in entities:
        begin, end = item["offset"], end_of(item)
        if begin > length:
            raise bad_request(f"Entity begins after the end of the text at UTF-16 offset {begin}")
        if end > length:
            raise bad_request(
                f"Entity beginning at UTF-16 offset {begin} ends after the end of the text at UTF-16 offset {end}"
            )
        if begin not in places:
            where = _byte_behind(text, begin)
            raise bad_request(f"Entity begins in a middle of a UTF-16 symbol at byte offset {where}")
        if end not in places:
            where = _byte_behind(text, end)
            raise bad_request(
                f"Entity beginning at UTF-16 offset {begin} ends in a middle of a UTF-16 symbol at byte offset {where}"
            )
        moved.append({**item, "offset": places[begin], "length": places[end] - places[begin]})
    return moved


def _places(text: str) -> tuple[dict[int, int] | range, int]:
    """The places between characters in UTF-16 units, each with where it is once the text is cleaned; and the length."""
    if text.isascii() and "\r" not in text:
        return range(len(text) + 1), len(text)
    places, old, new = {0: 0}, 0, 0
    for character in text:
        size = 2 if character > "\uffff" else 1
        old += size
        new += 0 if is_removed(character) else size
        places[old] = new
    return places, old


def _byte_behind(text: str, offset: int) -> int:
    """Where the character ends, in bytes, that this UTF-16 offset is inside of."""
    passed = 0
    for position, character in enumerate(text):
        if passed >= offset:
            return byte_offset(text, position)
        passed += 2 if character > "\uffff" else 1
    return byte_offset(text, len(text))


def _trimmed(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Without blanks around it; those at the beginning stay from the first of one or more entities on."""
    text = text.rstrip(_BLANKS)
    length = units_in(text)
    kept = [{**item, "length": min(item["length"], length - item["offset"])} for item in entities]
    kept = in_order(item for item in kept if item["length"] > 0)
    leading = re.match(f"[{_BLANKS}]*", text)
    width = min(leading.end() if leading else 0, kept[0]["offset"] if kept else length)
    return text[width:], [{**item, "offset": item["offset"] - width} for item in kept]
