"""Rich messages: blocks of text and media, given as such or written in HTML or Markdown.

Of HTML and Markdown only headings and paragraphs are read, and their text is plain.
Source: https://core.telegram.org/bots/api#inputrichmessage
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any, Final

import aiogram.types
from pydantic import ValidationError

from tgslices.testing.content.files import given_file
from tgslices.testing.content.media import MEDIA, media_content
from tgslices.testing.errors import bad_request
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.json_text import Json

_BLOCK_ENDS: Final = re.compile(r"</?(?:p|h[1-6]|div|ul|ol|li|br|hr|blockquote|pre|table|tr|footer)\b[^>]*>")


_HEADING: Final = re.compile(r"<h([1-6])\b[^>]*>(.*?)</h\1>", re.DOTALL)


_TAG: Final = re.compile(r"<[^>]+>")


_MARKS: Final = re.compile(r"[*_~`|]{1,3}(?=\S)|(?<=\S)[*_~`|]{1,3}")


_FILES: Final = {
    "animation": "animation",
    "audio": "audio",
    "document": "document",
    "photo": "photo",
    "video": "video",
    "voice_note": "voice",
}
"""Blocks that hold a file, and the kind of file."""


def read_rich_message(world: World, arguments: Arguments, given: Any) -> Json:
    """The ``RichMessage`` of an ``InputRichMessage``.

    Raises:
        ApiError: the object is malformed, empty, or written in more than one way.
    """
    if not isinstance(given, dict):
        raise bad_request("rich message must be an Object")
    ways = [name for name in ("html", "markdown", "blocks") if given.get(name)]
    if len(ways) != 1:
        raise bad_request("exactly one of html, markdown and blocks must be specified in the rich message")
    if ways == ["html"]:
        blocks = _html_blocks(str(given["html"]))
    elif ways == ["markdown"]:
        blocks = _markdown_blocks(str(given["markdown"]))
    else:
        blocks = _read_blocks(world, arguments, given["blocks"])
    if not blocks:
        raise bad_request("rich message must be non-empty")
    _check(blocks)
    return {"blocks": blocks, "is_rtl": True} if given.get("is_rtl") else {"blocks": blocks}


def _check(blocks: list[Json]) -> None:
    """Check the blocks by aiogram's models, which are the only description of them."""
    model = getattr(aiogram.types, "RichMessage", None)
    if model is None:  # an aiogram that knows no rich messages
        return
    try:
        model.model_validate({"blocks": blocks})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise bad_request(f"Can't parse InputRichBlock: {where}: {first['msg']}") from None


def _paragraph(text: str) -> Json:
    return {"type": "paragraph", "text": text}


def _heading(text: str, size: int) -> Json:
    return {"type": "heading", "text": text, "size": size}


def _html_blocks(html: str) -> list[Json]:
    blocks: list[Json] = []
    for number, part in enumerate(_HEADING.split(html)):
        if number % 3 == 2:
            blocks[-1]["text"] = _plain(part)
        elif number % 3 == 1:
            blocks.append(_heading("", int(part)))
        else:
            blocks += [_paragraph(text) for line in _BLOCK_ENDS.split(part) if (text := _plain(line))]
    return blocks


def _plain(html: str) -> str:
    return unescape(_TAG.sub("", html)).strip()


def _markdown_blocks(markdown: str) -> list[Json]:
    blocks = []
    for part in re.split(r"\n\s*\n", markdown.strip()):
        text = part.strip().lstrip("#").strip()
        size = len(part.strip()) - len(part.strip().lstrip("#"))
        plain = _MARKS.sub("", text)
        if plain:
            blocks.append(_heading(plain, min(size, 6)) if size else _paragraph(plain))
    return blocks


def _read_blocks(world: World, arguments: Arguments, given: Any) -> list[Json]:
    if not isinstance(given, list):
        raise bad_request("expected an Array of InputRichBlock")
    return [_read_block(world, arguments, block) for block in given]


def _read_block(world: World, arguments: Arguments, given: Any) -> Json:
    if not isinstance(given, dict) or not given.get("type"):
        raise bad_request("Can't parse InputRichBlock: expected an Object with a type")
    block: Json = dict(given)
    kind = str(block["type"])
    if kind in _FILES:
        return block | _read_file(world, arguments, kind, block.get(kind))
    if kind == "map":
        return {"zoom": 15, "width": 600, "height": 400, **block}
    if isinstance(block.get("blocks"), list):
        block["blocks"] = _read_blocks(world, arguments, block["blocks"])
    if kind == "list":
        items = block.get("items")
        if not isinstance(items, list):
            raise bad_request("expected an Array of InputRichBlockListItem")
        block["items"] = [_read_item(world, arguments, item, number) for number, item in enumerate(items, start=1)]
    return block


def _read_item(world: World, arguments: Arguments, given: Any, number: int) -> Json:
    if not isinstance(given, dict):
        raise bad_request("Can't parse InputRichBlockListItem: expected an Object")
    label = f"{given.get('value') or number}." if given.get("type") else "•"
    return {**given, "label": label, "blocks": _read_blocks(world, arguments, given.get("blocks") or [])}


def _read_file(world: World, arguments: Arguments, name: str, media: Any) -> Json:
    kind = _FILES[name]
    reference = str(media.get("media") or "") if isinstance(media, dict) else ""
    file = given_file(world, arguments.attached(reference), reference, kind)
    block: Json = {name: media_content(MEDIA[kind], file, {**media, "caption": ""})[kind]}
    if media.get("has_spoiler"):
        block["has_spoiler"] = True
    return block
