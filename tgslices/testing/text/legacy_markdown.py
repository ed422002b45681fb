"""Markdown style, the legacy one.

Source: https://core.telegram.org/bots/api#markdown-style and tdlib/td ``MessageEntity.cpp:1929-2045``,
``parse_markdown``.
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.text.spans import MarkupError, Plain, byte_offset, entity, link_entity
from tgslices.testing.wire.json_text import Json

_KINDS: Final = {"_": "italic", "*": "bold", "`": "code"}


def parse_legacy_markdown(text: str) -> tuple[str, list[Json]]:
    """The plain text and its entities, which cannot nest.

    Raises:
        MarkupError: an entity has no end.
    """
    plain, entities = Plain(), list[Json]()
    position = 0
    while position < len(text):
        character = text[position]
        if character == "\\" and text[position + 1 : position + 2] in {"_", "*", "`", "["}:
            plain.add(text[position + 1])
            position += 2
        elif character in "_*`[":
            position = _span(text, position, plain, entities)
        else:
            plain.add(character)
            position += 1
    return str(plain), entities


def _span(text: str, begin: int, plain: Plain, entities: list[Json]) -> int:
    mark = text[begin]
    if text.startswith("```", begin):
        return _block(text, begin, plain, entities)
    end = text.find("]" if mark == "[" else mark, begin + 1)
    if end < 0:
        raise MarkupError(f"Can't find end of the entity starting at byte offset {byte_offset(text, begin)}")
    offset = plain.length
    inside = text[begin + 1 : end]
    for character in inside:
        plain.add(character)
    length, after, url = plain.length - offset, end + 1, inside
    if mark == "[" and text[after : after + 1] == "(":
        close = text.find(")", after)
        close = len(text) if close < 0 else close
        url, after = text[after + 1 : close], close + 1
    if length:
        found = link_entity(url, offset, length) if mark == "[" else entity(_KINDS[mark], offset, length)
        entities.extend([found] if found is not None else [])
    return after


def _block(text: str, begin: int, plain: Plain, entities: list[Json]) -> int:
    end = text.find("```", begin + 3)
    if end < 0:
        raise MarkupError(f"Can't find end of the entity starting at byte offset {byte_offset(text, begin)}")
    language, code = split_language(text[begin + 3 : end])
    offset = plain.length
    for character in code:
        plain.add(character)
    if plain.length > offset:
        more = {"language": language} if language else {}
        entities.append(entity("pre", offset, plain.length - offset, **more))
    return end + 3


def split_language(block: str) -> tuple[str, str]:
    """The language named at the start of a code block, empty for none, and the code without its first line break."""
    head = 0
    while head < len(block) and block[head] not in " \t\r\n\v\0`":
        head += 1
    language = block[:head] if 0 < head < len(block) and block[head] != "`" else ""
    code = block[len(language) :]
    if code[:2] in {"\r\n", "\n\r"}:
        return language, code[2:]
    return language, code[1:] if code[:1] in {"\n", "\r"} else code
