"""Sending text."""

from __future__ import annotations

from typing import Final

from tgslices.testing.content.text import read_link_preview, read_text
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.methods.outgoing import send
from tgslices.testing.wire.json_text import Json


def send_message(call: Call) -> Json:
    """Send a text and return the ``Message``.

    Source: https://core.telegram.org/bots/api#sendmessage
    """
    content = read_text(call.arguments, "text", "entities")
    if not content:
        raise bad_request("Message text is empty")
    return send(call, "text", content | read_link_preview(call.arguments))


METHODS: Final[dict[str, Method]] = {"sendMessage": send_message}
