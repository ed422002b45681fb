"""Texts with entities, by the server's own rules and with its own errors."""

from __future__ import annotations

from typing import Any

from tgslices.testing.errors import bad_request
from tgslices.testing.text.entities import read_entities
from tgslices.testing.text.html import parse_html
from tgslices.testing.text.legacy_markdown import parse_legacy_markdown
from tgslices.testing.text.markdown import parse_markdown
from tgslices.testing.text.spans import MarkupError
from tgslices.testing.wire.json_text import Json


def parse_markup(text: str, mode: str) -> tuple[str, list[Json]]:
    """The plain text and its entities, by offset; offsets count UTF-16 units. An empty mode or "none" changes nothing.

    Raises:
        ApiError: the mode is unknown, or the text is not well formed.

    Source: tdlib/telegram-bot-api ``Client.cpp:11308-11336``, ``get_formatted_text``.
    """
    parsers = {"html": parse_html, "markdown": parse_legacy_markdown, "markdownv2": parse_markdown}
    name = mode.lower()
    if name in {"", "none"} or not text:
        return text, []
    if name not in parsers:
        raise bad_request("Unsupported parse_mode")
    try:
        return parsers[name](text)
    except MarkupError as error:
        raise bad_request(f"Can't parse entities: {error}") from None


def marked_text(text: str, mode: str, entities: Any) -> tuple[str, list[Json]]:
    """The text and its entities: those of the markup if there is a mode, and else those that came with it.

    Raises:
        ApiError: the markup or an entity is wrong.
    """
    if text and mode.lower() not in {"", "none"}:
        return parse_markup(text, mode)
    return text, read_entities(entities)


__all__ = ("MarkupError", "marked_text", "parse_markup")
