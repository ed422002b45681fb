"""MarkdownV2 style.

Source: https://core.telegram.org/bots/api#markdownv2-style and tdlib/td ``MessageEntity.cpp:2050-2400``,
``parse_markdown_v2``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tgslices.testing.text.spans import (
    MarkupError,
    Plain,
    byte_offset,
    entity,
    in_order,
    link_entity,
    special_entity,
)
from tgslices.testing.wire.json_text import Json

_RESERVED: Final = frozenset("_*[]()~`>#+-=|{}.!\n")
_MARKS: Final = {
    "__": "underline",
    "_": "italic",
    "*": "bold",
    "~": "strikethrough",
    "||": "spoiler",
    "```": "pre",
    "`": "code",
    "[": "text_link",
    "![": "custom_emoji",
}
_ENDS: Final = {kind: "]" if mark.endswith("[") else mark for mark, kind in _MARKS.items()}
_NAMES: Final = {
    "underline": "Underline",
    "italic": "Italic",
    "bold": "Bold",
    "strikethrough": "Strikethrough",
    "spoiler": "Spoiler",
    "pre": "Pre",
    "code": "Code",
    "text_link": "TextUrl",
    "custom_emoji": "CustomEmoji",
    "blockquote": "BlockQuote",
}
_NO_LANGUAGE: Final = " \t\r\n\v\0`"
_VERBATIM: Final = frozenset({"pre", "code"})


@dataclass(slots=True)
class _Span:
    kind: str
    offset: int
    count: int
    begin: int
    language: str = ""


def parse_markdown(text: str) -> tuple[str, list[Json]]:
    """The plain text and its entities.

    Raises:
        MarkupError: a reserved character is not escaped, or an entity has no end.
    """
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.plain = Plain()
        self.entities: list[Json] = []
        self.spans: list[_Span] = []
        self.starts_line = True
        self.has_quote = False

    def parse(self) -> tuple[str, list[Json]]:
        while self.position < len(self.text):
            self._step()
        if self.has_quote:
            self._end_last_quote()
        if self.spans:
            raise self._unclosed()
        return str(self.plain), in_order(self.entities)

    def _step(self) -> None:
        text, position = self.text, self.position
        character = text[position]
        if character == "\\" and _is_escapable(text[position + 1 : position + 2]):
            self._plainly(text[position + 1], 2)
            self.starts_line = self.starts_line or text[position + 1] == "\n"
            return
        verbatim = bool(self.spans) and self.spans[-1].kind in _VERBATIM
        if character != "`" if verbatim else character not in _RESERVED:
            self._plainly(character, 1)
        elif self._ends_quote(character):
            self._end_quote()
        elif self.spans and self._ends(self.spans[-1].kind):
            self._end()
        else:
            self._begin(character)

    def _plainly(self, character: str, width: int) -> None:
        self.plain.add(character)
        self.position += width
        if character != "\r":
            self.starts_line = False

    def _ends(self, kind: str) -> bool:
        end = _ENDS.get(kind)
        if end is None or not self.text.startswith(end, self.position):
            return False
        return kind != "italic" or not self.text.startswith("__", self.position)

    def _ends_quote(self, character: str) -> bool:
        is_last = self.text[self.position + 1 : self.position + 2] != ">"
        return self.has_quote and bool(self.spans) and character == "\n" and is_last

    def _begin(self, character: str) -> None:
        text, position = self.text, self.position
        if character == "\n":
            self.plain.add(character)
            self.position += 1
            self.starts_line = True
            return
        if character == ">" and self.starts_line:
            if not self.has_quote:
                self.has_quote = True
                self.spans.append(_Span("blockquote", self.plain.length, self.plain.count, position))
            self.position += 1
            return
        mark = next((mark for mark in _MARKS if text.startswith(mark, position)), None)
        if mark is None:
            raise MarkupError(f"Character '{character}' is reserved and must be escaped with the preceding '\\'")
        span = _Span(_MARKS[mark], self.plain.length, self.plain.count, position)
        self.position += len(mark)
        if span.kind == "pre":
            self._read_language(span)
        self.spans.append(span)

    def _read_language(self, span: _Span) -> None:
        text, end = self.text, self.position
        while end < len(text) and text[end] not in _NO_LANGUAGE:
            end += 1
        if end > self.position and end < len(text) and text[end] != "`":
            span.language = text[self.position : end]
            self.position = end
        if text[self.position : self.position + 2] in {"\r\n", "\n\r"}:
            self.position += 2
        elif text[self.position : self.position + 1] in {"\n", "\r"}:
            self.position += 1

    def _end(self) -> None:
        span = self.spans.pop()
        length = self.plain.length - span.offset
        self.position += len(_ENDS[span.kind])
        if span.kind == "text_link":
            url = self._read_url() if self._has_url() else self.plain.since(span.count)
            found = link_entity(url, span.offset, length)
        elif span.kind == "custom_emoji":
            if not self._has_url():
                raise MarkupError("The entity must contain a tg://emoji or tg://time URL")
            found = special_entity(self._read_url(), span.offset, length)
            if found is None:
                raise MarkupError("Invalid tg://emoji or tg://time URL specified")
        else:
            more = {"language": span.language} if span.language else {}
            found = entity(span.kind, span.offset, length, **more)
        if length and found is not None:
            self.entities.append(found)

    def _has_url(self) -> bool:
        return self.text[self.position : self.position + 1] == "("

    def _read_url(self) -> str:
        begin = self.position + 1
        pieces, position = [], begin
        while position < len(self.text) and self.text[position] != ")":
            if self.text[position] == "\\" and _is_escapable(self.text[position + 1 : position + 2]):
                position += 1
            pieces.append(self.text[position])
            position += 1
        if position >= len(self.text):
            raise MarkupError(f"Can't find end of a URL at byte offset {byte_offset(self.text, begin)}")
        self.position = position + 1
        return "".join(pieces)

    def _end_quote(self) -> None:
        kind = "blockquote"
        if self.spans[-1].kind == "spoiler" and self._has_just_begun(self.spans[-1]):
            self.spans.pop()
            kind = "expandable_blockquote"
        if self.spans[-1].kind != "blockquote":
            raise self._unclosed()
        span = self.spans.pop()
        self.plain.add("\n")
        self.position += 1
        self.starts_line = True
        self.has_quote = False
        self.entities.append(entity(kind, span.offset, self.plain.length - span.offset))

    def _has_just_begun(self, span: _Span) -> bool:
        since = self.text[span.begin + 2 : self.position]
        return since == "" or (since == "\r" and self.plain.since(self.plain.count - 1) == "\r")

    def _end_last_quote(self) -> None:
        kind = "blockquote"
        if self.spans[-1].kind == "spoiler" and self.spans[-1].begin == len(self.text) - 2:
            self.spans.pop()
            kind = "expandable_blockquote"
        if self.spans[-1].kind == "blockquote":
            span = self.spans.pop()
            if self.plain.length > span.offset:
                self.entities.append(entity(kind, span.offset, self.plain.length - span.offset))

    def _unclosed(self) -> MarkupError:
        span = self.spans[-1]
        name = "PreCode" if span.language else _NAMES[span.kind]
        return MarkupError(f"Can't find end of {name} entity at byte offset {byte_offset(self.text, span.begin)}")


def _is_escapable(character: str) -> bool:
    return "\0" < character <= "~"
