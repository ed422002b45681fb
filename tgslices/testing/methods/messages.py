"""Sending text."""

from __future__ import annotations

from typing import Final

from tgslices.testing.content.text import read_link_preview, read_message_text
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.methods.outgoing import send
from tgslices.testing.wire.json_text import Json


def send_message(call: Call) -> Json:
    """Send a text and return the ``Message``.

    Source: https://core.telegram.org/bots/api#sendmessage
    """
    return send(call, "text", read_message_text(call.arguments) | read_link_preview(call.arguments))


METHODS: Final[dict[str, Method]] = {"sendMessage": send_message}
