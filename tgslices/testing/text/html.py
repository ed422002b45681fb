"""HTML style.

Source: https://core.telegram.org/bots/api#html-style and tdlib/td ``MessageEntity.cpp:3289-3590``, ``parse_html``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tgslices.testing.text.spans import (
    Json,
    MarkupError,
    Plain,
    byte_offset,
    entity,
    in_order,
    link_entity,
)

_KINDS: Final = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
}
_TAGS: Final = frozenset({*_KINDS, "a", "tg-emoji", "tg-time", "pre", "code", "blockquote"})
_NAMED: Final = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE: Final = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([a-zA-Z]+));?")
_ATTRIBUTE: Final = re.compile(r"""\s*([^\s=>/"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9.-]*)(?=[\s>])))?""")


@dataclass(slots=True)
class _Tag:
    name: str
    argument: str
    offset: int
    count: int


def parse_html(text: str) -> tuple[str, list[Json]]:
    """The plain text and its entities.

    Raises:
        MarkupError: a tag is unknown, unclosed or does not match.
    """
    plain, entities, open_tags = Plain(), list[Json](), list[_Tag]()
    position = 0
    while position < len(text):
        character = text[position]
        if character == "<" and text[position + 1 : position + 2] == "/":
            position = _close(text, position, plain, entities, open_tags)
        elif character == "<":
            position = _open(text, position, plain, open_tags)
        else:
            decoded, position = _character(text, position)
            plain.add(decoded)
    if open_tags:
        raise MarkupError(f'Can\'t find end tag corresponding to start tag "{open_tags[-1].name}"')
    for item in entities:
        if item["type"] == "code":
            item.pop("language", None)
    return str(plain), in_order(entities)


def _character(text: str, position: int) -> tuple[str, int]:
    """One character and where the next begins: a reference like ``&lt;`` counts as what it means."""
    found = _REFERENCE.match(text, position) if text[position] == "&" else None
    if found is not None:
        if found[3] is not None:
            decoded = _NAMED.get(found[3], "")
        else:
            code = int(found[1], 16) if found[1] is not None else int(found[2])
            decoded = chr(code) if 0 < code < 0x10FFFF and not 0xD800 <= code <= 0xDFFF else ""
        if decoded:
            return decoded, found.end()
    return text[position], position + 1


def _unescaped(text: str) -> str:
    pieces, position = [], 0
    while position < len(text):
        piece, position = _character(text, position)
        pieces.append(piece)
    return "".join(pieces)


def _open(text: str, begin: int, plain: Plain, open_tags: list[_Tag]) -> int:
    offset = byte_offset(text, begin)
    end = begin + 1
    while end < len(text) and not text[end].isspace() and text[end] != ">":
        end += 1
    if end == len(text):
        raise MarkupError(f"Unclosed start tag at byte offset {offset}")
    name = text[begin + 1 : end].lower()
    if name not in _TAGS:
        raise MarkupError(f'Unsupported start tag "{name}" at byte offset {offset}')
    argument = ""
    while text[end] != ">":
        found = _ATTRIBUTE.match(text, end)
        if found is None:
            if text[end:].strip() == "":
                raise MarkupError(f'Unclosed start tag "{name}" at byte offset {offset}')
            if text[end].isspace() and text[end:].lstrip().startswith(">"):
                end = text.index(">", end)
                break
            raise MarkupError(f'Empty attribute name in the tag "{name}" at byte offset {offset}')
        value = next((found[group] for group in (2, 3, 4) if found[group] is not None), None)
        argument = _argument(name, found[1], value, argument)
        end = found.end()
        if end >= len(text):
            raise MarkupError(f"Unclosed start tag at byte offset {offset}")
    if name == "span" and argument != "spoiler":
        raise MarkupError(f'Tag "span" must have class "tg-spoiler" at byte offset {offset}')
    open_tags.append(_Tag(name, argument, plain.length, plain.count))
    return end + 1


def _argument(tag: str, attribute: str, value: str | None, known: str) -> str:
    if tag == "blockquote" and attribute == "expandable":
        return "1"
    if value is None:
        return known
    text = _unescaped(value)
    if (tag, attribute) in {("a", "href"), ("tg-emoji", "emoji-id"), ("tg-time", "unix")}:
        return text
    if (tag, attribute) == ("code", "class") and text.startswith("language-"):
        return text.removeprefix("language-")
    if (tag, attribute) == ("span", "class") and text.startswith("tg-"):
        return text.removeprefix("tg-")
    return known


def _close(text: str, begin: int, plain: Plain, entities: list[Json], open_tags: list[_Tag]) -> int:
    offset = byte_offset(text, begin)
    if not open_tags:
        raise MarkupError(f"Unexpected end tag at byte offset {offset}")
    end = text.find(">", begin)
    if end < 0:
        raise MarkupError(f"Unclosed end tag at byte offset {offset}")
    tag = open_tags[-1]
    name = text[begin + 2 : end].strip().lower()
    if name not in {"", tag.name}:
        raise MarkupError(f'Unmatched end tag at byte offset {offset}, expected "</{tag.name}>", found "</{name}>"')
    if plain.length > tag.offset:
        _mark(tag, plain, entities)
    open_tags.pop()
    return end + 1


def _mark(tag: _Tag, plain: Plain, entities: list[Json]) -> None:
    offset, length = tag.offset, plain.length - tag.offset
    if tag.name in _KINDS:
        entities.append(entity(_KINDS[tag.name], offset, length))
    elif tag.name == "a":
        link = link_entity(tag.argument or plain.since(tag.count), offset, length)
        entities.extend([link] if link is not None else [])
    elif tag.name == "tg-emoji":
        if not tag.argument.isdecimal() or int(tag.argument) == 0:
            raise MarkupError("Invalid custom emoji identifier specified")
        entities.append(entity("custom_emoji", offset, length, custom_emoji_id=tag.argument))
    elif tag.name == "blockquote":
        entities.append(entity("expandable_blockquote" if tag.argument else "blockquote", offset, length))
    elif tag.name in {"pre", "code"}:
        _mark_code(tag, offset, length, entities)


def _mark_code(tag: _Tag, offset: int, length: int, entities: list[Json]) -> None:
    inner = entities[-1] if entities and (entities[-1]["offset"], entities[-1]["length"]) == (offset, length) else {}
    if tag.name == "pre" and inner.get("type") == "code" and inner.get("language"):
        inner["type"] = "pre"
    elif tag.name == "code" and inner.get("type") == "pre" and tag.argument:
        inner["language"] = tag.argument
    else:
        more = {"language": tag.argument} if tag.name == "code" and tag.argument else {}
        entities.append(entity(tag.name, offset, length, **more))
