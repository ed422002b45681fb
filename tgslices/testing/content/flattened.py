"""Rich messages as plain text with entities, line by line. Pure.

Source: https://core.telegram.org/bots/api#richmessage
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from tgslices.testing.content.details import as_text
from tgslices.testing.text.units import units_in
from tgslices.testing.wire.json_text import Json

_STYLES: Final = frozenset({"bold", "italic", "underline", "strikethrough", "spoiler", "code"})
_WORDS: Final = ("expression", "alternative_text")
"""Fields with words in pieces without ``text``."""


class _Writer:
    """A growing text with its entities; offsets are UTF-16 units."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.entities: list[Json] = []
        self.length = 0

    def add(self, text: str) -> None:
        self.pieces.append(text)
        self.length += units_in(text)

    def mark(self, kind: str, offset: int, **more: str) -> None:
        if self.length > offset:
            self.entities.append({"type": kind, "offset": offset, "length": self.length - offset, **more})

    def end_line(self) -> None:
        if self.pieces and not self.pieces[-1].endswith("\n"):
            self.add("\n")


def flattened(rich: Any) -> tuple[str, list[Json]]:
    """The plain text of a ``RichMessage`` and its entities, by offset; empty if there is nothing to read.

    A block that nests too deep ends the text.
    """
    writer = _Writer()
    with suppress(RecursionError):
        _write_blocks(writer, rich.get("blocks") if isinstance(rich, dict) else None)
    text = "".join(writer.pieces).rstrip("\n")
    return text, sorted(writer.entities, key=lambda item: (item["offset"], -item["length"]))


def _write_blocks(writer: _Writer, blocks: Any) -> None:
    for block in _objects(blocks):
        _write_block(writer, block)
        writer.end_line()


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: Any) -> list[Json]:
    return [item for item in _items(value) if isinstance(item, dict)]


def _write_block(writer: _Writer, block: Json) -> None:
    kind, start = str(block.get("type")), writer.length
    if kind in _PLAIN_BLOCKS:
        writer.add(_PLAIN_BLOCKS[kind])
    elif kind in _OTHER_BLOCKS:
        _OTHER_BLOCKS[kind](writer, block)
    else:
        for name in ("summary", "text", *_WORDS):
            _write_text(writer, block.get(name))
        if kind in _MARKED_BLOCKS:
            writer.mark(_MARKED_BLOCKS[kind], start)
    writer.end_line()
    _write_blocks(writer, block.get("blocks"))
    if "quot" in kind:
        writer.mark("blockquote", start)
    _write_caption(writer, block.get("caption"))
    _write_text(writer, block.get("credit"))


def _write_caption(writer: _Writer, caption: Any) -> None:
    """Write a caption: of a table it is a text, of other blocks an object with a text."""
    is_object = isinstance(caption, dict) and "type" not in caption
    _write_text(writer, caption.get("text") if is_object else caption)


def _write_list(writer: _Writer, block: Json) -> None:
    for item in _objects(block.get("items")):
        box = ("☑ " if item.get("is_checked") else "☐ ") if item.get("has_checkbox") else ""
        writer.add(f"{as_text(item.get('label')) or '•'} {box}")
        _write_blocks(writer, item.get("blocks"))
        writer.end_line()


def _write_table(writer: _Writer, block: Json) -> None:
    for row in _items(block.get("cells")):
        for number, cell in enumerate(_objects(row)):
            writer.add(" | " if number else "")
            start = writer.length
            _write_text(writer, cell.get("text"))
            if cell.get("is_header"):
                writer.mark("bold", start)
        writer.add("\n")


def _write_buttons(writer: _Writer, block: Json) -> None:
    writer.add(" ".join(f"[{as_text(button.get('text'))}]" for button in _objects(block.get("buttons"))))


def _write_text(writer: _Writer, text: Any) -> None:
    """Write a ``RichText``: a string, an object around one, or a list of both."""
    if isinstance(text, str):
        writer.add(text)
    elif isinstance(text, list):
        for part in text:
            _write_text(writer, part)
    elif isinstance(text, dict):
        kind, start = str(text.get("type")), writer.length
        for name in ("text", *_WORDS):
            _write_text(writer, text.get(name))
        if kind == "button":
            button = text.get("button")
            writer.add(f"[{as_text(button.get('text')) if isinstance(button, dict) else ''}]")
        if kind in _STYLES:
            writer.mark(kind, start)
        elif kind == "url":
            writer.mark("text_link", start, url=as_text(text.get("url")))


_PLAIN_BLOCKS: Final = {
    "divider": "———",
    "map": "[map]",
    **{name: f"[{name.replace('_', ' ')}]" for name in ("photo", "video", "animation", "audio", "document")},
    "voice_note": "[voice note]",
}
_MARKED_BLOCKS: Final = {"heading": "bold", "pre": "pre"}
_OTHER_BLOCKS: Final[dict[str, Callable[[_Writer, Json], None]]] = {
    "list": _write_list,
    "table": _write_table,
    "buttons": _write_buttons,
}
