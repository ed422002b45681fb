"""Sending rich messages.

Source: https://core.telegram.org/bots/api#sendrichmessage
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.content.rich_blocks import read_rich_message
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.methods.outgoing import send
from tgslices.testing.wire.json_text import Json


def send_rich_message(call: Call) -> Json:
    """Send a rich message."""
    given = call.arguments.json("rich_message", "rich message")
    if given is None:
        raise bad_request('Parameter "rich_message" is required')
    rich = read_rich_message(call.world, call.arguments, given)
    return send(call, "rich_message", {"rich_message": rich})


METHODS: Final[dict[str, Method]] = {"sendRichMessage": send_rich_message}
