"""HTML style.

Source: https://core.telegram.org/bots/api#html-style and tdlib/td ``MessageEntity.cpp:3240-3560``, ``parse_html``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tgslices.testing.text.links import date_fields
from tgslices.testing.text.spans import MarkupError, Plain, byte_offset, entity, in_order, link_entity
from tgslices.testing.wire.json_text import Json

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
_REFERENCE: Final = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})(?![0-9a-fA-F])|#([0-9]{1,7})(?![0-9])|([a-zA-Z]+));?")
_END: Final = "\0"
"""Stands behind the text, and counts as a blank, as on the server."""

_BLANKS: Final = f" \t\r\n\v{_END}"
_ARGUMENTS: Final = {
    ("a", "href"): "",
    ("tg-emoji", "emoji-id"): "",
    ("code", "class"): "language-",
    ("span", "class"): "tg-",
}
"""Attributes that say something, and how their values begin."""


@dataclass(slots=True)
class _Tag:
    name: str
    begin: int
    argument: str = ""
    unix_time: int = 0
    offset: int = 0
    count: int = 0


def parse_html(text: str) -> tuple[str, list[Json]]:
    """The plain text and its entities.

    Raises:
        MarkupError: a tag is unknown, unclosed or does not match.
    """
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text + _END
        self.position = 0
        self.plain = Plain()
        self.entities: list[Json] = []
        self.tags: list[_Tag] = []

    def parse(self) -> tuple[str, list[Json]]:
        text, end = self.text, len(self.text) - 1
        while self.position < end:
            if text[self.position] != "<":
                self.plain.add(self._character())
            elif text[self.position + 1] == "/":
                self._close()
            else:
                self._open()
        if self.tags:
            raise MarkupError(f'Can\'t find end tag corresponding to start tag "{self.tags[-1].name}"')
        plain = str(self.plain)
        if re.search("[\ud800-\udfff]", plain):
            raise MarkupError(
                "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate "
                "code units"
            )
        for item in self.entities:
            if item["type"] == "code":
                item.pop("language", None)
        return plain, in_order(self.entities)

    def _character(self) -> str:
        """The next character: a reference like ``&lt;`` counts as what it means."""
        found = _REFERENCE.match(self.text, self.position) if self.text[self.position] == "&" else None
        if found is not None:
            decoded = _NAMED.get(found[3], "") if found[3] is not None else _numbered(found)
            if decoded:
                self.position = found.end()
                return decoded
        self.position += 1
        return self.text[self.position - 1]

    def _skip_blanks(self) -> None:
        while self.text[self.position] in _BLANKS[:-1]:
            self.position += 1

    def _is_over(self) -> bool:
        return self.position == len(self.text) - 1

    def _until(self, ends: str) -> str:
        begin = self.position
        while self.text[self.position] not in ends:
            self.position += 1
        return self.text[begin : self.position]

    def _open(self) -> None:
        begin = self.position
        offset = byte_offset(self.text, begin)
        self.position += 1
        name = self._until(f"{_BLANKS}>").lower()
        if self._is_over():
            raise MarkupError(f"Unclosed start tag at byte offset {offset}")
        if name not in _TAGS:
            raise MarkupError(f'Unsupported start tag "{name}" at byte offset {offset}')
        tag = _Tag(name, offset, offset=self.plain.length, count=self.plain.count)
        while self.text[self.position] != ">":
            self._skip_blanks()
            if self.text[self.position] != ">":
                self._attribute(tag)
        if name == "span" and tag.argument != "spoiler":
            raise MarkupError(f'Tag "span" must have class "tg-spoiler" at byte offset {offset}')
        self.position += 1
        self.tags.append(tag)

    def _attribute(self, tag: _Tag) -> None:
        name = self._until(f"{_BLANKS}=>/\"'")
        if not name:
            raise MarkupError(f'Empty attribute name in the tag "{tag.name}" at byte offset {tag.begin}')
        self._skip_blanks()
        has_value = self.text[self.position] == "="
        if has_value:
            self.position += 1
            self._skip_blanks()
        if self._is_over():
            raise MarkupError(f'Unclosed start tag "{tag.name}" at byte offset {tag.begin}')
        value = self._value() if has_value else None
        if self._is_over():
            raise MarkupError(f"Unclosed start tag at byte offset {tag.begin}")
        _take(tag, name, value)

    def _value(self) -> str:
        quote = self.text[self.position]
        if quote not in "\"'":
            begin = self.position
            while re.match("[A-Za-z0-9.-]", self.text[self.position]):
                self.position += 1
            if self.text[self.position] not in f"{_BLANKS}>":
                raise MarkupError(f"Unexpected end of name token at byte offset {byte_offset(self.text, begin)}")
            return self.text[begin : self.position].lower()
        self.position += 1
        pieces = []
        while self.text[self.position] not in {quote, _END}:
            pieces.append(self._character())
        self.position += self.text[self.position] == quote
        return "".join(pieces)

    def _close(self) -> None:
        begin = byte_offset(self.text, self.position)
        if not self.tags:
            raise MarkupError(f"Unexpected end tag at byte offset {begin}")
        self.position += 2
        name = self._until(f"{_BLANKS}>").lower()
        self._skip_blanks()
        if self.text[self.position] != ">":
            raise MarkupError(f"Unclosed end tag at byte offset {begin}")
        self.position += 1
        tag = self.tags[-1]
        if name not in {"", tag.name}:
            raise MarkupError(f'Unmatched end tag at byte offset {begin}, expected "</{tag.name}>", found "</{name}>"')
        if self.plain.length > tag.offset:
            self._mark(tag)
        self.tags.pop()

    def _mark(self, tag: _Tag) -> None:
        offset, length = tag.offset, self.plain.length - tag.offset
        if tag.name in _KINDS:
            self.entities.append(entity(_KINDS[tag.name], offset, length))
        elif tag.name == "blockquote":
            self.entities.append(entity("expandable_blockquote" if tag.argument else "blockquote", offset, length))
        elif tag.name in {"pre", "code"}:
            _mark_code(tag, offset, length, self.entities)
        else:
            found = self._special(tag, offset, length)
            self.entities.extend([] if found is None else [found])

    def _special(self, tag: _Tag, offset: int, length: int) -> Json | None:
        """The entity of a link, an emoji or a date; None for a link and a date that say nothing."""
        if tag.name == "a":
            return link_entity(tag.argument or self.plain.since(tag.count), offset, length)
        if tag.name == "tg-emoji":
            if re.fullmatch("-?[1-9][0-9]{0,18}", tag.argument) is None:
                raise MarkupError("Invalid custom emoji identifier specified")
            return entity("custom_emoji", offset, length, custom_emoji_id=tag.argument)
        moment = date_fields(tag.unix_time, tag.argument)
        if moment is None:
            raise MarkupError("Invalid date format used")
        return entity("date_time", offset, length, **moment) if tag.unix_time > 0 else None


def _numbered(found: re.Match[str]) -> str:
    code = int(found[1], 16) if found[1] is not None else int(found[2])
    return chr(code) if 0 < code < 0x10FFFF else ""


def _take(tag: _Tag, name: str, value: str | None) -> None:
    """Remember what an attribute says, if anything."""
    if (tag.name, name) == ("blockquote", "expandable"):
        tag.argument = "1"
    elif value is not None and tag.name == "tg-time" and name in {"unix", "format"}:
        if name == "format":
            tag.argument = value
        else:
            digits = re.match("-?[0-9]+", value)
            tag.unix_time = int(digits[0]) if digits is not None else 0
    elif value is not None and (tag.name, name) in _ARGUMENTS:
        prefix = _ARGUMENTS[tag.name, name]
        if value.startswith(prefix):
            tag.argument = value.removeprefix(prefix)


def _mark_code(tag: _Tag, offset: int, length: int, entities: list[Json]) -> None:
    inner = entities[-1] if entities and (entities[-1]["offset"], entities[-1]["length"]) == (offset, length) else {}
    if tag.name == "pre" and inner.get("type") == "code" and inner.get("language"):
        inner["type"] = "pre"
    elif tag.name == "code" and inner.get("type") == "pre" and "language" not in inner and tag.argument:
        inner["language"] = tag.argument
    else:
        more = {"language": tag.argument} if tag.name == "code" and tag.argument else {}
        entities.append(entity(tag.name, offset, length, **more))
