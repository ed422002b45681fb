"""Reading a text or caption with its entities."""

from __future__ import annotations

from typing import Final

from tgslices.testing.arguments import Arguments
from tgslices.testing.entities import Json
from tgslices.testing.errors import bad_request

MAX_TEXT: Final = 4096
"""UTF-16 units of a text. Source: https://core.telegram.org/bots/api#sendmessage"""

MAX_CAPTION: Final = 1024
"""UTF-16 units of a caption. Source: https://core.telegram.org/bots/api#sendphoto"""


def utf16_length(text: str) -> int:
    """How many UTF-16 units Telegram counts in a text."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def read_text(arguments: Arguments, name: str, entities_name: str) -> Json:
    """The message's fields for a text argument; empty if nothing but blanks was sent.

    Raises:
        ApiError: it is too long, or its entities are wrong.
    """
    text = arguments.text(name).strip()
    if not text:
        return {}
    if utf16_length(text) > (MAX_TEXT if name == "text" else MAX_CAPTION):
        raise bad_request("message is too long" if name == "text" else "message caption is too long")
    content: Json = {name: text}
    entities = arguments.json(entities_name, "message entities")
    if entities:
        content[entities_name] = entities
    return content
